//! Layout of captions in bars above and below the picture: a bar is as high as its text needs.

use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::lettering::{Lettering, LetteringSpot};
use captioner::text::fitting::{Fitting, Sizes};
use captioner::text::font_set::FontSet;
use captioner::text::placed::{Frame, PlacedCaption};

/// The largest size that `fit` and `shrink` choose, relative to the picture's width.
const LARGEST: f32 = 1.0 / 12.0;
/// The least that this is in pixels, on pictures that are wide enough for it.
const LARGEST_ON_SMALL: f32 = 12.0;
/// The least em at which no word is split, relative to the largest one.
const WHOLE_WORDS: f32 = 0.25;
/// The least em in pixels that can be read.
const LEGIBLE: f32 = 8.0;
/// The distance of the text from the left and right edge, relative to the largest em.
const BESIDE: f32 = 0.45;
/// The distance of the text from the upper and lower edge, likewise.
const ABOVE: f32 = 0.35;
/// A bar is no higher than the picture or than half of its width, unless that were so many pixels: a picture may be a
/// hundred thousand wide.
const MOST_PIXELS: f32 = 10e6;

/// A bar with its caption.
pub struct PlacedBar<'a> {
    /// Whether it is above the picture.
    pub is_above: bool,
    /// Its height in pixels.
    pub height: u32,
    /// Its text, in pixels of the bar.
    pub caption: PlacedCaption<'a>,
}

/// Lays out the captions in bars of a picture of that size in pixels. The height of the one above is a multiple of `step`.
///
/// # Errors
/// [`CaptionError::Cancelled`].
pub fn place<'a>(
    letterings: &[Lettering],
    fonts: &'a FontSet,
    size: (u32, u32),
    step: u32,
    cancel: &Cancel,
) -> Result<Vec<PlacedBar<'a>>, CaptionError> {
    let mut placed = Vec::new();
    for (index, lettering) in letterings.iter().enumerate() {
        let (is_above, step) = match lettering.spot {
            LetteringSpot::Above => (true, step),
            LetteringSpot::Below => (false, 1),
            LetteringSpot::Band(_) | LetteringSpot::Box(_) => continue,
        };
        cancel.check()?;
        let (height, caption) = in_bar(index, lettering, fonts, size, step);
        placed.push(PlacedBar { is_above, height, caption });
    }
    Ok(placed)
}

/// The height of a bar, and its text.
fn in_bar<'a>(
    index: usize,
    lettering: &Lettering,
    fonts: &'a FontSet,
    (width, height): (u32, u32),
    step: u32,
) -> (u32, PlacedCaption<'a>) {
    let (width, height) = (width as f32, height as f32);
    let largest = (width * LARGEST).max(LARGEST_ON_SMALL.min(width / 4.0));
    let most = height.max((width / 2.0).min(MOST_PIXELS / width)).floor().max(1.0);
    let (beside, above) = (largest * BESIDE, (largest * ABOVE).min(most / 4.0));
    let sizes = Sizes {
        largest,
        of_whole_words: LEGIBLE.max(largest * WHOLE_WORDS),
        // On a picture on which no text could be read, not even the shortest is too long.
        legible: LEGIBLE.min(largest),
    };
    let inside = Frame { left: beside, top: above, width: width - 2.0 * beside, height: most - 2.0 * above };
    let block = Fitting::new(lettering, index, fonts, inside.width, inside.height, 0.0).block(&sizes);
    let rows = (block.height + 2.0 * above).ceil().clamp(1.0, most) as u32;
    let rows = rows.next_multiple_of(step);
    // Text of a size that was asked for may be higher than a bar can be: its beginning can be read.
    let top = ((rows as f32 - block.height) / 2.0).max(above);
    (rows, block.at(top, &inside))
}

#[cfg(test)]
mod tests {
    use std::slice;

    use fastrand::Rng;
    use rusttype::vector;

    use super::{place, LetteringSpot};
    use captioner::cancel::Cancel;
    use captioner::ink::Stamp;
    use captioner::lettering::Places;
    use captioner::text::font_set::FontSet;
    use captioner::text::fonts::Fonts;
    use image_macro::{from_json, TemplateNotes};

    /// A text in one of several scripts, with what reaches far above and below a line.
    fn any_text(random: &mut Rng) -> String {
        const PARTS: [&[&str]; 6] = [
            &[
                "gypsy",
                "Quick",
                "ÅÇ",
                "j|[]",
                "fox",
                "Ẫ",
                "_",
                "W",
                "f\u{302}\u{303}\u{304}",
                "the",
                "\u{ad}",
                "\n",
            ],
            &["\u{645}\u{631}\u{62d}\u{628}\u{627}", "\u{628}\u{650}\u{633}\u{652}\u{645}\u{650}", "\n", "a"],
            &["\u{928}\u{92e}\u{938}\u{94d}\u{924}\u{947}", "\u{915}\u{94d}\u{937}\u{93f}", "x"],
            &["\u{4f60}\u{597d}", "\u{306e}", "\u{d55c}\u{ae00}", "g"],
            &["😀", "👨‍👩‍👧‍👦", "hey", "🇯🇵"],
            &["\u{200b}", "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii", "/", "Mmmmmmmmmmmmmmmmmmmmmmmmm"],
        ];
        let parts = PARTS[random.usize(..PARTS.len())];
        let most = random.usize(1..40);
        let words = 0..1 + random.usize(..most);
        words.map(|_| parts[random.usize(..parts.len())]).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn no_ink_leaves_a_bar() {
        const AROUND: u32 = 300;
        let fonts = Fonts::new(None, 64 << 20);
        let mut random = Rng::with_seed(4);
        let cancel = Cancel::new();
        let mut tried = 0;
        for round in 0..400 {
            let (width, height) = (random.u32(24..900), random.u32(1..900));
            let font = ["Anton", "ComicNeue", "DejaVuSans", "PermanentMarker"][round % 4];
            let outline = ["null", "\"red\""][round / 4 % 2];
            let size = ["fit", "shrink"][round / 8 % 2];
            let text = any_text(&mut random).replace('\n', "\\n");
            let asked = format!(
                r#"{{"template": "cat", "layout": "bar", "bar": "both", "font": "{}", "outline": {}, "size": "{}",
                    "align": "{}", "captions": ["{}", "{}"]}}"#,
                font,
                outline,
                size,
                ["left", "center", "right"][round % 3],
                text,
                any_text(&mut random).replace('\n', "\\n")
            );
            let asked = match from_json(asked.as_bytes()) {
                Ok(asked) => asked,
                // One of them is too long.
                Err(_) => continue,
            };
            let notes = TemplateNotes::default();
            let letterings = Places::of_own(&notes).letterings(&asked.captions, asked.bar).unwrap();
            let set = FontSet::load(&fonts, &letterings, &cancel).unwrap();
            for mut bar in place(&letterings, &set, (width, height), 16, &cancel).unwrap() {
                let is_above = letterings[bar.caption.index].spot == LetteringSpot::Above;
                assert_eq!(bar.is_above, is_above);
                assert!(!is_above || bar.height % 16 == 0);
                tried += 1;
                assert!(
                    bar.height < height.max(width / 2).max(1) + 16,
                    "{} {}x{}",
                    bar.height,
                    width,
                    height
                );
                for glyph in &mut bar.caption.glyphs {
                    glyph.origin = glyph.origin + vector(AROUND as f32, AROUND as f32);
                }
                // Where it would be cut off, there is room for it here.
                let (wide, high) = (width + 2 * AROUND, bar.height + 2 * AROUND);
                let stamp = Stamp::draw(slice::from_ref(&bar.caption), wide, high, &cancel).unwrap();
                stamp.for_each(0..high, |x, y, _| {
                    let is_in =
                        (AROUND..AROUND + width).contains(&x) && (AROUND..AROUND + bar.height).contains(&y);
                    assert!(is_in, "{:?} in {} on {}x{}: {} {}", text, font, width, height, x, y);
                });
            }
        }
        assert!(tried > 300, "{}", tried);
    }
}
