//! Tests the text rooms against Unicode's own test files. They are in `tests/unicode`.

use std::collections::HashMap;

use unicode_bidi::Level;

use captioner::cancel::Cancel;
use captioner::lettering::{Lettering, Places};
use captioner::text::emoji::is_emoji;
use captioner::text::font_set::FontSet;
use captioner::text::fonts::Fonts;
use captioner::text::line_breaks::LineBreaks;
use captioner::text::measure::Measured;
use captioner::text::shape::Itemized;
use image_macro::{Caption, Look, Spot, TemplateNotes, VAlign};

/// A caption with that text.
pub fn caption(text: &str) -> Lettering {
    let look = Look { outline: Some(None), ..Look::default() };
    let caption = Caption { text: text.to_string(), spot: Spot::Band(VAlign::Top), look };
    Places::of_own(&TemplateNotes::default()).letterings(&[caption], None).unwrap().remove(0)
}

/// Calls `test` with each text and the fonts for it.
pub fn with_fonts<F: FnMut(&Lettering, &FontSet)>(text: &str, mut test: F) {
    let fonts = Fonts::new(None, 64 << 20);
    with(&fonts, text, &mut test);
}

fn with<F: FnMut(&Lettering, &FontSet)>(fonts: &Fonts, text: &str, test: &mut F) {
    let caption = caption(text);
    let cancel = Cancel::new();
    let set = FontSet::load(fonts, std::slice::from_ref(&caption), &cancel).unwrap();
    test(&caption, &set);
}

fn lines(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn character(hexadecimal: &str) -> char {
    let number = u32::from_str_radix(hexadecimal, 16).unwrap();
    // Surrogates are not characters in Rust; no rule of these tests looks at this one.
    char::from_u32(number).unwrap_or('\u{fffd}')
}

/// A text of `÷ 0020 × 0308 ÷ 000A ÷`, and the places in it, in bytes, that may be broken.
fn broken(line: &str) -> (String, Vec<usize>) {
    let (mut text, mut breaks) = (String::new(), Vec::new());
    for part in line.split_whitespace() {
        match part {
            "÷" => breaks.push(text.len()),
            "×" => {}
            number => text.push(character(number)),
        }
    }
    (text, breaks)
}

#[test]
fn grapheme_clusters_are_those_of_unicode() {
    let fonts = Fonts::new(None, 64 << 20);
    let mut count = 0;
    for line in lines(include_str!("../../../tests/unicode/GraphemeBreakTest.txt")) {
        let (text, breaks) = broken(line);
        with(&fonts, &text, &mut |caption, set| {
            let choices = set.choose(set.named(&caption.font), &text);
            let mut ends = vec![0];
            ends.extend(choices.iter().map(|choice| choice.range.end));
            assert_eq!(ends, breaks, "{}", line);
        });
        count += 1;
    }
    assert_eq!(count, 766);
}

#[test]
fn every_emoji_of_unicode_is_one_cluster_and_one_picture() {
    let fonts = Fonts::new(None, 64 << 20);
    let mut count = 0;
    let mut wrong = Vec::new();
    for line in lines(include_str!("../../../tests/unicode/emoji-test.txt")) {
        let emoji: String = line.split_whitespace().map(character).collect();
        // Of one character, it is a letter unless it is a picture by default.
        if emoji.chars().count() == 1 && !is_emoji(&emoji) {
            continue;
        }
        with(&fonts, &emoji, &mut |caption, set| {
            let items = Itemized::new(&caption.text, set.named(&caption.font), set);
            let shaped = items.shape(0..emoji.len(), false);
            let glyphs: Vec<_> = shaped.clusters.iter().flat_map(|cluster| shaped.glyphs(cluster)).collect();
            let is_one = shaped.clusters.len() == 1 && glyphs.len() == 1;
            if !is_emoji(&emoji) || !is_one || glyphs[0].glyph.color_layers().is_empty() {
                wrong.push(format!("{} {} ({} glyphs)", line, emoji, glyphs.len()));
            }
        });
        count += 1;
    }
    assert!(wrong.is_empty(), "{} of {}: {:#?}", wrong.len(), count, wrong);
    assert!(count > 4500, "{}", count);
}

#[test]
fn lines_are_broken_where_unicode_allows_it() {
    let fonts = Fonts::new(None, 64 << 20);
    let mut wrong = HashMap::new();
    let mut count = 0;
    for line in lines(include_str!("../../../tests/unicode/LineBreakTest.txt")) {
        let (text, breaks) = broken(line);
        with(&fonts, &text, &mut |caption, set| {
            let measured = Measured::new(caption, set);
            let found = LineBreaks::of(&measured);
            let expected: Vec<usize> =
                breaks.iter().filter_map(|&byte| measured.cluster_at(byte)).filter(|&at| at > 0).collect();
            if found.places() != expected {
                wrong.insert(line, (found.places(), expected));
            }
        });
        count += 1;
    }
    assert!(wrong.is_empty(), "{} of {}: {:#?}", wrong.len(), count, wrong);
}

#[test]
fn levels_are_those_of_the_bidirectional_algorithm() {
    let fonts = Fonts::new(None, 64 << 20);
    let mut count = 0;
    for line in lines(include_str!("../../../tests/unicode/BidiCharacterTest.txt")) {
        let fields: Vec<&str> = line.split(';').collect();
        // The direction of the paragraph is given from outside, or by its first strong letter, as it always is here. A
        // mark of that direction before the text is as good as the former.
        let mark = match fields[1] {
            "0" => "\u{200e}",
            "1" => "\u{200f}",
            _ => "",
        };
        let text = mark.chars().chain(fields[0].split(' ').map(character)).collect::<String>();
        with(&fonts, &text, &mut |caption, set| {
            let items = Itemized::new(&caption.text, set.named(&caption.font), set);
            let levels = items.levels();
            let expected = fields[3].split(' ');
            for ((byte, _), expected) in text.char_indices().skip(mark.chars().count()).zip(expected) {
                // `x` is a mark that the algorithm removes.
                if let Ok(expected) = expected.parse::<u8>() {
                    let level = levels.iter().rev().find(|level| level.0 <= byte).unwrap().1;
                    assert_eq!(level, Level::new(expected).unwrap(), "{}", line);
                }
            }
        });
        count += 1;
    }
    assert!(count > 1000, "{}", count);
}
