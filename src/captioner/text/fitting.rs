//! Fitting: the size and the lines of one caption.

use rusttype::point;

use captioner::lettering::Lettering;
use captioner::text::font_set::FontSet;
use captioner::text::line_breaks::LineBreaks;
use captioner::text::measure::{Height, InLine, Line, Measured};
use captioner::text::placed::{Frame, Outline, PlacedCaption, PlacedGlyph};
use captioner::text::turn::Turn;
use image_macro::{HAlign, Size};

/// How much larger the text must be with split words than with whole ones for words to be split.
const GAIN: f32 = 1.25;
/// The distance between lines, and between captions in one band, in ems.
pub const GAP: f32 = 0.14;
/// The width of the outline in ems.
const OUTLINE: f32 = 0.055;
/// The least width of the outline in pixels: a thinner one cannot be seen.
const MIN_OUTLINE: f32 = 0.8;
/// The greatest width of the outline in ems: a wider one fills the holes of letters.
const MAX_OUTLINE: f32 = 0.08;
/// How often `fit` halves the range of possible sizes: the last step is a 16,384th of it.
const STEPS: u32 = 14;

/// What sizes mean in a place. Pixels of the em.
pub struct Sizes {
    /// The largest one that `fit` and `shrink` choose.
    pub largest: f32,
    /// The least one at which no word is split.
    pub of_whole_words: f32,
    /// The least one that can be read.
    pub legible: f32,
}

/// A caption whose size and lines are to be found.
pub struct Fitting<'a, 'c> {
    caption: &'c Lettering,
    /// Which one it is.
    index: usize,
    text: Measured<'a>,
    breaks: LineBreaks,
    /// The width in pixels that there is for a line.
    width: f32,
    /// The height in pixels that there is for all lines, and for a gap to the next caption.
    share: f32,
    /// That gap, in ems.
    gap: f32,
}

impl<'a, 'c> Fitting<'a, 'c> {
    /// Measures a caption for a place of that width and height in pixels, which has a gap of some ems below it.
    pub fn new(
        caption: &'c Lettering,
        index: usize,
        fonts: &'a FontSet,
        width: f32,
        share: f32,
        gap: f32,
    ) -> Fitting<'a, 'c> {
        let text = Measured::new(caption, fonts);
        let breaks = LineBreaks::of(&text);
        Fitting { caption, index, text, breaks, width, share, gap }
    }

    /// Chooses the size, unless the request names one, and breaks the lines.
    pub fn block(self, sizes: &Sizes) -> Block<'a, 'c> {
        let em = self.em(sizes);
        let lines = match self.caption.size {
            Size::Shrink => self.breaks.paragraphs(&self.text),
            _ => self.breaks.balanced(&self.text, self.room(em)),
        };
        lines.iter().for_each(|&line| self.text.prepare(line));
        let height = self.height(lines.len(), em) * em;
        let is_chosen = match self.caption.size {
            Size::Pixels(_) => false,
            Size::Fit | Size::Shrink => !lines.is_empty(),
        };
        let is_too_small = is_chosen && em < sizes.legible;
        let Fitting { caption, index, text, .. } = self;
        Block { caption, index, text, lines, em, height, is_too_small }
    }

    fn em(&self, sizes: &Sizes) -> f32 {
        let largest = sizes.largest;
        match self.caption.size {
            Size::Pixels(em) => em,
            Size::Shrink => {
                let lines = self.breaks.paragraphs(&self.text);
                largest_that(largest, |em| self.has_room(&lines, em))
            }
            Size::Fit => {
                let whole_words = largest_that(largest, |em| self.fits(em, false));
                if whole_words >= sizes.of_whole_words {
                    return whole_words;
                }
                let split_words = largest_that(largest, |em| self.fits(em, true));
                if split_words > whole_words * GAIN {
                    split_words
                } else {
                    whole_words
                }
            }
        }
    }

    fn fits(&self, em: f32, may_split: bool) -> bool {
        let lines = self.breaks.wrap(&self.text, self.room(em), may_split);
        lines.is_some_and(|lines| self.has_room(&lines, em))
    }

    /// Whether some lines fit into the share. A single letter may be wider than the line, however it is split.
    fn has_room(&self, lines: &[Line], em: f32) -> bool {
        // The widths first: a line that is shaped for them may be higher than those before.
        lines.iter().all(|&line| self.text.width(line) <= self.room(em))
            && (self.height(lines.len(), em) + self.gap) * em <= self.share
    }

    /// The width in ems that the outline leaves for the letters of a line.
    fn room(&self, em: f32) -> f32 {
        (self.width / em - 2.0 * stroke(self.caption, em)).max(0.0)
    }

    /// The height in ems of some lines, their outlines included.
    fn height(&self, lines: usize, em: f32) -> f32 {
        let Height { above, below } = self.text.height();
        let gaps = lines.saturating_sub(1) as f32;
        lines as f32 * (above + below + 2.0 * stroke(self.caption, em)) + gaps * GAP
    }
}

/// The lines of one caption at the size that they are drawn at.
pub struct Block<'a, 'c> {
    caption: &'c Lettering,
    index: usize,
    text: Measured<'a>,
    lines: Vec<Line>,
    /// Pixels.
    pub em: f32,
    /// Pixels, its outline included.
    pub height: f32,
    is_too_small: bool,
}

impl<'a, 'c> Block<'a, 'c> {
    /// The glyphs of a block whose upper edge is at `top`, and whose lines are aligned with the sides of a frame.
    pub fn at(self, top: f32, frame: &Frame) -> PlacedCaption<'a> {
        let stroke = stroke(self.caption, self.em);
        let Height { above, below } = self.text.height();
        let pitch = above + below + 2.0 * stroke + GAP;
        let mut glyphs = Vec::new();
        for (index, &line) in self.lines.iter().enumerate() {
            let width = self.text.width(line) * self.em;
            let edge = stroke * self.em;
            let left = match self.caption.halign {
                HAlign::Left => frame.left + edge,
                HAlign::Center => frame.left + (frame.width - width) / 2.0,
                HAlign::Right => frame.left + frame.width - edge - width,
            };
            let baseline = top + (index as f32 * pitch + stroke + above) * self.em;
            for InLine { shaped, x } in self.text.glyphs(line) {
                // A baseline between two pixels would blur the feet of letters.
                let origin = point(left + (x + shaped.x) * self.em, baseline.round() + shaped.y * self.em);
                glyphs.push(PlacedGlyph { glyph: shaped.glyph, origin });
            }
        }
        let outline = self.caption.outline.map(|color| Outline { color, width: stroke * self.em });
        let Block { em, index, is_too_small, .. } = self;
        PlacedCaption {
            glyphs,
            turn: Turn::NONE,
            em,
            color: self.caption.color,
            outline,
            time: self.caption.time,
            index,
            is_too_small,
        }
    }
}

/// The width of a caption's outline, in ems.
fn stroke(caption: &Lettering, em: f32) -> f32 {
    if caption.outline.is_some() {
        OUTLINE.max((MIN_OUTLINE / em).min(MAX_OUTLINE))
    } else {
        0.0
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
    // Not zero, which widths are divided by. Text of this size cannot be seen.
    low.max(0.05)
}
