//! Where each caption stands, at which size, and which glyph stands where in it.

use rusttype::{point, Point};

use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::text::font::Glyph;
use captioner::text::font_set::FontSet;
use captioner::text::line_breaks::LineBreaks;
use captioner::text::measure::{Line, Measured};
use image_macro::{Caption, Color, HAlign, Size, VAlign};

/// The largest size `fit` and `shrink` take, of the picture's height: larger shouts the picture down.
const LARGEST: f32 = 0.14;
/// What a band may take of the picture's height, by how many bands are used.
const SHARE: [f32; 3] = [0.36, 0.27, 0.26];
/// The gap between the text and the picture's edge, of its shorter side.
const MARGIN: f32 = 0.025;
/// That gap in pixels, at least, where there is room for it: half a pixel of rounding and a soft edge.
const MIN_MARGIN: f32 = 2.0;
/// The gap between lines, and between captions in one band, of the em.
const GAP: f32 = 0.14;
/// The width of the outline, of the em.
const OUTLINE: f32 = 0.055;
/// An outline thinner than this many pixels would not be seen; but one wider than this part of the em would
/// fill the letters.
const MIN_OUTLINE: f32 = 0.8;
const MAX_OUTLINE: f32 = 0.08;
/// Halvings of the range of sizes that `fit` does: the last step is a 16,384th of it.
const STEPS: u32 = 14;

/// A glyph with its place.
pub struct PlacedGlyph<'a> {
    /// What to draw.
    pub glyph: Glyph<'a>,
    /// Where its origin is, in pixels of the picture.
    pub origin: Point<f32>,
}

/// A caption with its place.
pub struct PlacedCaption<'a> {
    /// Its glyphs, in no particular order.
    pub glyphs: Vec<PlacedGlyph<'a>>,
    /// Size in pixels of the em.
    pub em: f32,
    /// Color of the letters.
    pub color: Color,
    /// Color of the outline and its width in pixels.
    pub outline: Option<(Color, f32)>,
}

/// Finds the place of every caption on a picture of that size.
///
/// # Errors
/// [`CaptionError::Cancelled`].
pub fn place<'a>(
    captions: &[Caption],
    fonts: &'a FontSet,
    width: u32,
    height: u32,
    cancel: &Cancel,
) -> Result<Vec<PlacedCaption<'a>>, CaptionError> {
    let area = Area::new(captions, width as f32, height as f32);
    let mut placed = Vec::new();
    for &valign in &VAlign::ALL {
        let mut blocks: Vec<Block> = Vec::new();
        let in_band: Vec<_> = captions.iter().filter(|caption| caption.valign == valign).collect();
        for caption in &in_band {
            let gap = if in_band.len() > 1 { GAP } else { 0.0 };
            cancel.check()?;
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
    Ok(placed)
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
        let side = width.min(height);
        let margin = (side * MARGIN).max(MIN_MARGIN.min(side / 16.0));
        Area { width, height, margin, band: height * SHARE[used - 1] }
    }

    fn text_width(&self) -> f32 {
        self.width - 2.0 * self.margin
    }
}

/// The lines of one caption at the size that they are drawn at.
struct Block<'a, 'c> {
    caption: &'c Caption,
    text: Measured<'a>,
    lines: Vec<Line>,
    em: f32,
    /// Pixels, its outline included.
    height: f32,
}

impl<'a, 'c> Block<'a, 'c> {
    /// `share` is the height in pixels that there is for it, and for a gap of `gap` ems.
    fn new(caption: &'c Caption, fonts: &'a FontSet, area: &Area, share: f32, gap: f32) -> Block<'a, 'c> {
        let text = Measured::new(caption, fonts);
        let breaks = LineBreaks::of(&caption.text);
        // In ems: what stays of the width for the letters, at a size, and how high some lines are.
        let room = |em: f32| (area.text_width() / em - 2.0 * stroke(caption, em)).max(0.0);
        let height = |lines: usize, em: f32| {
            let gaps = lines.saturating_sub(1) as f32;
            lines as f32 * (text.above + text.below + 2.0 * stroke(caption, em)) + gaps * GAP
        };
        // Whether some lines fit into the share. A single letter may be wider than the line, however it is split.
        let has_room = |lines: &[Line], em: f32| {
            (height(lines.len(), em) + gap) * em <= share
                && lines.iter().all(|&line| text.width(line) <= room(em))
        };
        let largest = area.height * LARGEST;
        let em = match caption.size {
            Size::Pixels(em) => em,
            Size::Shrink => {
                let lines = breaks.paragraphs(&text);
                largest_that(largest, |em| has_room(&lines, em))
            }
            Size::Fit => {
                let fits = |em: f32, may_split: bool| {
                    breaks.wrap(&text, room(em), may_split).is_some_and(|lines| has_room(&lines, em))
                };
                let whole_words = largest_that(largest, |em| fits(em, false));
                // Words are split only where they would make the text half of what it could be.
                let split_words = largest_that(largest, |em| fits(em, true));
                if whole_words * 2.0 < split_words {
                    split_words
                } else {
                    whole_words
                }
            }
        };
        let lines = match caption.size {
            Size::Shrink => breaks.paragraphs(&text),
            _ => breaks.balanced(&text, room(em)),
        };
        let height = height(lines.len(), em) * em;
        Block { caption, text, lines, em, height }
    }

    /// The glyphs of a block whose upper edge is at `top`.
    fn at(self, top: f32, area: &Area) -> PlacedCaption<'a> {
        let stroke = stroke(self.caption, self.em);
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
            for (offset, character) in self.text.in_visual_order(line) {
                if let Some(glyph) = character.glyph {
                    // Baselines on whole pixels keep the feet of letters crisp.
                    let origin = point(left + offset * self.em, baseline.round());
                    glyphs.push(PlacedGlyph { glyph, origin });
                }
            }
        }
        let outline = self.caption.outline.map(|color| (color, stroke * self.em));
        PlacedCaption { glyphs, em: self.em, color: self.caption.color, outline }
    }
}

/// The width of a caption's outline, in ems.
fn stroke(caption: &Caption, em: f32) -> f32 {
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
    // Zero would divide by it; nobody sees a text this small anyway.
    low.max(0.05)
}
