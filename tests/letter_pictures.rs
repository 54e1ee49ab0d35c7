//! Tests the look of letters: colors, outlines, fonts, and letters that a font lacks.

use std::collections::HashSet;

use image::{Rgba, RgbaImage};
use memed::captioner::{Captioner, Settings};

use picture_util::{draw, has_color, Plain};
use util::escaped;

const FONTS: &[&str] = &["Anton", "BebasNeue", "ComicNeue", "DejaVuSans", "PermanentMarker"];

fn text(text: &str) -> String {
    format!("top_text={}", escaped(text))
}

#[test]
fn letters_and_outlines_have_exactly_their_colors() {
    let plain = Plain::new(400, 300, [128, 128, 128, 255]);
    for &(fill, outline) in
        &[([255, 255, 255], [0, 0, 0]), ([0, 255, 1], [254, 0, 200]), ([77, 78, 79], [3, 2, 1])]
    {
        let hex = |color: [u8; 3]| format!("0x{:02x}{:02x}{:02x}", color[0], color[1], color[2]);
        let query = format!("top_text={}&color={}", "HI", hex(fill));
        let outlined = plain.with(&format!("{}&outline={}", query, hex(outline)));
        assert!(has_color(&outlined, fill) && has_color(&outlined, outline));
        let bare = plain.with(&format!("{}&outline=none", query));
        assert!(has_color(&bare, fill) && !has_color(&bare, outline));
        let colors = |picture: &RgbaImage| picture.pixels().map(|pixel| pixel.0).collect::<HashSet<_>>();
        // On both sides of an edge there are many shades between the two colors.
        assert!(colors(&bare).len() > 10 && colors(&outlined).len() > 20, "{}", colors(&bare).len());
        let between = |value: u8, a: u8, b: u8| value >= a.min(b) && value <= a.max(b);
        for pixel in colors(&bare) {
            assert!((0..3).all(|i| between(pixel[i], fill[i], 128)), "{:?}", pixel);
        }
    }
    let default = plain.with("top_text=HI");
    assert!(default == plain.with("top_text=HI&color=white&outline=black"));
}

#[test]
fn most_of_a_large_letter_is_solid() {
    let plain = Plain::black(400, 400);
    let picture = plain.with("middle_text=I&outline=none&size=300");
    let ink = plain.ink("middle_text=I&outline=none&size=300");
    let solid = picture.pixels().filter(|pixel| pixel.0 == [255; 4]).count() as u32;
    assert!(solid * 10 > ink.width() * ink.height() * 8, "{} of {:?}", solid, ink);
}

#[test]
fn an_outline_goes_all_the_way_round() {
    let plain = Plain::new(300, 300, [128, 128, 128, 255]);
    let bare = plain.ink("middle_text=HI&size=150&outline=none");
    let outlined = plain.ink("middle_text=HI&size=150&outline=red");
    let grown = [
        bare.left - outlined.left,
        bare.top - outlined.top,
        outlined.right - bare.right,
        outlined.bottom - bare.bottom,
    ];
    assert!(grown.iter().all(|&by| (7..12).contains(&by)), "{:?}", grown);
    let picture = plain.with("middle_text=HI&size=150&outline=red");
    for (x, y, pixel) in picture.enumerate_pixels().filter(|pixel| pixel.2 .0 == [255; 4]) {
        for &(dx, dy) in &[(-1i32, 0i32), (1, 0), (0, -1), (0, 1)] {
            let next = picture[((x as i32 + dx) as u32, (y as i32 + dy) as u32)];
            assert_ne!(next.0, [128, 128, 128, 255], "{:?} at {} {} stands on the picture", pixel, x, y);
        }
    }
}

#[test]
fn every_font_looks_different() {
    let captioner = Captioner::new(Settings::default());
    let pictures: HashSet<Vec<u8>> = FONTS
        .iter()
        .map(|font| draw(&captioner, &format!("template=cat&top_text=Hamburg&font={}", font)))
        .collect();
    assert_eq!(pictures.len(), FONTS.len());
}

#[test]
fn a_letter_and_its_accent_are_one_letter() {
    let plain = Plain::black(200, 100);
    for font in FONTS {
        let query = |written: &str| format!("{}&font={}", text(written), font);
        let composed = plain.with(&query("caf\u{e9} \u{c5}"));
        assert!(composed == plain.with(&query("cafe\u{301} A\u{30a}")), "{}", font);
        assert!(composed != plain.with(&query("cafe A")), "{}", font);
    }
}

#[test]
fn letters_that_a_font_lacks_come_from_another() {
    let plain = Plain::black(400, 200);
    // A private character, which no font has: its box.
    let boxes = |letters: &str| "\u{e123}".repeat(letters.chars().count());
    for letters in &["\u{416}\u{428}\u{42f}", "\u{39e}\u{3a8}\u{3a9}", "\u{5d0}\u{5d1}", "\u{2603}"] {
        for font in FONTS {
            let query = |written: &str| format!("{}&font={}&outline=none", text(written), font);
            let drawn = plain.with(&query(letters));
            assert!(drawn != plain.image, "{} {}", font, letters);
            assert!(drawn != plain.with(&query(&boxes(letters))), "{} {}", font, letters);
        }
    }
    let mixed = plain.with(&text("HI \u{416}"));
    assert!(mixed != plain.with(&text("HI \u{428}")));
}

#[test]
fn letters_that_every_font_lacks_do_not_fail() {
    let plain = Plain::black(200, 100);
    let emoji = "\u{1f600}\u{1f469}\u{200d}\u{1f680}";
    for written in &[emoji, "\u{e2a}\u{e27}\u{e31}\u{e2a}\u{e14}\u{e35}", "\u{6f22}\u{5b57}", "\u{10ffff}"] {
        for font in FONTS {
            plain.with(&format!("{}&font={}", text(written), font));
        }
    }
    assert!(plain.with(&text(&format!("HI {}", emoji))) != plain.with("top_text=HI"));
}

#[test]
fn marks_that_steer_other_letters_draw_nothing() {
    let plain = Plain::black(300, 100);
    for font in FONTS {
        let query = |written: &str| format!("{}&font={}", text(written), font);
        let bare = plain.with(&query("AVAIL"));
        for mark in
            &["\u{200d}", "\u{200c}", "\u{fe0f}", "\u{fe0e}", "\u{2060}", "\u{200e}", "\u{feff}", "\u{e0041}"]
        {
            let marked = plain.with(&query(&format!("{0}A{0}VAIL{0}", mark)));
            assert!(marked == bare, "{} {:?}", font, mark);
        }
    }
    // Nothing to be seen at all, and yet a caption.
    assert!(plain.with(&text("\u{200d}\u{fe0f}")) == plain.image);
}

#[test]
fn transparency_stays_but_under_the_letters() {
    let text = "top_text=HI&bottom_text=THERE&color=lime&outline=blue";
    let (black, white) = (Plain::black(300, 200), Plain::new(300, 200, [255; 4]));
    let (on_black, on_white) = (black.with(text), white.with(text));
    for &under in &[[0, 0, 0, 0], [200, 100, 50, 128], [9, 9, 9, 254]] {
        let plain = Plain::new(300, 200, under);
        assert!(plain.with("") == plain.image);
        let mut solid = 0;
        for (x, y, pixel) in plain.with(text).enumerate_pixels() {
            let (dark, light) = (on_black[(x, y)], on_white[(x, y)]);
            if dark == light {
                assert_eq!(*pixel, dark, "solid ink at {} {}", x, y);
                solid += 1;
            } else if dark == Rgba([0, 0, 0, 255]) && light == Rgba([255; 4]) {
                assert_eq!(pixel.0, under, "no ink at {} {}", x, y);
            } else {
                assert!(pixel[3] >= under[3], "ink makes nothing more transparent");
            }
        }
        assert!(solid > 1000, "{}", solid);
    }
}

#[test]
fn text_that_runs_from_right_to_left_is_in_its_order() {
    let plain = Plain::new(500, 100, [128, 128, 128, 255]);
    let look = |text: &str| plain.with(&format!("middle_text={}&font=DejaVuSans&size=40", escaped(text)));
    // A left-to-right override shows characters as they come: so this is what is to be seen, from the left.
    let seen = |characters: &str| look(&format!("\u{202d}{}\u{202c}", characters));
    assert!(look("\u{5e9}\u{5dc}\u{5d5}\u{5dd}") == seen("\u{5dd}\u{5d5}\u{5dc}\u{5e9}"));
    // Brackets turn round, and numbers keep their own order.
    assert!(look("(\u{5e9}\u{5dc})") == seen("(\u{5dc}\u{5e9})"));
    assert!(look("\u{5e9}\u{5dc} 123") == seen("123 \u{5dc}\u{5e9}"));
    // What runs from left to right is as it was.
    assert!(look("A(b) 1") == seen("A(b) 1"));
}
