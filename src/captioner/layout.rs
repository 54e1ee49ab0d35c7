//! Text to lines: which glyph stands where, at which size.
//!
//! Advances grow with the size in proportion (nothing is hinted), so a text is measured once, at an em of
//! one, and every size that `fit` tries costs one pass over its words.

use rusttype::{point, GlyphId, Point};
use unicode_linebreak::{linebreaks, BreakOpportunity};

use super::font::{has_ink, FontSet};
use image_macro::{Caption, Color, HAlign, Size, VAlign};

/// The largest size `fit` and `shrink` take, of the picture's height: larger shouts the picture down.
const LARGEST: f32 = 0.14;
/// What a band may take of the picture's height, by how many bands are used.
const SHARE: [f32; 3] = [0.36, 0.27, 0.26];
/// The gap between the text and the picture's edge, of its shorter side.
const MARGIN: f32 = 0.025;
/// The gap between lines, and between captions in one band, of the em.
const GAP: f32 = 0.14;
/// The width of the outline, of the em.
const OUTLINE: f32 = 0.055;
/// Halvings of the range of sizes that `fit` does: the last step is a 16,384th of it.
const STEPS: u32 = 14;

/// A caption with its place.
pub struct Placed<'a> {
    /// Every glyph, its font and where its origin is, in pixels of the picture.
    pub glyphs: Vec<(&'a super::font::Font, GlyphId, Point<f32>)>,
    /// Size in pixels of the em.
    pub em: f32,
    /// Color of the letters.
    pub color: Color,
    /// Color of the outline and its width in pixels.
    pub outline: Option<(Color, f32)>,
}

/// Finds the place of every caption on a picture of that size.
pub fn place<'a>(captions: &[Caption], fonts: &'a FontSet, width: u32, height: u32) -> Vec<Placed<'a>> {
    let area = Area::new(captions, width as f32, height as f32);
    let mut placed = Vec::new();
    for &valign in &VAlign::ALL {
        let mut blocks: Vec<Block> = Vec::new();
        let in_band: Vec<_> = captions.iter().filter(|caption| caption.valign == valign).collect();
        for caption in &in_band {
            let gap = if in_band.len() > 1 { GAP } else { 0.0 };
            blocks.push(Block::new(caption, fonts, &area, area.band / in_band.len() as f32, gap));
        }
        let gaps: f32 = blocks.iter().skip(1).map(|block| block.em * GAP).sum();
        let total = blocks.iter().map(|block| block.height).sum::<f32>() + gaps;
        let mut top = match valign {
            VAlign::Top => area.margin,
            VAlign::Middle => (area.height - total) / 2.0,
            VAlign::Bottom => area.height - area.margin - total,
        };
        for (index, block) in blocks.into_iter().enumerate() {
            if index > 0 {
                top += block.em * GAP;
            }
            let bottom = top + block.height;
            placed.push(block.at(top, &area));
            top = bottom;
        }
    }
    placed
}

/// What there is to put text on.
struct Area {
    width: f32,
    height: f32,
    margin: f32,
    /// The height that the captions of one band share.
    band: f32,
}

impl Area {
    fn new(captions: &[Caption], width: f32, height: f32) -> Area {
        let is_used = |valign: &&VAlign| captions.iter().any(|caption| caption.valign == **valign);
        // The middle one is in the way of either other one as much as of both.
        let used = match VAlign::ALL.iter().filter(is_used).count() {
            2 if is_used(&&VAlign::Middle) => 3,
            used => used.max(1),
        };
        Area { width, height, margin: width.min(height) * MARGIN, band: height * SHARE[used - 1] }
    }

    fn text_width(&self) -> f32 {
        self.width - 2.0 * self.margin
    }
}

/// The lines of one caption at the size that they are drawn at.
struct Block<'a, 'c> {
    caption: &'c Caption,
    text: Measured<'a>,
    /// Each a range of `text.characters`.
    lines: Vec<(usize, usize)>,
    em: f32,
    /// Pixels, its outline included.
    height: f32,
}

impl<'a, 'c> Block<'a, 'c> {
    /// `share` is the height in pixels that there is for it, and for a gap of `gap` ems.
    fn new(caption: &'c Caption, fonts: &'a FontSet, area: &Area, share: f32, gap: f32) -> Block<'a, 'c> {
        let text = Measured::new(caption, fonts);
        let stroke = if caption.outline.is_some() { OUTLINE } else { 0.0 };
        // In ems: what stays of the width for the letters, at a size, and how high some lines are.
        let room = |em: f32| (area.text_width() / em - 2.0 * stroke).max(0.0);
        let height = |lines: usize| {
            let gaps = lines.saturating_sub(1) as f32;
            lines as f32 * (text.above + text.below + 2.0 * stroke) + gaps * GAP
        };
        let largest = area.height * LARGEST;
        let em = match caption.size {
            Size::Pixels(em) => em,
            Size::Shrink => {
                let widest = text.paragraphs().iter().map(|&line| text.width(line)).fold(0.0, f32::max);
                (area.text_width() / (widest + 2.0 * stroke).max(f32::MIN_POSITIVE)).min(largest)
            }
            Size::Fit => {
                let fits = |em: f32, may_split: bool| {
                    let room = room(em);
                    let wrapped = text.wrap(room, may_split);
                    // A single letter may be wider than the line, however it is split.
                    let is_in = |lines: &[(usize, usize)]| lines.iter().all(|&line| text.width(line) <= room);
                    wrapped.is_some_and(|lines| (height(lines.len()) + gap) * em <= share && is_in(&lines))
                };
                let whole_words = largest_that(largest, |em| fits(em, false));
                // Words are split only where they would make the text a third of what it could be.
                let split_words = largest_that(largest, |em| fits(em, true));
                if whole_words * 3.0 < split_words {
                    split_words
                } else {
                    whole_words
                }
            }
        };
        let lines = match caption.size {
            Size::Shrink => text.paragraphs(),
            _ => text.balanced(room(em)),
        };
        let height = height(lines.len()) * em;
        Block { caption, text, lines, em, height }
    }

    /// The glyphs of a block whose upper edge is at `top`.
    fn at(self, top: f32, area: &Area) -> Placed<'a> {
        let stroke = if self.caption.outline.is_some() { OUTLINE } else { 0.0 };
        let pitch = self.text.above + self.text.below + 2.0 * stroke + GAP;
        let mut glyphs = Vec::new();
        for (index, &line) in self.lines.iter().enumerate() {
            let width = self.text.width(line) * self.em;
            let edge = area.margin + stroke * self.em;
            let left = match self.caption.halign {
                HAlign::Left => edge,
                HAlign::Center => (area.width - width) / 2.0,
                HAlign::Right => area.width - edge - width,
            };
            let baseline = top + (index as f32 * pitch + stroke + self.text.above) * self.em;
            let mut shown = self.text.characters[line.0..line.1].iter().filter(|c| c.glyph.is_some());
            let start = shown.next().map_or(0.0, |first| first.x - first.overhang.0);
            for character in &self.text.characters[line.0..line.1] {
                if let Some((font, glyph)) = character.glyph {
                    let x = left + (character.x - start) * self.em;
                    // Baselines on whole pixels keep the feet of letters crisp.
                    glyphs.push((font, glyph, point(x, baseline.round())));
                }
            }
        }
        let outline = self.caption.outline.map(|color| (color, OUTLINE * self.em));
        Placed { glyphs, em: self.em, color: self.caption.color, outline }
    }
}

/// The largest size up to `largest` that fits, or close to zero if none does.
fn largest_that<F: Fn(f32) -> bool>(largest: f32, fits: F) -> f32 {
    if fits(largest) {
        return largest;
    }
    let (mut low, mut high) = (0.0, largest);
    for _ in 0..STEPS {
        let middle = (low + high) / 2.0;
        if fits(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    // Zero would divide by it; nobody sees a text this small anyway.
    low.max(0.05)
}

/// A text measured at an em of one.
struct Measured<'a> {
    characters: Vec<Character<'a>>,
    /// Where a line may end (index of the character after it), and whether it must.
    breaks: Vec<(usize, bool)>,
    /// How far the ink of any character reaches above the baseline, and below it.
    above: f32,
    below: f32,
}

struct Character<'a> {
    /// Where its origin is if everything stands on one line.
    x: f32,
    advance: f32,
    /// How far its ink reaches to the left of its origin, and to the right of the next one's.
    overhang: (f32, f32),
    glyph: Option<(&'a super::font::Font, GlyphId)>,
    is_space: bool,
}

impl<'a> Measured<'a> {
    fn new(caption: &Caption, fonts: &'a FontSet) -> Measured<'a> {
        let own = fonts.index_of(&caption.font);
        let mut text = Measured { characters: Vec::new(), breaks: Vec::new(), above: 0.0, below: 0.0 };
        let mut x = 0.0;
        let mut previous: Option<(usize, GlyphId)> = None;
        let glyphs = fonts.glyphs(own, &caption.text);
        for (character, (index, glyph)) in caption.text.chars().zip(glyphs) {
            let is_space = character.is_whitespace();
            let drawn = has_ink(character);
            if !drawn && !is_space || character == '\n' {
                text.characters.push(Character {
                    x,
                    advance: 0.0,
                    overhang: (0.0, 0.0),
                    glyph: None,
                    is_space,
                });
                continue;
            }
            let font = fonts.font(index);
            let scale = font.scale(1.0);
            let scaled = font.inner().glyph(glyph).scaled(scale);
            if let Some((_, before)) = previous.filter(|previous| previous.0 == index) {
                x += font.inner().pair_kerning(scale, before, glyph);
            }
            let advance = scaled.h_metrics().advance_width;
            let mut overhang = (0.0, 0.0);
            if let Some(ink) = scaled.exact_bounding_box() {
                overhang = ((-ink.min.x).max(0.0), (ink.max.x - advance).max(0.0));
                text.above = text.above.max(-ink.min.y);
                text.below = text.below.max(ink.max.y);
            }
            let glyph_of = if drawn { Some((font, glyph)) } else { None };
            text.characters.push(Character { x, advance, overhang, glyph: glyph_of, is_space });
            x += advance;
            previous = Some((index, glyph));
        }
        // The line breaker counts bytes.
        let index_of = |byte: usize| caption.text[..byte].chars().count();
        text.breaks = linebreaks(&caption.text)
            .map(|(byte, kind)| (index_of(byte), kind == BreakOpportunity::Mandatory))
            .collect();
        text
    }

    /// The width of a range of characters, in ems: from the ink of the first one, where it leans out, to that
    /// of the last one.
    fn width(&self, line: (usize, usize)) -> f32 {
        let mut shown = self.characters[line.0..line.1].iter().filter(|c| c.is_space || c.glyph.is_some());
        let first = shown.next();
        match (first, shown.next_back().or(first)) {
            (Some(first), Some(last)) => {
                last.x + last.advance + last.overhang.1 - (first.x - first.overhang.0)
            }
            _ => 0.0,
        }
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
    fn paragraphs(&self) -> Vec<(usize, usize)> {
        self.wrap(f32::INFINITY, false).unwrap_or_default()
    }

    /// Lines no wider than `room` ems, each as long as can be. A word wider than that is split; without
    /// `may_split`, there is no such wrapping. A line has one character at least, however wide.
    fn wrap(&self, room: f32, may_split: bool) -> Option<Vec<(usize, usize)>> {
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
    fn balanced(&self, room: f32) -> Vec<(usize, usize)> {
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
