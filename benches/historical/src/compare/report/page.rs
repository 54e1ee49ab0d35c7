//! Writes the results as one self-contained HTML page.

use std::fmt::Write;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::cost::{Cost, Message};
use super::plots;
use crate::compare::contestants;
use crate::compare::figures::{Figure, Side};
use crate::compare::results::{Results, SceneResults};
use crate::compare::words::{number, rounds, with_unit};

const STYLE: &str = include_str!("page.css");
const COST_QUESTION: &str = "What does it cost to write, read and build?";

/// The whole page.
pub fn html(results: &Results, cost: Option<&Cost>) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "One service, three concurrency models" }
                style { (PreEscaped(STYLE)) (PreEscaped(colors())) }
            }
            body {
                (header(results, cost.is_some()))
                main {
                    @for scene in &results.scenes { (section(results, scene)) }
                    @if let Some(cost) = cost { (cost_section(cost)) }
                }
                (footer(results))
            }
        }
    };
    page.into_string()
}

/// Each contestant's color, and a lighter one for dark mode.
fn colors() -> String {
    let (mut light, mut dark) = (String::new(), String::new());
    for one in contestants::ALL {
        let [day, night] = one.colors;
        // Writing to a string cannot fail.
        let _ = writeln!(light, ".{} {{ border-color: {day} !important }}", one.name.replace('.', ""));
        let _ = writeln!(dark, ".{} {{ border-color: {night} !important }}", one.name.replace('.', ""));
        let _ =
            writeln!(dark, "[fill=\"{day}\"] {{ fill: {night} }} [stroke=\"{day}\"] {{ stroke: {night} }}");
    }
    format!("{light}@media (prefers-color-scheme: dark) {{\n{dark}}}\n")
}

fn header(results: &Results, has_cost: bool) -> Markup {
    let length = if results.quick { "quick run, with wider spreads" } else { "full run" };
    html! {
        header {
            h1 { "One service, three concurrency models" }
            p {
                "The captioner, the requests and the machine are the same; what differs is how a request gets from \
                 its socket to the threads that draw, and how the answer gets back."
            }
            ul.who {
                @for one in &results.contestants {
                    li class=(one.name.replace('.', "")) {
                        strong { (one.name) }
                        span { (one.what) }
                        span.soft { (one.versions) }
                    }
                }
            }
            p.soft {
                (results.rounds) " interleaved rounds in " (results.seconds / 60) " min " (results.seconds % 60)
                " s (" (length) "), " (results.taken) ". " (results.machine.sentence()) "."
            }
            nav {
                ol {
                    @for scene in &results.scenes {
                        li {
                            a href={ "#" (scene.name) } { (scene.question) }
                            @if let Some(sentence) = scene.verdict.first() { br; span.soft { (sentence) } }
                        }
                    }
                    @if has_cost { li { a href="#cost" { (COST_QUESTION) } } }
                }
            }
        }
    }
}

fn section(results: &Results, scene: &SceneResults) -> Markup {
    html! {
        section id=(scene.name) {
            span.label { (scene.name) }
            h2 { (scene.question) }
            p { (scene.how) }
            @if !scene.verdict.is_empty() {
                ul.verdict { @for sentence in &scene.verdict { li { (sentence) } } }
            }
            div.plots { (plots(scene)) }
            div.wide { (table(results, scene)) }
            @if !scene.troubles.is_empty() {
                details open[scene.troubles.len() <= 6] {
                    summary { "What went wrong: " (scene.troubles.len()) }
                    ul {
                        @for trouble in &scene.troubles {
                            li {
                                strong { (trouble.contestant) }
                                @if let Some(variant) = &trouble.variant { ", " (variant) }
                                ", round " (trouble.round) ": " (trouble.what)
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Bars for each figure, or lines for each measure.
fn plots(scene: &SceneResults) -> Markup {
    let groups: Vec<Vec<&Figure>> = if scene.is_line {
        let all: Vec<&Figure> = scene.figures.iter().collect();
        all.chunk_by(|one, other| one.measure == other.measure).map(<[&Figure]>::to_vec).collect()
    } else {
        scene.figures.iter().map(|figure| vec![figure]).collect()
    };
    html! {
        @for group in &groups {
            @if let Some(first) = group.first() {
                figure {
                    figcaption {
                        (first.measure)
                        @if scene.is_line && !first.unit.is_empty() { ", " (first.unit) }
                        @if has_gaps(group) { br; small { "✕: gave up" } }
                        @if let (false, Some(variant)) = (scene.is_line, &first.variant) { br; small { (variant) } }
                    }
                    @match if scene.is_line { plots::lines(group) } else { plots::bars(first) } {
                        // The backend escapes the text in it.
                        Ok(svg) => div role="img" aria-label=(spoken(group)) { (PreEscaped(svg)) },
                        Err(error) => p { "This plot cannot be drawn: " (error) },
                    }
                }
            }
        }
    }
}

/// Whether a contestant gave up before the last variant; the plot marks that with a cross.
fn has_gaps(figures: &[&Figure]) -> bool {
    figures.len() > 1 && figures.iter().flat_map(|figure| &figure.sides).any(|side| side.spread.is_none())
}

/// The medians as text, for screen readers.
fn spoken(figures: &[&Figure]) -> String {
    let median = |figure: &Figure, side: &Side| {
        side.spread.map_or("no value".to_string(), |spread| with_unit(spread.median, &figure.unit))
    };
    let one = |figure: &&Figure| {
        let sides = figure.sides.iter().map(|side| format!("{} {}", side.contestant, median(figure, side)));
        format!("{}: {}", figure.title(), sides.collect::<Vec<_>>().join(", "))
    };
    figures.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn table(results: &Results, scene: &SceneResults) -> Markup {
    html! {
        table {
            thead {
                tr {
                    th { "median (min…max) of " (results.rounds) " rounds" }
                    th { "unit" }
                    @for one in &results.contestants { th.number { (one.name) } }
                    th { "ahead or tied" }
                }
            }
            tbody {
                @for figure in &scene.figures {
                    tr {
                        td { (figure.title()) }
                        td { (figure.unit) }
                        @for side in &figure.sides { (cell(figure, side)) }
                        td { (figure.leader()) }
                    }
                }
            }
        }
    }
}

fn cell(figure: &Figure, side: &Side) -> Markup {
    let is_ahead = figure.leaders().contains(&side.contestant.as_str());
    html! {
        td.number {
            @match side.spread {
                Some(spread) => {
                    span.ahead[is_ahead] { (number(spread.median)) }
                    small { (number(spread.min)) "…" (number(spread.max)) (rounds(side)) }
                },
                None => "–",
            }
        }
    }
}

fn cost_section(cost: &Cost) -> Markup {
    html! {
        section id="cost" {
            span.label { "cost" }
            h2 { (COST_QUESTION) }
            p { "Measured on the sources, the binaries and the compiler's error messages." }
            div.wide {
                table {
                    thead {
                        tr {
                            th { "measure" } th { "unit" }
                            @for one in contestants::ALL { th.number { (one.name) } }
                        }
                    }
                    tbody {
                        @for row in &cost.rows {
                            tr {
                                td { (row.measure) @if let Some(note) = &row.note { small { (note) } } }
                                td { @if let Some(unit) = &row.unit { (unit) } }
                                @for value in row.values() {
                                    td.number { (value.map_or("–".to_string(), number)) }
                                }
                            }
                        }
                    }
                }
            }
            @for message in &cost.messages { (message_details(message)) }
        }
    }
}

fn message_details(message: &Message) -> Markup {
    html! {
        details {
            summary {
                strong { (message.contestant) } @if let Some(form) = &message.form { ", " (form) }
                ": " (message.mistake) ": " (message.lines) " lines, "
                (message.characters) " characters; characters of the longest type: " (message.longest_type_characters)
            }
            pre { (message.text) }
        }
    }
}

fn footer(results: &Results) -> Markup {
    html! {
        section id="method" {
            span.label { "method" }
            h2 { "How to read this" }
            p {
                "Clients and servers share the machine's " (results.machine.cores) " cores and talk over loopback. A \
                 server that uses several cores takes them from its clients, so no rate here is what the server \
                 would reach on a machine of its own."
            }
            p {
                "In each round every contestant is restarted with the same settings, and the order changes from \
                 round to round. A figure is the median of the rounds; the minimum and the maximum stand beside it \
                 or are drawn as a whisker."
            }
            p {
                "Where requests follow a schedule, latency counts from when a request was due and not from when it \
                 could be sent, so a server that stalls is charged for every request that it delayed. Every answer \
                 is checked: its status, its length and, if it should be a picture, that the picture is complete."
            }
            p {
                "Memory is the resident set of the process, without what the kernel holds for it: socket buffers and \
                 a kernel stack for each thread. Processor time is the sum over all threads of the process, as Linux \
                 counts it. A dash means that a value was not measured, as on other systems. The numbers of every \
                 round are in results.json."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cost::Row;
    use super::*;
    use crate::compare::made_up::made_up;

    /// Words that would be markup if they were not escaped.
    const MARKUP: &str = "<script>&'\"";

    fn cost() -> Cost {
        let row = Row {
            measure: MARKUP.to_string(),
            unit: Some(MARKUP.to_string()),
            note: Some(MARKUP.to_string()),
            threads: Some(1.0),
            futures: None,
            async_await: None,
        };
        let message = Message {
            mistake: MARKUP.to_string(),
            contestant: MARKUP.to_string(),
            form: Some(MARKUP.to_string()),
            lines: 1,
            characters: 2,
            longest_type_characters: 3,
            text: MARKUP.to_string(),
        };
        Cost { rows: vec![row], messages: vec![message] }
    }

    #[test]
    fn no_text_is_taken_for_markup() {
        let mut results = made_up();
        for text in [&mut results.taken, &mut results.machine.processor, &mut results.contestants[0].versions]
        {
            *text = MARKUP.to_string();
        }
        for scene in &mut results.scenes {
            scene.question = MARKUP.to_string();
            scene.verdict.push(MARKUP.to_string());
            for figure in &mut scene.figures {
                figure.unit = MARKUP.to_string();
                figure.sides[2].contestant = MARKUP.to_string();
            }
        }
        let page = html(&results, Some(&cost()));
        assert!(page.contains("&lt;script&gt;&amp;"));
        assert!(!page.contains("<script"), "a text is markup");
        assert!(!page.contains("<b>it's"), "a trouble is markup");
        // The apostrophe is the sign of a text that no attribute has left.
        assert!(!page.contains("&'"), "a sign is not escaped");
    }

    #[test]
    fn it_needs_nothing_from_elsewhere() {
        let page = html(&made_up(), None);
        for word in ["src=", "url(", "@import", "<link", "<script"] {
            assert!(!page.contains(word), "{word}");
        }
        let outside = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!outside.contains("http:") && !outside.contains("https:"), "it names another place");
        assert!(!page.contains("id=\"cost\""));
    }

    #[test]
    fn all_that_was_measured_is_on_it() {
        let results = made_up();
        let page = html(&results, None);
        let plots = |scene: &SceneResults| {
            let is_same = |one: &Figure, other: &Figure| scene.is_line && one.measure == other.measure;
            scene.figures.chunk_by(is_same).count()
        };
        assert_eq!(page.matches("<svg").count(), results.scenes.iter().map(plots).sum::<usize>());
        for scene in &results.scenes {
            assert!(scene.verdict.iter().all(|sentence| page.contains(sentence)));
        }
    }
}
