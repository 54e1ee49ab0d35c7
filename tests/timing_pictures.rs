//! Captions with a time, on animations: which frames have them, what comes back when they disappear, and what keeps its
//! bytes.

/// A client's own picture, and an animated PNG.
mod others;
/// When a caption is on a picture.
mod times;

use std::ops::Range;

use gif::{DisposalMethod, Frame, Repeat};
use memed::captioner::{Captioner, Settings};

use gif_oracle::{assert_captioned, blocks, gif_of, moved, play, Bench, Ink, Inked, Played};
use gif_oracle::{COLORS, DISPOSALS, FILL, LOOK, OUTLINE, SIZE, WHOLE};
use picture_util::draw;

// ===== What a time means, said again =====

/// A caption in a box, and its time as it is written: empty, seconds or a percentage.
#[derive(Clone, Debug)]
pub struct Timed {
    pub text: &'static str,
    /// Left, top, width and height, in hundredths of the picture.
    pub place: [u32; 4],
    pub from: String,
    pub to: String,
}

/// The query of some captions, with or without their times. Their place does not depend on the others.
pub fn query_of<'a, I: Iterator<Item = &'a Timed>>(captions: I, has_times: bool) -> String {
    let fields = captions.enumerate().flat_map(|(index, timed)| {
        let side = |i: usize| format!("0.{:02}", timed.place[i]);
        let time = |time: &str| if has_times { time.replace('%', "%25") } else { String::new() };
        vec![
            ("text", timed.text.to_string()),
            ("left", side(0)),
            ("top", side(1)),
            ("width", side(2)),
            ("height", side(3)),
            ("from", time(&timed.from)),
            ("to", time(&timed.to)),
        ]
        .into_iter()
        .map(move |(field, value)| format!("captions[{}][{}]={}", index, field, value))
    });
    fields.collect::<Vec<_>>().join("&")
}

/// The frames that have a caption, by the delays in hundredths of a second.
pub fn frames_of(delays: &[u16], timed: &Timed) -> Range<usize> {
    /// What times may differ by and be the same.
    const ROUNDING: f64 = 1e-4;
    let count = delays.len();
    if count == 1 {
        return 0..1;
    }
    let mut total = 0.0;
    let starts = delays.iter().map(|&delay| {
        total += f64::from(if delay < 2 { 10 } else { delay });
        total - f64::from(if delay < 2 { 10 } else { delay })
    });
    let starts: Vec<f64> = starts.collect();
    let moment = |text: &str, otherwise: f64| match text.strip_suffix('%') {
        Some(percent) => percent.parse::<f64>().unwrap() * total / 100.0,
        None if text.is_empty() => otherwise,
        None => text.parse::<f64>().unwrap() * 100.0,
    };
    let (from, to) = (moment(&timed.from, 0.0), moment(&timed.to, total));
    if from + ROUNDING > total || from + ROUNDING > to {
        return 0..0;
    }
    let is_in = |index: &usize| starts[*index] > from - ROUNDING && starts[*index] < to - ROUNDING;
    match ((0..count).find(is_in), (0..count).rfind(is_in)) {
        (Some(first), Some(last)) => first..last + 1,
        _ => {
            let seen = (0..count).rfind(|index| starts[*index] < from + ROUNDING).unwrap();
            seen..seen + 1
        }
    }
}

/// One frame of what a viewer sees.
fn only(played: &Played, frame: usize) -> Played {
    let frames = vec![played.frames[frame].clone()];
    Played { size: played.size, repeat: played.repeat, frames, delays: vec![played.delays[frame]] }
}

/// Which captions each frame has.
pub fn on_frames(delays: &[u16], captions: &[Timed]) -> Vec<Vec<usize>> {
    let spans: Vec<_> = captions.iter().map(|timed| frames_of(delays, timed)).collect();
    let on = |frame: usize| (0..spans.len()).filter(|&caption| spans[caption].contains(&frame)).collect();
    (0..delays.len()).map(on).collect()
}

/// Calls `each` with every frame of a template and of that with captions, and the ink that it shall have.
pub fn for_each_frame<F>(template: &Played, drawn: &Played, captions: &[Timed], mut each: F)
where
    F: FnMut(usize, Played, Played, &Ink),
{
    let mut inks: Vec<(Vec<usize>, Ink)> = Vec::new();
    assert_eq!(drawn.delays, template.delays);
    for (index, on) in on_frames(&template.delays, captions).into_iter().enumerate() {
        if inks.iter().all(|ink| ink.0 != on) {
            let query = query_of(on.iter().map(|&caption| &captions[caption]), false);
            inks.push((on.clone(), Ink::of(template.size, &query)));
        }
        let ink = &inks.iter().find(|ink| ink.0 == on).unwrap().1;
        each(index, only(template, index), only(drawn, index), ink);
    }
}

/// Fails unless each frame has the captions whose time it is, and is the template's otherwise.
pub fn assert_timed(name: &str, template: &Played, drawn: &Played, captions: &[Timed], tolerance: f64) {
    for_each_frame(template, drawn, captions, |index, before, after, ink| {
        assert_captioned(&format!("{}, {}", name, index), &before, &after, ink, tolerance);
    });
}

/// The same where tables lack the colors of soft edges: what is not ink is the template's, and what is solid is the text's.
pub fn assert_timed_but_for_edges(name: &str, template: &Played, drawn: &Played, captions: &[Timed]) {
    for_each_frame(template, drawn, captions, |index, before, after, ink| {
        for (x, y, pixel) in after.frames[0].enumerate_pixels() {
            let is_right = match ink.at(x, y) {
                Inked::Not => *pixel == before.frames[0][(x, y)],
                Inked::Solid(color) if color == FILL || color == OUTLINE => {
                    pixel.0[..3] == color && pixel[3] == 255
                }
                Inked::Solid(_) | Inked::Partly(..) => true,
            };
            assert!(is_right, "{}: frame {} at {} {}: {:?}", name, index, x, y, pixel);
        }
    });
}

/// The codes of each frame and where it stands.
pub fn frames_in(file: &[u8]) -> Vec<Vec<u8>> {
    let table = |flags: u8| if flags & 0x80 != 0 { 6 << (flags & 7) } else { 0 };
    let mut at = 13 + table(file[10]);
    let blocks = |mut at: usize| {
        while file[at] != 0 {
            at += usize::from(file[at]) + 1;
        }
        at + 1
    };
    let mut frames = Vec::new();
    loop {
        match file[at] {
            0x21 => at = blocks(at + 2),
            0x2c => {
                let codes = at + 10 + table(file[at + 9]);
                let end = blocks(codes + 1);
                frames.push([&file[at + 1..at + 9], &file[codes..end]].concat());
                at = end;
            }
            0x3b => return frames,
            other => panic!("{:x} at {}", other, at),
        }
    }
}

/// Whether each frame finds the canvas as the template's does and has no text. A frame that is cleared cannot also paint
/// what is to stay around it, so that is left to the one after it.
pub fn is_bare(disposals: &[DisposalMethod], on: &[Vec<usize>]) -> Vec<bool> {
    let mut is_other = false;
    let bare = on.iter().zip(disposals).map(|(on, dispose)| {
        let is_bare = on.is_empty() && !is_other;
        is_other = match *dispose {
            DisposalMethod::Previous => is_other,
            DisposalMethod::Background => !is_bare,
            DisposalMethod::Any | DisposalMethod::Keep => !on.is_empty(),
        };
        is_bare
    });
    bare.collect()
}

// ===== Tests =====

fn timed(text: &'static str, place: [u32; 4], from: &str, to: &str) -> Timed {
    Timed { text, place, from: from.to_string(), to: to.to_string() }
}

/// Two captions, one over the other in part, whose times overlap too.
fn pair() -> [Timed; 2] {
    [timed("HI", [10, 10, 60, 60], "0.1", "0.3"), timed("YO", [30, 30, 65, 60], "40%", "80%")]
}

const PATTERNS: &[(&str, [[u16; 4]; 6], bool)] = &[
    ("whole", [WHOLE; 6], false),
    ("whole with holes", [WHOLE; 6], true),
    (
        "deltas",
        [WHOLE, [0, 0, 9, 9], [30, 20, 20, 20], [10, 28, 60, 3], [70, 50, 10, 10], [0, 0, 1, 1]],
        false,
    ),
    (
        "deltas with holes",
        [WHOLE, [30, 20, 20, 20], [10, 28, 60, 3], [0, 0, 40, 60], [0, 0, 9, 9], WHOLE],
        true,
    ),
    (
        "a small first frame",
        [[5, 5, 30, 30], [50, 5, 20, 50], [1, 1, 1, 1], [20, 20, 50, 9], [0, 0, 9, 9], [79, 59, 1, 1]],
        true,
    ),
    (
        "no frame on the text",
        [[0, 0, 80, 4], [0, 56, 80, 4], [0, 0, 5, 60], [79, 59, 1, 1], [0, 0, 2, 2], [0, 0, 3, 1]],
        false,
    ),
];

fn frames_with<D: Fn(usize) -> DisposalMethod>(
    rects: &[[u16; 4]; 6],
    holes: bool,
    dispose: D,
) -> Vec<Frame<'static>> {
    let frames = rects.iter().enumerate().map(|(i, rect)| {
        let mut frame = blocks(*rect, i as u16, holes, dispose(i));
        frame.delay = [10, 0, 10, 5, 12, 10][i];
        frame
    });
    frames.collect()
}

#[test]
fn text_comes_and_goes_whatever_the_disposals_and_the_canvas_is_the_template_s_again() {
    let (bench, captions) = (Bench::new(), pair());
    let query = query_of(captions.iter(), true);
    for &(name, ref rects, holes) in PATTERNS {
        for combination in 0..64 {
            let dispose = |i: usize| DISPOSALS[combination >> (2 * (i % 3)) & 3];
            let frames = frames_with(rects, holes, dispose);
            let file = gif_of(SIZE, COLORS, Repeat::Infinite, &frames);
            let name = format!("{} {:?}", name, (0..3).map(dispose).collect::<Vec<_>>());
            assert_timed(&name, &play(&file), &play(&bench.draw(&file, &query)), &captions, 0.0);
        }
    }
}

#[test]
fn colors_that_come_back_are_in_no_table_of_the_frame_that_needs_them() {
    let (bench, captions) = (Bench::new(), pair());
    let query = query_of(captions.iter(), true);
    let places: [&[u8]; 3] =
        [&[0, 1, 2, 3, 4, 5, 6, 7], &[9, 3, 0, 7, 1, 15, 2, 4], &[200, 1, 2, 3, 44, 5, 66, 7]];
    for &(name, ref rects, holes) in PATTERNS {
        for combination in 0..16 {
            let dispose = |i: usize| DISPOSALS[combination >> (2 * (i % 2)) & 3];
            let own = frames_with(rects, holes, dispose).into_iter().enumerate().map(|(i, frame)| {
                let colors: Vec<u8> = COLORS.iter().map(|channel| channel ^ (16 * i as u8)).collect();
                moved(frame, &colors, places[i % 3], 16 << (2 * (i % 3)))
            });
            let file = gif_of(SIZE, &[], Repeat::Infinite, &own.collect::<Vec<_>>());
            assert_timed_but_for_edges(name, &play(&file), &play(&bench.draw(&file, &query)), &captions);
        }
    }
}

#[test]
fn frames_without_text_that_follow_none_keep_their_bytes() {
    let bench = Bench::new();
    for holes in [false, true] {
        for (from, to) in [("0.1", "0.3"), ("0", "0.1"), ("0.3", ""), ("70%", "71%"), ("0.55", "")] {
            let captions = [timed("HI", [10, 10, 60, 60], from, to)];
            let frames = frames_with(&PATTERNS[2].1, holes, |_| DisposalMethod::Keep);
            let file = gif_of(SIZE, COLORS, Repeat::Infinite, &frames);
            let plain = frames_in(&bench.draw(&file, ""));
            let drawn = frames_in(&bench.draw(&file, &query_of(captions.iter(), true)));
            let delays: Vec<_> = frames.iter().map(|frame| frame.delay).collect();
            let on = on_frames(&delays, &captions);
            let bare = is_bare(&[DisposalMethod::Keep; 6], &on);
            for (index, is_bare) in bare.into_iter().enumerate() {
                let is_same = plain[index] == drawn[index];
                assert!(is_same || !is_bare, "{} to {}: frame {} of {:?}", from, to, index, on);
                let is_first_of_its_text = !on[index].is_empty() && (index == 0 || on[index - 1].is_empty());
                assert!(!is_same || !is_first_of_its_text, "{} to {}: frame {}", from, to, index);
            }
        }
    }
}

#[test]
fn frames_without_text_keep_their_bytes_and_colors_in_full_tables_of_their_own() {
    let frame = |i: u16| {
        let mut frame = Frame::from_palette_pixels(
            160,
            120,
            (0..160 * 120u32)
                .map(|p| ((p % 160 * 3 + p / 160 + u32::from(i)) % 256) as u8)
                .collect::<Vec<_>>(),
            (0..=255u8).flat_map(|c| vec![c, c.wrapping_mul(7), c ^ i as u8]).collect::<Vec<_>>(),
            None,
        );
        frame.delay = 10;
        frame
    };
    let file = gif_of((160, 120), &[], Repeat::Infinite, &(0..6).map(frame).collect::<Vec<_>>());
    let bench = Bench::new();
    let plain = bench.draw(&file, "");
    let drawn = bench.draw(&file, "middle_text=HI&from=0.2&to=0.4");
    let (before, after) = (play(&plain), play(&drawn));
    for index in 0..6 {
        let is_same = before.frames[index] == after.frames[index];
        let same_codes = frames_in(&plain)[index] == frames_in(&drawn)[index];
        assert_eq!(
            (is_same, same_codes),
            if index == 2 || index == 3 { (false, false) } else { (true, true) }
        );
    }
}

#[test]
fn the_animations_that_are_shipped_are_timed() {
    let captioner = Captioner::new(Settings::default());
    let captions = [timed("WAIT", [5, 2, 90, 30], "", "40%"), timed("NOW", [5, 60, 90, 38], "40%", "90%")];
    for name in ["deal-with-it", "dramatic-raccoon"] {
        for size in ["", "&width=150"] {
            let plain = play(&draw(&captioner, &format!("template={}{}", name, size)));
            let query = query_of(captions.iter(), true);
            let drawn = draw(&captioner, &format!("template={}{}&{}&{}", name, size, query, LOOK));
            assert_timed(name, &plain, &play(&drawn), &captions, 12.0);
        }
    }
}

#[test]
fn a_color_comes_back_on_a_frame_in_which_its_index_is_transparent() {
    let grays: Vec<u8> = (0..=255u8).flat_map(|level| vec![level; 3]).collect();
    for palette in [COLORS, &grays] {
        // The text stands on entry 2, and that is transparent in the next frame.
        let mut ground = blocks(WHOLE, 0, false, DisposalMethod::Keep);
        ground.buffer.to_mut().fill(2);
        ground.buffer.to_mut()[..palette.len() / 3]
            .copy_from_slice(&(0..=255).collect::<Vec<_>>()[..palette.len() / 3]);
        let mut delta = blocks([0, 0, 9, 9], 1, false, DisposalMethod::Keep);
        delta.transparent = Some(2);
        ground.delay = 10;
        delta.delay = 10;
        let file = gif_of(SIZE, palette, Repeat::Infinite, &[ground, delta]);
        let captions = [timed("HI", [10, 20, 60, 60], "", "50%")];
        let drawn = Bench::new().draw(&file, &query_of(captions.iter(), true));
        assert_timed(
            "hidden",
            &play(&file),
            &play(&drawn),
            &captions,
            if palette.len() < 99 { 0.0 } else { 2.0 },
        );
    }
}

#[test]
fn text_over_nothing_is_gone_again() {
    // A sticker whose frames stay: what they leave free is transparent, and no frame can paint it so.
    let frame = |i: u16| Frame { delay: 10, ..blocks([10 * i, 40, 10, 20], i, false, DisposalMethod::Keep) };
    let file = gif_of(SIZE, COLORS, Repeat::Infinite, &(0..6).map(frame).collect::<Vec<_>>());
    let captions = [timed("HI", [10, 10, 60, 60], "0.1", "0.4")];
    let drawn = Bench::new().draw(&file, &query_of(captions.iter(), true));
    assert_timed("a sticker", &play(&file), &play(&drawn), &captions, 0.0);
    let plain = Bench::new().draw(&file, "");
    let (plain, drawn) = (frames_in(&plain), frames_in(&drawn));
    let same: Vec<_> = (0..6).filter(|&index| plain[index] == drawn[index]).collect();
    // The text stays while the third paints. The fourth is cleared, so the fifth paints everything again.
    assert_eq!(same, [0, 2, 5]);
}
