//! Tests templates in every variant of the file formats, however rare, each drawn in every format, with and without
//! text.

use gif::{DisposalMethod, Repeat};
use image::{imageops, DynamicImage, GenericImage, Rgba, RgbaImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use memed::captioner::{Cancel, CaptionError};

use gif_oracle::{blocks, frame_of, gif_of, play, COLORS, DISPOSALS, SIZE, WHOLE};
use picture_util::{asked, changed, decoded, draw, look, mean_difference, png, png_of, png_of_scanlines};
use pictures::{gradient, pngs};
use util::Folder;

const FORMATS: [&str; 3] = ["png", "jpeg", "gif"];

/// A file, and what a viewer sees of it at first.
struct Odd {
    name: String,
    file: Vec<u8>,
    seen: RgbaImage,
    /// How far a picture of it in its own format may be off, on average.
    off: f64,
}

fn on_white(picture: &RgbaImage) -> RgbaImage {
    let mut white = RgbaImage::from_pixel(picture.width(), picture.height(), Rgba([255; 4]));
    imageops::overlay(&mut white, picture, 0, 0);
    white
}

/// What a format can show of a picture, and how far off it may be on average.
fn shown(seen: &RgbaImage, format: &str) -> (RgbaImage, f64) {
    match format {
        "png" => (seen.clone(), 0.0),
        // Gradients of saturated colors are what halving the color channels costs the most.
        "jpeg" => (on_white(seen), 10.0),
        _ => {
            let mut seen = seen.clone();
            seen.pixels_mut().for_each(|pixel| {
                let [r, g, b, a] = pixel.0;
                pixel.0 = if a < 128 { [0; 4] } else { [r, g, b, 255] };
            });
            (seen, 4.0)
        }
    }
}

/// The colors of fully transparent pixels do not matter.
fn visible(mut picture: RgbaImage) -> RgbaImage {
    picture.pixels_mut().filter(|pixel| pixel[3] == 0).for_each(|pixel| pixel.0 = [0; 4]);
    picture
}

/// Fails unless it becomes a picture like it in every format, and one with text at its top.
fn assert_in_every_format(odd: &Odd) {
    let folder = Folder::new();
    folder.put(&odd.name, &odd.file);
    let name = odd.name.split('.').next().unwrap();
    let (width, height) = odd.seen.dimensions();
    for format in &FORMATS {
        let query = format!("template={}&format={}", name, format);
        let captioner = folder.captioner();
        let bare = look(&captioner, &query);
        let (expected, most) = shown(&odd.seen, format);
        assert_eq!(bare.dimensions(), (width, height), "{} {}", odd.name, format);
        let bare = visible(bare);
        let off = mean_difference(&visible(expected), &bare);
        assert!(off <= odd.off + most, "{} {}: {} off", odd.name, format, off);
        // A text in color has the whole JPEG compressed in another way.
        let color = if *format == "jpeg" { "" } else { "&color=red" };
        let captioned = look(&captioner, &format!("{}&top_text=HI{}&size=20", query, color));
        if width >= 32 && height >= 48 {
            // A strong contrast rings in a JPEG, as far as its block reaches.
            let bounds = changed(&bare, &visible(captioned), 60).expect("there is text");
            assert!(bounds.bottom < 32, "{} {}: {:?}", odd.name, format, bounds);
        }
    }
}

// ===== PNG =====

/// The rows and columns at which each pass of an interlaced PNG begins, and how far apart its pixels are.
const PASSES: [(u32, u32, usize, usize); 7] =
    [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

/// An interlaced PNG with transparency.
fn interlaced(picture: &RgbaImage) -> Vec<u8> {
    let (width, height) = picture.dimensions();
    let mut scanlines = Vec::new();
    for &(left, top, right, down) in &PASSES {
        for y in (top..height).step_by(down).filter(|_| left < width) {
            scanlines.push(0);
            (left..width).step_by(right).for_each(|x| scanlines.extend_from_slice(&picture[(x, y)].0));
        }
    }
    png_of_scanlines((width, height), &[8, 6, 0, 0, 1], &[], &scanlines)
}

#[test]
fn every_kind_of_png_is_drawn_in_every_format() {
    for (name, file, seen) in pngs() {
        assert_in_every_format(&Odd { name: format!("{}.png", name), file, seen, off: 0.0 });
    }
}

#[test]
fn an_interlaced_png_is_drawn_in_every_format() {
    for &(width, height) in &[(64, 48), (1, 1), (2, 3), (5, 8), (9, 1), (1, 9), (33, 49)] {
        let seen = gradient(width, height, false);
        let file = interlaced(&seen);
        assert_in_every_format(&Odd { name: "interlaced.png".into(), file, seen, off: 0.0 });
    }
}

#[test]
fn a_png_of_few_bits_is_drawn_in_every_format() {
    let size = (64, 48);
    let palette: Vec<u8> = (0..16u8).flat_map(|i| vec![i * 17, 255 - i * 9, i * 5]).collect();
    for &depth in &[1, 2, 4] {
        let most = (1u32 << depth) - 1;
        let entry = |x: u32| x * (most + 1) / 64;
        let row: Vec<u8> = (0..64 * depth / 8)
            .map(|byte| {
                let pixels = byte * 8 / depth..(byte + 1) * 8 / depth;
                pixels.fold(0, |bits, x| bits << depth | entry(x)) as u8
            })
            .collect();
        let gray = RgbaImage::from_fn(64, 48, |x, _| {
            let level = (entry(x) * 255 / most) as u8;
            Rgba([level, level, level, 255])
        });
        let colored = RgbaImage::from_fn(64, 48, |x, _| {
            let at = entry(x) as usize * 3;
            Rgba([palette[at], palette[at + 1], palette[at + 2], if entry(x) == 1 { 0 } else { 255 }])
        });
        let colors = &palette[..3 << depth];
        let chunks: &[(&str, &[u8])] = &[("PLTE", colors), ("tRNS", &[255, 0])];
        let depth = depth as u8;
        for (name, file, seen) in [
            ("gray", png(size, depth, 0, &[], &row.repeat(48)), gray),
            ("palette", png(size, depth, 3, chunks, &row.repeat(48)), colored),
        ] {
            assert_in_every_format(&Odd { name: format!("{}-{}.png", name, depth), file, seen, off: 0.0 });
        }
    }
}

#[test]
fn a_png_with_a_transparent_color_or_sixteen_bits_of_alpha_is_drawn_in_every_format() {
    let size = (64, 48);
    let level = |x: u32, y: u32| (x * 2 + y) as u8;
    let bytes = |each: &dyn Fn(u8, u8) -> Vec<u8>| -> Vec<u8> {
        (0..48)
            .flat_map(|y| (0..64).flat_map(move |x| vec![(x, y)]))
            .flat_map(|(x, y)| each(level(x, y), x as u8))
            .collect()
    };
    let of = |each: &dyn Fn(u8, u8) -> [u8; 4]| {
        RgbaImage::from_fn(64, 48, |x, y| Rgba(each(level(x, y), x as u8)))
    };
    // A sample of `v * 257` is exactly `v` in eight bits.
    let kinds = [
        (
            "gray-key",
            png(size, 8, 0, &[("tRNS", &[0, 40])], &bytes(&|v, _| vec![v])),
            of(&|v, _| [v, v, v, if v == 40 { 0 } else { 255 }]),
        ),
        (
            "rgb-key",
            png(size, 8, 2, &[("tRNS", &[0, 40, 0, 1, 0, 2])], &bytes(&|v, _| vec![v, 1, 2])),
            of(&|v, _| [v, 1, 2, if v == 40 { 0 } else { 255 }]),
        ),
        (
            "rgba-16",
            png(size, 16, 6, &[], &bytes(&|v, x| vec![v, v, 9, 9, 5, 5, 4 * x, 4 * x])),
            of(&|v, x| [v, 9, 5, 4 * x]),
        ),
        (
            "gray-alpha-16",
            png(size, 16, 4, &[], &bytes(&|v, x| vec![v, v, 4 * x, 4 * x])),
            of(&|v, x| [v, v, v, 4 * x]),
        ),
    ];
    for (name, file, seen) in kinds {
        assert_in_every_format(&Odd { name: format!("{}.png", name), file, seen, off: 0.0 });
    }
}

// ===== JPEG =====

const SIDES: [(u32, u32); 6] = [(64, 48), (1, 1), (15, 17), (16, 16), (33, 49), (1, 70)];

/// What is to be different from the usual JPEG.
type Change = dyn Fn(&mut Encoder<&mut Vec<u8>>);

fn jpeg(picture: &RgbaImage, kind: ColorType, change: &Change) -> Vec<u8> {
    let pixels: Vec<u8> = picture
        .pixels()
        .flat_map(|pixel| {
            let [r, g, b, _] = pixel.0;
            match kind {
                ColorType::Luma => vec![r],
                ColorType::Rgb => vec![r, g, b],
                // Printers' colors, without any black.
                _ => vec![255 - r, 255 - g, 255 - b, 0],
            }
        })
        .collect();
    let mut file = Vec::new();
    {
        let mut encoder = Encoder::new(&mut file, 100);
        change(&mut encoder);
        encoder.encode(&pixels, picture.width() as u16, picture.height() as u16, kind).unwrap();
    }
    file
}

#[test]
fn every_kind_of_jpeg_is_drawn_in_every_format() {
    let kinds: &[(&str, ColorType, &Change)] = &[
        ("gray", ColorType::Luma, &|_| {}),
        ("cmyk", ColorType::Cmyk, &|_| {}),
        ("ycck", ColorType::CmykAsYcck, &|_| {}),
        ("progressive", ColorType::Rgb, &|encoder| encoder.set_progressive(true)),
        ("gray-progressive", ColorType::Luma, &|encoder| encoder.set_progressive(true)),
        ("restarts", ColorType::Rgb, &|encoder| encoder.set_restart_interval(1)),
        ("full-color", ColorType::Rgb, &|encoder| encoder.set_sampling_factor(SamplingFactor::F_1_1)),
        ("half-color", ColorType::Rgb, &|encoder| encoder.set_sampling_factor(SamplingFactor::F_2_1)),
    ];
    for &(width, height) in &SIDES {
        for &(name, kind, change) in kinds {
            let mut seen = gradient(width, height, true);
            if kind == ColorType::Luma {
                seen.pixels_mut().for_each(|pixel| pixel.0 = [pixel[0], pixel[0], pixel[0], 255]);
            }
            let file = jpeg(&seen, kind, change);
            assert_in_every_format(&Odd { name: format!("{}.jpg", name), file, seen, off: 10.0 });
        }
    }
}

/// The same JPEG with a note of how the camera was held.
fn held(file: &[u8], orientation: u8) -> Vec<u8> {
    // One entry of TIFF: orientation (0x0112), a short, one of it.
    let mut exif =
        b"\xff\xe1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0".to_vec();
    exif[29] = orientation;
    [&file[..2], &exif, &file[2..]].concat()
}

#[test]
fn however_a_camera_was_held_the_picture_is_upright_in_every_format() {
    let mut lying = RgbaImage::from_pixel(96, 64, Rgba([255, 255, 255, 255]));
    // Neither its sides nor its corners are alike.
    for &(left, top, color) in
        &[(0, 0, [255, 0, 0, 255]), (64, 0, [0, 160, 0, 255]), (0, 32, [0, 0, 255, 255])]
    {
        lying.copy_from(&RgbaImage::from_pixel(32, 32, Rgba(color)), left, top).unwrap();
    }
    let file = jpeg(&lying, ColorType::Rgb, &|_| {});
    let picture = DynamicImage::ImageRgba8(lying);
    let upright = [
        picture.clone(),
        picture.fliph(),
        picture.rotate180(),
        picture.flipv(),
        picture.rotate90().fliph(),
        picture.rotate90(),
        picture.rotate270().fliph(),
        picture.rotate270(),
    ];
    for (orientation, upright) in (1..).zip(&upright) {
        let name = format!("held-{}.jpg", orientation);
        let (file, seen) = (held(&file, orientation), upright.to_rgba8());
        assert_in_every_format(&Odd { name, file, seen, off: 3.0 });
    }
}

// ===== GIF =====

/// A GIF in every format: its first frame.
fn assert_gif(name: &str, file: Vec<u8>) {
    let seen = play(&file).frames[0].clone();
    assert_in_every_format(&Odd { name: format!("{}.gif", name), file, seen, off: 0.0 });
}

#[test]
fn every_kind_of_gif_is_drawn_in_every_format() {
    for (index, &dispose) in DISPOSALS.iter().enumerate() {
        for (place, &rect) in [WHOLE, [30, 20, 20, 20], [40, 30, 80, 60], [80, 60, 5, 5]].iter().enumerate() {
            let frames = [blocks(rect, 0, true, dispose), blocks(WHOLE, 1, false, DisposalMethod::Keep)];
            let name = format!("disposal-{}-{}", index, place);
            assert_gif(&name, gif_of(SIZE, COLORS, Repeat::Infinite, &frames));
        }
    }
    let still = blocks(WHOLE, 1, false, DisposalMethod::Keep);
    let mut own = still.clone();
    own.palette = Some(COLORS.to_vec());
    assert_gif("one-frame", gif_of(SIZE, COLORS, Repeat::Finite(0), &[still]));
    assert_gif("own-palette", gif_of(SIZE, &[], Repeat::Infinite, &[own.clone(), own]));
    let many: Vec<_> = (0..300).map(|i| blocks([i % 70, i % 50, 10, 10], i, true, DISPOSALS[2])).collect();
    assert_gif("many", gif_of(SIZE, COLORS, Repeat::Infinite, &many));
    assert_gif("one-pixel", gif_of((1, 1), COLORS, Repeat::Infinite, &[frame_of([0, 0, 1, 1], |_, _| 2)]));
}

#[test]
fn a_gif_without_any_palette_is_refused() {
    let frame = blocks(WHOLE, 1, false, DisposalMethod::Keep);
    let mut file = gif_of(SIZE, COLORS, Repeat::Infinite, &[frame]);
    // The first bit of the flags says that a table follows the head.
    file[10] &= 0x7f;
    file.drain(13..13 + COLORS.len());
    let folder = Folder::new();
    folder.put("bare.gif", &file);
    let answer = folder.captioner().caption(&asked("template=bare&top_text=hi"), &Cancel::new());
    assert!(matches!(answer, Err(CaptionError::BadFile { ref name, .. }) if name == "bare"));
}

#[test]
fn an_animation_keeps_its_time_in_its_own_format_only() {
    let folder = Folder::new();
    let mut frames: Vec<_> = (0..3).map(|i| blocks(WHOLE, i, false, DisposalMethod::Keep)).collect();
    frames.iter_mut().for_each(|frame| frame.delay = 0);
    folder.put("moving.gif", &gif_of(SIZE, COLORS, Repeat::Infinite, &frames));
    let captioner = folder.captioner();
    let moving = play(&draw(&captioner, "template=moving&format=gif&top_text=hi"));
    assert_eq!(moving.delays, [0, 0, 0]);
    let still = decoded(&draw(&captioner, "template=moving&format=png"));
    folder.put("still.png", &draw(&captioner, "template=moving&format=png"));
    let frames = play(&draw(&folder.captioner(), "template=still&format=gif")).frames;
    assert!(frames.len() == 1 && frames[0] == still);
}

#[test]
fn sides_that_no_scaler_can_take_are_refused_and_the_longest_ones_are_scaled() {
    let folder = Folder::new();
    for &(width, height) in &[(100_000, 1), (1, 100_000), (100_001, 1), (1, 100_001)] {
        folder.put("long.png", &png_of(&RgbaImage::from_pixel(width, height, Rgba([200, 200, 200, 255]))));
        let is_possible = width.max(height) == 100_000;
        match folder.captioner().caption(&asked("template=long&width=1&height=1"), &Cancel::new()) {
            Ok(picture) => {
                assert!(is_possible);
                let pixel = decoded(&picture.bytes).get_pixel(0, 0).0;
                assert!(pixel[..3].iter().all(|channel| channel.abs_diff(200) <= 8), "{:?}", pixel);
            }
            Err(CaptionError::BadFile { .. }) => assert!(!is_possible),
            Err(error) => panic!("{:?}", error),
        }
    }
}

#[test]
fn sides_that_a_format_cannot_have_are_refused_in_that_format_only() {
    let folder = Folder::new();
    for &(width, height) in &[(65_535, 2), (65_536, 2), (2, 65_536)] {
        folder.put("long.png", &png_of(&RgbaImage::from_pixel(width, height, Rgba([9, 99, 199, 255]))));
        let captioner = folder.captioner();
        for format in &FORMATS {
            let query = format!("template=long&top_text=text&format={}", format);
            let result = captioner.caption(&asked(&query), &Cancel::new());
            let is_possible = *format == "png" || width.max(height) < 65_536;
            match result {
                Ok(picture) => {
                    assert!(is_possible, "{}x{} as {}", width, height, format);
                    assert_eq!(decoded(&picture.bytes).dimensions(), (width, height));
                }
                Err(CaptionError::Encode(_)) => assert!(!is_possible, "{}x{} as {}", width, height, format),
                Err(error) => panic!("{:?}", error),
            }
        }
    }
}
