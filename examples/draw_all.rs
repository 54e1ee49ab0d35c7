//! Draws the same text on each picture of a folder: `cargo run --release --example draw_all -- FOLDER RESULTS [TEXT]`
//!
//! `TEXT` is the rest of a query string, such as `top_text=hi`; without it, the pictures are only encoded. Prints the
//! milliseconds of the first picture of each template and of the next one. `tests/oracle/png_sizes.py` calls it.

extern crate memed;

use std::env;
use std::fs;
use std::path::Path;
use std::process::exit;
use std::time::Instant;

use memed::captioner::{Cancel, Captioner, Settings};
use memed::image_macro;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (templates, results) = match arguments.len() {
        2 | 3 => (Path::new(&arguments[0]), Path::new(&arguments[1])),
        _ => {
            eprintln!("usage: draw_all FOLDER RESULTS [TEXT]");
            exit(64)
        }
    };
    let text = arguments.get(2).map_or(String::new(), |text| format!("&{}", text));
    let captioner = Captioner::new(Settings { templates: Some(templates.into()), ..Settings::default() });
    for name in captioner.template_names().iter() {
        let asked =
            image_macro::from_query(&format!("template={}{}", name, text)).expect("the text is a query");
        let draw = || {
            let start = Instant::now();
            let picture = captioner.caption(&asked, &Cancel::new()).unwrap_or_else(|error| {
                eprintln!("draw_all: {}: {}", name, error);
                exit(65)
            });
            (picture.bytes, start.elapsed())
        };
        let ((bytes, first), (_, next)) = (draw(), draw());
        println!("{} {:.2} {:.2}", name, first.as_secs_f64() * 1e3, next.as_secs_f64() * 1e3);
        if let Err(error) = fs::write(results.join(format!("{}.png", name)), bytes) {
            eprintln!("draw_all: {}: {}", name, error);
            exit(74)
        }
    }
}
