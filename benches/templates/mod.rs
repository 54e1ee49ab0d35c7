//! Templates near the largest there may be, and what is asked of them: for the benches.

use std::borrow::Cow;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;

use gif;
use image::{self, DynamicImage, ImageFormat, RgbImage, RgbaImage};
use jpeg_encoder;
use memed::captioner::{Captioner, Settings};
use memed::image_macro::{self, ImageMacro};

/// Enough for every template here.
const CACHE: usize = 4 << 30;
const TEXT: &str = "top_text=I can haz captions&bottom_text=of twenty characters";
const BIG_TEXT: &str = "top_text=WWWW&size=512&color=red&outline=lime";

/// What is asked of a template.
pub struct Case {
    pub name: &'static str,
    pub template: &'static str,
    /// Width and format, as a query string has them.
    conversion: &'static str,
    text: &'static str,
}

impl Case {
    pub fn asked(&self) -> ImageMacro {
        self.asked_with(self.text)
    }

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

/// All cases, or those whose names have a word of the command line in them.
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

/// A folder of templates that is gone at the end.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Folder {
        let path = env::temp_dir().join(format!("memed-limits-{}", process::id()));
        fs::create_dir_all(&path).expect("the folder for temporary files can be written");
        Folder(path)
    }

    /// Builds the template of a case, if it is not there yet.
    pub fn put_template_of(&self, case: &Case) {
        let known = TEMPLATES
            .iter()
            .find(|template| Path::new(template.0).file_stem() == Some(OsStr::new(case.template)));
        if let Some(&(file_name, build)) = known.filter(|template| !self.0.join(template.0).exists()) {
            fs::write(self.0.join(file_name), build()).unwrap();
        }
    }

    /// A new one, which has cached nothing yet.
    pub fn captioner(&self) -> Captioner {
        let templates = Some(self.0.clone());
        Captioner::new(Settings { templates, template_cache: CACHE, ..Settings::default() })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
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
    let mut file = ::std::io::Cursor::new(Vec::new());
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
