//! Compares captioned animations, frame by frame as a viewer sees them, with their template and with the same caption
//! on still pictures.

use gif::{DisposalMethod, Frame, Repeat};
use memed::captioner::{Captioner, Settings};
use serde_json::json;

use gif_oracle::{assert_captioned, blocks, frame_of, gif_of, ink, moved, play, Bench, Ink};
use gif_oracle::{CAPTION, COLORS, DISPOSALS, LOOK, SIZE, WHOLE};
use picture_util::{draw, has_color, look_json, shipped, Numbers, Plain};
use util::Folder;

/// The places of four frames, and whether they have holes.
const PATTERNS: &[(&str, [[u16; 4]; 4], bool)] = &[
    ("whole", [WHOLE; 4], false),
    ("whole with holes", [WHOLE; 4], true),
    ("deltas that miss the text", [WHOLE, [0, 0, 9, 9], [70, 50, 10, 10], [0, 55, 80, 5]], false),
    ("deltas across the text", [WHOLE, [30, 20, 20, 20], [10, 28, 60, 3], [0, 0, 40, 60]], true),
    ("a small first frame", [[5, 5, 30, 30], [50, 5, 20, 50], WHOLE, [1, 1, 1, 1]], true),
    ("no frame on the text", [[0, 0, 80, 4], [0, 56, 80, 4], [0, 0, 5, 60], [79, 59, 1, 1]], false),
    ("partly off the canvas", [WHOLE, [40, 30, 80, 60], [79, 0, 9, 90], [0, 30, 300, 3]], true),
];

#[test]
fn every_disposal_after_every_other_leaves_text_on_every_frame() {
    let (bench, ink) = (Bench::new(), ink());
    for &(name, rects, holes) in PATTERNS {
        for combination in 0..64 {
            // The disposal of the last frame is never seen: any will do.
            let dispose = |i: usize| DISPOSALS[combination >> (2 * (i % 3)) & 3];
            let frame = |i: usize| blocks(rects[i], i as u16, holes, dispose(i));
            let frames: Vec<_> = (0..4).map(frame).collect();
            let file = gif_of(SIZE, COLORS, Repeat::Infinite, &frames);
            let name = format!("{} {:?}", name, (0..4).map(dispose).collect::<Vec<_>>());
            bench.check(&name, &file, CAPTION, &ink);
        }
    }
}

/// An invisible frame between two others.
fn with_a_frame_off_the_canvas(rect: [u16; 4], dispose: DisposalMethod) -> Vec<u8> {
    let frames = [
        blocks(WHOLE, 1, false, DisposalMethod::Keep),
        blocks(rect, 2, false, dispose),
        blocks([70, 50, 3, 3], 3, true, DisposalMethod::Keep),
    ];
    gif_of(SIZE, COLORS, Repeat::Infinite, &frames)
}

const OFF_THE_CANVAS: [[u16; 4]; 4] =
    [[80, 0, 5, 5], [0, 60, 80, 60], [300, 300, 1, 1], [0xffff, 0xffff, 3, 3]];

#[test]
fn a_frame_off_the_canvas_takes_its_time_and_changes_nothing() {
    let bench = Bench::new();
    for &dispose in &DISPOSALS {
        for &rect in &OFF_THE_CANVAS {
            let file = with_a_frame_off_the_canvas(rect, dispose);
            let (template, played) = (play(&file), play(&bench.draw(&file, "")));
            assert_eq!(played.delays, template.delays);
            assert!(played.frames == template.frames, "{:?} {:?}", rect, dispose);
        }
    }
}

#[test]
fn a_frame_off_the_canvas_takes_no_color_from_the_others() {
    let (bench, ink) = (Bench::new(), ink());
    for &dispose in &[DisposalMethod::Any, DisposalMethod::Keep, DisposalMethod::Previous] {
        for &rect in &OFF_THE_CANVAS {
            let file = with_a_frame_off_the_canvas(rect, dispose);
            bench.check(&format!("{:?} {:?}", rect, dispose), &file, CAPTION, &ink);
        }
    }
}

#[test]
fn a_still_gif_is_captioned() {
    let (bench, ink) = (Bench::new(), ink());
    for &dispose in &DISPOSALS {
        for rect in &[WHOLE, [30, 20, 20, 20], [0, 0, 1, 1]] {
            let file = gif_of(SIZE, COLORS, Repeat::Finite(0), &[blocks(*rect, 1, true, dispose)]);
            bench.check("a still one", &file, CAPTION, &ink);
        }
    }
}

#[test]
fn three_hundred_frames_keep_their_order_and_their_delays() {
    let frame = |i: u16| {
        let mut frame =
            blocks([i % 70, i % 50, 10, 10], i, i.is_multiple_of(3), DISPOSALS[usize::from(i / 7 % 4)]);
        frame.delay = if i.is_multiple_of(5) { 0 } else { i };
        frame
    };
    let file = gif_of(SIZE, COLORS, Repeat::Infinite, &(0..300).map(frame).collect::<Vec<_>>());
    assert_eq!(play(&file).delays.len(), 300);
    Bench::new().check("tiny frames", &file, CAPTION, &ink());
}

#[test]
fn delays_and_the_number_of_plays_stay() {
    let bench = Bench::new();
    for &repeat in
        &[Repeat::Finite(0), Repeat::Infinite, Repeat::Finite(1), Repeat::Finite(7), Repeat::Finite(65535)]
    {
        let mut frames: Vec<_> = (0..4).map(|i| blocks(WHOLE, i, false, DisposalMethod::Keep)).collect();
        for (frame, &delay) in frames.iter_mut().zip(&[0, 1, 65535, 2]) {
            frame.delay = delay;
        }
        let file = gif_of(SIZE, COLORS, repeat, &frames);
        for &query in &["", "middle_text=HI", "width=40", "width=40&middle_text=HI"] {
            let played = play(&bench.draw(&file, query));
            assert_eq!(played.repeat, repeat, "{}", query);
            assert_eq!(played.delays, [0, 1, 65535, 2], "{}", query);
        }
    }
}

#[test]
fn frames_with_palettes_of_their_own_are_captioned() {
    let (bench, ink) = (Bench::new(), ink());
    let orders: [[u8; 8]; 3] =
        [[7, 6, 5, 4, 3, 2, 1, 0], [0, 1, 2, 3, 4, 5, 6, 7], [9, 30, 2, 77, 200, 100, 50, 3]];
    for &global in &[&[][..], COLORS] {
        for combination in 0..64 {
            for &(name, rects, holes) in PATTERNS {
                let frame = |i: usize| {
                    let dispose = DISPOSALS[combination >> (2 * i) & 3];
                    let frame = blocks(rects[i], i as u16, holes, dispose);
                    let entries = [8, 16, 201][i];
                    moved(frame, COLORS, &orders[i], entries)
                };
                let mut frames: Vec<_> = (0..3).map(frame).collect();
                if !global.is_empty() {
                    frames.push(blocks(rects[3], 3, holes, DisposalMethod::Keep));
                }
                bench.check(name, &gif_of(SIZE, global, Repeat::Infinite, &frames), CAPTION, &ink);
            }
        }
    }
}

fn check_foreign_colors<F: Fn(&[DisposalMethod]) -> bool>(are_checked: F) {
    let (bench, ink) = (Bench::new(), ink());
    for &(name, rects, holes) in PATTERNS {
        for combination in 0..64 {
            // The disposal of the last frame is never seen; it is always the first kind.
            let disposals = [0, 1, 2, 3].map(|i| DISPOSALS[combination >> (2 * i) & 3]);
            if !are_checked(&disposals) {
                continue;
            }
            let frame = |i: usize| {
                let colors: Vec<u8> = COLORS.iter().map(|color| color / 2 + 30 * i as u8).collect();
                let blocks = blocks(rects[i], i as u16, holes, disposals[i]);
                moved(blocks, &colors, &[0, 1, 2, 3, 4, 5, 6, 7], 8)
            };
            let file = gif_of(SIZE, &[], Repeat::Infinite, &(0..4).map(frame).collect::<Vec<_>>());
            bench.check(&format!("{} {:?}", name, disposals), &file, CAPTION, &ink);
        }
    }
}

/// Then the second one clears text that the third one must paint again, outside of its rectangle.
fn clears_twice(disposals: &[DisposalMethod]) -> bool {
    disposals[1..3] == [DisposalMethod::Background; 2]
}

#[test]
fn frames_that_share_no_color_are_captioned() {
    check_foreign_colors(|disposals| !clears_twice(disposals));
}

#[test]
fn frames_that_share_no_color_and_clear_twice_are_captioned() {
    check_foreign_colors(clears_twice);
}

#[test]
fn animations_of_no_kind_in_particular_are_captioned() {
    let (bench, ink) = (Bench::new(), ink());
    let mut numbers = Numbers(7);
    let kept = [DisposalMethod::Any, DisposalMethod::Keep, DisposalMethod::Previous];
    for round in 0..300 {
        let cleared = numbers.below(6) as u16;
        let frame = |numbers: &mut Numbers, i: u16| {
            let mut below = |end: u16| numbers.below(u64::from(end)) as u16;
            let [left, top, width, height] = [below(70), below(50), 1 + below(90), 1 + below(70)];
            // A first frame that is larger would enlarge the canvas.
            let rect = match i {
                0 => [left, top, width.min(SIZE.0 - left), height.min(SIZE.1 - top)],
                _ => [left, top, width, height],
            };
            // Only one is cleared: see `clears_twice`.
            let dispose = numbers.pick(if i == cleared { &DISPOSALS[2..3] } else { &kept });
            let mut frame = blocks(rect, i, numbers.pick(&[true, false]), dispose);
            let mut order: Vec<u8> = (0..8).collect();
            (1..8).for_each(|i| order.swap(i, numbers.below(i as u64 + 1) as usize));
            if numbers.below(3) > 0 {
                frame = moved(frame, COLORS, &order, numbers.pick(&[8, 12, 256]));
            }
            if frame.transparent.is_none() {
                frame.transparent = numbers.pick(&[None, Some(200)]);
            }
            frame
        };
        let frames: Vec<_> = (0..1 + numbers.below(6) as u16).map(|i| frame(&mut numbers, i)).collect();
        let file = gif_of(SIZE, COLORS, Repeat::Infinite, &frames);
        bench.check(&format!("round {}", round), &file, CAPTION, &ink);
    }
}

#[test]
fn a_palette_of_two_colors_gets_those_of_the_text() {
    let (bench, ink) = (Bench::new(), ink());
    for &transparent in &[None, Some(0), Some(1)] {
        for &dispose in &DISPOSALS {
            let frame = |i: u16| {
                let mut frame = frame_of(WHOLE, |x, y| ((x / 8 + y / 8 + i) % 2) as u8);
                frame.transparent = transparent;
                frame.dispose = dispose;
                frame
            };
            let file =
                gif_of(SIZE, &[0, 0, 0, 255, 255, 255], Repeat::Infinite, &[frame(0), frame(1), frame(2)]);
            bench.check("two colors", &file, CAPTION, &ink);
        }
    }
}

#[test]
fn a_color_that_is_transparent_in_another_frame_is_still_a_color() {
    let mut other = blocks([0, 0, 9, 9], 1, false, DisposalMethod::Keep);
    other.transparent = Some(0);
    let frames = [blocks(WHOLE, 1, false, DisposalMethod::Keep), other];
    let file = gif_of(SIZE, COLORS, Repeat::Infinite, &frames);
    Bench::new().check("black is transparent in another", &file, CAPTION, &ink());
}

#[test]
fn a_full_palette_gives_up_little() {
    let bench = Bench::new();
    let ink = Ink::of((160, 120), "middle_text=HI");
    let palette: Vec<u8> = (0..=255u8).flat_map(|i| vec![i, i / 2, 255 - i]).collect();
    for &transparent in &[None, Some(40)] {
        let frame = |i: u16| {
            let mut frame = frame_of([0, 0, 160, 120], |x, y| ((x + y + 16 * i) % 256) as u8);
            frame.transparent = transparent;
            frame.dispose = DISPOSALS[usize::from(i % 4)];
            frame
        };
        let frames: Vec<_> = (0..6).map(frame).collect();
        let file = gif_of((160, 120), &palette, Repeat::Infinite, &frames);
        let captioned = play(&bench.draw(&file, "middle_text=HI"));
        assert_captioned("a full palette", &play(&file), &captioned, &ink, 3.0);
    }
}

#[test]
fn captions_over_each_other_lie_as_on_a_still_picture() {
    const PURE: [[u8; 3]; 3] = [[255, 0, 0], [0, 255, 0], [0, 0, 255]];
    let caption = |valign: &str, align: &str, color: [u8; 3]| {
        json!({
            "text": "HI", "size": 60, "valign": valign, "align": align, "color": color, "outline": color,
        })
    };
    let captions = [
        caption("top", "left", PURE[0]),
        caption("middle", "center", PURE[1]),
        caption("bottom", "right", PURE[2]),
    ];
    let plain = Plain::new(120, 90, [120, 120, 120, 255]);
    let still = look_json(&plain.captioner, &json!({"template": "plain", "captions": captions}));
    let folder = Folder::new();
    let gray = frame_of([0, 0, 120, 90], |_, _| 4);
    folder.put("animation.gif", &gif_of((120, 90), COLORS, Repeat::Infinite, &[gray]));
    let moving = look_json(&folder.captioner(), &json!({"template": "animation", "captions": captions}));
    for &[r, g, b] in &PURE {
        assert!(has_color(&still, [r, g, b]), "{:?} is not seen", [r, g, b]);
        for (x, y, pixel) in still.enumerate_pixels().filter(|pixel| pixel.2 .0 == [r, g, b, 255]) {
            assert_eq!(moving[(x, y)], *pixel, "at {} {}", x, y);
        }
    }
}

/// Which of the colors of sixteen captions, a letter and an outline each, a file lacks that a PNG has.
fn colors_lacking(palette: &[u8]) -> Vec<[u8; 3]> {
    let colors: Vec<[u8; 3]> =
        (0..32u8).map(|i| [8 * i, 255 - 8 * i, if i % 2 == 0 { 3 } else { 252 }]).collect();
    let captions: Vec<_> = colors
        .chunks(2)
        .enumerate()
        .map(|(i, pair)| {
            let valign = ["top", "middle", "bottom"][i % 3];
            let align = ["left", "center", "right"][i / 3 % 3];
            json!({
                "text": "I", "size": 40, "valign": valign, "align": align,
                "color": pair[0], "outline": pair[1],
            })
        })
        .collect();
    let plain = Plain::new(600, 400, [128, 128, 128, 255]);
    let still = look_json(&plain.captioner, &json!({"template": "plain", "captions": captions}));
    let folder = Folder::new();
    let frame = frame_of([0, 0, 600, 400], |x, y| ((x + y) % (palette.len() / 3) as u16) as u8);
    folder.put("animation.gif", &gif_of((600, 400), palette, Repeat::Infinite, &[frame]));
    let moving = look_json(&folder.captioner(), &json!({"template": "animation", "captions": captions}));
    assert!(colors.iter().filter(|color| has_color(&still, **color)).count() > 20);
    colors.into_iter().filter(|color| has_color(&still, *color) && !has_color(&moving, *color)).collect()
}

#[test]
fn sixteen_captions_have_their_thirty_two_colors() {
    assert_eq!(colors_lacking(COLORS), [[0; 3]; 0]);
}

#[test]
fn sixteen_captions_have_sixteen_of_their_colors_where_the_palette_is_full() {
    let grays: Vec<u8> = (0..=255u8).flat_map(|level| vec![level; 3]).collect();
    assert_eq!(colors_lacking(&grays).len(), 16);
}

#[test]
fn an_index_past_the_end_of_the_palette_stays_black() {
    let frame = frame_of(WHOLE, |x, _| (x / 20) as u8);
    let file = gif_of(SIZE, &[200, 0, 0, 255, 255, 255], Repeat::Infinite, &[frame]);
    Bench::new().check("past the end", &file, CAPTION, &ink());
}

#[test]
fn an_interlaced_frame_is_captioned() {
    let rows: Vec<u16> = vec![(0, 8), (4, 8), (2, 4), (1, 2)]
        .into_iter()
        .flat_map(|(first, step)| (first..60).step_by(step))
        .collect();
    let straight = blocks(WHOLE, 1, true, DisposalMethod::Keep);
    let mut woven = straight.clone();
    let row = |y: u16| &straight.buffer[usize::from(y) * 80..][..80];
    woven.buffer = rows.iter().flat_map(|&y| row(y).to_vec()).collect::<Vec<_>>().into();
    woven.interlaced = true;
    let file = |frame: &Frame<'static>| gif_of(SIZE, COLORS, Repeat::Infinite, ::std::slice::from_ref(frame));
    let (bench, ink) = (Bench::new(), ink());
    bench.check("interlaced", &file(&woven), CAPTION, &ink);
    let template = play(&file(&straight));
    assert_captioned("as straight", &template, &play(&bench.draw(&file(&woven), CAPTION)), &ink, 0.0);
}

#[test]
fn a_file_without_a_trailer_plays() {
    let frames =
        [blocks(WHOLE, 1, false, DisposalMethod::Keep), blocks(WHOLE, 2, true, DisposalMethod::Keep)];
    let file = gif_of(SIZE, COLORS, Repeat::Infinite, &frames);
    let captioned = play(&Bench::new().draw(&file[..file.len() - 1], CAPTION));
    assert_captioned("no trailer", &play(&file), &captioned, &ink(), 0.0);
}

#[test]
fn the_animations_that_are_shipped_are_captioned() {
    let captioner = Captioner::new(Settings::default());
    for &name in &["deal-with-it", "dramatic-raccoon"] {
        let template = play(&shipped(&format!("{}.gif", name)));
        for &caption in &["", "top_text=one+does+not&bottom_text=simply"] {
            let ink = Ink::of(template.size, caption);
            let captioned = play(&draw(&captioner, &format!("template={}&{}&{}", name, caption, LOOK)));
            assert_captioned(name, &template, &captioned, &ink, 12.0);
        }
    }
}
