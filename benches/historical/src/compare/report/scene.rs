//! The part of the page about one scene: how it is played, what came out, the plots, and all numbers.

use maud::{Markup, html};

use super::page::picture;
use crate::compare::figures::{Figure, Side, Verdict};
use crate::compare::pairs::{Judgement, Pair};
use crate::compare::results::SceneResults;
use crate::compare::words::{interval, list, missing, number, rounds, times};

/// Troubles that are shown without being asked for.
const FEW: usize = 6;

pub fn section(all_rounds: usize, scene: &SceneResults) -> Markup {
    html! {
        section id=(scene.name) {
            span.label { (scene.name) }
            h2 { (scene.question) }
            p.claim { "On this claim of the article of 2017: " (scene.claim.trim_end_matches('.')) "." }
            p { (scene.how) }
            @if !scene.verdict.is_empty() {
                ul.verdict { @for sentence in &scene.verdict { li { (sentence) } } }
            }
            div.plots { (plots(scene)) }
            div.wide { (table(all_rounds, scene)) }
            @if scene.has_floor() {
                p.soft {
                    "The floor is a server of one thread that does nothing: one fixed answer, whatever is asked. What it has is \
                    what the clients and the kernel take. Nothing is subtracted."
                }
            }
            @if let Some(sentence) = unknown(scene) { p.soft { (sentence) } }
            (pairs(scene))
            @if !scene.troubles.is_empty() {
                details open[scene.troubles.len() <= FEW] {
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

/// Bars for each figure, or lines for each measure that has several variants.
fn plots(scene: &SceneResults) -> Markup {
    let is_same = |one: &&Figure, other: &&Figure| scene.is_line && one.measure == other.measure;
    let figures: Vec<&Figure> = known(scene).collect();
    html! {
        @for group in figures.chunk_by(is_same) {
            @let is_line = group.len() > 1;
            @if let Some(first) = group.first() {
                figure {
                    figcaption {
                        (first.measure)
                        @if is_line && !first.unit.is_empty() { ", " (first.unit) }
                        @if has_gaps(group) { br; small { "✕: no value" } }
                        @if let (false, Some(variant)) = (is_line, &first.variant) { br; small { (variant) } }
                    }
                    (picture(group, is_line))
                }
            }
        }
    }
}

/// The figures that were asked for, and that this machine tells of somebody.
fn known(scene: &SceneResults) -> impl Iterator<Item = &Figure> {
    scene.figures.iter().filter(|figure| figure.is_shown())
}

/// What this machine does not tell.
fn unknown(scene: &SceneResults) -> Option<String> {
    let unknown = scene.figures.iter().filter(|figure| figure.is_unknown());
    let mut measures: Vec<String> = unknown.map(|figure| figure.measure.clone()).collect();
    measures.dedup();
    (!measures.is_empty()).then(|| format!("Not known on this machine: {}.", list(&measures)))
}

/// Whether a contestant has no value in one of the variants; the plot marks that with a cross.
fn has_gaps(figures: &[&Figure]) -> bool {
    figures.len() > 1 && figures.iter().flat_map(|figure| &figure.sides).any(|side| side.spread.is_none())
}

fn table(all_rounds: usize, scene: &SceneResults) -> Markup {
    let names = scene.figures.first().map_or(&[][..], |figure| &figure.sides);
    html! {
        table {
            thead {
                tr {
                    th { "median (min…max) of " (all_rounds) @if all_rounds == 1 { " round" } @else { " rounds" } }
                    th { "unit" }
                    @for side in names { th.number { (side.contestant) } }
                    @if scene.has_floor() { th.number { "floor" } }
                }
            }
            tbody {
                @for figure in known(scene) {
                    tr {
                        td { (figure.title()) }
                        td { (figure.unit) }
                        @for side in &figure.sides { (cell(figure, side)) }
                        @if scene.has_floor() { (floor(figure)) }
                    }
                }
            }
        }
    }
}

/// The median in bold for those that lead; below it what is known against the best one.
fn cell(figure: &Figure, side: &Side) -> Markup {
    let is_ahead = figure.leaders().contains(&side.contestant.as_str());
    let against = match &figure.verdict {
        Verdict::Ranked { best, .. } if *best == side.contestant => Some("best".to_string()),
        Verdict::Ranked { best, .. } => figure.pair(&side.contestant, best).map(|pair| in_words(&pair)),
        Verdict::None { .. } => None,
    };
    html! {
        td.number {
            @match side.spread {
                Some(spread) => {
                    span.ahead[is_ahead] { (number(spread.median)) }
                    small { (number(spread.min)) "…" (number(spread.max)) (rounds(side)) }
                    @if let Some(against) = against { small { (against) } }
                },
                None => small { (missing(side)) },
            }
        }
    }
}

fn floor(figure: &Figure) -> Markup {
    html! {
        td.number {
            @if let Some(Side { spread: Some(spread), .. }) = &figure.floor {
                (number(spread.median))
                small { (number(spread.min)) "…" (number(spread.max)) }
            } @else { "–" }
        }
    }
}

fn in_words(pair: &Pair) -> String {
    let ratio = pair.ratio.map_or(String::new(), |ratio| format!("{}, ", times(ratio.mean)));
    format!("{ratio}{}", judgement(pair.judgement))
}

fn judgement(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Ahead => "ahead",
        Judgement::Behind => "behind",
        Judgement::Equal => "equal",
        Judgement::CannotTell => "cannot tell",
    }
}

/// Every pair with its interval.
fn pairs(scene: &SceneResults) -> Markup {
    let judged: Vec<&Figure> =
        scene.figures.iter().filter(|figure| !figure.verdict.pairs().is_empty()).collect();
    html! {
        @if !judged.is_empty() {
            details {
                summary { "All pairs, with intervals" }
                div.wide {
                    table.pairs {
                        thead {
                            tr {
                                th { "figure" } th { "pair" } th.number { "ratio (interval)" }
                                th.number { "by bootstrap" } th.number { "rounds ahead" } th.number { "p" } th { "the first is" }
                            }
                        }
                        tbody { @for figure in judged { @for pair in figure.verdict.pairs() { (row(figure, pair)) } } }
                    }
                }
            }
        }
    }
}

fn row(figure: &Figure, pair: &Pair) -> Markup {
    let bootstrap = pair.ratio.and_then(|ratio| ratio.bootstrap);
    html! {
        tr {
            td { (figure.title()) }
            td { (pair.one) " / " (pair.other) }
            td.number { (pair.ratio.map_or("–".to_string(), |ratio| interval(&ratio))) }
            td.number {
                @match bootstrap {
                    Some((low, high)) => { (number(low)) " to " (number(high)) },
                    None => "–",
                }
            }
            td.number { (pair.ahead) " of " (pair.rounds) }
            td.number { @if pair.probability < 0.0001 { "< 0.0001" } @else { (format!("{:.4}", pair.probability)) } }
            td { (judgement(pair.judgement)) @if pair.holds_for_page { " †" } }
        }
    }
}
