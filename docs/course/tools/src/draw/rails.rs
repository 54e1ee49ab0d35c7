//! Two rails for each combinator: what a success and an error become. An event's `who` is the combinator, its `what` is
//! `in | ran | out`, where `in` and `out` are `Ok` or `Err`, and `ran` is `ran` or `skipped`.

use maud::{Markup, html};

use super::{Drawing, WIDTH, round, text};
use crate::pictures::Event;

const PANEL: f64 = 96.0;
const LEFT: f64 = 150.0;
const RIGHT: f64 = WIDTH - 60.0;

struct Way<'a> {
    from: &'a str,
    ran: bool,
    to: &'a str,
}

/// Draws a panel for each combinator.
pub fn draw(events: &[Event]) -> Drawing {
    let mut combinators: Vec<&str> = Vec::new();
    for event in events.iter().filter(|event| way(event).is_some()) {
        if !combinators.contains(&event.who.as_str()) {
            combinators.push(&event.who);
        }
    }
    let content = html! {
        @for (number, combinator) in combinators.iter().enumerate() {
            @let top = 12.0 + PANEL * number as f64;
            (text(20.0, top + 48.0, "start", "head", combinator))
            @for (rail, name) in [(0, "Ok"), (1, "Err")] {
                (text(LEFT - 10.0, y(top, rail) + 4.0, "end", "quiet", name))
                (text(RIGHT + 10.0, y(top, rail) + 4.0, "start", "quiet", name))
            }
            @for way in events.iter().filter(|event| event.who == *combinator).filter_map(way) { (draw_way(&way, top)) }
        }
    };
    Drawing { height: 24.0 + PANEL * combinators.len() as f64, content }
}

fn y(top: f64, rail: usize) -> f64 {
    top + if rail == 0 { 22.0 } else { 66.0 }
}

fn way(event: &Event) -> Option<Way<'_>> {
    let mut parts = event.what.split('|').map(str::trim);
    let (from, ran, to) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Way { from, ran: ran == "ran", to })
}

fn draw_way(way: &Way, top: f64) -> Markup {
    let rail = |name: &str| usize::from(name != "Ok");
    let (from, to) = (y(top, rail(way.from)), y(top, rail(way.to)));
    // The stations of the two rails stand side by side, so that ways that cross can be told apart.
    let station = if way.from == "Ok" { 340.0 } else { 540.0 };
    let turn = station + 60.0;
    let points = [(LEFT, from), (turn, from), (turn + 60.0, to), (RIGHT - 8.0, to)];
    let points = points.map(|(x, y)| format!("{},{}", round(x), round(y))).join(" ");
    let tip = [(RIGHT, to), (RIGHT - 9.0, to - 4.5), (RIGHT - 9.0, to + 4.5)];
    let tip = tip.map(|(x, y)| format!("{},{}", round(x), round(y))).join(" ");
    html! {
        polyline class=(if way.from == "Ok" { "line" } else { "redline" }) points=(points) {}
        polygon class=(if way.from == "Ok" { "arrow" } else { "red" }) points=(tip) {}
        @if way.ran {
            rect class="bar" x=(station - 52.0) y=(round(from - 12.0)) width="104" height="24" rx="4" {}
            (text(station, from + 4.0, "middle", "", "closure runs"))
        } @else {
            rect class="paper" x=(station - 30.0) y=(round(from - 9.0)) width="60" height="18" {}
            (text(station, from + 4.0, "middle", "quiet", "skipped"))
        }
    }
}
