//! Files as people bring them: every kind of JPEG, files that are cut or damaged, what stands between their parts, and
//! what their numbers mean.

use gif::{DisposalMethod, Repeat};
use image::{Rgba, RgbaImage};
use memed::captioner::{Cancel, CaptionError, Settings};
use png::{BlendOp, DisposeOp};

use gif_oracle::{blocks, frame_of, gif_of, play, COLORS, SIZE, WHOLE};
use jpeg_writer::{jpeg, Kind};
use picture_util::{asked, chunk, decoded, draw, look, mean_difference, png as png_file, png_of};
use pictures::gradient;
use util::Folder;

/// Sampling factors of luma and chroma.
const SAMPLINGS: [&[(usize, usize)]; 9] = [
    &[(1, 1)],
    &[(1, 1), (1, 1), (1, 1)],
    &[(2, 2), (1, 1), (1, 1)],
    &[(2, 1), (1, 1), (1, 1)],
    &[(1, 2), (1, 1), (1, 1)],
    &[(4, 1), (1, 1), (1, 1)],
    &[(3, 1), (1, 1), (1, 1)],
    &[(1, 1), (2, 2), (2, 2)],
    &[(2, 2), (2, 1), (1, 2)],
];

const KINDS: [Kind; 6] = [
    Kind { apart: false, progressive: false, restarts: 0 },
    Kind { apart: true, progressive: false, restarts: 0 },
    Kind { apart: false, progressive: true, restarts: 0 },
    Kind { apart: false, progressive: false, restarts: 1 },
    Kind { apart: true, progressive: false, restarts: 2 },
    Kind { apart: false, progressive: true, restarts: 3 },
];

/// Of a template file, its picture, or what is wrong with it.
fn seen(name: &str, file: &[u8], lenient: bool) -> Result<RgbaImage, String> {
    let folder = Folder::new();
    folder.put(name, file);
    let captioner = folder.captioner_with(Settings { lenient, ..Settings::default() });
    let query = format!("template={}&format=png", name.split('.').next().unwrap());
    match captioner.caption(&asked(&query), &Cancel::new()) {
        Ok(picture) => Ok(decoded(&picture.bytes)),
        Err(CaptionError::BadFile { flaw, .. }) => Err(flaw.to_string()),
        Err(error) => panic!("{}: {:?}", name, error),
    }
}

fn assert_like(name: &str, file: &[u8], expected: &RgbaImage, most: f64) {
    let seen = seen(name, file, false).unwrap_or_else(|fault| panic!("{}: {}", name, fault));
    assert_eq!(seen.dimensions(), expected.dimensions(), "{}", name);
    let off = mean_difference(&seen, expected);
    assert!(off <= most, "{} is {} off", name, off);
}

fn soft() -> RgbaImage {
    RgbaImage::from_fn(61, 37, |x, y| Rgba([60 + 2 * x as u8, 200 - 3 * y as u8, 100 + x as u8, 255]))
}

fn gray(picture: &RgbaImage) -> RgbaImage {
    let mut gray = picture.clone();
    gray.pixels_mut().for_each(|pixel| {
        let [r, g, b] = [0, 1, 2].map(|i| f64::from(pixel[i]));
        let y = (0.299 * r + 0.587 * g + 0.114 * b).round() as u8;
        pixel.0 = [y, y, y, 255];
    });
    gray
}

#[test]
fn every_sampling_in_every_scan_is_decoded() {
    for factors in &SAMPLINGS {
        let expected = if factors.len() == 1 { gray(&soft()) } else { soft() };
        for &kind in &KINDS {
            let file = jpeg(&soft(), factors, kind);
            assert_like("odd.jpg", &file, &expected, if factors[0] == (1, 1) { 2.5 } else { 2.0 });
        }
    }
}

#[test]
fn a_jpeg_that_was_cut_is_refused_wherever_that_was_or_has_all_its_pixels() {
    for factors in [SAMPLINGS[0], SAMPLINGS[2], SAMPLINGS[6]] {
        for &kind in &KINDS {
            let file = jpeg(&soft(), factors, kind);
            let whole = seen("cut.jpg", &file, false).unwrap();
            // A progressive file with an end may lack scans: that is how some are made.
            let ends: &[&[u8]] = if kind.progressive { &[&[]] } else { &[&[], &[0xff, 0xd9]] };
            for part in 1..20 {
                let cut = &file[..file.len() * part / 20];
                for end in ends {
                    let cut = [cut, *end].concat();
                    match seen("cut.jpg", &cut, false) {
                        Ok(picture) => assert!(picture == whole, "{:?} {:?} cut at {}", factors, kind, part),
                        Err(fault) => assert_eq!(fault, "it is damaged"),
                    }
                }
            }
        }
    }
}

#[test]
fn a_file_that_was_cut_is_shown_as_far_as_it_goes_if_that_is_asked_for() {
    let picture = gradient(64, 64, true);
    let jpeg = jpeg(&picture, SAMPLINGS[1], Kind::default());
    let png = png_of(&picture);
    for (name, file) in [("half.jpg", &jpeg), ("half.png", &png)] {
        let half = &file[..file.len() / 2];
        assert_eq!(seen(name, half, false), Err("it is damaged".to_string()), "{}", name);
        let shown = seen(name, half, true).unwrap();
        let whole = seen(name, file, true).unwrap();
        let same = (0..64).take_while(|&y| (0..64).all(|x| shown[(x, y)] == whole[(x, y)])).count();
        assert!((8..60).contains(&same), "{}: {} rows", name, same);
    }
}

#[test]
fn what_stands_between_the_segments_of_a_jpeg_does_not_matter() {
    let file = jpeg(&soft(), SAMPLINGS[2], Kind::default());
    let expected = seen("whole.jpg", &file, false).unwrap();
    let scan = file.windows(2).position(|bytes| bytes == [0xff, 0xda]).unwrap();
    let insert = |at: usize, bytes: &[u8]| [&file[..at], bytes, &file[at..]].concat();
    let odd = [
        ("stray bytes", insert(scan, &[0, 1, 2, 3, 0xff, 0])),
        ("fills", insert(scan, &[0xff; 9])),
        ("a comment of length 0", insert(scan, &[0xff, 0xfe, 0, 0])),
        ("a comment of length 1", insert(2, &[0xff, 0xfe, 0, 1])),
        (
            "a thumbnail",
            insert(
                2,
                &[&[0xff, 0xed, 0, 12][..], &[0xff, 0xd8, 0xff, 0xd9, 0xff, 0xda, 0, 0, 0, 0]].concat(),
            ),
        ),
        ("no end", file[..file.len() - 2].to_vec()),
        ("half an end", file[..file.len() - 1].to_vec()),
        ("another file behind it", [&file[..], &file[..200]].concat()),
        ("zeros behind it", [&file[..], &[0; 5000]].concat()),
    ];
    for (name, file) in &odd {
        assert!(seen("whole.jpg", file, false).as_ref() == Ok(&expected), "{}", name);
    }
}

#[test]
fn kinds_that_cannot_be_decoded_are_named() {
    let file = jpeg(&soft(), SAMPLINGS[2], Kind::default());
    let frame = file.windows(2).position(|bytes| bytes == [0xff, 0xc0]).unwrap();
    let with = |at: usize, byte: u8| {
        let mut file = file.clone();
        file[at] = byte;
        file
    };
    let mut apple = png_of(&soft());
    apple.splice(8..8, [0, 0, 0, 4, b'C', b'g', b'B', b'I', 0x50, 0, 0x20, 6, 0x2b, 0xd5, 0xb3, 0x7f]);
    let odd = [
        ("arithmetic.jpg", with(frame + 1, 0xc9), "an arithmetic-coded JPEG"),
        ("lossless.jpg", with(frame + 1, 0xc3), "a lossless JPEG"),
        ("deep.jpg", with(frame + 4, 12), "a JPEG of 12 bits"),
        ("apple.png", apple, "CgBI"),
        ("text.png", b"hello".to_vec(), "neither a JPEG, a PNG nor a GIF"),
    ];
    for (name, file, words) in odd {
        let fault = seen(name, &file, true).unwrap_err();
        assert!(fault.contains(words), "{}: {}", name, fault);
    }
}

#[test]
fn a_png_without_its_end_is_whole_and_one_that_says_later_how_it_is_turned_is_turned() {
    let file = png_of(&soft());
    for lost in 1..=12 {
        assert_like("whole.png", &file[..file.len() - lost], &soft(), 0.0);
    }
    // A quarter turn clockwise.
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let turned = ::image::imageops::rotate90(&soft());
    let chunk = chunk("eXIf", exif);
    for at in [33, file.len() - 12] {
        let file = [&file[..at], &chunk, &file[at..]].concat();
        assert_like("turned.png", &file, &turned, 0.0);
    }
}

/// What a value is in sRGB if light is its power `gamma`.
fn converted(value: u8, gamma: f64) -> f64 {
    let light = (f64::from(value) / 255.0).powf(gamma);
    255.0 * if light <= 0.003_130_8 { 12.92 * light } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

#[test]
fn a_gamma_is_obeyed_and_the_usual_one_changes_nothing() {
    let rows: Vec<u8> = (0..=255).flat_map(|value| [value; 3]).collect();
    for &(gamma, power) in &[(100_000u32, 1.0), (55_556, 1.8), (45_455, 0.0), (38_462, 2.6)] {
        let file = png_file((256, 1), 8, 2, &[("gAMA", &gamma.to_be_bytes())], &rows);
        let seen = seen("gamma.png", &file, false).unwrap();
        for value in 0..=255u8 {
            let expected = if power == 0.0 { f64::from(value) } else { converted(value, power) };
            let [red, green, blue, _] = seen[(u32::from(value), 0)].0;
            assert!(red == green && green == blue);
            assert!((f64::from(red) - expected).abs() <= 2.0, "{}: {} is {}", gamma, value, red);
        }
    }
    // sRGB wins over a gamma, which decoders that know no sRGB are to use.
    let file = png_file((256, 1), 8, 2, &[("sRGB", &[0]), ("gAMA", &100_000u32.to_be_bytes())], &rows);
    assert_eq!(seen("gamma.png", &file, false).unwrap()[(100, 0)].0, [100, 100, 100, 255]);
}

#[test]
fn a_gif_with_unknown_blocks_or_without_its_end_is_whole() {
    let frames =
        [blocks(WHOLE, 0, false, DisposalMethod::Keep), blocks(WHOLE, 1, false, DisposalMethod::Keep)];
    let file = gif_of(SIZE, COLORS, Repeat::Infinite, &frames);
    let folder = Folder::new();
    folder.put("moving.gif", &file);
    let expected = draw(&folder.captioner(), "template=moving");
    // The first descriptor of a frame or its extension, behind the one that says how often it plays.
    let at = file.windows(3).position(|bytes| bytes == [0x21, 0xf9, 4]).unwrap();
    let unknown = [&file[..at], &[0x21, 0x99, 3, 1, 2, 3, 0], &file[at..]].concat();
    for file in [&unknown[..], &file[..file.len() - 1]] {
        folder.put("moving.gif", file);
        assert!(draw(&folder.captioner(), "template=moving") == expected);
    }
}

#[test]
fn a_first_frame_that_is_larger_than_its_canvas_enlarges_it() {
    let frames = [
        frame_of([0, 0, 4, 4], |x, y| (x + y) as u8 % 4),
        // One that comes later is clipped.
        frame_of([2, 2, 9, 9], |_, _| 5),
    ];
    let folder = Folder::new();
    folder.put("small.gif", &gif_of((2, 2), COLORS, Repeat::Infinite, &frames));
    assert_eq!(look(&folder.captioner(), "template=small&format=png").dimensions(), (4, 4));
    assert_eq!(look(&folder.captioner(), "template=small").dimensions(), (4, 4));
}

const BLENDS: [BlendOp; 2] = [BlendOp::Source, BlendOp::Over];
const DISPOSES: [DisposeOp; 3] = [DisposeOp::None, DisposeOp::Background, DisposeOp::Previous];

/// A frame of blocks of color, a quarter of which are transparent.
fn holes(width: u32, height: u32, seed: u32) -> RgbaImage {
    RgbaImage::from_fn(width, height, |x, y| {
        let block = x / 5 + y / 4 * 3 + seed;
        if block.is_multiple_of(4) {
            Rgba([0; 4])
        } else {
            Rgba([(block * 40) as u8, (block * 90) as u8, seed as u8 * 60, 255])
        }
    })
}

/// An animated PNG of three frames, the second of which is small; and what is seen while each is shown.
fn apng(blend: BlendOp, dispose: DisposeOp) -> (Vec<u8>, Vec<RgbaImage>) {
    let frames = [(0, 0, holes(30, 20, 1)), (7, 5, holes(12, 9, 2)), (0, 0, holes(30, 20, 3))];
    let mut file = Vec::new();
    {
        let mut encoder = ::png::Encoder::new(&mut file, 30, 20);
        encoder.set_color(::png::ColorType::Rgba);
        encoder.set_animated(3, 4).unwrap();
        let mut writer = encoder.write_header().unwrap();
        for (number, &(left, top, ref image)) in frames.iter().enumerate() {
            writer.set_frame_position(0, 0).unwrap();
            writer.set_frame_dimension(image.width(), image.height()).unwrap();
            writer.set_frame_position(left, top).unwrap();
            writer.set_blend_op(blend).unwrap();
            writer.set_dispose_op(dispose).unwrap();
            writer.set_frame_delay(7 + number as u16, 100).unwrap();
            writer.write_image_data(image).unwrap();
        }
        writer.finish().unwrap();
    }
    let mut canvas = RgbaImage::new(30, 20);
    let mut seen = Vec::new();
    for (number, &(left, top, ref image)) in frames.iter().enumerate() {
        let before = canvas.clone();
        for (x, y, &pixel) in image.enumerate_pixels() {
            if pixel[3] > 0 || blend == BlendOp::Source {
                canvas[(left + x, top + y)] = pixel;
            }
        }
        seen.push(canvas.clone());
        for (x, y, _) in image.enumerate_pixels().filter(|_| dispose != DisposeOp::None) {
            let at = (left + x, top + y);
            let is_restored = dispose == DisposeOp::Previous && number > 0;
            canvas[at] = if is_restored { before[at] } else { Rgba([0; 4]) };
        }
    }
    (file, seen)
}

#[test]
fn an_animated_png_moves_as_a_gif_and_stands_still_otherwise() {
    for &blend in &BLENDS {
        for &dispose in &DISPOSES {
            let (file, expected) = apng(blend, dispose);
            let folder = Folder::new();
            folder.put("moving.png", &file);
            let captioner = folder.captioner();
            assert_eq!(captioner.template_info("moving", &Cancel::new()).unwrap().frames, 3);
            let played = play(&draw(&captioner, "template=moving&format=gif"));
            assert!(played.frames == expected, "{:?} {:?}", blend, dispose);
            assert_eq!((played.delays, played.repeat), (vec![7, 8, 9], Repeat::Finite(3)));
            assert!(look(&captioner, "template=moving") == expected[0]);
            // In the other order, and from the cache.
            assert_eq!(play(&draw(&captioner, "template=moving&format=gif&top_text=hi")).frames.len(), 3);
            assert_eq!(captioner.template_info("moving", &Cancel::new()).unwrap().frames, 3);
        }
    }
}

#[test]
fn an_animated_png_that_was_cut_is_damaged_or_as_long_as_it_goes() {
    let (file, expected) = apng(BlendOp::Source, DisposeOp::None);
    let folder = Folder::new();
    for part in 1..20 {
        let cut = &file[..file.len() * part / 20];
        folder.put("cut.png", cut);
        let strict = folder.captioner().caption(&asked("template=cut&format=gif"), &Cancel::new());
        assert!(matches!(strict, Err(CaptionError::BadFile { .. })) || part > 18, "{}", part);
        let lenient = folder.captioner_with(Settings { lenient: true, ..Settings::default() });
        if let Ok(picture) = lenient.caption(&asked("template=cut&format=gif"), &Cancel::new()) {
            let frames = play(&picture.bytes).frames;
            assert!(frames[..] == expected[..frames.len()], "{}", part);
        }
    }
}
