//! Templates near the limits on size, and the captions that the benches `limits` and `memory` draw on them.
//!
//! The benches are a package of their own, so that the tests of `memed` need not build criterion.

#![forbid(unsafe_code)]

extern crate gif;
extern crate image;
extern crate jpeg_encoder;
extern crate memed;
extern crate tempfile;

use std::borrow::Cow;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageFormat, RgbImage, RgbaImage};
use memed::captioner::{Captioner, Settings};
use memed::image_macro::{self, ImageMacro};
use tempfile::TempDir;

/// Enough for every template here.
const CACHE: usize = 4 << 30;
const TEXT: &str = "top_text=I can haz captions&bottom_text=of twenty characters";
const BIG_TEXT: &str = "top_text=WWWW&size=512&color=red&outline=lime";

/// A template and what is drawn on it.
pub struct Case {
    /// What it is called in tables.
    pub name: &'static str,
    /// The name of the template.
    pub template: &'static str,
    /// Width and format, as a query string has them.
    conversion: &'static str,
    text: &'static str,
}

impl Case {
    /// The request, with the text of the case.
    pub fn asked(&self) -> ImageMacro {
        self.asked_with(self.text)
    }

    /// The request, with another text, written as parts of a query string.
    pub fn asked_with(&self, text: &str) -> ImageMacro {
        let query = format!("template={}&{}&{}", self.template, self.conversion, text);
        image_macro::from_query(&query).unwrap()
    }
}

const fn case(
    name: &'static str,
    template: &'static str,
    conversion: &'static str,
    text: &'static str,
) -> Case {
    Case { name, template, conversion, text }
}

const CASES: &[Case] = &[
    case("dramatic-raccoon", "dramatic-raccoon", "", TEXT),
    case("dramatic-raccoon at 200", "dramatic-raccoon", "width=200", TEXT),
    case("GIF 1000x1000, 150 frames", "long", "", TEXT),
    case("the same, a text of 512 pixels", "long", "", BIG_TEXT),
    case("the same at 500", "long", "width=500", TEXT),
    case("GIF 1000x1000, 150 frames, cleared", "cleared", "", TEXT),
    case("GIF 8000x5000, 4 frames", "wide", "", TEXT),
    case("JPEG 8000x5000", "photo", "", TEXT),
    case("JPEG 8000x5000, progressive", "progressive", "", TEXT),
    case("JPEG 8000x5000 at 4096", "photo", "width=4096", TEXT),
    case("JPEG 8000x5000 to GIF", "photo", "format=gif", TEXT),
    case("JPEG 4096x4096", "square-photo", "", BIG_TEXT),
    case("JPEG 4096x4096 at 1000", "square-photo", "width=1000", TEXT),
    case("PNG 8000x5000", "drawing", "", TEXT),
    case("PNG 8000x5000, RGBA, at 4096", "clear", "width=4096", TEXT),
    case("PNG 4096x4096", "square", "", TEXT),
    case("PNG 4096x4096 at 1000", "square", "width=1000", TEXT),
    case("PNG 4096x4096 to JPEG", "square", "format=jpeg", TEXT),
];

/// The cases whose names contain a word of the command line, or all of them if it has no words.
pub fn wanted_cases() -> impl Iterator<Item = &'static Case> {
    let words: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    CASES
        .iter()
        .filter(move |case| words.is_empty() || words.iter().any(|word| case.name.contains(word.as_str())))
}

type Build = fn() -> Vec<u8>;

const TEMPLATES: &[(&str, Build)] = &[
    ("long.gif", || animation(1000, 1000, 150, false)),
    ("cleared.gif", || animation(1000, 1000, 150, true)),
    ("wide.gif", || animation(8000, 5000, 4, false)),
    ("photo.jpg", || jpeg(&picture(8000, 5000), false)),
    ("progressive.jpg", || jpeg(&picture(8000, 5000), true)),
    ("square-photo.jpg", || jpeg(&picture(4096, 4096), false)),
    ("drawing.png", || png(&DynamicImage::ImageRgb8(picture(8000, 5000)))),
    ("clear.png", || png(&transparent(&picture(8000, 5000)))),
    ("square.png", || png(&DynamicImage::ImageRgb8(picture(4096, 4096)))),
];

/// A temporary folder of templates.
pub struct Folder(TempDir);

impl Folder {
    /// An empty one.
    pub fn new() -> Folder {
        Folder(TempDir::new().expect("the folder for temporary files can be written"))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Builds the template of a case, unless it is built in or exists already.
    pub fn put_template_of(&self, case: &Case) {
        let known = TEMPLATES
            .iter()
            .find(|template| Path::new(template.0).file_stem() == Some(OsStr::new(case.template)));
        if let Some(&(file_name, build)) = known.filter(|template| !self.path().join(template.0).exists()) {
            fs::write(self.path().join(file_name), build()).unwrap();
        }
    }

    /// A captioner with an empty cache.
    pub fn captioner(&self) -> Captioner {
        let templates = Some(self.path().to_path_buf());
        Captioner::new(Settings { templates, template_cache: CACHE, ..Settings::default() })
    }
}

impl Default for Folder {
    fn default() -> Folder {
        Folder::new()
    }
}

/// The folder of the templates that are built in.
pub fn built_in_templates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/templates")
}

/// A picture with soft changes and a little noise, as photographs have them.
fn picture(width: u32, height: u32) -> RgbImage {
    let mut state: u32 = 1;
    RgbImage::from_fn(width, height, |x, y| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (state >> 31) as u8;
        image::Rgb([(x / 16) as u8 ^ noise, (y / 16) as u8 ^ noise, ((x + y) / 32) as u8 ^ noise])
    })
}

/// The same picture, some of it transparent in part.
fn transparent(picture: &RgbImage) -> DynamicImage {
    DynamicImage::ImageRgba8(RgbaImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [r, g, b] = picture.get_pixel(x, y).0;
        image::Rgba([r, g, b, (x / 32) as u8 | 1])
    }))
}

fn png(picture: &DynamicImage) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

fn jpeg(picture: &RgbImage, is_progressive: bool) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 85);
    encoder.set_progressive(is_progressive);
    let (width, height) = (picture.width() as u16, picture.height() as u16);
    encoder.encode(picture, width, height, jpeg_encoder::ColorType::Rgb).unwrap();
    file
}

/// A GIF whose frames are all as large as the canvas. With `is_cleared`, some of them are small, and cleared
/// after their time, so that every pixel has to be followed.
fn animation(width: u16, height: u16, frames: u16, is_cleared: bool) -> Vec<u8> {
    let palette: Vec<u8> = (0..=255u8).flat_map(|i| vec![i, i.wrapping_mul(7), 255 - i]).collect();
    let mut encoder = gif::Encoder::new(Vec::new(), width, height, &palette).unwrap();
    for number in 0..frames {
        let is_small = is_cleared && number % 2 == 1;
        let side = |whole: u16| if is_small { whole / 2 } else { whole };
        let (width, height) = (side(width), side(height));
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let indices: Vec<u8> = pixels.map(|(x, y)| ((x / 8 + number) ^ (y / 8)) as u8).collect();
        let dispose = if is_small { gif::DisposalMethod::Background } else { gif::DisposalMethod::Keep };
        let buffer = Cow::Owned(indices);
        encoder
            .write_frame(&gif::Frame { width, height, buffer, dispose, delay: 5, ..Default::default() })
            .unwrap();
    }
    encoder.into_inner().unwrap()
}
