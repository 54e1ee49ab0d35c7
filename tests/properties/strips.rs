//! Property: JPEGs and PNGs assembled from parts equal those encoded whole, and pixels away from the text do not
//! change.

use std::ops::Range;

use image::{DynamicImage, RgbImage, Rgba, RgbaImage};
use jpeg_encoder::{ColorType, Encoder, QuantizationTableType};
use memed::captioner::{Captioner, Settings};
use miniz_oxide::inflate::decompress_to_vec_zlib;
use proptest::prelude::{prop_oneof, Just};
use proptest::strategy::Strategy;

use super::asked::{captions, query_of, Asked};
use super::check;
use super::templates::{rgb_png, templates, Template};
use jpeg_writer::zigzag;
use picture_util::{draw, png_of};
use strip_pictures::{decoded_png, whole_jpeg};
use util::Folder;

/// A template, the captions, and the width asked for.
type Case = (Template, Vec<Asked>, Option<u32>);

fn cases() -> impl Strategy<Value = Case> {
    (templates(), captions(), prop_oneof![3 => Just(None), 1 => (1..150u32).prop_map(Some)])
}

/// The query string of a template with captions.
fn query(template: &str, captions: &[Asked], format: &str, width: Option<u32>) -> String {
    let width = width.map_or(String::new(), |width| format!("&width={}", width));
    format!("template={}&format={}{}&{}", template, format, width, query_of(captions))
}

/// Fails unless the compressed bytes of a PNG end with the checksum of what they are compressed from. Decoders
/// of PNGs stop at the last pixel, and do not look at it.
fn assert_whole_zlib(file: &[u8]) {
    let mut zlib = Vec::new();
    let mut rest = &file[8..];
    while !rest.is_empty() {
        let length = u32::from_be_bytes([rest[0], rest[1], rest[2], rest[3]]) as usize;
        if &rest[4..8] == b"IDAT" {
            zlib.extend_from_slice(&rest[8..8 + length]);
        }
        rest = &rest[12 + length..];
    }
    let scanlines = decompress_to_vec_zlib(&zlib);
    assert!(scanlines.is_ok(), "{:?}", scanlines.err());
}

/// The pixels of a PNG of either kind, all of its checksums being right.
fn pixels_of(file: &[u8]) -> RgbaImage {
    assert_whole_zlib(file);
    let (width, height, bytes) = decoded_png(file);
    let channels = bytes.len() / (width * height) as usize;
    let pixels = bytes.chunks_exact(channels).flat_map(|pixel| {
        let alpha = if channels == 4 { pixel[3] } else { 255 };
        vec![pixel[0], pixel[1], pixel[2], alpha]
    });
    RgbaImage::from_raw(width, height, pixels.collect()).expect("three or four channels")
}

/// On white.
fn flat(picture: &RgbaImage) -> RgbaImage {
    RgbaImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [r, g, b, a] = picture[(x, y)].0;
        let on_white = |c: u8| (u32::from(c) * u32::from(a) + 255 * (255 - u32::from(a)) + 127) / 255;
        Rgba([on_white(r) as u8, on_white(g) as u8, on_white(b) as u8, 255])
    })
}

/// Draws the request twice, cold and warm, and on another captioner: it must be the same.
fn draw_twice(folder: &Folder, query: &str) -> Vec<u8> {
    let captioner = folder.captioner();
    let first = draw(&captioner, query);
    assert!(first == draw(&captioner, query), "the second time it is another");
    first
}

/// Where the head, the strips and the end of a JPEG with restart markers are.
fn parts_of(file: &[u8]) -> Vec<Range<usize>> {
    let scan = file.windows(2).position(|marker| marker == [0xff, 0xda]).expect("it has a scan");
    let mut parts = Vec::new();
    let mut start = 0;
    for position in scan + 2..file.len() - 1 {
        if file[position] == 0xff && (0xd0..=0xd9).contains(&file[position + 1]) {
            parts.push(start..position);
            start = position;
        }
    }
    parts.push(start..file.len());
    parts
}

/// The sampling factors of luma.
fn luma_factors(file: &[u8]) -> u8 {
    let frame = file.windows(2).position(|marker| marker == [0xff, 0xc0]).expect("it has a frame");
    file[frame + 11]
}

/// The quantization tables of luma and chroma, row by row.
fn steps(file: &[u8]) -> [Box<[u16; 64]>; 2] {
    let mut tables = file.windows(4).enumerate().filter(|&(_, bytes)| bytes == [0xff, 0xdb, 0, 67]);
    [0, 1].map(|_| {
        let at = tables.next().expect("there are two").0 + 5;
        let mut steps = Box::new([0; 64]);
        zigzag().iter().zip(&file[at..at + 64]).for_each(|(&place, &step)| steps[place] = step.into());
        steps
    })
}

/// What jpeg-encoder makes of a whole picture at 4:4:4 with these steps.
fn whole_jpeg_444(pixels: &RgbImage, [luma, chroma]: [Box<[u16; 64]>; 2]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 100);
    encoder
        .set_quantization_tables(QuantizationTableType::Custom(luma), QuantizationTableType::Custom(chroma));
    encoder.set_restart_interval(pixels.width().div_ceil(8) as u16);
    encoder.encode(pixels, pixels.width() as u16, pixels.height() as u16, ColorType::Rgb).unwrap();
    bytes
}

#[test]
fn a_jpeg_is_the_whole_one_and_keeps_the_strips_that_nothing_touches() {
    check(360, &cases(), |(template, captions, width)| {
        let folder = Folder::new();
        template.put(&folder);
        let bare = flat(&pixels_of(&draw(&folder.captioner(), &query("template", &[], "png", width))));
        folder.put("flat.png", &rgb_png(&bare));
        let raster = pixels_of(&draw(&folder.captioner(), &query("flat", &captions, "png", None)));
        let pixels = DynamicImage::ImageRgba8(raster.clone()).into_rgb8();
        // A JPEG keeps its own sampling and steps.
        let (name, width) = match template {
            Template::Jpeg(_) => ("flat", None),
            _ => ("template", width),
        };
        let captioned = draw_twice(&folder, &query(name, &captions, "jpeg", width));
        let is_sampled = luma_factors(&captioned) == 0x22;
        let whole = match is_sampled {
            true => whole_jpeg(&pixels, Settings::default().jpeg_quality),
            false => whole_jpeg_444(&pixels, steps(&captioned)),
        };
        assert!(captioned == whole, "it is another than the one that is compressed whole");
        if !is_sampled {
            // All of it is compressed in another way than without text.
            assert!(captions.iter().any(|asked| asked.has_color()));
            return;
        }
        let plain = draw(&folder.captioner(), &query(name, &[], "jpeg", width));
        let (before, after) = (parts_of(&plain), parts_of(&captioned));
        let strips = raster.height().div_ceil(16) as usize;
        assert_eq!((before.len(), after.len()), (strips + 1, strips + 1));
        let strip = 16 * 4 * bare.width() as usize;
        let rasters = bare.chunks(strip).zip(raster.chunks(strip));
        for (index, (rows, (before, after))) in rasters.zip(before.into_iter().zip(after)).enumerate() {
            let is_same = plain[before] == captioned[after];
            assert!(is_same || rows.0 != rows.1, "strip {} is another", index);
        }
    });
}

/// What the text does to each pixel, from what it looks like on black and on white. Both have a corner that
/// is transparent in part, so that they are cut into other bands than a picture without transparency.
struct Ink {
    dark: RgbaImage,
    light: RgbaImage,
}

impl Ink {
    fn of(folder: &Folder, size: (u32, u32), captions: &[Asked]) -> Ink {
        let drawn = |level: u8| {
            let mut plain = RgbaImage::from_pixel(size.0, size.1, Rgba([level, level, level, 255]));
            plain[(0, 0)] = Rgba([level, level, level, 254]);
            folder.put("plain.png", &png_of(&plain));
            pixels_of(&draw(&folder.captioner(), &query("plain", captions, "png", None)))
        };
        Ink { dark: drawn(0), light: drawn(255) }
    }

    fn is_none(&self, x: u32, y: u32) -> bool {
        self.dark[(x, y)].0 == [0, 0, 0, 255] && self.light[(x, y)].0 == [255; 4]
    }

    /// How far a pixel is from what it should be over `under`, in levels of the channel that is farthest.
    fn off(&self, x: u32, y: u32, under: [u8; 4], after: [u8; 4]) -> f64 {
        let (dark, light) = (self.dark[(x, y)].0.map(f64::from), self.light[(x, y)].0.map(f64::from));
        let through = (0..3).map(|i| light[i] - dark[i]).sum::<f64>() / 3.0 / 255.0;
        let (under, after) = (under.map(f64::from), after.map(f64::from));
        let alpha = 255.0 * (1.0 - through) + under[3] * through;
        let color =
            |i: usize| (dark[i] + under[i] * under[3] / 255.0 * through) - after[i] * after[3] / 255.0;
        (0..3).map(|i| color(i).abs()).fold((alpha - after[3]).abs(), f64::max)
    }
}

#[test]
fn a_png_has_the_pixels_of_its_template_and_over_them_those_of_the_text() {
    check(440, &cases(), |(template, captions, width)| {
        let folder = Folder::new();
        let mut before = template.put(&folder);
        let bare = pixels_of(&draw(&folder.captioner(), &query("template", &[], "png", width)));
        if bare.dimensions() == before.dimensions() {
            assert!(bare == before, "without text it is another picture");
        }
        before = bare;
        let after = pixels_of(&draw_twice(&folder, &query("template", &captions, "png", width)));
        let ink = Ink::of(&folder, before.dimensions(), &captions);
        // Each layer is rounded.
        let most = 2.0 + captions.len() as f64;
        for (x, y, pixel) in after.enumerate_pixels().filter(|pixel| (pixel.0, pixel.1) != (0, 0)) {
            let under = before[(x, y)].0;
            if ink.is_none(x, y) {
                assert!(pixel.0 == under, "{} {}: {:?} became {:?}", x, y, under, pixel);
            }
            let off = ink.off(x, y, under, pixel.0);
            assert!(off <= most, "{} {}: {:?} became {:?}, {} off", x, y, under, pixel, off);
        }
    });
}

#[test]
fn a_request_gives_the_same_bytes_whatever_else_was_drawn() {
    let captioner = Captioner::new(Settings::default());
    let (one, other) = (captions(), captions());
    check(40, &(one, other), |(one, other)| {
        let of = |captions: &[Asked]| draw(&captioner, &query("cat", captions, "png", Some(90)));
        let first = of(&one);
        of(&other);
        assert!(first == of(&one));
        let fresh = Captioner::new(Settings::default());
        assert!(first == draw(&fresh, &query("cat", &one, "png", Some(90))));
    });
}
