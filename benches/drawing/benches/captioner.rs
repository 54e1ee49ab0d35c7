//! Measures the cost of a caption as a ratio to encoding the whole picture, both measured in turns in the same run.
//!
//! `cargo bench -p drawing --bench captioner` prints the table at its end. With `--features turbojpeg` JPEGs are
//! measured against libjpeg-turbo, otherwise against jpeg-encoder.

extern crate criterion;
extern crate drawing;
extern crate gif;
extern crate image;
extern crate jpeg_encoder;
extern crate memed;
extern crate png;
#[cfg(feature = "turbojpeg")]
extern crate turbojpeg;

use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use drawing::built_in_templates;
use image::RgbImage;
use memed::captioner::{Cancel, Captioner, Settings};
use memed::image_macro::{self, ImageMacro};

const TEXT: &str = "&top_text=I can haz captions&bottom_text=of twenty characters";

/// A row of the table: what was measured, against what, and the times of each sample.
struct Row {
    case: String,
    against: &'static str,
    goal: f64,
    samples: Vec<(Duration, Duration)>,
    bytes: (usize, usize),
}

struct Table {
    criterion: Criterion,
    rows: Vec<Row>,
}

impl Table {
    /// Measures two ways in turns. Each returns the number of bytes that it produced.
    fn compare<A, B>(&mut self, case: &str, against: &'static str, goal: f64, mut ours: A, mut theirs: B)
    where
        A: FnMut() -> usize,
        B: FnMut() -> usize,
    {
        let bytes = (ours(), theirs());
        let mut samples = Vec::new();
        self.criterion.bench_function(case, |bencher| {
            bencher.iter_custom(|iterations| {
                let (mut of_ours, mut of_theirs) = (Duration::default(), Duration::default());
                for _ in 0..iterations {
                    let start = Instant::now();
                    black_box(ours());
                    let middle = Instant::now();
                    black_box(theirs());
                    of_ours += middle - start;
                    of_theirs += middle.elapsed();
                }
                samples.push((of_ours / iterations as u32, of_theirs / iterations as u32));
                of_ours
            });
        });
        self.rows.push(Row { case: case.to_string(), against, goal, samples, bytes });
    }

    fn print(&self) {
        let median = |values: Vec<f64>| {
            let mut values = values;
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        println!(
            "\n| case | against | ours | theirs | ratio | goal | bytes |\n|---|---|---|---|---|---|---|"
        );
        for row in self.rows.iter().filter(|row| !row.samples.is_empty()) {
            let ours: Vec<_> = row.samples.iter().map(|sample| sample.0.as_secs_f64() * 1e3).collect();
            let theirs: Vec<_> = row.samples.iter().map(|sample| sample.1.as_secs_f64() * 1e3).collect();
            let ratios = ours.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs).collect();
            println!(
                "| {} | {} | {:.3} ms | {:.3} ms | {:.2} | ≤ {} | {:+.1} % |",
                row.case,
                row.against,
                median(ours),
                median(theirs),
                median(ratios),
                row.goal,
                (row.bytes.0 as f64 / row.bytes.1 as f64 - 1.0) * 100.0
            );
        }
    }
}

fn file(name: &str) -> Vec<u8> {
    fs::read(built_in_templates().join(name)).unwrap()
}

fn asked(query: &str) -> ImageMacro {
    image_macro::from_query(query).unwrap()
}

fn caption(captioner: &Captioner, asked: &ImageMacro) -> Vec<u8> {
    captioner.caption(asked, &Cancel::new()).unwrap().bytes
}

/// The pixels of a captioned picture: what must be encoded if nothing is reused.
fn final_raster(captioner: &Captioner, template: &str) -> RgbImage {
    let asked = asked(&format!("template={}{}&format=png", template, TEXT));
    image::load_from_memory(&caption(captioner, &asked)).unwrap().into_rgb8()
}

/// That of `raccoon` and `rocket`, which is kept: steps of 2 and more, at 4:2:0.
const QUALITY: u8 = 92;
/// That of JPEGs of another size than their template's: `--jpeg-quality`.
const SCALED_QUALITY: u8 = 85;

/// A whole JPEG by libjpeg-turbo, at the sampling of the template.
#[cfg(feature = "turbojpeg")]
fn whole_jpeg(image: &RgbImage, quality: u8) -> usize {
    let image = turbojpeg::Image {
        pixels: image.as_raw().as_slice(),
        width: image.width() as usize,
        pitch: image.width() as usize * 3,
        height: image.height() as usize,
        format: turbojpeg::PixelFormat::RGB,
    };
    let mut compressor = turbojpeg::Compressor::new().unwrap();
    compressor.set_quality(quality.into()).unwrap();
    compressor.set_subsamp(turbojpeg::Subsamp::Sub2x2).unwrap();
    compressor.compress_to_vec(image).unwrap().len()
}
#[cfg(feature = "turbojpeg")]
const WHOLE_JPEG: &str = "libjpeg-turbo, whole";

#[cfg(not(feature = "turbojpeg"))]
fn whole_jpeg(image: &RgbImage, quality: u8) -> usize {
    our_whole_jpeg(image, quality)
}
#[cfg(not(feature = "turbojpeg"))]
const WHOLE_JPEG: &str = "jpeg-encoder, whole";

/// A whole JPEG by the encoder that `memed` itself uses.
fn our_whole_jpeg(image: &RgbImage, quality: u8) -> usize {
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
    let (width, height) = (image.width() as u16, image.height() as u16);
    encoder.encode(image, width, height, jpeg_encoder::ColorType::Rgb).unwrap();
    bytes.len()
}

fn whole_png(image: &RgbImage) -> usize {
    let mut bytes = Vec::with_capacity(image.len());
    let mut encoder = png::Encoder::new(&mut bytes, image.width(), image.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fastest);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(image).unwrap();
    writer.finish().unwrap();
    bytes.len()
}

/// Every frame of a GIF as a whole canvas: what must be compressed if nothing is reused.
fn canvases(file: &[u8]) -> Vec<gif::Frame<'static>> {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::Indexed);
    let mut decoder = options.read_info(file).unwrap();
    let (width, height) = (usize::from(decoder.width()), usize::from(decoder.height()));
    let mut canvas = vec![0; width * height];
    let mut frames = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        for (row, from) in frame.buffer.chunks_exact(usize::from(frame.width)).enumerate() {
            let start = (usize::from(frame.top) + row) * width + usize::from(frame.left);
            for (to, &index) in canvas[start..].iter_mut().zip(from) {
                if Some(index) != frame.transparent {
                    *to = index;
                }
            }
        }
        let buffer = canvas.clone().into();
        frames.push(gif::Frame { width: width as u16, height: height as u16, buffer, ..Default::default() });
    }
    frames
}

fn lzw(frames: &[gif::Frame<'static>]) -> usize {
    let compressed = frames.iter().map(|frame| {
        let mut frame = gif::Frame { buffer: (&*frame.buffer).into(), ..Default::default() };
        frame.make_lzw_pre_encoded();
        frame.buffer.len()
    });
    compressed.sum()
}

fn main() {
    let criterion = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let mut table = Table { criterion, rows: Vec::new() };
    let captioner = Captioner::new(Settings::default());

    for name in &["raccoon", "rocket"] {
        let image = final_raster(&captioner, name);
        let asked = asked(&format!("template={}{}", name, TEXT));
        let case = format!("{}, JPEG", name);
        table.compare(
            &case,
            WHOLE_JPEG,
            1.0,
            || caption(&captioner, &asked).len(),
            || whole_jpeg(&image, QUALITY),
        );
    }
    // As small as a thumbnail, where the text is as large in comparison and costs as much as its letters do.
    for &(name, format) in &[("raccoon", "JPEG"), ("astronaut", "PNG")] {
        let small = format!("{}&width=300", name);
        let image = final_raster(&captioner, &small);
        let asked = asked(&format!("template={}{}", small, TEXT));
        let case = format!("{} at 300, {}", name, format);
        let ours = || caption(&captioner, &asked).len();
        if format == "JPEG" {
            table.compare(&case, WHOLE_JPEG, 1.0, ours, || whole_jpeg(&image, SCALED_QUALITY));
        } else {
            table.compare(&case, "png, fastest, whole", 1.0, ours, || whole_png(&image));
        }
    }
    let astronaut = final_raster(&captioner, "astronaut");
    let of_astronaut = asked(&format!("template=astronaut{}", TEXT));
    let ours = || caption(&captioner, &of_astronaut).len();
    table.compare("astronaut, PNG", "png, fastest, whole", 0.6, ours, || whole_png(&astronaut));
    for &(name, goal) in &[("deal-with-it", 0.35), ("dramatic-raccoon", 1.15)] {
        let asked = asked(&format!("template={}{}", name, TEXT));
        let frames = canvases(&caption(&captioner, &asked));
        let case = format!("{}, GIF", name);
        table.compare(
            &case,
            "LZW of all frames",
            goal,
            || caption(&captioner, &asked).len(),
            || lzw(&frames),
        );
    }
    // The same text beside the picture and on it.
    for name in &["raccoon", "astronaut", "deal-with-it"] {
        let over = asked(&format!("template={}&top_text=I can haz captions beside it", name));
        let beside = asked(&format!("template={}&layout=bar&top_text=I can haz captions beside it", name));
        let ours = || caption(&captioner, &beside).len();
        let case = format!("{}, bar", name);
        table.compare(&case, "the text on the picture", 1.0, ours, || caption(&captioner, &over).len());
    }
    // The same text in the same box, turned and straight.
    for name in &["raccoon", "astronaut", "deal-with-it"] {
        let in_box = |angle| {
            asked(&format!(
                "template={}&captions[0][text]=All the world is a stage&captions[0][left]=0.25&captions[0][top]=0.25\
                 &captions[0][width]=0.5&captions[0][height]=0.5&captions[0][angle]={}",
                name, angle
            ))
        };
        let (straight, turned) = (in_box(0), in_box(45));
        let ours = || caption(&captioner, &turned).len();
        let case = format!("{}, turned by 45°", name);
        table.compare(&case, "the same, straight", 1.5, ours, || caption(&captioner, &straight).len());
    }
    for name in &["raccoon", "astronaut", "deal-with-it"] {
        let asked = asked(&format!("template={}", name));
        let bytes = caption(&captioner, &asked);
        let case = format!("{}, no text", name);
        let ours = || caption(&captioner, &asked).len();
        table.compare(&case, "copying the bytes", 1.5, ours, || black_box(bytes.clone()).len());
    }
    let first = |query: &str| {
        let asked = asked(query);
        move || caption(&Captioner::new(Settings::default()), &asked).len()
    };
    let raccoon = file("raccoon.jpg");
    let captioned = final_raster(&captioner, "raccoon");
    let decoded = || black_box(image::load_from_memory(&raccoon).unwrap().into_rgb8());
    let query = format!("template=raccoon{}", TEXT);
    table.compare("raccoon, first", "decode + encode", 1.5, first(&query), || {
        decoded();
        our_whole_jpeg(&captioned, QUALITY)
    });
    let file_of_astronaut = file("astronaut.png");
    let decoded = || black_box(image::load_from_memory(&file_of_astronaut).unwrap().into_rgb8());
    let query = format!("template=astronaut{}", TEXT);
    table.compare("astronaut, first", "decode + encode", 1.5, first(&query), || {
        decoded();
        whole_png(&astronaut)
    });
    for name in &["deal-with-it", "dramatic-raccoon"] {
        let bytes = file(&format!("{}.gif", name));
        let query = format!("template={}{}", name, TEXT);
        let frames = canvases(&caption(&captioner, &asked(&query)));
        let case = format!("{}, first", name);
        table.compare(&case, "decode + LZW of all frames", 1.5, first(&query), || {
            black_box(canvases(&bytes));
            lzw(&frames)
        });
    }
    table.print();
}
