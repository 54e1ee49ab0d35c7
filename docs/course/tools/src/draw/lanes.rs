//! A lane for each future or thread. Time goes down, and each event has a row of its own, so no two texts meet.

use maud::{Markup, html};

use super::{Drawing, LETTER, LINE, WIDTH, round, text};
use crate::pictures::{Event, Time};

const HEAD: f64 = 56.0;
const ROW: f64 = 26.0;
/// Where the times stand, or nothing.
const GUTTER: f64 = 84.0;
const MARGIN: f64 = 24.0;

/// An event that is shown, in one of the lanes.
struct Row {
    lane: usize,
    at: u64,
    text: String,
    /// It is one poll, with its result.
    is_poll: bool,
    /// The row at which a poll that ends here has begun.
    began: Option<usize>,
    /// The lane that it notifies.
    notifies: Option<usize>,
}

/// Draws the events of these lanes, or of all.
pub fn draw(events: &[Event], lanes: &[String], arrows: &[[String; 2]], time: Time) -> Drawing {
    let mut names: Vec<&str> = lanes.iter().map(String::as_str).collect();
    if names.is_empty() {
        for event in events {
            if !names.contains(&event.who.as_str()) {
                names.push(&event.who);
            }
        }
    }
    let rows = rows(events, &names, arrows);
    let left = if time == Time::Real { GUTTER } else { MARGIN };
    let width = (WIDTH - left - MARGIN) / names.len() as f64;
    let middle = |lane: usize| left + width * (lane as f64 + 0.5);
    let y = |row: usize| HEAD + ROW * (row as f64 + 0.7);
    let height = HEAD + ROW * rows.len() as f64 + 20.0;
    let content = html! {
        @for (lane, name) in names.iter().enumerate() {
            line class="guide" x1=(round(middle(lane))) y1=(HEAD - 8.0) x2=(round(middle(lane))) y2=(round(height - 12.0)) {}
            (text(middle(lane), 22.0, "middle", "head", name))
            (text(middle(lane), 22.0 + LINE, "middle", "quiet", &threads(events, name)))
        }
        @for (number, row) in rows.iter().enumerate() {
            @if let Some(began) = row.began { (bar(middle(row.lane), y(began), y(number))) }
        }
        @for (number, row) in rows.iter().enumerate() {
            @if time == Time::Real { (text(GUTTER - 16.0, y(number) + 4.0, "end", "quiet", &milliseconds(row.at))) }
            (event(row, middle(row.lane), y(number), row.lane * 2 >= names.len()))
            @if let Some(other) = row.notifies { (arrow(middle(row.lane), middle(other), y(number) + ROW / 2.0)) }
        }
    };
    Drawing { height, content }
}

fn rows(events: &[Event], names: &[&str], arrows: &[[String; 2]]) -> Vec<Row> {
    let lane_of = |who: &str| names.iter().position(|&name| name == who);
    let mut rows: Vec<Row> = Vec::new();
    // Polls that have begun: the lane, and the row.
    let mut open: Vec<(usize, usize)> = Vec::new();
    for event in events {
        let Some(lane) = lane_of(&event.who) else { continue };
        let is_arrow = |arrow: &&[String; 2]| arrow[0] == format!("{}: {}", event.who, event.what);
        let target =
            |arrow: &[String; 2]| names.iter().position(|name| arrow[1].starts_with(&format!("{name}:")));
        let notifies = arrows.iter().find(is_arrow).and_then(target);
        let at = event.at;
        let row = |text: String, is_poll, began| Row { lane, at, text, is_poll, began, notifies };
        // A future, or a thread in a picture of strace.
        if ["poll", "wakes up"].contains(&event.what.as_str()) {
            open.push((lane, rows.len()));
            rows.push(row(event.what.clone(), false, None));
            continue;
        }
        let began =
            if event.what.starts_with('→') { open.iter().rposition(|open| open.0 == lane) } else { None };
        match began.map(|began| open.remove(began).1) {
            // Nothing else happened in between.
            Some(began) if began + 1 == rows.len() => {
                rows[began].text = format!("{} {}", rows[began].text, event.what);
                rows[began].is_poll = true;
                rows[began].notifies = notifies.or(rows[began].notifies);
            }
            began => rows.push(row(event.what.clone(), false, began)),
        }
    }
    rows
}

fn bar(x: f64, began: f64, ended: f64) -> Markup {
    html! { rect class="bar" x=(round(x - 4.0)) y=(round(began)) width="8" height=(round(ended - began)) rx="3" {} }
}

fn event(row: &Row, x: f64, y: f64, is_right: bool) -> Markup {
    let is_red = row.text.starts_with('!');
    let label = row.text.trim_start_matches('!').trim();
    let (anchor, label_x) = if is_right { ("end", x - 12.0) } else { ("start", x + 12.0) };
    let width = label.chars().count() as f64 * LETTER + 4.0;
    let paper_x = if is_right { label_x - width + 2.0 } else { label_x - 2.0 };
    html! {
        rect class="paper" x=(round(paper_x)) y=(round(y - 10.0)) width=(round(width)) height="19" {}
        @if row.is_poll { rect class="bar" x=(round(x - 4.0)) y=(round(y - 8.0)) width="8" height="16" rx="3" {} }
        @else { circle class=(if is_red { "red" } else { "dot" }) cx=(round(x)) cy=(round(y)) r="4" {} }
        (text(label_x, y + 4.0, anchor, if is_red { "red" } else { "" }, label))
    }
}

fn arrow(from: f64, to: f64, y: f64) -> Markup {
    let (start, tip) = if from < to { (from + 6.0, to - 6.0) } else { (from - 6.0, to + 6.0) };
    let back = if from < to { tip - 9.0 } else { tip + 9.0 };
    let points =
        [(tip, y), (back, y - 4.5), (back, y + 4.5)].map(|(x, y)| format!("{},{}", round(x), round(y)));
    html! {
        line class="line" x1=(round(start)) y1=(round(y)) x2=(round(back)) y2=(round(y)) {}
        polygon class="arrow" points=(points.join(" ")) {}
    }
}

/// The threads of a lane, if they have other names than the lane itself.
fn threads(events: &[Event], who: &str) -> String {
    let mut threads: Vec<&str> = Vec::new();
    for event in events.iter().filter(|event| event.who == who && event.thread != who) {
        if !threads.contains(&event.thread.as_str()) {
            threads.push(&event.thread);
        }
    }
    if threads.is_empty() { String::new() } else { format!("on {}", threads.join(", ")) }
}

fn milliseconds(microseconds: u64) -> String {
    format!("{:.2} ms", microseconds as f64 / 1000.0)
}
