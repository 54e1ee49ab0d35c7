//! Draws one picture without a server: `cargo run --release --example draw -- 'template=cat&top_text=hi' out.png`

extern crate memed;

use std::env;
use std::fs;
use std::process::exit;

use memed::captioner::{Cancel, Captioner, Settings};
use memed::image_macro;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (query, file) = match arguments.len() {
        2 => (&arguments[0], &arguments[1]),
        _ => {
            eprintln!("usage: draw QUERY_STRING FILE");
            exit(64)
        }
    };
    let image_macro = image_macro::from_query(query).unwrap_or_else(|error| {
        eprintln!("draw: {}", error);
        exit(65)
    });
    let picture = Captioner::new(Settings::default()).caption(&image_macro, &Cancel::new());
    let picture = picture.unwrap_or_else(|error| {
        eprintln!("draw: {}", error);
        exit(65)
    });
    if let Err(error) = fs::write(file, picture.bytes) {
        eprintln!("draw: {}: {}", file, error);
        exit(74)
    }
}
