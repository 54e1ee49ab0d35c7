//! Property: text that fits keeps away from the edge, and captions keep away from each other.

use proptest::collection::vec;
use proptest::prelude::{prop_oneof, Just};
use proptest::sample::select;
use proptest::strategy::Strategy;

use super::asked::{captions_of_sizes, query_of, Asked};
use super::check;
use picture_util::{changed, Plain};
use util::escaped;

/// Sides at which the margin is wider than the softness of an outline.
fn sides() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 100..=240u32, 1 => 240..=900u32]
}

fn fitting_captions() -> impl Strategy<Value = Vec<Asked>> {
    let fitting = || captions_of_sizes(Just("fit".to_string()));
    prop_oneof![6 => vec(fitting(), 1..4), 1 => vec(fitting(), 4..10)]
}

/// The captions with all of their ink in one color, where that is wanted, and in black elsewhere.
fn query_showing<F: Fn(&Asked) -> bool>(captions: &[Asked], is_shown: F) -> String {
    let shown: Vec<_> = captions
        .iter()
        .map(|asked| {
            let color = if is_shown(asked) { [255; 3] } else { [0; 3] };
            Asked { color, outline: asked.outline.map(|_| color), ..asked.clone() }
        })
        .collect();
    query_of(&shown)
}

fn assert_off_the_edge(plain: &Plain, query: &str) {
    if let Some(ink) = changed(&plain.image, &plain.with(query), 0) {
        let (width, height) = plain.image.dimensions();
        let is_inside = ink.left > 0 && ink.top > 0 && ink.right < width - 1 && ink.bottom < height - 1;
        assert!(is_inside, "{:?}", ink);
    }
}

#[test]
fn text_that_fits_keeps_off_the_edge() {
    check(500, &(sides(), sides(), fitting_captions()), |(width, height, captions)| {
        assert_off_the_edge(&Plain::black(width, height), &query_showing(&captions, |_| true));
    });
}

#[test]
fn emoji_keep_off_the_edge() {
    let pieces = vec!["😀", "👩\u{200d}🚀", "🇪🇺", "1\u{fe0f}\u{20e3}", "❤", " ", "HI", "\n"];
    let text = vec(select(pieces), 1..12).prop_map(|pieces| pieces.concat());
    let align = select(&["left", "center", "right"][..]);
    check(100, &(sides(), sides(), text, align), |(width, height, text, align)| {
        let query =
            format!("top_text={}&bottom_text=%F0%9F%94%A5&align={}&outline=white", escaped(&text), align);
        assert_off_the_edge(&Plain::black(width, height), &query);
    });
}

#[test]
fn outlined_text_keeps_off_the_edge_of_a_small_picture() {
    let query = "bottom_text=HI&font=ComicNeue&color=white&outline=white";
    assert_off_the_edge(&Plain::black(64, 64), query);
}

#[test]
fn marks_without_a_letter_keep_off_the_edge() {
    assert_off_the_edge(&Plain::black(64, 64), "top_text=\u{301}\u{308}&align=left&outline=none");
}

#[test]
fn marks_in_text_from_right_to_left_keep_off_the_edge() {
    let query = "top_text=\u{200f}x\u{301}\u{308}\u{1f600}&align=right&outline=none";
    assert_off_the_edge(&Plain::black(100, 100), query);
}

#[test]
fn captions_of_different_bands_have_no_row_in_common() {
    check(240, &(sides(), sides(), fitting_captions()), |(width, height, captions)| {
        let plain = Plain::black(width, height);
        let bands: Vec<_> = ["top", "middle", "bottom"]
            .iter()
            .filter_map(|&valign| {
                let picture = plain.with(&query_showing(&captions, |asked| asked.valign == valign));
                changed(&plain.image, &picture, 0)
            })
            .collect();
        for pair in bands.windows(2) {
            assert!(pair[0].bottom < pair[1].top, "{:?}", pair);
        }
    });
}
