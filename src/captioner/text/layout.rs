//! Layout: the size and the lines of each caption, and the place of each glyph.

use rusttype::{point, Point, PositionedGlyph};

use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::text::font::Glyph;
use captioner::text::font_set::FontSet;
use captioner::text::line_breaks::LineBreaks;
use captioner::text::measure::{InLine, Line, Measured};
use image_macro::{Caption, Color, HAlign, Size, VAlign};

/// The largest size that `fit` and `shrink` choose, relative to the picture's height. Larger text hides the picture.
const LARGEST: f32 = 0.14;
/// The height that a band may take, relative to the picture's, by how many bands are used.
const SHARE: [f32; 3] = [0.36, 0.27, 0.26];
/// The distance of the text from the picture's edge, relative to the shorter side.
const MARGIN: f32 = 0.025;
/// The least that distance is in pixels, where there is room for it: half a pixel of rounding and a soft edge.
const MIN_MARGIN: f32 = 2.0;
/// The distance between lines, and between captions in one band, in ems.
const GAP: f32 = 0.14;
/// The width of the outline in ems.
const OUTLINE: f32 = 0.055;
/// The least width of the outline in pixels: a thinner one cannot be seen.
const MIN_OUTLINE: f32 = 0.8;
/// The greatest width of the outline in ems: a wider one fills the holes of letters.
const MAX_OUTLINE: f32 = 0.08;
/// How often `fit` halves the range of possible sizes: the last step is a 16,384th of it.
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
    /// What surrounds the letters.
    pub outline: Option<Outline>,
}

/// The outline of a caption.
#[derive(Clone, Copy)]
pub struct Outline {
    /// Its color.
    pub color: Color,
    /// Its width in pixels.
    pub width: f32,
}

impl<'a> PlacedGlyph<'a> {
    /// The glyph at an em of that many pixels.
    pub fn at(&self, em: f32) -> PositionedGlyph<'static> {
        self.glyph.scaled(em).positioned(self.origin)
    }
}

/// Lays out the captions of a picture of that size in pixels.
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
        let share = area.band / in_band.len() as f32;
        let gap = if in_band.len() > 1 { GAP } else { 0.0 };
        for caption in &in_band {
            cancel.check()?;
            let fitting = Fitting {
                caption,
                text: Measured::new(caption, fonts),
                breaks: LineBreaks::of(&caption.text),
                width: area.text_width(),
                share,
                gap,
            };
            blocks.push(fitting.block(area.height * LARGEST));
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

/// The picture as the layout sees it. Pixels.
struct Area {
    width: f32,
    height: f32,
    /// Between text and edge.
    margin: f32,
    /// The height that the captions of one band share.
    band: f32,
}

impl Area {
    fn new(captions: &[Caption], width: f32, height: f32) -> Area {
        let is_used = |valign: &&VAlign| captions.iter().any(|caption| caption.valign == **valign);
        // The middle band leaves another one no more room than it would leave both.
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

/// A caption whose size and lines are to be found.
struct Fitting<'a, 'c> {
    caption: &'c Caption,
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
    /// Chooses the size, `largest` at most unless the request names one, and breaks the lines.
    fn block(self, largest: f32) -> Block<'a, 'c> {
        let em = self.em(largest);
        let lines = match self.caption.size {
            Size::Shrink => self.breaks.paragraphs(&self.text),
            _ => self.breaks.balanced(&self.text, self.room(em)),
        };
        let height = self.height(lines.len(), em) * em;
        Block { caption: self.caption, text: self.text, lines, em, height }
    }

    fn em(&self, largest: f32) -> f32 {
        match self.caption.size {
            Size::Pixels(em) => em,
            Size::Shrink => {
                let lines = self.breaks.paragraphs(&self.text);
                largest_that(largest, |em| self.has_room(&lines, em))
            }
            Size::Fit => {
                let whole_words = largest_that(largest, |em| self.fits(em, false));
                // Words are split only where whole ones would make the text less than half as large.
                let split_words = largest_that(largest, |em| self.fits(em, true));
                if whole_words * 2.0 < split_words {
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
        (self.height(lines.len(), em) + self.gap) * em <= self.share
            && lines.iter().all(|&line| self.text.width(line) <= self.room(em))
    }

    /// The width in ems that the outline leaves for the letters of a line.
    fn room(&self, em: f32) -> f32 {
        (self.width / em - 2.0 * stroke(self.caption, em)).max(0.0)
    }

    /// The height in ems of some lines, their outlines included.
    fn height(&self, lines: usize, em: f32) -> f32 {
        let gaps = lines.saturating_sub(1) as f32;
        lines as f32 * (self.text.above + self.text.below + 2.0 * stroke(self.caption, em)) + gaps * GAP
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
            for InLine { character, x } in self.text.in_visual_order(line) {
                if let Some(glyph) = character.glyph {
                    // A baseline between two pixels would blur the feet of letters.
                    let origin = point(left + x * self.em, baseline.round());
                    glyphs.push(PlacedGlyph { glyph, origin });
                }
            }
        }
        let outline = self.caption.outline.map(|color| Outline { color, width: stroke * self.em });
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
    // Not zero, which widths are divided by. Text of this size cannot be seen.
    low.max(0.05)
}
