//! Measures how the cost of a caption grows with the picture and with the text, and the share of `fit` in it.
//!
//! `cargo bench -p drawing --bench growth` prints three tables. The cases of a table are measured in turns, round
//! after round, and the tables have the medians.

extern crate drawing;
extern crate image;
extern crate memed;
extern crate tempfile;

use std::hint::black_box;
use std::time::{Duration, Instant};

use drawing::built_in_templates;
use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageFormat};
use memed::captioner::{Cancel, Captioner, Settings};
use memed::image_macro::{self, ImageMacro};
use tempfile::TempDir;

/// How often each case is measured.
const ROUNDS: usize = 40;
const FORMATS: [&str; 3] = ["jpeg", "png", "gif"];

/// A temporary folder of templates of many sizes.
struct Folder(TempDir);

impl Folder {
    /// The raccoon at each of these widths, four by three; each is named after its width.
    fn new(widths: &[u32]) -> Folder {
        let raccoon = image::open(built_in_templates().join("raccoon.jpg")).unwrap().into_rgb8();
        let folder = TempDir::new().unwrap();
        for &width in widths {
            let scaled = imageops::resize(&raccoon, width, width * 3 / 4, FilterType::Triangle);
            let file = folder.path().join(format!("{}.png", width));
            DynamicImage::ImageRgb8(scaled).save_with_format(file, ImageFormat::Png).unwrap();
        }
        Folder(folder)
    }

    fn captioner(&self) -> Captioner {
        let templates = Some(self.0.path().to_path_buf());
        Captioner::new(Settings { templates, template_cache: 1 << 30, ..Settings::default() })
    }
}

fn asked(query: &str) -> ImageMacro {
    image_macro::from_query(query).unwrap()
}

fn draw(captioner: &Captioner, asked: &ImageMacro) -> Vec<u8> {
    captioner.caption(asked, &Cancel::new()).unwrap().bytes
}

/// The median time of each, in milliseconds.
fn times(captioner: &Captioner, asked: &[ImageMacro]) -> Vec<f64> {
    let mut samples: Vec<Vec<Duration>> = vec![Vec::new(); asked.len()];
    asked.iter().for_each(|asked| drop(draw(captioner, asked)));
    for _ in 0..ROUNDS {
        for (asked, samples) in asked.iter().zip(&mut samples) {
            let start = Instant::now();
            black_box(draw(captioner, asked));
            samples.push(start.elapsed());
        }
    }
    let median = |mut samples: Vec<Duration>| {
        samples.sort();
        samples[samples.len() / 2].as_secs_f64() * 1e3
    };
    samples.into_iter().map(median).collect()
}

/// A row for each of `cases`, and a column for each format.
fn print_table(captioner: &Captioner, heading: &str, cases: &[(String, String)]) {
    let queries = cases.iter().flat_map(|case| FORMATS.iter().map(move |format| (case, format)));
    let asked: Vec<_> =
        queries.map(|(case, format)| asked(&format!("{}&format={}", case.1, format))).collect();
    let times = times(captioner, &asked);
    println!("\n| {} | JPEG | PNG | GIF |\n|---|---|---|---|", heading);
    for (case, times) in cases.iter().zip(times.chunks(FORMATS.len())) {
        println!("| {} | {:.2} ms | {:.2} ms | {:.2} ms |", case.0, times[0], times[1], times[2]);
    }
}

fn main() {
    let widths = [256, 512, 1024, 2048, 4096];
    let folder = Folder::new(&widths);
    let captioner = folder.captioner();

    let of_width = |width: &u32| {
        let megapixels = f64::from(width * width * 3 / 4) / 1e6;
        let query = format!("template={}&top_text=I can haz captions&size=24", width);
        (format!("{} × {}, {:.2} MP", width, width * 3 / 4, megapixels), query)
    };
    let cases: Vec<_> = widths.iter().map(of_width).collect();
    print_table(&captioner, "picture, with 18 characters of 24 pixels", &cases);

    let of_size = |size: &u32| {
        let query = format!("template=2048&top_text=I can haz captions&size={}", size);
        (format!("{} pixels", size), query)
    };
    let cases: Vec<_> = [12, 24, 48, 96, 192].iter().map(of_size).collect();
    print_table(&captioner, "size of 18 characters, on 2048 × 1536", &cases);

    // On a single pixel there is nothing to draw: what is left is finding the size and the lines.
    let texts = [
        "I can haz captions",
        "and one that has to be broken into several lines to be as large as it can be",
    ];
    println!("\n| text | layout at `fit` | a caption on 1024 × 768, JPEG | share |\n|---|---|---|---|");
    for text in &texts {
        let query = |template: &str, size: &str| {
            asked(&format!("template={}&format=jpeg&size={}&bottom_text={}", template, size, text))
        };
        let times = times(&captioner, &[query("1024&width=1", "fit"), query("1024", "fit")]);
        let share = times[0] / times[1] * 100.0;
        println!("| {} characters | {:.3} ms | {:.3} ms | {:.1} % |", text.len(), times[0], times[1], share);
    }
}
