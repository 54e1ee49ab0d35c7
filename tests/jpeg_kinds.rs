//! A JPEG stays as its template is: its sampling, its steps, and what lies outside of the text.

use image::{Rgb, RgbImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use memed::captioner::Settings;

use picture_util::draw;
use strip_pictures::decoded_jpeg;
use util::Folder;

/// By sampling: the factors of luma in a frame header.
const SAMPLINGS: [(SamplingFactor, u8); 3] =
    [(SamplingFactor::F_1_1, 0x11), (SamplingFactor::F_2_1, 0x21), (SamplingFactor::F_2_2, 0x22)];

/// Soft shapes in some colors, a fine pattern, and some noise, as photos have them.
fn photo(width: u32, height: u32) -> RgbImage {
    let mut state = 1u32;
    RgbImage::from_fn(width, height, |x, y| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (across, down) = (f64::from(x) / 23.0, f64::from(y) / 31.0);
        let wave = |phase: f64| (across + phase).sin() * (down - phase).cos() * 70.0;
        let fine = if x / 40 % 2 == 0 { f64::from(x % 3 * 12) } else { 0.0 };
        let noise = f64::from(state >> 29);
        Rgb([0.0, 0.5, 1.0].map(|phase| (120.0 + wave(phase) + fine + noise) as u8))
    })
}

fn jpeg(pixels: &[u8], size: (u32, u32), color: ColorType, sampling: SamplingFactor, quality: u8) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, quality);
    encoder.set_sampling_factor(sampling);
    encoder.encode(pixels, size.0 as u16, size.1 as u16, color).unwrap();
    file
}

/// With an orientation of 6: to be turned by a quarter, clockwise.
fn turned(file: &[u8]) -> Vec<u8> {
    let exif = b"\xff\xe1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    [&file[..2], &exif[..], &file[2..]].concat()
}

/// The contents of a file's segments with that marker.
fn segments(file: &[u8], marker: u8) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let mut at = 2;
    while file[at + 1] != 0xda {
        let length = usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
        if file[at + 1] == marker {
            found.push(&file[at + 4..at + 2 + length]);
        }
        at += 2 + length;
    }
    found
}

/// The factors of the first component, and how many components there are.
fn sampling(file: &[u8]) -> (u8, u8) {
    let frame = segments(file, 0xc0)[0];
    (frame[7], frame[5])
}

/// The peak signal-to-noise ratio of some rows, in decibels.
fn psnr(one: &RgbImage, other: &RgbImage, rows: ::std::ops::Range<u32>) -> f64 {
    assert_eq!(one.dimensions(), other.dimensions());
    let row = one.width() as usize * 3;
    let range = rows.start as usize * row..rows.end as usize * row;
    let pairs = one.as_raw()[range.clone()].iter().zip(&other.as_raw()[range]);
    let squares: f64 = pairs.map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum();
    let mean = squares / ((rows.end - rows.start) as f64 * row as f64);
    10.0 * (255.0 * 255.0 / mean.max(1e-9)).log10()
}

#[test]
fn what_lies_outside_of_the_text_stays_as_it_is() {
    let folder = Folder::new();
    // Whole MCUs, and not.
    for &size in &[(320, 240), (301, 187)] {
        let photo = photo(size.0, size.1);
        let gray: Vec<u8> = photo.pixels().map(|pixel| pixel[1]).collect();
        for &quality in &[60, 80, 92, 100] {
            let mut files =
                vec![("gray".to_string(), jpeg(&gray, size, ColorType::Luma, SAMPLINGS[0].0, quality))];
            for &(factor, luma) in &SAMPLINGS {
                files.push((format!("{:x}", luma), jpeg(&photo, size, ColorType::Rgb, factor, quality)));
            }
            for (name, file) in files {
                for &is_turned in &[false, true] {
                    let file = if is_turned { turned(&file) } else { file.clone() };
                    folder.put("kind.jpg", &file);
                    let captioner = folder.captioner();
                    let own = look_jpeg(&captioner, "template=kind&format=png");
                    for text in &["", "&bottom_text=white&size=20", "&bottom_text=red&size=20&color=red"] {
                        let bytes = draw(&captioner, &format!("template=kind{}", text));
                        let db = psnr(&own, &decoded_jpeg(&bytes), 0..own.height() / 2);
                        assert!(
                            db >= 40.0,
                            "{:?} {} q{} {} {}: {:.1} dB",
                            size,
                            name,
                            quality,
                            is_turned,
                            text,
                            db
                        );
                    }
                }
            }
        }
    }
}

/// A picture decoded, whatever its format.
fn look_jpeg(captioner: &::memed::captioner::Captioner, query: &str) -> RgbImage {
    ::image::load_from_memory(&draw(captioner, query)).unwrap().into_rgb8()
}

#[test]
fn sampling_and_steps_are_those_of_the_template() {
    let folder = Folder::new();
    let photo = photo(160, 120);
    for &(factor, luma) in &SAMPLINGS {
        for &quality in &[70, 90] {
            let file = jpeg(&photo, (160, 120), ColorType::Rgb, factor, quality);
            folder.put("kind.jpg", &file);
            let captioner = folder.captioner();
            let own = draw(&captioner, "template=kind&bottom_text=white&size=20");
            assert_eq!(sampling(&own), (luma, 3));
            if quality == 90 {
                assert_eq!(segments(&own, 0xdb).concat(), segments(&file, 0xdb).concat());
            }
            // A smaller picture has other coefficients: what they were rounded to says nothing about them.
            let small = draw(&captioner, "template=kind&width=80&bottom_text=white&size=20");
            assert_eq!(sampling(&small), (luma, 3));
            let quality = Settings::default().jpeg_quality;
            let usual = jpeg(&photo, (160, 120), ColorType::Rgb, factor, quality);
            assert_eq!(segments(&small, 0xdb).concat(), segments(&usual, 0xdb).concat());
        }
    }
    let gray: Vec<u8> = photo.pixels().map(|pixel| pixel[1]).collect();
    folder.put("kind.jpg", &jpeg(&gray, (160, 120), ColorType::Luma, SAMPLINGS[0].0, 80));
    let captioner = folder.captioner();
    assert_eq!(sampling(&draw(&captioner, "template=kind&bottom_text=white")), (0x11, 1));
    assert_eq!(sampling(&draw(&captioner, "template=kind&bottom_text=red&color=red")), (0x11, 3));
}

#[test]
fn letters_in_color_keep_it() {
    let folder = Folder::new();
    let photo = photo(400, 300);
    for &(factor, _) in &SAMPLINGS {
        folder.put("kind.jpg", &jpeg(&photo, (400, 300), ColorType::Rgb, factor, 80));
        let captioner = folder.captioner();
        let query = "template=kind&bottom_text=HILL&size=24&color=red&outline=none&format=";
        let exact = look_jpeg(&captioner, &format!("{}png", query));
        let file = draw(&captioner, &format!("{}jpeg", query));
        let seen = decoded_jpeg(&file);
        let letters = || exact.pixels().zip(seen.pixels()).filter(|pair| pair.0 .0 == [255, 0, 0]);
        let count = letters().count() as f64;
        assert!(count > 300.0);
        let mean =
            [0, 1, 2].map(|channel| letters().map(|pair| f64::from(pair.1[channel])).sum::<f64>() / count);
        assert!(mean[0] > 245.0 && mean[1] < 15.0 && mean[2] < 15.0, "{:?}", mean);
    }
}
