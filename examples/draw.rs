//! Draws one picture without a server: `cargo run --release --example draw -- 'template=cat&top_text=hi' out.png`
//!
//! With a number after the file, it draws the picture that many times more, for a profiler.

extern crate memed;

use std::env;
use std::fs;
use std::process::exit;

use memed::captioner::{Cancel, Captioner, Settings};
use memed::image_macro;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let times = arguments.get(2).map_or(Some(0), |times| times.parse().ok());
    let (query, file, times) = match (arguments.len(), times) {
        (2..=3, Some(times)) => (&arguments[0], &arguments[1], times),
        _ => {
            eprintln!("usage: draw QUERY_STRING FILE [TIMES]");
            exit(64)
        }
    };
    let image_macro = image_macro::from_query(query).unwrap_or_else(|error| {
        eprintln!("draw: {}", error);
        exit(65)
    });
    let captioner = Captioner::new(Settings::default());
    let draw = || {
        captioner.caption(&image_macro, &Cancel::new()).unwrap_or_else(|error| {
            eprintln!("draw: {}", error);
            exit(65)
        })
    };
    let picture = draw();
    for _ in 0..times {
        draw();
    }
    if let Err(error) = fs::write(file, picture.bytes) {
        eprintln!("draw: {}: {}", file, error);
        exit(74)
    }
}
