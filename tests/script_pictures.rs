//! Tests text of all scripts on pictures: what is lent, joined, dropped or shown as something else, spaces and hyphens,
//! emoji, and text on banners and pillars.

use std::collections::HashSet;
use std::time::Instant;

use image::RgbaImage;
use memed::captioner::Cancel;
use serde_json::json;

use picture_util::{asked, decoded, Plain};
use util::{escaped, Program};

/// White letters on black, without an outline, at a size that is the same in all pictures.
fn letters(plain: &Plain, text: &str) -> RgbaImage {
    plain.with(&format!("middle_text={}&outline=none&size=40", escaped(text)))
}

fn width_of(plain: &Plain, text: &str) -> u32 {
    plain.ink(&format!("middle_text={}&outline=none&size=40", escaped(text))).width()
}

// ===== What is shown =====

#[test]
fn letters_of_arabic_are_joined() {
    let plain = Plain::black(800, 100);
    let word = width_of(&plain, "سلام");
    let letters: u32 = "سلام".chars().map(|letter| width_of(&plain, &letter.to_string())).sum();
    assert!(word * 10 < letters * 8, "{} of {}", word, letters);
}

#[test]
fn no_script_that_a_font_lends_is_a_box() {
    let plain = Plain::black(800, 100);
    // In no font: each of them is the box.
    let box_of_anton = letters(&plain, "\u{10fffd}");
    for letter in "ŻжψשعदবਗગଗதగಗഗගกກខကგԳሀᏣᐊށཀᠮ你あ한☃★♥✓∞𝓢😀".chars()
    {
        assert!(letters(&plain, &letter.to_string()) != box_of_anton, "{}", letter);
    }
}

#[test]
fn what_no_font_has_is_shown_in_its_compatibility_form() {
    let plain = Plain::black(400, 100);
    for &(character, form) in
        &[("\u{fe15}", "!"), ("\u{fe60}", "&"), ("x\u{a7f2}y", "xCy"), ("\u{fe19}", "...")]
    {
        assert!(letters(&plain, character) == letters(&plain, form), "{:?}", character);
    }
}

#[test]
fn a_mark_that_no_font_has_is_dropped_and_a_cluster_is_one_box_at_most() {
    let plain = Plain::black(400, 100);
    assert!(letters(&plain, "a\u{1e8d0}b") == letters(&plain, "ab"));
    let unknown = letters(&plain, "\u{10fffd}");
    assert!(letters(&plain, "\u{10fffd}\u{1e8d0}\u{1e8d1}") == unknown);
}

#[test]
fn a_word_in_another_script_does_not_change_the_font_of_its_neighbour() {
    let plain = Plain::black(800, 100);
    // The right part of the picture is the word, in the caption's own font.
    let both = plain.ink("top_text=你iPhone&outline=none&size=40&align=left");
    let own = plain.ink("top_text=iPhone&outline=none&size=40&align=left");
    let ideograph = plain.ink("top_text=你&outline=none&size=40&align=left");
    assert!(both.width().abs_diff(own.width() + ideograph.width()) < 10, "{:?} {:?}", both, own);
}

// ===== Spaces, hyphens, lines =====

#[test]
fn spaces_that_a_font_lacks_have_their_own_widths() {
    let plain = Plain::black(400, 100);
    let none = width_of(&plain, "||");
    let em = |space: &str| f64::from(width_of(&plain, &format!("|{}|", space)) - none) / 40.0;
    for &(space, least, most) in
        &[("\u{3164}", 0.1, 0.4), ("\u{2009}", 0.1, 0.25), ("\u{202f}", 0.05, 0.3), ("\u{3000}", 0.9, 1.1)]
    {
        assert!(em(space) >= least && em(space) <= most, "{:?}: {}", space, em(space));
    }
    // And they are no boxes.
    let picture = letters(&plain, "|\u{3000}|");
    let lit = |x: u32| (0..100).any(|y| picture[(x, y)].0[0] > 128);
    let runs: Vec<bool> =
        (0..400).map(lit).collect::<Vec<_>>().chunk_by(|a, b| a == b).map(|run| run[0]).collect();
    assert_eq!(runs.iter().filter(|&&is_lit| is_lit).count(), 2);
}

#[test]
fn a_soft_hyphen_is_seen_only_where_a_line_ends() {
    let plain = Plain::black(400, 100);
    assert!(letters(&plain, "super\u{ad}man") == letters(&plain, "superman"));
    let narrow = Plain::black(120, 200);
    assert!(letters(&narrow, "super\u{ad}man") == letters(&narrow, "super\u{2010}\nman"));
    assert!(letters(&narrow, "super man") == letters(&narrow, "super\nman"));
}

#[test]
fn a_ligature_hides_no_soft_hyphen_and_a_word_that_fits_is_not_broken_at_one() {
    let plain = Plain::black(200, 300);
    let at_60 = |text: &str| plain.with(&format!("middle_text={}&outline=none&size=60", escaped(text)));
    assert!(at_60("auf\u{ad}fallend") == at_60("auf\u{2010}\nfallend"));
    // A part that is too long is split, and the others are broken at their hyphens all the same.
    let tall = Plain::black(200, 600);
    let at_40 = |text: &str| tall.with(&format!("middle_text={}&outline=none&size=40", escaped(text)));
    let written = at_40("gesellschafts\u{ad}kapitäns\u{ad}patent");
    assert!(written == at_40("gesellschaf\ntskapitäns\u{2010}\npatent"));
    // The rest of the word is narrower than a hyphen.
    let fitting = "W".repeat(19);
    let wide = Plain::black(1024, 200);
    let lines = |text: &str| wide.lines(&format!("middle_text={}&outline=none&size=70", escaped(text))).len();
    assert_eq!((lines(&format!("{}i", fitting)), lines(&format!("{}\u{ad}i", fitting))), (1, 1));
}

#[test]
fn a_word_with_a_soft_hyphen_is_in_one_font() {
    let plain = Plain::black(600, 100);
    assert!(letters(&plain, "π\u{ad}αράδειγμα") == letters(&plain, "παράδειγμα"));
}

#[test]
fn ink_of_an_inner_letter_does_not_leave_the_picture() {
    let plain = Plain::black(1024, 300);
    for text in &["Wi\u{361}l", ".i\u{489}i\u{489}i\u{489}.", "l\u{361}iW"] {
        for align in &["left", "right"] {
            let ink = plain.ink(&format!("top_text={}&align={}&outline=none", escaped(text), align));
            assert!(ink.left >= 5 && ink.right < 1019, "{} {} {:?}", text, align, ink);
        }
    }
}

#[test]
fn hyphens_that_are_higher_than_the_text_keep_to_the_share_of_the_caption() {
    let plain = Plain::black(400, 300);
    let text = format!("{}\u{ad}", "_".repeat(10)).repeat(7);
    let ink = plain.ink(&format!("top_text={}&outline=none", escaped(&text)));
    assert!(ink.bottom < 300 * 36 / 100 + 8, "{:?}", ink);
}

#[test]
fn blank_lines_at_the_ends_are_left_out_and_no_break_spaces_are_kept() {
    let plain = Plain::black(300, 200);
    let query = |text: &str| format!("top_text={}&align=left&outline=none&size=20", escaped(text));
    assert!(plain.with(&query("\n \na\n\n")) == plain.with(&query("a")));
    let plainly = plain.ink(&query("a\nb"));
    let indented = plain.ink(&query("\u{a0}\u{a0}a\nb"));
    assert_eq!(plainly.left, indented.left);
    assert!(plain.ink(&query("\u{a0}\u{a0}a")).left >= plain.ink(&query("a")).left + 5);
}

#[test]
fn thai_is_broken_between_words() {
    let plain = Plain::black(130, 300);
    // Two words, in a room for one.
    assert!(letters(&plain, "สวัสดีชาวโลก") == letters(&plain, "สวัสดี\nชาวโลก"));
}

#[test]
fn a_paragraph_runs_as_its_first_strong_letter_does_and_left_stays_left() {
    let plain = Plain::black(400, 100);
    let query = |text: &str| format!("top_text={}&align=left&outline=none&size=30", escaped(text));
    let hebrew = plain.ink(&query("שלום"));
    assert!(hebrew.left < 10 && hebrew.right < 200, "{:?}", hebrew);
    // The period comes last: on the left of Hebrew, on the right of Latin.
    assert!(letters(&plain, "אב.") == letters(&plain, "\u{200f}אב."));
    assert!(letters(&plain, "אב.") != letters(&plain, "\u{200e}אב."));
}

// ===== Shapes of pictures =====

#[test]
fn a_word_on_a_pillar_is_not_split() {
    for &(width, height) in &[(300, 1200), (50, 2000), (100, 400)] {
        let plain = Plain::black(width, height);
        for word in &["understand", "HELLO", "comprehension"] {
            let lines = plain.lines(&format!("top_text={}&outline=none&font=BebasNeue", word));
            assert_eq!(lines.len(), 1, "{} on {} x {}", word, width, height);
        }
    }
}

#[test]
fn text_on_a_banner_fills_it() {
    for &(width, height) in &[(728, 90), (468, 60), (970, 250), (1500, 500)] {
        let plain = Plain::black(width, height);
        let both = "top_text=BUY NOW&bottom_text=OR NEVER&outline=none";
        let lines = plain.lines(both);
        assert_eq!(lines.len(), 2, "{:?}", lines);
        for (top, bottom) in lines {
            assert!((bottom - top) * 6 >= height, "{} of {}", bottom - top, height);
        }
        let ink = plain.ink(both);
        assert!(ink.top > 0 && ink.bottom < height - 1 && ink.left > 0, "{:?}", ink);
    }
}

#[test]
fn a_word_is_split_only_where_it_could_not_be_read() {
    let plain = Plain::black(1024, 768);
    let lines = |length: usize| plain.lines(&format!("top_text={}&outline=none", "M".repeat(length))).len();
    assert_eq!(lines(40), 1);
    assert!(lines(256) > 1);
}

#[test]
fn a_text_that_is_too_long_to_be_read_comes_with_a_warning() {
    let program = Program::start(&[]);
    let mut client = program.connect();
    let long = "word ".repeat(51);
    let target = format!("/caption?template=cat&width=100&top_text={}", escaped(&long));
    for _ in 0..2 {
        // Drawn, then from the cache.
        let response = client.get(&target);
        assert_eq!(response.status, 200);
        assert_eq!(response.headers["memed-warning"], "too much text to be read in caption 1");
    }
    // The last one is too small for any text.
    for target in &["top_text=hi", "top_text=hi&size=4", "top_text=HI&width=50"] {
        let target = &format!("/caption?template=cat&{}", target);
        assert!(!client.get(target).headers.contains_key("memed-warning"), "{}", target);
    }
}

// ===== Emoji =====

#[test]
fn emoji_are_in_color_and_the_outline_goes_round_them() {
    let plain = Plain::new(300, 200, [0, 0, 255, 255]);
    let query = |outline: &str| format!("middle_text={}&size=100&outline={}", escaped("👍🏽"), outline);
    let bare = plain.with(&query("none"));
    let skin = bare.pixels().filter(|pixel| pixel.0[0] > 150 && pixel.0[2] < 120).count();
    assert!(skin > 500, "{}", skin);
    let (small, large) = (plain.ink(&query("none")), plain.ink(&query("lime")));
    let grown = [
        small.left - large.left,
        small.top - large.top,
        large.right - small.right,
        large.bottom - small.bottom,
    ];
    assert!(grown.iter().all(|&by| (4..9).contains(&by)), "{:?}", grown);
}

#[test]
fn a_variation_selector_chooses_between_letter_and_picture() {
    let plain = Plain::black(300, 200);
    let is_in_color = |text: &str| letters(&plain, text).pixels().any(|pixel| pixel.0[0] != pixel.0[2]);
    assert!(is_in_color("❤\u{fe0f}") && !is_in_color("❤") && !is_in_color("❤\u{fe0e}"));
    assert!(is_in_color("a🅰\u{fe0f}b") && !is_in_color("😀\u{fe0e}"));
    assert!(letters(&plain, "1\u{20e3}") == letters(&plain, "1\u{fe0f}\u{20e3}"));
    assert!(is_in_color("😀") && is_in_color("1\u{fe0f}\u{20e3}") && !is_in_color("1"));
}

#[test]
fn emoji_in_an_animation_have_nearly_their_colors() {
    let plain = Plain::new(300, 200, [90, 120, 60, 255]);
    let picture = |format: &str| {
        let query = format!("template=plain&middle_text={}&size=100&format={}", escaped("😀🔥💀"), format);
        decoded(&plain.captioner.caption(&asked(&query), &Cancel::new()).unwrap().bytes)
    };
    let (png, gif) = (picture("png"), picture("gif"));
    let difference = |a: &RgbaImage, b: &RgbaImage| {
        let pixels = a.pixels().zip(b.pixels());
        let sum: u64 =
            pixels.map(|(a, b)| (0..3).map(|i| u64::from(a.0[i].abs_diff(b.0[i]))).sum::<u64>()).sum();
        sum as f64 / f64::from(300 * 200 * 3)
    };
    assert!(difference(&png, &gif) < 3.0, "{}", difference(&png, &gif));
}

// ===== Hostile texts =====

#[test]
fn every_character_of_unicode_can_be_drawn() {
    let plain = Plain::black(64, 64);
    let characters: Vec<char> = (1..=0x10_ffff).filter_map(char::from_u32).collect();
    let start = Instant::now();
    for text in characters.chunks(256 * 16) {
        let captions: Vec<_> = text
            .chunks(256)
            .map(|text| text.iter().collect::<String>())
            .filter(|text| !text.trim().is_empty())
            .map(|text| json!({ "text": text, "valign": "top" }))
            .collect();
        let request = json!({ "template": "plain", "captions": captions }).to_string();
        // Some of it is refused: too long in NFC, or blank.
        if let Ok(image_macro) = ::memed::image_macro::from_json(request.as_bytes()) {
            plain.captioner.caption(&image_macro, &Cancel::new()).unwrap();
        }
    }
    assert!(start.elapsed().as_secs() < 300);
}

#[test]
fn repeated_marks_joiners_and_embeddings_are_drawn() {
    let plain = Plain::black(300, 200);
    let texts: HashSet<String> =
        ["\u{301}", "\u{200d}", "👨\u{200d}", "\u{202b}a\u{202a}", "\u{2068}א", "\u{fe0f}", "ك", "\u{1ee01}"]
            .iter()
            .map(|part| format!("a{}", part.repeat(250 / part.chars().count())))
            .collect();
    for text in &texts {
        plain.with(&format!("top_text={}", escaped(text)));
    }
}
