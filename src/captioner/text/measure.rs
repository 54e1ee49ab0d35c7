//! Measuring a text.
//!
//! Nothing is hinted, so widths are proportional to the size: a text is measured once, at an em of one, and each size
//! that `fit` tries costs one pass over its words.

use unicode_bidi::{BidiInfo, Level};

use captioner::text::font::Glyph;
use captioner::text::font_set::{has_ink, takes_room, FontSet};
use image_macro::Caption;

/// A text measured at an em of one. All lengths are in ems.
pub struct Measured<'a> {
    characters: Vec<Character<'a>>,
    /// How far the ink of any character reaches above the baseline.
    pub above: f32,
    /// How far it reaches below.
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

/// One character of a text.
pub struct Character<'a> {
    /// Where its origin is if everything stands on one line.
    x: f32,
    advance: f32,
    /// How far its ink reaches to the left of its origin.
    left_overhang: f32,
    /// How far its ink reaches to the right of the next character's origin.
    right_overhang: f32,
    /// What to draw, if there is anything to see.
    pub glyph: Option<Glyph<'a>>,
    is_space: bool,
    /// The embedding level: odd where the text runs from right to left.
    level: Level,
}

/// A character of a line.
pub struct InLine<'m, 'a: 'm> {
    /// The character.
    pub character: &'m Character<'a>,
    /// Where its origin is.
    pub x: f32,
}

/// From where to where something reaches.
#[derive(Clone, Copy, Default)]
struct Extent {
    left: f32,
    right: f32,
}

impl Line {
    /// Whether it has no characters.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }
}

impl<'a> Character<'a> {
    fn without_room(x: f32, is_space: bool, level: Level) -> Character<'a> {
        Character { x, advance: 0.0, left_overhang: 0.0, right_overhang: 0.0, glyph: None, is_space, level }
    }

    /// Whether it takes any room.
    fn is_shown(&self) -> bool {
        self.is_space || self.glyph.is_some()
    }

    /// Whether it is drawn on top of another one.
    fn is_mark(&self) -> bool {
        self.advance == 0.0
    }

    /// With its ink, if its origin is at `x`.
    fn extent(&self, x: f32) -> Extent {
        Extent { left: x - self.left_overhang, right: x + self.advance + self.right_overhang }
    }
}

impl Extent {
    fn union(self, other: Extent) -> Extent {
        Extent { left: self.left.min(other.left), right: self.right.max(other.right) }
    }
}

impl<'a> Measured<'a> {
    /// Measures the text of a caption.
    pub fn new(caption: &Caption, fonts: &'a FontSet) -> Measured<'a> {
        let levels = levels(&caption.text);
        let is_ltr = levels.iter().all(|level| level.is_ltr());
        let facing: String =
            caption.text.chars().zip(&levels).map(|(character, &level)| facing(character, level)).collect();
        let glyphs = fonts.glyphs(fonts.named(&caption.font), &facing);
        let mut text =
            Measured { characters: Vec::with_capacity(glyphs.len()), above: 0.0, below: 0.0, is_ltr };
        let mut x = 0.0;
        let mut previous: Option<Glyph> = None;
        for ((character, &level), glyph) in facing.chars().zip(&levels).zip(glyphs) {
            let is_space = character.is_whitespace();
            if !takes_room(character) {
                text.characters.push(Character::without_room(x, is_space, level));
                continue;
            }
            if let Some(previous) = previous {
                x += glyph.kerning_after(&previous, 1.0);
            }
            let scaled = glyph.scaled(1.0);
            let advance = scaled.h_metrics().advance_width;
            let (mut left_overhang, mut right_overhang) = (0.0, 0.0);
            if let Some(ink) = scaled.exact_bounding_box() {
                left_overhang = (-ink.min.x).max(0.0);
                right_overhang = (ink.max.x - advance).max(0.0);
                text.above = text.above.max(-ink.min.y);
                text.below = text.below.max(ink.max.y);
            }
            let drawn = Some(glyph).filter(|_| has_ink(character));
            let character =
                Character { x, advance, left_overhang, right_overhang, glyph: drawn, is_space, level };
            text.characters.push(character);
            x += advance;
            previous = Some(glyph);
        }
        text
    }

    /// The width of a line, its ink and its spaces included.
    pub fn width(&self, line: Line) -> f32 {
        let Extent { left, right } = self.extent(line);
        right - left
    }

    /// The characters of a line from left to right, with their distances from the left edge of its ink.
    pub fn in_visual_order(&self, line: Line) -> Vec<InLine<'_, 'a>> {
        let Extent { left, .. } = self.extent(line);
        let mut characters = self.placed(line);
        characters.iter_mut().for_each(|character| character.x -= left);
        characters
    }

    /// From where to where the ink and the spaces of a line reach.
    fn extent(&self, line: Line) -> Extent {
        if !self.is_ltr {
            let placed = self.placed(line);
            let shown = placed.iter().filter(|placed| placed.character.is_shown());
            let extents = shown.map(|placed| placed.character.extent(placed.x));
            return extents.reduce(Extent::union).unwrap_or_default();
        }
        // At each end, the outermost is the first character with a width or a mark around it.
        let mut shown = self.characters[line.start..line.end].iter().filter(|character| character.is_shown());
        let mut left: Option<f32> = None;
        let mut bases = 0;
        for character in shown.clone() {
            bases += usize::from(!character.is_mark());
            if bases > 1 {
                break;
            }
            let here = character.extent(character.x).left;
            left = Some(left.map_or(here, |left| left.min(here)));
        }
        let mut right: Option<f32> = None;
        while let Some(character) = shown.next_back() {
            let here = character.extent(character.x).right;
            right = Some(right.map_or(here, |right| right.max(here)));
            if !character.is_mark() {
                break;
            }
        }
        left.and_then(|left| right.map(|right| Extent { left, right })).unwrap_or_default()
    }

    /// The characters of a line from left to right. Distances are from any one point.
    fn placed(&self, line: Line) -> Vec<InLine<'_, 'a>> {
        let characters = &self.characters[line.start..line.end];
        if self.is_ltr {
            return characters.iter().map(|character| InLine { character, x: character.x }).collect();
        }
        let levels: Vec<Level> = characters.iter().map(|character| character.level).collect();
        let mut end = 0.0;
        let in_order = BidiInfo::reorder_visual(&levels).into_iter().map(|index| {
            let x = end;
            end += characters[index].advance;
            InLine { character: &characters[index], x }
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

/// The character as it is drawn: where the text runs from right to left, an opening bracket looks like a closing one.
fn facing(character: char, level: Level) -> char {
    const PAIRS: [(char, char); 6] = [('(', ')'), ('[', ']'), ('{', '}'), ('<', '>'), ('«', '»'), ('‹', '›')];
    if level.is_ltr() {
        return character;
    }
    let pair = PAIRS.iter().find(|pair| pair.0 == character || pair.1 == character);
    pair.map_or(character, |&(left, right)| if character == left { right } else { left })
}
