//! Tests where text stands: bands and sides, sizes, lines, and that captions keep away from the edge and from each
//! other.

use std::time::{Duration, Instant};

use serde_json::{json, Value};

use picture_util::{changed, look_json, Bounds, Plain};
use util::escaped;

const FONTS: &[&str] = &["Anton", "BebasNeue", "ComicNeue", "DejaVuSans", "PermanentMarker"];
/// Words of a usual length, and no letter with loose parts.
const SENTENCE: &str = "ONE DOES NOT SIMPLY WALK INTO MORDOR";

fn text(field: &str, text: &str) -> String {
    format!("{}={}", field, escaped(text))
}

#[test]
fn the_band_and_the_side_are_the_ones_asked_for() {
    for &(width, height) in &[(400, 300), (300, 700), (900, 200)] {
        let plain = Plain::black(width, height);
        for &(valign, from, to) in &[("top", 0.0, 0.5), ("middle", 0.25, 0.75), ("bottom", 0.5, 1.0)] {
            for &halign in &["left", "center", "right"] {
                for &written in &["HI", SENTENCE] {
                    let field = format!("{}_text", valign);
                    let query = format!("{}&outline=none&align={}", text(&field, written), halign);
                    let ink = plain.ink(&query);
                    let (top, bottom) = (f64::from(ink.top), f64::from(ink.bottom));
                    let (from, to) = (f64::from(height) * from, f64::from(height) * to);
                    assert!(top >= from && bottom < to, "{} {:?}", query, ink);
                    // Before and after the letters a font leaves a little room of its own.
                    let near =
                        (f64::from(width.min(height)) * 0.025 + f64::from(ink.height()) * 0.12 + 1.0) as u32;
                    let (before, after) = (ink.left, width - 1 - ink.right);
                    match halign {
                        "left" => assert!(before <= near, "{} {:?}", query, ink),
                        "right" => assert!(after <= near, "{} {:?}", query, ink),
                        _ => assert!(before.abs_diff(after) <= 4, "{} {:?}", query, ink),
                    }
                }
            }
        }
        let middle = plain.ink("middle_text=HI");
        assert!(middle.top.abs_diff(height - 1 - middle.bottom) <= 3, "{:?}", middle);
    }
}

fn texts_of_all_lengths() -> Vec<String> {
    let spaced: String = "Two jumping foxes ".chars().cycle().take(256).collect();
    let unbroken: String = "WQjgÅy".chars().cycle().take(256).collect();
    let cut = |text: &str, length| text.chars().take(length).collect::<String>();
    let lengths = [1, 20, 100, 256];
    // More lines than that have letters of less than half a pixel on the lowest of these pictures.
    let lines = "A\n".repeat(64);
    let of_length = |&length: &usize| vec![cut(&spaced, length), cut(&unbroken, length)];
    lengths.iter().flat_map(of_length).chain(Some(lines)).collect()
}

/// The border is a pixel wide, where the design leaves a fortieth of the shorter side.
fn assert_untouched_border(plain: &Plain, query: &str) {
    let (width, height) = plain.image.dimensions();
    let ink = plain.ink(query);
    let is_inside = ink.left > 0 && ink.top > 0 && ink.right < width - 1 && ink.bottom < height - 1;
    assert!(is_inside, "{}x{} {}: {:?}", width, height, query, ink);
}

#[test]
fn text_that_fits_never_leaves_the_picture() {
    for &(width, height) in &[(100, 100), (600, 600), (600, 100), (100, 200)] {
        // No gray is left as it is by white letters or a black line.
        let plain = Plain::new(width, height, [128, 128, 128, 255]);
        for written in texts_of_all_lengths() {
            for &fields in &[&["bottom_text"][..], &["top_text", "middle_text", "bottom_text"]] {
                let captions: Vec<_> = fields.iter().map(|field| text(field, &written)).collect();
                for &halign in &["left", "right"] {
                    assert_untouched_border(&plain, &format!("{}&align={}", captions.join("&"), halign));
                }
            }
        }
    }
}

#[test]
fn a_single_wide_letter_that_fits_never_leaves_a_tall_picture() {
    let plain = Plain::new(100, 600, [128, 128, 128, 255]);
    for font in FONTS {
        for written in &["W", "W W", "Two W"] {
            assert_untouched_border(&plain, &format!("{}&font={}", text("top_text", written), font));
        }
    }
    assert_untouched_border(&Plain::new(100, 4096, [128, 128, 128, 255]), "top_text=T");
}

#[test]
fn letters_that_lean_out_of_their_advance_never_leave_the_picture() {
    let mut leaving = Vec::new();
    for &(width, height) in &[(100, 100), (600, 100)] {
        let plain = Plain::new(width, height, [128, 128, 128, 255]);
        for font in FONTS {
            for letter in (b'A'..b'z' + 1).map(char::from).filter(|letter| letter.is_alphabetic()) {
                for &halign in &["left", "right"] {
                    let query = format!("top_text={}&font={}&align={}", letter, font, halign);
                    let ink = plain.ink(&query);
                    if ink.left == 0 || ink.right == width - 1 {
                        leaving.push(format!("{}x{} {}", width, height, query));
                    }
                }
            }
        }
    }
    assert!(leaving.is_empty(), "{:#?}", leaving);
}

#[test]
fn text_that_fits_never_leaves_a_large_picture() {
    let texts = texts_of_all_lengths();
    for &(width, height) in &[(4096, 100), (300, 4096), (2000, 2000), (4096, 4096)] {
        let plain = Plain::new(width, height, [128, 128, 128, 255]);
        assert_untouched_border(&plain, &text("top_text", &texts[6]));
        if width < 4096 || height < 4096 {
            assert_untouched_border(&plain, &format!("{}&align=left", text("bottom_text", &texts[7])));
            assert_untouched_border(&plain, &format!("{}&align=right", text("middle_text", &texts[2])));
        }
    }
}

#[test]
fn text_that_fits_is_as_large_as_its_share_allows() {
    let plain = Plain::black(600, 400);
    let short = plain.ink("top_text=HI&outline=none");
    assert!(short.height() > 400 / 9, "{:?}", short);
    let long = plain.ink(&(text("top_text", &texts_of_all_lengths()[6]) + "&outline=none"));
    assert!(long.height() > 400 / 3 && long.width() > 600 * 4 / 5, "{:?}", long);
}

// ===== Many captions =====

/// The first and last row of the letters of each caption, all of them being drawn.
fn rows_of_each(plain: &Plain, captions: &[(&str, String)]) -> Vec<Bounds> {
    let only = |shown: Option<usize>| {
        let objects: Vec<Value> = captions
            .iter()
            .enumerate()
            .map(|(i, (valign, text))| {
                let color = if Some(i) == shown { "white" } else { "black" };
                json!({"valign": valign, "text": text, "color": color, "outline": "none"})
            })
            .collect();
        look_json(&plain.captioner, &json!({"template": "plain", "captions": objects}))
    };
    let none = only(None);
    assert!(none == plain.image, "black on black");
    (0..captions.len()).map(|i| changed(&none, &only(Some(i)), 0).expect("it has ink")).collect()
}

fn assert_disjoint(plain: &Plain, captions: &[(&str, String)]) {
    let rows = rows_of_each(plain, captions);
    for (i, a) in rows.iter().enumerate() {
        for b in &rows[..i] {
            let sentence = format!("{:?} of {:?}: {:?} and {:?}", plain.image.dimensions(), captions, b, a);
            assert!(a.top > b.bottom || b.top > a.bottom, "{}", sentence);
        }
    }
    assert!(rows.iter().all(|ink| ink.top > 0 && ink.bottom < plain.image.height() - 1), "{:?}", rows);
}

fn captions_of(valigns: &[&'static str], written: &str) -> Vec<(&'static str, String)> {
    valigns.iter().map(|valign| (*valign, written.to_string())).collect()
}

#[test]
fn captions_at_the_top_and_the_bottom_do_not_overlap() {
    for &(width, height) in &[(400, 400), (600, 150), (150, 600)] {
        let plain = Plain::black(width, height);
        for written in texts_of_all_lengths() {
            assert_disjoint(&plain, &captions_of(&["top", "bottom"], &written));
        }
    }
}

#[test]
fn three_captions_do_not_overlap() {
    for &(width, height) in &[(400, 400), (600, 150), (150, 600)] {
        let plain = Plain::black(width, height);
        for written in texts_of_all_lengths() {
            assert_disjoint(&plain, &captions_of(&["top", "middle", "bottom"], &written));
        }
    }
}

#[test]
fn captions_in_the_middle_and_one_other_band_do_not_overlap() {
    let plain = Plain::black(400, 400);
    for written in texts_of_all_lengths() {
        assert_disjoint(&plain, &captions_of(&["top", "middle"], &written));
        assert_disjoint(&plain, &captions_of(&["middle", "bottom"], &written));
    }
}

#[test]
fn sixteen_captions_in_one_band_are_all_there_and_do_not_overlap() {
    let plain = Plain::black(400, 400);
    for valign in &["top", "middle", "bottom"] {
        for written in &["HI", SENTENCE] {
            assert_disjoint(&plain, &captions_of(&[*valign; 16], written));
        }
    }
}

#[test]
fn sixteen_captions_in_many_bands_are_all_there_and_do_not_overlap() {
    let plain = Plain::black(400, 400);
    for written in &["HI", SENTENCE] {
        assert_disjoint(&plain, &captions_of(&[&["top"; 8][..], &["bottom"; 8]].concat(), written));
        let bands = [&["top"; 5][..], &["middle"; 6], &["bottom"; 5]].concat();
        assert_disjoint(&plain, &captions_of(&bands, written));
    }
}

#[test]
fn captions_of_one_band_stand_in_their_order() {
    let plain = Plain::black(300, 300);
    for &valign in &["top", "middle", "bottom"] {
        let rows = rows_of_each(&plain, &captions_of(&[valign; 3], "HI"));
        assert!(rows[0].bottom < rows[1].top && rows[1].bottom < rows[2].top, "{:?}", rows);
    }
}

// ===== Sizes and lines =====

#[test]
fn a_text_that_shrinks_is_one_line_no_wider_than_the_picture() {
    for &(width, height) in &[(400, 300), (300, 900), (900, 100)] {
        let plain = Plain::black(width, height);
        let heights: Vec<u32> = [SENTENCE, "HI", &SENTENCE.repeat(7)]
            .iter()
            .map(|written| {
                let query = text("top_text", written) + "&outline=none&size=shrink";
                let lines = plain.lines(&query);
                assert_eq!(lines.len(), 1, "{:?}", lines);
                let ink = plain.ink(&query);
                assert!(ink.left > 0 && ink.right < width - 1, "{:?}", ink);
                ink.height()
            })
            .collect();
        // Round letters reach a little farther than straight ones.
        assert!(heights[1] + 2 >= heights[0] && heights[0] > heights[2], "{:?}", heights);
    }
    let plain = Plain::black(400, 300);
    let query = text("top_text", SENTENCE);
    assert!(plain.lines(&format!("{}&outline=none", query)).len() > 1, "what fits is wrapped");
    let ink = plain.ink(&format!("{}&outline=none&size=shrink", query));
    assert!(ink.width() > 400 * 9 / 10, "it shrinks no more than it must: {:?}", ink);
    let two = plain.lines(&format!("{}&outline=none&size=shrink", text("top_text", "HI\nYOU")));
    assert_eq!(two.len(), 2, "it is broken where it says so");
}

#[test]
fn letters_grow_with_the_size_in_pixels() {
    let plain = Plain::black(800, 600);
    let height = |size: u32| {
        let ink = plain.ink(&format!("middle_text=H&outline=none&size={}", size));
        f64::from(ink.height())
    };
    let of_100 = height(100);
    // The capitals of a font of headlines are between two thirds of the em and the whole.
    assert!(of_100 > 60.0 && of_100 < 100.0, "{}", of_100);
    for &size in &[10, 25, 50, 200, 400, 512] {
        let expected = of_100 * f64::from(size) / 100.0;
        assert!((height(size) - expected).abs() <= 2.5, "{}: {} {}", size, height(size), expected);
    }
    let large = Plain::black(1600, 1200).ink("middle_text=H&outline=none&size=100");
    assert_eq!(f64::from(large.height()), of_100, "pixels are pixels on every picture");
}

#[test]
fn long_text_is_broken_between_words() {
    let plain = Plain::black(300, 450);
    let mut broken = 0;
    for &written in &[SENTENCE, "EXTRAORDINARILY A HI", "A EXTRAORDINARILY"] {
        let words: Vec<&str> = written.split(' ').collect();
        for size in (8..30).map(|pairs| pairs * 2) {
            let query = |written: &str| format!("{}&size={}", text("top_text", written), size);
            let is_one_line = |written: &str| plain.lines(&query(written)).len() == 1;
            if is_one_line(written) || !words.iter().all(|word| is_one_line(word)) {
                continue;
            }
            let wrapped = plain.with(&query(written));
            // Every way to break it by hand; 0 would leave it as it is.
            let is_broken_between_words = (1..1 << (words.len() - 1)).any(|breaks: u32| {
                let mut lines = words[0].to_string();
                for (i, word) in words.iter().enumerate().skip(1) {
                    lines.push(if breaks >> (i - 1) & 1 == 1 { '\n' } else { ' ' });
                    lines.push_str(word);
                }
                plain.with(&query(&lines)) == wrapped
            });
            assert!(is_broken_between_words, "{:?} at {}", written, size);
            broken += 1;
        }
    }
    assert!(broken > 10, "{}", broken);
}

#[test]
fn a_word_that_fits_is_not_broken_to_be_larger() {
    let plain = Plain::black(300, 600);
    assert_eq!(plain.lines("top_text=EXTRAORDINARILY&outline=none").len(), 1);
    assert_eq!(plain.lines("top_text=SO+EXTRAORDINARILY&outline=none").len(), 2);
    // This one would be unreadable otherwise.
    assert!(plain.lines(&(text("top_text", &"HO".repeat(128)) + "&outline=none")).len() > 2);
}

#[test]
fn a_word_wider_than_the_line_is_broken() {
    let plain = Plain::black(300, 900);
    let query = text("top_text", &"HO".repeat(20)) + "&outline=none&size=60";
    let ink = plain.ink(&query);
    assert!(ink.left > 0 && ink.right < 299, "{:?}", ink);
    assert!(plain.lines(&query).len() >= 3);
    // The same with other words around it.
    let query = text("top_text", &format!("OH {} OH", "HO".repeat(20))) + "&outline=none&size=60";
    let ink = plain.ink(&query);
    assert!(ink.left > 0 && ink.right < 299, "{:?}", ink);
}

#[test]
fn a_letter_wider_than_the_line_is_drawn_all_the_same_and_soon() {
    let begin = Instant::now();
    let plain = Plain::black(400, 400);
    for &width in &[1, 2, 20] {
        let written = "T".repeat(256);
        let query = format!("{}&size=512&outline=none&width={}", text("top_text", &written), width);
        let picture = plain.with(&query);
        assert_eq!(picture.dimensions(), (width, width));
        // The bar of the T lies at its top, across the whole picture.
        assert!(picture[(width / 2, width / 2)][0] > 200, "{:?}", picture[(width / 2, width / 2)]);
    }
    for &size in &["fit", "shrink", "0.0001", "1e-40", "512"] {
        let query = format!("width=1&top_text={0}&middle_text={0}&size={1}", "W".repeat(256), size);
        assert_eq!(plain.with(&query).dimensions(), (1, 1));
    }
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
}

#[test]
fn a_newline_ends_a_line_whoever_wrote_it() {
    let plain = Plain::black(400, 300);
    let query = |written: &str| format!("{}&outline=none&size=40", text("top_text", written));
    let lines = plain.lines(&query("HI\nYOU\nTHERE"));
    assert_eq!(lines.len(), 3, "{:?}", lines);
    let pitch = lines[1].0 - lines[0].0;
    assert!((lines[2].0 - lines[1].0).abs_diff(pitch) <= 1, "{:?}", lines);
    let pictures = ["A\nB", "A\r\nB", "A\rB", "A \n B", "A\nB\n", "A\nB\n\n "]
        .iter()
        .map(|text| plain.with(&query(text)));
    let pictures: Vec<_> = pictures.collect();
    assert!(pictures.iter().all(|picture| *picture == pictures[0]));
    let apart = plain.lines(&query("A\n\nB"));
    assert_eq!(apart.len(), 2);
    assert!((apart[1].0 - apart[0].0).abs_diff(2 * pitch) <= 2, "an empty line takes its room");
}
