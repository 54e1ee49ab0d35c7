//! Boxes in boxes, the outermost first. An event's `who` is the title of a box, its `what` a line of text in it.

use maud::html;

use super::{Drawing, LETTER, LINE, WIDTH, round, text, wrap};
use crate::pictures::Event;

const MARGIN: f64 = 12.0;
const INSET: f64 = 16.0;

/// Draws a box for each title, in the one before it.
pub fn draw(events: &[Event]) -> Drawing {
    let mut boxes: Vec<(&str, Vec<&str>)> = Vec::new();
    for event in events {
        match boxes.iter_mut().find(|(title, _)| *title == event.who) {
            Some((_, lines)) => lines.push(&event.what),
            None => boxes.push((&event.who, vec![&event.what])),
        }
    }
    let depth = boxes.len() as f64;
    let lines_of = |depth: usize, lines: &[&str]| -> Vec<String> {
        let letters = ((WIDTH - 2.0 * (MARGIN + INSET * depth as f64) - 28.0) / LETTER) as usize;
        lines.iter().flat_map(|line| wrap(line, letters)).collect()
    };
    let texts: Vec<_> = boxes.iter().enumerate().map(|(depth, (_, lines))| lines_of(depth, lines)).collect();
    let own = |at: usize| 24.0 + LINE * texts[at].len() as f64 + 8.0;
    let top = |at: usize| MARGIN + (0..at).map(own).sum::<f64>();
    let bottom = |at: usize| top(boxes.len()) + (depth - 1.0 - at as f64) * 10.0 + 4.0;
    let content = html! {
        @for (at, (title, _)) in boxes.iter().enumerate() {
            @let x = MARGIN + INSET * at as f64;
            rect class=(if at % 2 == 0 { "box" } else { "bar" }) x=(round(x)) y=(round(top(at))) width=(round(WIDTH - 2.0 * x))
                height=(round(bottom(at) - top(at))) rx="6" {}
            (text(x + 14.0, top(at) + 20.0, "start", "head", title))
            @for (number, line) in texts[at].iter().enumerate() {
                @let is_red = line.starts_with('!');
                (text(x + 14.0, top(at) + 20.0 + LINE * (number as f64 + 1.0), "start", if is_red { "red" } else { "" }, line.trim_start_matches('!')))
            }
        }
    };
    Drawing { height: bottom(0) + MARGIN, content }
}
