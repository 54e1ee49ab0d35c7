//! Tests of bars: what is in them, and that the picture beside a bar is the one without.

/// How large pictures with bars are.
mod sizes;

use std::collections::HashSet;

use gif::{DecodeOptions, DisposalMethod, Repeat};
use image::{imageops, Rgb, RgbImage, RgbaImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use memed::captioner::{Cancel, Captioner, Settings};
use memed::image_macro::edit_from_query;

use gif_oracle::{assert_captioned, blocks, gif_of, ink, play, Played, CAPTION, COLORS, DISPOSALS, LOOK};
use gif_oracle::{SIZE, WHOLE};
use picture_util::{changed, decoded, draw, look, png_of, shipped};
use pictures::pngs;
use strip_pictures::decoded_png;
use util::Folder;

/// Bars with texts, and the sides that they are on.
const BARS: [(&str, &str); 3] = [
    ("bar=top&top_text=Bar above, gypq", "a"),
    ("bar=bottom&bottom_text=Bar below, gypq", "b"),
    ("bar=both&top_text=Bar above, gypq&bottom_text=Bar below, gypq", "ab"),
];

/// A picture cut into the bar above, the picture, and the bar below.
fn cut(picture: &RgbaImage, height: u32, sides: &str) -> [RgbaImage; 3] {
    let (width, bars) = (picture.width(), picture.height() - height);
    let above = match sides {
        "a" => bars,
        "b" => 0,
        // The text is the same in both, but for one word; they are about as high.
        _ => {
            let is_flat = |y: u32| (0..width).all(|x| picture[(x, y)] == picture[(0, 0)]);
            // Rows of nothing but the bar's color end each of them.
            let middle = bars / 2;
            let near = |off: u32| [middle + off, middle - off];
            let ends = (0..middle).flat_map(near);
            let mut ends = ends.filter(|&y| is_flat(y - 1) && !is_flat(y));
            ends.next().unwrap_or(middle)
        }
    };
    let part = |top: u32, rows: u32| imageops::crop_imm(picture, 0, top, width, rows).to_image();
    [part(0, above), part(above, height), part(above + height, bars - above)]
}

/// Fails unless a bar has that color around text of another one.
fn assert_bar(name: &str, bar: &RgbaImage, color: [u8; 3], text: [u8; 3], tolerance: u8) {
    let (width, height) = bar.dimensions();
    let near = |pixel: [u8; 4], color: [u8; 3]| {
        pixel[3] == 255 && (0..3).all(|i| pixel[i].abs_diff(color[i]) <= tolerance)
    };
    for x in 0..width {
        // In a JPEG, the row next to the picture has some of its chroma.
        let inset = if tolerance > 8 { 1 } else { 0 };
        for &y in &[inset, height - 1 - inset] {
            assert!(near(bar[(x, y)].0, color), "{}: {:?} at the edge", name, bar[(x, y)]);
        }
    }
    let count = |color: [u8; 3]| bar.pixels().filter(|pixel| near(pixel.0, color)).count();
    let all = (width * height) as usize;
    assert!(count(color) * 2 > all, "{}: {} of {} pixels", name, count(color), all);
    assert!(count(text) * 100 > all, "{}: {} of {} pixels are text", name, count(text), all);
}

#[test]
fn a_png_of_every_kind_keeps_its_pixels_beside_a_bar() {
    let folder = Folder::new();
    let noise = RgbaImage::from_fn(257, 301, |x, y| {
        let noise = (x.wrapping_mul(7919) ^ y.wrapping_mul(104_729)).wrapping_mul(2_654_435_761) >> 24;
        image::Rgba([noise as u8, (x * 3) as u8, (y * 5) as u8, 255])
    });
    let flat = RgbaImage::from_fn(400, 700, |x, y| {
        image::Rgba(if (x / 40 + y / 50) % 2 == 0 { [9, 8, 7, 255] } else { [200, 100, 0, 255] })
    });
    let mut kinds: Vec<_> = pngs().into_iter().map(|(name, file, _)| (name, file)).collect();
    kinds.push(("noise", png_of(&noise)));
    kinds.push(("flat", png_of(&flat)));
    for (name, file) in kinds {
        folder.put(&format!("{}.png", name), &file);
        let captioner = folder.captioner();
        // Colors of the text on the picture may differ where a palette has to do for that in the bar, too.
        let has_palette = name.starts_with("pal") || name == "bits";
        let texts: &[&str] = &["", "middle_text=HI&middle_size=20&middle_color=white"];
        for text in &texts[..if has_palette { 1 } else { 2 }] {
            let plain = look(&captioner, &format!("template={}&{}", name, text));
            for &(bar, sides) in &BARS {
                for &(colors, color, letters) in &[
                    ("bar_color=white", [255; 3], [0; 3]),
                    ("bar_color=rgb(10 20 160)&color=red", [10, 20, 160], [255, 0, 0]),
                ] {
                    if name.starts_with("gray")
                        && name != "gray-alpha"
                        && !text.is_empty()
                        && color != [255; 3]
                    {
                        // It gets a palette.
                        continue;
                    }
                    let query = format!("template={}&layout=bar&{}&{}&{}", name, bar, text, colors);
                    let file = draw(&captioner, &query);
                    decoded_png(&file);
                    let [above, picture, below] = cut(&decoded(&file), plain.height(), sides);
                    assert_eq!(changed(&plain, &picture, 0), None, "{}", query);
                    for bar in [above, below].iter().filter(|bar| bar.height() > 0) {
                        assert_bar(&query, bar, color, letters, 8);
                    }
                }
            }
        }
    }
}

/// The contents of the chunks of pixels of a PNG.
fn chunks(file: &[u8]) -> Vec<&[u8]> {
    let mut chunks = Vec::new();
    let mut at = 8;
    while at < file.len() {
        let length = u32::from_be_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]]) as usize;
        if &file[at + 4..at + 8] == b"IDAT" {
            chunks.push(&file[at + 8..at + 8 + length]);
        }
        at += length + 12;
    }
    chunks
}

/// What stands between the restart markers of a JPEG.
fn strips(file: &[u8]) -> Vec<&[u8]> {
    let start = file.windows(2).position(|bytes| bytes == [0xff, 0xda]).unwrap() + 14;
    let mut strips = Vec::new();
    let mut from = start;
    for at in start..file.len() - 1 {
        if file[at] == 0xff && file[at + 1] != 0 {
            strips.push(&file[from..at]);
            from = at + 2;
        }
    }
    strips
}

#[test]
fn what_is_beside_a_bar_is_moved_and_not_compressed_again() {
    let captioner = Captioner::new(Settings::default());
    let both = |name: &str| {
        let barred = format!("template={}&layout=bar&bar=both&top_text=above&bottom_text=below", name);
        (draw(&captioner, &format!("template={}", name)), draw(&captioner, &barred))
    };
    let (plain, barred) = both("astronaut");
    let moved: HashSet<_> = chunks(&barred).into_iter().collect();
    let plain = chunks(&plain);
    // The first one has the header of the stream, and the last one its checksum.
    assert!(plain.len() > 5);
    assert!(plain[1..plain.len() - 1].iter().all(|chunk| moved.contains(chunk)));
    assert!(moved.contains(&plain[0][2..]));

    let (plain, barred) = both("raccoon");
    let (plain, moved) = (strips(&plain), strips(&barred));
    assert_eq!(plain.len(), 48);
    let start = moved.windows(2).position(|strips| strips == &plain[..2]).unwrap();
    assert!(moved[start..].starts_with(&plain));

    let folder = Folder::new();
    let moving = (0..4).map(|i| blocks(WHOLE, i, i % 2 == 1, DisposalMethod::Keep));
    folder.put("moving.gif", &gif_of(SIZE, COLORS, Repeat::Infinite, &moving.collect::<Vec<_>>()));
    let captioner = folder.captioner();
    let plain = draw(&captioner, "template=moving");
    let barred = draw(&captioner, "template=moving&layout=bar&bar=both&top_text=above&bottom_text=below");
    let frames = |file: &[u8]| {
        let mut options = DecodeOptions::new();
        options.skip_frame_decoding(true);
        let mut decoder = options.read_info(file).unwrap();
        let mut frames = Vec::new();
        while let Some(frame) = decoder.read_next_frame().unwrap() {
            frames.push((frame.left, frame.top, frame.buffer.to_vec()));
        }
        frames
    };
    let (plain, barred) = (frames(&plain), frames(&barred));
    assert_eq!(plain.len(), barred.len());
    let down = barred[1].1 - plain[1].1;
    assert!(down > 10);
    for (plain, barred) in plain.iter().zip(&barred).skip(1) {
        assert!((plain.0, plain.1 + down, &plain.2) == (barred.0, barred.1, &barred.2));
    }
}

fn jpeg(pixels: &RgbImage, sampling: SamplingFactor) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 90);
    encoder.set_sampling_factor(sampling);
    encoder.encode(pixels, pixels.width() as u16, pixels.height() as u16, ColorType::Rgb).unwrap();
    file
}

#[test]
fn a_jpeg_of_every_sampling_keeps_its_pixels_beside_a_bar() {
    let folder = Folder::new();
    let samplings = [
        ("full", SamplingFactor::F_1_1, 8),
        ("across", SamplingFactor::F_2_1, 8),
        ("half", SamplingFactor::F_2_2, 16),
    ];
    for &(name, sampling, mcu) in &samplings {
        for &(width, height) in &[(160, 96), (161, 97), (75, 200), (33, 15), (160, 103)] {
            let pixels = RgbImage::from_fn(width, height, |x, y| {
                Rgb([(x * 2) as u8, (y * 2) as u8, (x + y) as u8 / 2])
            });
            folder.put(&format!("{}.jpg", name), &jpeg(&pixels, sampling));
            let captioner = folder.captioner();
            for text in &["", "&middle_text=HI&middle_size=12&middle_color=white&middle_outline=black"] {
                let plain = look(&captioner, &format!("template={}{}", name, text));
                for &(bar, sides) in &BARS[..2] {
                    for color in &["white", "black", "rgb(100 100 100)"] {
                        let query =
                            format!("template={}&layout=bar&bar_color={}&{}{}", name, color, bar, text);
                        let [above, picture, below] = cut(&look(&captioner, &query), height, sides);
                        assert_eq!(above.height() % 16, 0);
                        let bar = if sides == "a" { &above } else { &below };
                        let color = memed::image_macro::Color::parse(color).unwrap();
                        let letters = if color.r > 128 { 0 } else { 255 };
                        assert_bar(&query, bar, [color.r; 3], [letters; 3], 48);
                        // Where chroma is shared by rows, a decoder mixes that of both sides of an edge. A strip that a bar
                        // begins in is compressed again.
                        let is_mixed = name == "half";
                        let first = if sides == "a" && is_mixed { 1 } else { 0 };
                        let last = match sides {
                            "b" => (height - height % mcu).saturating_sub(if is_mixed { 1 } else { 0 }),
                            _ => height,
                        };
                        if last > first {
                            let part = |picture: &RgbaImage| {
                                imageops::crop_imm(picture, 0, first, width, last - first).to_image()
                            };
                            assert_eq!(
                                changed(&part(&plain), &part(&picture), 0),
                                None,
                                "{} {}x{}",
                                query,
                                width,
                                height
                            );
                        }
                        // Nowhere is it farther off than a JPEG is.
                        let far = plain
                            .pixels()
                            .zip(picture.pixels())
                            .filter(|(a, b)| a.0[1].abs_diff(b.0[1]) > 24);
                        assert!(far.count() * 200 < (width * height) as usize + 4000, "{}", query);
                    }
                }
            }
        }
    }
}

#[test]
fn a_jpeg_becomes_what_text_of_the_bar_s_color_makes_of_it() {
    let folder = Folder::new();
    let mut gray = Vec::new();
    Encoder::new(&mut gray, 90).encode(&[128; 64 * 64], 64, 64, ColorType::Luma).unwrap();
    folder.put("gray.jpg", &gray);
    let captioner = folder.captioner();
    let colored = decoded(&draw(&captioner, "template=gray&layout=bar&bar_color=yellow&top_text=hi"));
    assert_bar("yellow", &cut(&colored, 64, "a")[0], [255, 255, 0], [0; 3], 24);
    let file = draw(&captioner, "template=gray&layout=bar&top_text=hi");
    assert_eq!(image::load_from_memory(&file).unwrap().color(), image::ColorType::L8);
}

/// The picture's part of every frame, after a check of the bars.
fn picture_of(name: &str, played: &Played, height: u32, sides: &str) -> Played {
    let first = cut(&played.frames[0], height, sides);
    let above = first[0].height();
    let frames = played.frames.iter().map(|frame| {
        let part = |top: u32, rows: u32| imageops::crop_imm(frame, 0, top, frame.width(), rows).to_image();
        assert!(
            part(0, above) == first[0] && part(above + height, first[2].height()) == first[2],
            "{}",
            name
        );
        part(above, height)
    });
    Played {
        size: (played.size.0, height),
        repeat: played.repeat,
        frames: frames.collect(),
        delays: played.delays.clone(),
    }
}

#[test]
fn a_bar_stays_whatever_the_frames_of_an_animation_do() {
    let folder = Folder::new();
    let ink = ink();
    let patterns = [
        [WHOLE, WHOLE, WHOLE],
        [WHOLE, [0, 0, 9, 9], [70, 50, 10, 10]],
        [[5, 5, 30, 30], [50, 5, 20, 50], WHOLE],
        [[0, 0, 80, 4], [0, 56, 80, 4], [79, 59, 1, 1]],
        [[0, 10, 80, 20], [300, 300, 1, 1], [0, 0, 80, 30]],
    ];
    let plain_text = CAPTION.replace("size", "middle_size");
    for (number, rects) in patterns.iter().enumerate() {
        for combination in 0..64 {
            let dispose = |i: usize| DISPOSALS[combination >> (2 * i) & 3];
            let frames: Vec<_> =
                (0..3).map(|i| blocks(rects[i], i as u16, combination % 3 == 0, dispose(i))).collect();
            folder.put("animation.gif", &gif_of(SIZE, COLORS, Repeat::Infinite, &frames));
            let captioner = folder.captioner();
            let template = play(&draw(&captioner, "template=animation"));
            let (bar, sides) = BARS[combination % 2];
            let name = format!("{} {:?} {}", number, (0..3).map(dispose).collect::<Vec<_>>(), sides);
            let query = format!("template=animation&layout=bar&{}", bar);
            let played = play(&draw(&captioner, &query));
            let first = cut(&played.frames[0], template.size.1, sides);
            assert_bar(&name, if sides == "a" { &first[0] } else { &first[2] }, [255; 3], [0; 3], 0);
            let picture = picture_of(&name, &played, template.size.1, sides);
            assert_eq!(picture.delays, template.delays);
            assert!(picture.frames == template.frames, "{}", name);
            let with_text = play(&draw(&captioner, &format!("{}&{}&{}", query, plain_text, LOOK)));
            let picture = picture_of(&name, &with_text, template.size.1, sides);
            assert_captioned(&name, &template, &picture, &ink, 0.0);
        }
    }
}

#[test]
fn a_full_palette_has_room_for_a_bar() {
    let captioner = Captioner::new(Settings::default());
    for &(name, height) in &[("dramatic-raccoon", 0), ("deal-with-it", 0)] {
        let plain = play(&draw(&captioner, &format!("template={}&top_text=a", name)));
        let height = plain.size.1 + height;
        let query = format!("template={}&layout=bar&bar_color=rgb(1 99 200)&top_text=Bar above, gypq", name);
        let played = play(&draw(&captioner, &query));
        let [above, ..] = cut(&played.frames[0], height, "a");
        assert_bar(name, &above, [1, 99, 200], [255; 3], 0);
        let picture = picture_of(name, &played, height, "a");
        assert_eq!(picture.frames.len(), plain.frames.len());
    }
}

#[test]
fn own_pictures_get_bars_too() {
    let captioner = Captioner::new(Settings::default());
    for &(file, sides) in &[("coffee.jpg", "a"), ("cat.png", "b"), ("deal-with-it.gif", "a")] {
        let own = |query: &str| {
            let edit = edit_from_query(query).unwrap();
            decoded(&captioner.caption_picture(&shipped(file), &edit, &Cancel::new()).unwrap().bytes)
        };
        let plain = own("");
        let bar = if sides == "a" { BARS[0].0 } else { BARS[1].0 };
        let [above, picture, below] = cut(&own(&format!("layout=bar&{}", bar)), plain.height(), sides);
        assert_bar(file, if sides == "a" { &above } else { &below }, [255; 3], [0; 3], 48);
        let rows = picture.height() - 32;
        let part = |picture: &RgbaImage| imageops::crop_imm(picture, 0, 1, picture.width(), rows).to_image();
        // A full palette gives up some colors for those of the text.
        let tolerance = if file.ends_with("gif") { 16 } else { 0 };
        assert_eq!(changed(&part(&plain), &part(&picture), tolerance), None, "{}", file);
    }
}
