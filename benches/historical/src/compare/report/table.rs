//! Formats the results as text for the terminal.

use std::fmt::Write;

use comfy_table::{CellAlignment, Table, presets};

use crate::compare::results::{Results, SceneResults};
use crate::compare::words::spread;

/// A table for each scene, with its question above and the verdict below.
pub fn text(results: &Results) -> String {
    let mut text = String::new();
    for scene in &results.scenes {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n{}: {}\n\n{}", scene.name, scene.question, table(scene));
        for trouble in &scene.troubles {
            let variant = trouble.variant.as_ref().map_or(String::new(), |variant| format!(", {variant}"));
            let _ = writeln!(
                text,
                "! {}{variant}, round {}: {}",
                trouble.contestant, trouble.round, trouble.what
            );
        }
        scene.verdict.iter().for_each(|sentence| text.extend([sentence.as_str(), "\n"]));
    }
    let _ = write!(
        text,
        "\nMedian (min…max); rounds: {}, {} s, on {}.\n× is the ratio to the best one, with its interval.",
        results.rounds,
        results.seconds,
        results.machine.sentence()
    );
    text
}

fn table(scene: &SceneResults) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    // Those that play in this scene.
    let sides = scene.figures.first().map_or(&[][..], |figure| &figure.sides);
    let names = sides.iter().map(|side| side.contestant.as_str());
    let has_floor = scene.has_floor();
    let floor = has_floor.then_some("floor");
    table.set_header(
        ["median (min…max)", "unit"].into_iter().chain(names).chain(floor).chain(["ahead or equal"]),
    );
    for figure in scene.figures.iter().filter(|figure| figure.is_shown()) {
        let floor = has_floor.then(|| figure.floor.as_ref().map_or("–".to_string(), spread));
        let sides = figure.sides.iter().map(spread).chain(floor);
        table
            .add_row([figure.title(), figure.unit.clone()].into_iter().chain(sides).chain([figure.leader()]));
    }
    for column in table.column_iter_mut().skip(2).take(sides.len() + usize::from(has_floor)) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
