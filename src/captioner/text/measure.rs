//! Measuring a text, and breaking it into lines.
//!
//! Advances grow with the size in proportion (nothing is hinted), so a text is measured once, at an em of
//! one, and every size that `fit` tries costs one pass over its words.

use unicode_bidi::{BidiInfo, Level};
use unicode_linebreak::{linebreaks, BreakOpportunity};

use captioner::text::font::Glyph;
use captioner::text::font_set::{has_ink, takes_room, FontSet};
use image_macro::Caption;

/// A text measured at an em of one.
pub struct Measured<'a> {
    characters: Vec<Character<'a>>,
    /// Where a line may end (index of the character after it), and whether it must.
    breaks: Vec<(usize, bool)>,
    /// How far the ink of any character reaches above the baseline, in ems.
    pub above: f32,
    /// The same downwards.
    pub below: f32,
    /// Whether all of it runs from left to right.
    is_ltr: bool,
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
        let mut text =
            Measured { characters: Vec::new(), breaks: Vec::new(), above: 0.0, below: 0.0, is_ltr };
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
        // The line breaker counts bytes.
        let index_of = |byte: usize| caption.text[..byte].chars().count();
        text.breaks = linebreaks(&caption.text)
            .map(|(byte, kind)| (index_of(byte), kind == BreakOpportunity::Mandatory))
            .collect();
        text
    }

    /// The width of a range of characters, in ems, from edge to edge of its ink and its spaces.
    pub fn width(&self, line: (usize, usize)) -> f32 {
        let (left, right) = self.extent(line);
        right - left
    }

    /// The characters of a line from left to right, as they are read by those who read them, and how far each
    /// one's origin is from where the ink of the line begins, in ems.
    pub fn in_visual_order(&self, line: (usize, usize)) -> Vec<(f32, &Character<'a>)> {
        let (left, _) = self.extent(line);
        let mut placed = self.placed(line);
        placed.iter_mut().for_each(|character| character.0 -= left);
        placed
    }

    /// Where the ink of a line begins and ends.
    fn extent(&self, line: (usize, usize)) -> (f32, f32) {
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
        let mut shown = self.characters[line.0..line.1].iter().filter(|character| character.is_shown());
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
    fn placed(&self, line: (usize, usize)) -> Vec<(f32, &Character<'a>)> {
        let characters = &self.characters[line.0..line.1];
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

    /// A range without the white space at its ends.
    fn trimmed(&self, line: (usize, usize)) -> (usize, usize) {
        let (mut start, mut end) = line;
        while start < end && self.characters[end - 1].is_space {
            end -= 1;
        }
        while start < end && self.characters[start].is_space {
            start += 1;
        }
        (start, end)
    }

    /// The lines as the text has them, broken only where it says so.
    pub fn paragraphs(&self) -> Vec<(usize, usize)> {
        self.wrap(f32::INFINITY, false).unwrap_or_default()
    }

    /// Lines no wider than `room` ems, each as long as can be. A word wider than that is split; without
    /// `may_split`, there is no such wrapping. A line has one character at least, however wide.
    pub fn wrap(&self, room: f32, may_split: bool) -> Option<Vec<(usize, usize)>> {
        let mut lines = Vec::new();
        let mut start = 0;
        let mut end = 0;
        for &(next, must) in &self.breaks {
            if end > start && self.width(self.trimmed((start, next))) > room {
                lines.push(self.trimmed((start, end)));
                start = end;
            }
            while self.width(self.trimmed((start, next))) > room && next - start > 1 {
                if !may_split {
                    return None;
                }
                let fitting = (start + 2..=next).take_while(|&to| self.width((start, to)) <= room).last();
                let split = fitting.unwrap_or(start + 1);
                if split == next {
                    break;
                }
                lines.push(self.trimmed((start, split)));
                start = split;
            }
            end = next;
            if must {
                lines.push(self.trimmed((start, end)));
                start = end;
            }
        }
        // Empty lines at the ends would only push the text away from its edge.
        while lines.last().is_some_and(|line| line.0 == line.1) {
            lines.pop();
        }
        Some(lines)
    }

    /// As few lines as [`Measured::wrap`] makes, but as even as can be: with the least sum of the squares of
    /// what they leave free. Where words must be split, there is nothing to be evened out.
    pub fn balanced(&self, room: f32) -> Vec<(usize, usize)> {
        if self.wrap(room, false).is_none() {
            return self.wrap(room, true).unwrap_or_default();
        }
        let mut lines = Vec::new();
        let mut start = 0;
        let mut ends = Vec::new();
        for &(end, must) in &self.breaks {
            ends.push(end);
            if must {
                lines.extend(self.evened(start, &ends, room));
                start = end;
                ends.clear();
            }
        }
        while lines.last().is_some_and(|line: &(usize, usize)| line.0 == line.1) {
            lines.pop();
        }
        lines
    }

    /// The best lines of one paragraph, which begins at `start` and may be broken at `ends`, the last of them
    /// being its end. From the end backwards, the best way to go on from each place is known.
    fn evened(&self, start: usize, ends: &[usize], room: f32) -> Vec<(usize, usize)> {
        let starts: Vec<usize> = Some(start).into_iter().chain(ends.iter().copied()).collect();
        // For each start: how many lines follow, what they cost, and where the first of them ends.
        let mut best: Vec<(usize, f32, usize)> = vec![(0, 0.0, ends.len()); starts.len()];
        for from in (0..ends.len()).rev() {
            let mut choice = (usize::MAX, f32::INFINITY, from + 1);
            for to in from + 1..starts.len() {
                let free = room - self.width(self.trimmed((starts[from], starts[to])));
                if free < 0.0 && to > from + 1 {
                    break;
                }
                let (lines, cost, _) = best[to];
                let going_on = (lines + 1, cost + free * free, to);
                if (going_on.0, going_on.1) < (choice.0, choice.1) {
                    choice = going_on;
                }
            }
            best[from] = choice;
        }
        let mut lines = Vec::new();
        let mut from = 0;
        while from < ends.len() {
            let to = best[from].2;
            lines.push(self.trimmed((starts[from], starts[to])));
            from = to;
        }
        lines
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
