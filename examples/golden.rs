//! Redraws the golden pictures and shows how they differ from those in `tests/golden`:
//! `cargo run --release --example golden`
//!
//! It writes `target/golden/sheet.png`, with all pictures as they are now, and to `target/golden/differs` one file
//! for each picture that has changed: before, after, and the difference. With `-- --renew` it then replaces those
//! that differ in `tests/golden`.

extern crate image;
extern crate memed;

#[path = "../tests/golden/compare.rs"]
mod compare;

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::exit;

use image::codecs::png::{CompressionType, FilterType as RowFilter, PngEncoder};
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use memed::captioner::{Cancel, Captioner, Settings};
use memed::image_macro;

use compare::Golden;

/// The color between pictures and around them.
const PAPER: Rgb<u8> = Rgb([70, 70, 70]);
const GAP: u32 = 8;
/// A cell of the sheet holds a picture of this size and a line with its name.
const CELL: (u32, u32) = (240, 180);
const NAME: u32 = 20;
const COLUMNS: u32 = 5;
/// The factor that makes a difference visible: a few levels become gray, an edge that has moved becomes white.
const AMPLIFIED: u8 = 8;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let renew = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => false,
        ["--renew"] => true,
        _ => {
            eprintln!("usage: golden [--renew]");
            exit(64)
        }
    };
    match run(renew) {
        Ok(true) => (),
        Ok(false) => exit(1),
        Err(sentence) => {
            eprintln!("golden: {}", sentence);
            exit(74)
        }
    }
}

/// Returns whether all pictures are now as in `tests/golden`.
fn run(renew: bool) -> Result<bool, String> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from);
    let output = target.join("golden");
    let differs = output.join("differs");
    match fs::remove_dir_all(&differs) {
        Err(ref error) if error.kind() != ErrorKind::NotFound => return Err(at(&differs, error)),
        _ => fs::create_dir_all(&differs).map_err(|error| at(&differs, error))?,
    }

    let list = compare::list()?;
    let captioner = Captioner::new(Settings::default());
    let mut all_is_well = true;
    let mut drawn = Vec::new();
    println!("{:<24} {:>7} {:>7}  {:<12}", "name", "mean", "block", "at");
    for golden in &list {
        let now = match golden.now(&captioner) {
            Ok(now) => now,
            Err(sentence) => {
                println!("{:<24} {}", golden.name, sentence);
                all_is_well = false;
                continue;
            }
        };
        let (state, row) = show(golden, &now, &differs.join(format!("{}.png", golden.name)))?;
        if state != State::Same && renew {
            save(&compare::kept(&now), &golden.file())?;
        }
        println!("{:<24} {} {}", golden.name, row, state.told(renew));
        all_is_well &= state == State::Same || renew;
        drawn.push((golden.name.as_str(), now));
    }
    for file in compare::without_line(&list)? {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        if renew {
            fs::remove_file(&file).map_err(|error| at(&file, error))?;
        }
        println!("{:<24} {:<29} {}", name, "has no line", State::WithoutLine.told(renew));
        all_is_well &= renew;
    }
    save(&sheet(&drawn, &output)?, &output.join("sheet.png"))?;
    println!("The pictures are in {}", output.display());
    Ok(all_is_well)
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Same,
    Differs,
    Missing,
    WithoutLine,
}

impl State {
    /// Its name in the table; with `renewed`, what was done about it.
    fn told(self, renewed: bool) -> &'static str {
        match (self, renewed) {
            (State::Same, _) => "same",
            (State::Differs, false) => "differs",
            (State::Differs, true) => "renewed",
            (State::Missing, false) => "missing",
            (State::Missing, true) => "added",
            (State::WithoutLine, false) => "to be removed",
            (State::WithoutLine, true) => "removed",
        }
    }
}

/// Compares a picture with the golden one: the result, and its columns of the table. If they differ, writes both and
/// their difference to `file`.
fn show(golden: &Golden, now: &RgbImage, file: &Path) -> Result<(State, String), String> {
    let before = match golden.before()? {
        Some(before) => before,
        None => {
            save(now, file)?;
            return Ok((State::Missing, format!("{:<29}", "there was none")));
        }
    };
    let difference = compare::compare(&before, now);
    let state = match difference {
        Some(difference) if difference.is_small() => State::Same,
        _ => State::Differs,
    };
    if state == State::Differs {
        save(&side_by_side(&[&before, now, &amplified(&before, now)]), file)?;
    }
    let row = match difference {
        Some(it) => {
            let at = if it.block > 0.0 { format!("{}, {}", it.at.0, it.at.1) } else { String::new() };
            format!("{:>7.2} {:>7.2}  {:<12}", it.mean, it.block, at)
        }
        None => {
            let ((was, high), (is, tall)) = (before.dimensions(), now.dimensions());
            format!("{:<29}", format!("{}×{}, was {}×{}", is, tall, was, high))
        }
    };
    Ok((state, row))
}

/// The difference of two pictures, amplified; white where only one of them has pixels.
fn amplified(before: &RgbImage, now: &RgbImage) -> RgbImage {
    let (width, height) = (before.width().max(now.width()), before.height().max(now.height()));
    RgbImage::from_fn(width, height, |x, y| {
        match (before.get_pixel_checked(x, y), now.get_pixel_checked(x, y)) {
            (Some(before), Some(now)) => {
                let channel = |i: usize| compare::distance(before[i], now[i]).saturating_mul(AMPLIFIED);
                Rgb([channel(0), channel(1), channel(2)])
            }
            _ => Rgb([255; 3]),
        }
    })
}

fn side_by_side(panels: &[&RgbImage]) -> RgbImage {
    let width = panels.iter().map(|panel| panel.width() + GAP).sum::<u32>() - GAP;
    let height = panels.iter().map(|panel| panel.height()).max().unwrap_or(0);
    let mut picture = RgbImage::from_pixel(width, height, PAPER);
    let mut left = 0;
    for panel in panels {
        imageops::replace(&mut picture, *panel, left.into(), 0);
        left += panel.width() + GAP;
    }
    picture
}

/// All pictures with their names; those larger than a cell are scaled down to it.
fn sheet(pictures: &[(&str, RgbImage)], output: &Path) -> Result<RgbImage, String> {
    let label = RgbImage::from_pixel(CELL.0, NAME, PAPER);
    let templates = output.join("templates");
    fs::create_dir_all(&templates).map_err(|error| at(&templates, error))?;
    save(&label, &templates.join("label.png"))?;
    let captioner = Captioner::new(Settings { templates: Some(templates), ..Settings::default() });

    let step = (CELL.0 + GAP, CELL.1 + NAME + GAP);
    let rows = (pictures.len() as u32).div_ceil(COLUMNS);
    let mut sheet = RgbImage::from_pixel(COLUMNS * step.0 + GAP, rows * step.1 + GAP, PAPER);
    for (index, &(name, ref picture)) in (0..).zip(pictures) {
        let (left, top) = (GAP + index % COLUMNS * step.0, GAP + index / COLUMNS * step.1);
        let (width, height) = picture.dimensions();
        let scale =
            (f64::from(CELL.0) / f64::from(width)).min(f64::from(CELL.1) / f64::from(height)).min(1.0);
        let side = |pixels: u32| ((f64::from(pixels) * scale) as u32).max(1);
        let picture = imageops::resize(picture, side(width), side(height), FilterType::CatmullRom);
        let (x, y) = (left + (CELL.0 - picture.width()) / 2, top + (CELL.1 - picture.height()) / 2);
        imageops::replace(&mut sheet, &picture, x.into(), y.into());
        let name = named(&captioner, name)?;
        imageops::replace(&mut sheet, &name, left.into(), (top + CELL.1).into());
    }
    Ok(sheet)
}

fn named(captioner: &Captioner, name: &str) -> Result<RgbImage, String> {
    let query = format!("template=label&font=DejaVuSans&outline=none&size=12&middle_text={}", name);
    let asked = image_macro::from_query(&query).map_err(|error| error.to_string())?;
    let picture = captioner.caption(&asked, &Cancel::new()).map_err(|error| error.to_string())?;
    let picture = image::load_from_memory(&picture.bytes).map_err(|error| error.to_string())?;
    Ok(picture.into_rgb8())
}

/// Writes a PNG with the best compression: these files go into the repository.
fn save(picture: &RgbImage, file: &Path) -> Result<(), String> {
    let mut content = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut content, CompressionType::Best, RowFilter::Adaptive);
    picture.write_with_encoder(encoder).map_err(|error| at(file, error))?;
    fs::write(file, content).map_err(|error| at(file, error))
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn at<E: std::fmt::Display>(file: &Path, error: E) -> String {
    format!("{}: {}", file.display(), error)
}
