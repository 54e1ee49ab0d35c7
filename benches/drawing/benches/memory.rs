//! Measures how much memory a drawing takes beyond what is allocated when it begins.
//!
//! `cargo bench -p drawing --bench memory` prints, for the templates of `limits`, the largest number of bytes allocated at
//! once, as a multiple of the raster: of a still picture, its decoded pixels (3 bytes each, 4 with transparency),
//! and of a GIF, an index for each pixel of every frame. `cold` is a first request: the file is read, decoded,
//! scaled and compressed, and what will be cached counts as well; its raster is that of the file. `warm` is
//! another text on a template that is there; its raster is that of the template as it is kept.
//!
//! A vector that grows counts as two while its bytes are copied.

extern crate drawing;
extern crate gif;
extern crate image;
extern crate memed;
extern crate peak_alloc;

use std::ffi::OsStr;
use std::fs;

use drawing::{built_in_templates, wanted_cases, Folder};
use image::ImageDecoder;
use memed::captioner::Cancel;
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What a drawing may take, in rasters.
const GOAL: f64 = 2.0;

/// The largest number of bytes beyond those that are there at its beginning.
fn peak_of<T, F: FnOnce() -> T>(work: F) -> usize {
    ALLOCATOR.reset_peak_usage();
    let before = ALLOCATOR.current_usage();
    let result = work();
    let peak = ALLOCATOR.peak_usage() - before;
    drop(result);
    peak
}

/// The file of a template: of the folder, or built in.
fn file_of(folder: &Folder, template: &str) -> Vec<u8> {
    let folders = vec![folder.path().to_path_buf(), built_in_templates()].into_iter();
    let mut files =
        folders.flat_map(|folder| fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path());
    let found = files.find(|path| path.file_stem() == Some(OsStr::new(template)));
    fs::read(found.expect("it is there")).unwrap()
}

/// Bytes of the raster that a file becomes: pixels of three bytes, of four with transparency; indices of all
/// frames of a GIF.
fn raster_of(file: &[u8]) -> usize {
    if file.starts_with(b"GIF") {
        let mut options = gif::DecodeOptions::new();
        options.skip_frame_decoding(true);
        let mut decoder = options.read_info(file).unwrap();
        let mut bytes = 0;
        while let Some(frame) = decoder.next_frame_info().unwrap() {
            bytes += usize::from(frame.width) * usize::from(frame.height);
        }
        return bytes;
    }
    let decoder = image::ImageReader::new(std::io::Cursor::new(file)).with_guessed_format().unwrap();
    let decoder = decoder.into_decoder().unwrap();
    let (width, height) = decoder.dimensions();
    width as usize * height as usize * if decoder.color_type().has_alpha() { 4 } else { 3 }
}

fn main() {
    let folder = Folder::new();
    println!("| case | raster of the file | cold | raster kept | warm | over {} |", GOAL);
    println!("|---|---|---|---|---|---|");
    for case in wanted_cases() {
        folder.put_template_of(case);
        let captioner = folder.captioner();
        // A font is not a part of the picture.
        captioner.preload_font("Anton").unwrap();
        let draw = |text: &str| captioner.caption(&case.asked_with(text), &Cancel::new()).unwrap();
        let cold = peak_of(|| captioner.caption(&case.asked(), &Cancel::new()).unwrap());
        let plain = draw("");
        let another = peak_of(|| captioner.caption(&case.asked(), &Cancel::new()).unwrap());
        let warm = peak_of(|| draw("middle_text=another text")).max(another);
        let of_file = raster_of(&file_of(&folder, case.template));
        let kept = raster_of(&plain.bytes);
        let (cold, warm) = (cold as f64 / of_file as f64, warm as f64 / kept as f64);
        let over = [(cold, "cold"), (warm, "warm")]
            .iter()
            .filter(|ratio| ratio.0 > GOAL)
            .map(|ratio| ratio.1)
            .collect::<Vec<_>>()
            .join(", ");
        let mb = |bytes: usize| format!("{:.1} MB", bytes as f64 / 1e6);
        println!("| {} | {} | {:.2} | {} | {:.2} | {} |", case.name, mb(of_file), cold, mb(kept), warm, over);
    }
}
