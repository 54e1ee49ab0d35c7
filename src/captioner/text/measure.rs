//! Measuring a text.
//!
//! Nothing is hinted, so widths are proportional to the size: a text is measured once, at an em of one, and each size
//! that `fit` tries costs one pass over its words.

use unicode_bidi::{BidiInfo, Level};

use captioner::text::font::Glyph;
use captioner::text::font_set::{has_ink, takes_room, FontSet};
use image_macro::Caption;

/// A text measured at an em of one.
pub struct Measured<'a> {
    characters: Vec<Character<'a>>,
    /// How far the ink of any character reaches above the baseline, in ems.
    pub above: f32,
    /// The same downwards.
    pub below: f32,
    /// Whether all of it runs from left to right.
    is_ltr: bool,
}

/// A range of the characters of a text.
#[derive(Clone, Copy)]
pub struct Line {
    /// Index of its first character.
    pub start: usize,
    /// Index of the first character after it.
    pub end: usize,
}

impl Line {
    /// Whether it has no characters.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }
}

/// One character of it, in ems.
pub struct Character<'a> {
    /// Where its origin is if everything stands on one line.
    x: f32,
    advance: f32,
    /// How far its ink reaches to the left of its origin, and to the right of the next one's.
    overhang: (f32, f32),
    /// What to draw, if there is anything to see.
    pub glyph: Option<Glyph<'a>>,
    is_space: bool,
    /// Odd where the text runs from right to left.
    level: Level,
}

impl<'a> Character<'a> {
    /// Whether it takes any room: the marks that only steer how others are shown do not.
    fn is_shown(&self) -> bool {
        self.is_space || self.glyph.is_some()
    }
}

impl<'a> Measured<'a> {
    /// Measures the text of a caption.
    pub fn new(caption: &Caption, fonts: &'a FontSet) -> Measured<'a> {
        let own = fonts.named(&caption.font);
        let levels = levels(&caption.text);
        let is_ltr = levels.iter().all(|level| level.is_ltr());
        let mut text = Measured { characters: Vec::new(), above: 0.0, below: 0.0, is_ltr };
        let mut x = 0.0;
        let mut previous: Option<Glyph> = None;
        let mirrored: String =
            caption.text.chars().zip(&levels).map(|(c, &level)| facing(c, level)).collect();
        let glyphs = fonts.glyphs(own, &mirrored);
        for ((character, &level), glyph) in mirrored.chars().zip(&levels).zip(glyphs) {
            let is_space = character.is_whitespace();
            if !takes_room(character) {
                text.characters.push(Character {
                    x,
                    advance: 0.0,
                    overhang: (0.0, 0.0),
                    glyph: None,
                    is_space,
                    level,
                });
                continue;
            }
            if let Some(previous) = previous {
                x += glyph.kerning_after(&previous, 1.0);
            }
            let scaled = glyph.scaled(1.0);
            let advance = scaled.h_metrics().advance_width;
            let mut overhang = (0.0, 0.0);
            if let Some(ink) = scaled.exact_bounding_box() {
                overhang = ((-ink.min.x).max(0.0), (ink.max.x - advance).max(0.0));
                text.above = text.above.max(-ink.min.y);
                text.below = text.below.max(ink.max.y);
            }
            let drawn = Some(glyph).filter(|_| has_ink(character));
            text.characters.push(Character { x, advance, overhang, glyph: drawn, is_space, level });
            x += advance;
            previous = Some(glyph);
        }
        text
    }

    /// The width of a range of characters, in ems, from edge to edge of its ink and its spaces.
    pub fn width(&self, line: Line) -> f32 {
        let (left, right) = self.extent(line);
        right - left
    }

    /// The characters of a line from left to right, as they are read by those who read them, and how far each
    /// one's origin is from where the ink of the line begins, in ems.
    pub fn in_visual_order(&self, line: Line) -> Vec<(f32, &Character<'a>)> {
        let (left, _) = self.extent(line);
        let mut placed = self.placed(line);
        placed.iter_mut().for_each(|character| character.0 -= left);
        placed
    }

    /// Where the ink of a line begins and ends.
    fn extent(&self, line: Line) -> (f32, f32) {
        let left = |x: f32, character: &Character| x - character.overhang.0;
        let right = |x: f32, character: &Character| x + character.advance + character.overhang.1;
        if !self.is_ltr {
            let placed = self.placed(line);
            let shown = placed.iter().filter(|placed| placed.1.is_shown());
            let ends = shown.map(|&(x, character)| (left(x, character), right(x, character)));
            return ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or((0.0, 0.0));
        }
        // The first and the last one that have a width, and the marks around them: they lean out. What is
        // farther in does not.
        let mut shown = self.characters[line.start..line.end].iter().filter(|character| character.is_shown());
        let is_mark = |character: &&Character| character.advance == 0.0;
        let mut begin: Option<f32> = None;
        let mut bases = 0;
        for character in shown.clone() {
            bases += usize::from(!is_mark(&character));
            if bases > 1 {
                break;
            }
            begin = Some(begin.map_or(left(character.x, character), |x| x.min(left(character.x, character))));
        }
        let mut end: Option<f32> = None;
        while let Some(character) = shown.next_back() {
            end = Some(end.map_or(right(character.x, character), |x| x.max(right(character.x, character))));
            if !is_mark(&character) {
                break;
            }
        }
        begin.and_then(|begin| end.map(|end| (begin, end))).unwrap_or((0.0, 0.0))
    }

    /// The characters of a line from left to right, and where each one's origin is.
    fn placed(&self, line: Line) -> Vec<(f32, &Character<'a>)> {
        let characters = &self.characters[line.start..line.end];
        if self.is_ltr {
            return characters.iter().map(|character| (character.x, character)).collect();
        }
        let levels: Vec<Level> = characters.iter().map(|character| character.level).collect();
        let mut x = 0.0;
        let in_order = BidiInfo::reorder_visual(&levels).into_iter().map(|index| {
            let origin = x;
            x += characters[index].advance;
            (origin, &characters[index])
        });
        in_order.collect()
    }

    /// A line without the white space at its ends.
    pub fn trimmed(&self, line: Line) -> Line {
        let Line { mut start, mut end } = line;
        while start < end && self.characters[end - 1].is_space {
            end -= 1;
        }
        while start < end && self.characters[start].is_space {
            start += 1;
        }
        Line { start, end }
    }
}

/// The embedding level of each character, by the Unicode bidirectional algorithm.
fn levels(text: &str) -> Vec<Level> {
    let bidi = BidiInfo::new(text, None);
    text.char_indices().map(|(byte, _)| bidi.levels[byte]).collect()
}

/// A bracket that opens to the right is another one where the text runs to the left.
fn facing(character: char, level: Level) -> char {
    const PAIRS: [(char, char); 6] = [('(', ')'), ('[', ']'), ('{', '}'), ('<', '>'), ('«', '»'), ('‹', '›')];
    if level.is_ltr() {
        return character;
    }
    let pair = PAIRS.iter().find(|pair| pair.0 == character || pair.1 == character);
    pair.map_or(character, |&(left, right)| if character == left { right } else { left })
}
