//! Properties of captions with a time, on random animations.

use gif::DisposalMethod;
use proptest::collection::vec;
use proptest::prelude::{prop_oneof, Just};
use proptest::sample::select;
use proptest::strategy::Strategy;

use super::check;
use super::templates::{animations, Animated};
use gif_oracle::{play, Bench};
use timing_pictures::{
    assert_timed, assert_timed_but_for_edges, frames_in, is_bare, on_frames, query_of, Timed,
};

/// A time that is not refused.
fn times() -> impl Strategy<Value = (String, String)> {
    let percentages = (0..100u32, 1..=100u32)
        .prop_map(|(from, length)| (format!("{}%", from), format!("{}%", (from + length).min(100))));
    // The delays are hundredths of a second, and minutes.
    let lengths = prop_oneof![3 => 1..40u32, 1 => 1..100_000u32];
    let seconds = (prop_oneof![3 => 0..40u32, 1 => 0..200_000u32], lengths).prop_map(|(from, length)| {
        let second = |hundredths: u32| format!("{}.{:02}", hundredths / 100, hundredths % 100);
        (second(from), second(from + length))
    });
    let open = (0..100u32).prop_map(|from| (format!("{}%", from), String::new()));
    prop_oneof![3 => percentages, 3 => seconds, 1 => open, 1 => Just((String::new(), String::new()))]
}

fn captions() -> impl Strategy<Value = Vec<Timed>> {
    let side = || (0..80u32, 15..100u32).prop_map(|(start, length)| (start, length.min(100 - start)));
    let caption = (select(&["HI", "O", "two words", "\u{41f}\u{440}"][..]), side(), side(), times());
    let caption = caption.prop_map(|(text, (left, width), (top, height), (from, to))| Timed {
        text,
        place: [left, top, width.min(99), height.min(99)],
        from,
        to,
    });
    vec(caption, 1..4)
}

#[test]
fn captions_are_on_the_frames_of_their_time_and_nowhere_else() {
    let bench = Bench::new();
    check(400, &(animations(), captions()), |(animated, mut captions)| {
        captions.truncate(if animated.is_full { 1 } else { 4 });
        let tolerance = if animated.is_full { 6.0 } else { 0.0 };
        let file = animated.with_one_table().file();
        let drawn = bench.draw(&file, &query_of(captions.iter(), true));
        assert_timed("it", &play(&file), &play(&drawn), &captions, tolerance);
    });
}

#[test]
fn what_a_caption_leaves_is_the_template_s_again_whatever_the_color_tables() {
    let bench = Bench::new();
    check(200, &(animations(), captions()), |(animated, captions): (Animated, _)| {
        let file = Animated { is_full: false, ..animated }.file();
        let drawn = bench.draw(&file, &query_of(captions.iter(), true));
        assert_timed_but_for_edges("it", &play(&file), &play(&drawn), &captions);
    });
}

#[test]
fn frames_that_neither_have_text_nor_follow_one_keep_their_bytes_in_each_timing() {
    let bench = Bench::new();
    check(200, &(animations(), captions()), |(animated, captions): (Animated, Vec<Timed>)| {
        let animated = Animated { is_full: false, ..animated };
        let file = animated.file();
        let plain = bench.draw(&file, "");
        let drawn = bench.draw(&file, &query_of(captions.iter(), true));
        let on = on_frames(&play(&file).delays, &captions);
        let disposals: Vec<DisposalMethod> = animated.disposals();
        let (plain, drawn) = (frames_in(&plain), frames_in(&drawn));
        for (index, _) in is_bare(&disposals, &on).into_iter().enumerate().filter(|frame| frame.1) {
            assert!(plain[index] == drawn[index], "frame {} of {:?}", index, on);
        }
    });
}
