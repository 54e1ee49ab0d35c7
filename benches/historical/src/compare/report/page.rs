//! Writes the results as one self-contained HTML page: who was compared, an answer to each question, then the details.

use std::fmt::Write;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::cost::Cost;
use super::{cost, method, plots, scene};
use crate::compare::contestants;
use crate::compare::figures::{Figure, Side};
use crate::compare::results::{Results, SceneResults};
use crate::compare::words::with_unit;

const STYLE: &str = include_str!("page.css");

/// The whole page.
pub fn html(results: &Results, cost: Option<&Cost>) -> String {
    let title = title(results.contestants.len());
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) (PreEscaped(colors())) }
            }
            body {
                (header(results, &title))
                main {
                    (answers(results, cost))
                    @for one in &results.scenes { (scene::section(results.rounds, one)) }
                    @if let Some(cost) = cost { (cost::section(cost)) }
                    (method::sections(results))
                }
            }
        }
    };
    page.into_string()
}

fn title(contestants: usize) -> String {
    const NUMBERS: [&str; 10] = [
        "no way",
        "one way",
        "two ways",
        "three ways",
        "four ways",
        "five ways",
        "six ways",
        "seven ways",
        "eight ways",
        "nine ways",
    ];
    let ways = NUMBERS.get(contestants).map_or(format!("{contestants} ways"), |ways| (*ways).to_string());
    format!("One service, implemented in {ways}")
}

/// The class that has a contestant's color.
pub fn class(contestant: &str) -> String {
    contestant.replace('.', "")
}

/// Each contestant's color, and a lighter one for dark mode.
fn colors() -> String {
    let (mut light, mut dark) = (String::new(), String::new());
    for one in contestants::ALL {
        let [day, night] = one.colors;
        // Writing to a string cannot fail.
        let _ = writeln!(light, ".{} {{ border-color: {day} !important }}", class(one.name));
        let _ = writeln!(dark, ".{} {{ border-color: {night} !important }}", class(one.name));
        let _ =
            writeln!(dark, "[fill=\"{day}\"] {{ fill: {night} }} [stroke=\"{day}\"] {{ stroke: {night} }}");
    }
    format!("{light}@media screen and (prefers-color-scheme: dark) {{\n{dark}}}\n")
}

fn header(results: &Results, title: &str) -> Markup {
    let length = if results.quick { "quick run, which gives no verdicts" } else { "full run" };
    let warnings = results.warnings();
    html! {
        header {
            h1 { (title) }
            p {
                "The same captioner draws the same pictures for the same requests on the same machine. What differs is \
                 how a request gets from its socket to the threads that draw, and how the answer gets back."
            }
            @if !warnings.is_empty() {
                div.warning role="alert" {
                    strong { "Do not quote these figures: this machine was not quiet." }
                    @for warning in &warnings { " " (warning) }
                }
            }
            ul.who {
                @for one in &results.contestants {
                    li class=(class(&one.name)) {
                        strong { (one.name) }
                        span { (one.what) }
                        span.soft { (one.versions) }
                    }
                }
            }
            p.soft {
                (results.rounds) " interleaved " @if results.rounds == 1 { "round" } @else { "rounds" } " in " (results.seconds / 60) " min " (results.seconds % 60)
                " s (" (length) "), " (results.taken) ", on " (results.machine.cores) " cores, commit "
                (results.machine.commit) ". "
                a href="#trust" { "Where not to trust this" } "."
            }
        }
    }
}

/// A sentence and a picture for each question.
fn answers(results: &Results, cost: Option<&Cost>) -> Markup {
    html! {
        section #answers {
            span.label { "in a minute" }
            h2 { "The answers" }
            div.cards {
                @for one in &results.scenes { (card(one)) }
                @if let Some(cost) = cost {
                    div.card {
                        h3 { a href="#cost" { (cost::QUESTION) } }
                        @match cost.headline() {
                            Some(figure) => { p { (cost::sentence(&figure)) } (picture(&[&figure], false)) },
                            None => p { "Lines, crates, compiler messages: see the table." },
                        }
                    }
                }
            }
            p.soft {
                "× is the ratio to the best one, the geometric mean of all rounds. ";
                "Equal: the whole interval of the ratio is within 5 %. "
                "Cannot tell: neither a difference nor equality is shown. Intervals are below."
            }
        }
    }
}

fn card(scene: &SceneResults) -> Markup {
    let telling = scene.telling();
    html! {
        div.card {
            h3 { a href={ "#" (scene.name) } { (scene.question) } }
            @if let Some(figure) = telling.first() {
                p { (figure.answer()) }
                (picture(&[figure], false))
            }
        }
    }
}

/// Bars for one figure, or lines over several, with the medians as text for screen readers.
pub fn picture(figures: &[&Figure], is_line: bool) -> Markup {
    let svg = match figures {
        [one] if !is_line => plots::bars(one),
        all => plots::lines(all),
    };
    html! {
        @match svg {
            // The backend escapes the text in it.
            Ok(svg) => div role="img" aria-label=(spoken(figures)) { (PreEscaped(svg)) },
            Err(error) => p { "This plot cannot be drawn: " (error) },
        }
    }
}

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

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
