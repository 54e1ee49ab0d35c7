//! Rows and columns of cells. An event's `who` is the row, its `what` is `column | text | tone`.

use maud::html;

use super::{Drawing, LETTER, LINE, WIDTH, round, text, wrap};
use crate::pictures::Event;

const MARGIN: f64 = 16.0;
const GAP: f64 = 6.0;

/// Draws a cell for each event.
pub fn draw(events: &[Event]) -> Drawing {
    let (mut rows, mut columns): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    let cells: Vec<_> = events.iter().filter_map(cell).collect();
    for &(row, column, ..) in &cells {
        if !rows.contains(&row) {
            rows.push(row);
        }
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    let names = rows.iter().map(|row| row.chars().count()).max().unwrap_or(0).min(22);
    let left = MARGIN + names as f64 * LETTER + 14.0;
    let width = (WIDTH - left - MARGIN) / columns.len().max(1) as f64;
    let letters = ((width - GAP - 14.0) / LETTER) as usize;
    let lines_of = |texts: &mut dyn Iterator<Item = &str>, letters: usize| {
        texts.map(|text| wrap(text, letters).len()).max().unwrap_or(1) as f64
    };
    let head = MARGIN + lines_of(&mut columns.iter().copied(), letters) * LINE + 8.0;
    let heights: Vec<f64> = rows
        .iter()
        .map(|&row| {
            let texts = &mut cells.iter().filter(|cell| cell.0 == row).map(|cell| cell.2);
            lines_of(texts, letters).max(wrap(row, 22).len() as f64) * LINE + 14.0
        })
        .collect();
    let top = |row: usize| head + heights[..row].iter().sum::<f64>();
    let content = html! {
        @for (at, column) in columns.iter().enumerate() {
            @for (number, line) in wrap(column, letters).iter().enumerate() {
                (text(left + width * (at as f64 + 0.5), MARGIN + LINE * (number as f64 + 0.7), "middle", "head", line))
            }
        }
        @for (at, row) in rows.iter().enumerate() {
            @for (number, line) in wrap(row, 22).iter().enumerate() {
                (text(MARGIN, top(at) + LINE * (number as f64 + 1.1), "start", "head", line))
            }
        }
        @for (row, column, label, tone) in &cells {
            @let at = rows.iter().position(|other| other == row).unwrap_or(0);
            @let x = left + width * columns.iter().position(|other| other == column).unwrap_or(0) as f64;
            @let height = heights[at] - GAP;
            @let lines = wrap(label, letters);
            rect class=(tone) x=(round(x + GAP / 2.0)) y=(round(top(at))) width=(round(width - GAP)) height=(round(height)) rx="4" {}
            @for (number, line) in lines.iter().enumerate() {
                @let first = top(at) + height / 2.0 - LINE * (lines.len() as f64 - 1.0) / 2.0 + 4.0;
                (text(x + width / 2.0, first + LINE * number as f64, "middle", if *tone == "gone" { "quiet" } else { "" }, line))
            }
        }
    };
    Drawing { height: head + heights.iter().sum::<f64>() + MARGIN - GAP, content }
}

/// Row, column, text, tone.
fn cell(event: &Event) -> Option<(&str, &str, &str, &str)> {
    let mut parts = event.what.split('|').map(str::trim);
    let (column, text) = (parts.next()?, parts.next()?);
    Some((&event.who, column, text, parts.next().unwrap_or("plain")))
}
