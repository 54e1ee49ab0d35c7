//! Tests that pictures assembled from strips and bands equal those encoded whole, and that every format converts to
//! every other one.

use image::{self, DynamicImage, RgbImage, Rgba, RgbaImage};
use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};
use memed::captioner::{Captioner, Settings};
use memed::image_macro;
use png;

use picture_util::draw;
use util::Folder;

/// Decodes a PNG, checksums and all.
pub fn decoded_png(bytes: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut options = png::DecodeOptions::default();
    options.set_ignore_checksums(false);
    let mut reader =
        png::Decoder::new_with_options(::std::io::Cursor::new(bytes), options).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    reader.finish().unwrap();
    (info.width, info.height, pixels)
}

pub fn decoded_jpeg(bytes: &[u8]) -> RgbImage {
    image::load_from_memory(bytes).unwrap().into_rgb8()
}

/// A picture in which every pixel matters.
fn noise(width: u32, height: u32) -> RgbImage {
    let mut state = width * 7919 + height;
    RgbImage::from_fn(width, height, |x, y| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        image::Rgb([(x * 3) as u8, (y * 5) as u8, (state >> 24) as u8])
    })
}

const SIZES: [(u32, u32); 17] = [
    (1, 1),
    (1, 40),
    (40, 1),
    (15, 15),
    (16, 16),
    (17, 17),
    (31, 33),
    (64, 48),
    (100, 75),
    (127, 129),
    (300, 16),
    (16, 300),
    (257, 143),
    (640, 427),
    // A band of PNG is few rows here, and a row of a JPEG has as many MCUs as can be.
    (4097, 20),
    (65535, 17),
    (3, 65535),
];

const TEXTS: [&str; 6] = [
    "",
    "&top_text=top",
    "&bottom_text=bottom",
    "&top_text=top&middle_text=and the middle&bottom_text=bottom&color=gray",
    "&middle_text=a text that takes some more room than that&outline=none",
    "&top_text=X&size=512",
];

/// What jpeg-encoder makes of a whole picture.
pub fn whole_jpeg(pixels: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    encoder.set_restart_interval(pixels.width().div_ceil(16) as u16);
    let (width, height) = (pixels.width() as u16, pixels.height() as u16);
    encoder.encode(pixels, width, height, ColorType::Rgb).unwrap();
    bytes
}

#[test]
fn a_jpeg_of_strips_is_byte_for_byte_the_one_that_is_compressed_whole() {
    let folder = Folder::new();
    for &(width, height) in &SIZES {
        // PNG is lossless, so the finished pixels can be had, and compressed as a whole.
        folder.put("noise.png", &png_of(&noise(width, height)));
        let captioner = folder.captioner();
        for text in &TEXTS {
            let pixels = decoded_jpeg(&draw(&captioner, &format!("template=noise{}", text)));
            let whole = whole_jpeg(&pixels, Settings::default().jpeg_quality);
            let strips = draw(&captioner, &format!("template=noise&format=jpeg{}", text));
            assert!(strips == whole, "{}x{} {}", width, height, text);
        }
    }
}

#[test]
fn so_it_is_at_every_quality() {
    let folder = Folder::new();
    let size = (100, 75);
    // Noise has all coefficients, a plain picture hardly any; black and white have the largest ones.
    let checks = RgbImage::from_fn(size.0, size.1, |x, y| image::Rgb([((x / 3 + y / 5) % 2 * 255) as u8; 3]));
    let plain = RgbImage::from_pixel(size.0, size.1, image::Rgb([200, 30, 90]));
    for picture in &[noise(size.0, size.1), checks, plain] {
        folder.put("noise.png", &png_of(picture));
        for &jpeg_quality in &[1, 10, 25, 50, 75, 85, 95, 100] {
            let captioner = folder.captioner_with(Settings { jpeg_quality, ..Settings::default() });
            let pixels = decoded_jpeg(&draw(&captioner, "template=noise&top_text=text"));
            let strips = draw(&captioner, "template=noise&format=jpeg&top_text=text");
            assert!(strips == whole_jpeg(&pixels, jpeg_quality), "at {}", jpeg_quality);
        }
    }
}

#[test]
fn strips_without_text_keep_their_bytes() {
    let captioner = Captioner::new(Settings::default());
    let plain = draw(&captioner, "template=raccoon");
    let captioned = draw(&captioner, "template=raccoon&top_text=only at the top");
    // From the lower edge of the text on, file and file are the same to the last byte.
    let same = plain.iter().rev().zip(captioned.iter().rev()).take_while(|(a, b)| a == b).count();
    assert!(same > plain.len() / 2, "{} of {}", same, plain.len());
}

#[test]
fn a_png_of_bands_is_a_png_with_the_right_pixels() {
    let folder = Folder::new();
    for &(width, height) in &SIZES {
        let picture = noise(width, height);
        let see_through = RgbaImage::from_fn(width, height, |x, y| {
            let [r, g, b] = picture.get_pixel(x, y).0;
            Rgba([r, g, b, (x * 9 + y * 4) as u8])
        });
        folder.put("noise.png", &png_of(&picture));
        folder.put("clear.png", &png_bytes(&DynamicImage::ImageRgba8(see_through.clone())));
        let captioner = folder.captioner();
        let plain = decoded_png(&draw(&captioner, "template=noise"));
        assert!(plain == (width, height, picture.clone().into_raw()), "{}x{}", width, height);
        let clear = decoded_png(&draw(&captioner, "template=clear")).2;
        // A fully opaque picture needs no alpha channel.
        let is_opaque = see_through.pixels().all(|pixel| pixel.0[3] == 255);
        let due = if is_opaque { picture.into_raw() } else { see_through.into_raw() };
        assert!(clear == due, "{}x{}", width, height);
    }
}

#[test]
fn every_format_becomes_every_other() {
    let captioner = Captioner::new(Settings::default());
    for template in &["rocket", "cat", "deal-with-it"] {
        let own = draw(&captioner, &format!("template={}", template));
        let own = image::load_from_memory(&own).unwrap().into_rgb8();
        for &(name, format) in &[
            ("jpeg", image::ImageFormat::Jpeg),
            ("png", image::ImageFormat::Png),
            ("GIF", image::ImageFormat::Gif),
        ] {
            for size in &["", "&width=100"] {
                let query = format!("template={}&format={}{}", template, name, size);
                let bytes = draw(&captioner, &query);
                assert_eq!(image::guess_format(&bytes).unwrap(), format, "{}", query);
                let other = image::load_from_memory(&bytes).unwrap().into_rgb8();
                if size.is_empty() {
                    assert_eq!(own.dimensions(), other.dimensions(), "{}", query);
                    let off = own.as_raw().iter().zip(other.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b)));
                    let mean = off.sum::<u64>() as f64 / own.as_raw().len() as f64;
                    assert!(mean < 6.0, "{}: {}", query, mean);
                } else {
                    assert_eq!(other.width(), 100);
                }
                let captioned = draw(&captioner, &format!("{}&top_text=hi", query));
                assert_ne!(captioned, bytes);
            }
        }
    }
    let error = image_macro::from_query("template=cat&format=webp").unwrap_err().to_string();
    assert_eq!(error, "\"format\" is \"webp\", and must be jpeg, png or gif");
}

#[test]
fn what_is_transparent_is_white_in_a_jpeg_and_stays_so_in_a_gif() {
    let folder = Folder::new();
    let half =
        RgbaImage::from_fn(64, 64, |x, _| if x < 32 { Rgba([0, 0, 0, 0]) } else { Rgba([200, 0, 0, 255]) });
    folder.put("half.png", &png_bytes(&DynamicImage::ImageRgba8(half.clone())));
    let captioner = folder.captioner();
    let jpeg = decoded_jpeg(&draw(&captioner, "template=half&format=jpeg"));
    assert!(jpeg.get_pixel(5, 30).0.iter().all(|&channel| channel > 250));
    let gif = image::load_from_memory(&draw(&captioner, "template=half&format=gif")).unwrap().into_rgba8();
    assert!(gif == half);
}

fn png_of(picture: &RgbImage) -> Vec<u8> {
    png_bytes(&DynamicImage::ImageRgb8(picture.clone()))
}

fn png_bytes(picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = ::std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}
