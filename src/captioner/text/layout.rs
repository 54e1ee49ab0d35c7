//! Layout: the size and the lines of each caption, and the place of each glyph.

use rusttype::{point, Point};

use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::text::font::Glyph;
use captioner::text::font_set::FontSet;
use captioner::text::line_breaks::LineBreaks;
use captioner::text::measure::{Height, InLine, Line, Measured};
use image_macro::{Caption, Color, HAlign, Size, VAlign};

/// The largest size that `fit` and `shrink` choose, relative to the picture's extent (see [`Area`]). Larger text hides
/// the picture.
const LARGEST: f32 = 0.14;
/// The height that a band may take, relative to the picture's, by how many bands are used.
const SHARE: [f32; 3] = [0.36, 0.27, 0.26];
/// The same on a banner, which is there for its text.
const SHARE_OF_BANNER: [f32; 3] = [0.45, 0.45, 0.3];
/// How much longer than the other the longer side of a picture is before it counts no further.
const LONGEST: f32 = 2.0;
/// The least em in pixels that can be read.
const LEGIBLE: f32 = 8.0;
/// The least em at which no word is split, relative to the picture's extent.
const LEGIBLE_SHARE: f32 = 0.02;
/// How much larger the text must be with split words than with whole ones for words to be split.
const GAIN: f32 = 1.25;
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
    /// Which of the captions it is, counted from zero.
    pub index: usize,
    /// Whether there is so much text that it is too small to be read.
    pub is_too_small: bool,
}

/// The outline of a caption.
#[derive(Clone, Copy)]
pub struct Outline {
    /// Its color.
    pub color: Color,
    /// Its width in pixels.
    pub width: f32,
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
        let is_here = |caption: &(usize, &Caption)| caption.1.valign == valign;
        let in_band: Vec<_> = captions.iter().enumerate().filter(is_here).collect();
        let share = area.band / in_band.len() as f32;
        let gap = if in_band.len() > 1 { GAP } else { 0.0 };
        for &(index, caption) in &in_band {
            cancel.check()?;
            let text = Measured::new(caption, fonts);
            let breaks = LineBreaks::of(&text);
            let width = area.text_width();
            blocks.push(Fitting { caption, index, text, breaks, width, share, gap }.block(area.extent));
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
    /// What sizes of text are relative to: the height of a picture that is not more than twice as long one way as the
    /// other. Of a banner it is half of the width, of a pillar twice the width.
    extent: f32,
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
        let extent = height.clamp(width / LONGEST, width * LONGEST);
        let of_banner = SHARE[used - 1] * (extent / height).max(1.0).sqrt();
        let share = of_banner.min(SHARE_OF_BANNER[used - 1]);
        Area { width, height, extent, margin, band: height * share }
    }

    fn text_width(&self) -> f32 {
        self.width - 2.0 * self.margin
    }
}

/// A caption whose size and lines are to be found.
struct Fitting<'a, 'c> {
    caption: &'c Caption,
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
    /// Chooses the size, unless the request names one, and breaks the lines.
    fn block(self, extent: f32) -> Block<'a, 'c> {
        let em = self.em(extent);
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
        // On a picture on which no text could be read, not even the shortest is too long.
        let is_too_small = is_chosen && em < LEGIBLE.min(extent * LARGEST);
        let Fitting { caption, index, text, .. } = self;
        Block { caption, index, text, lines, em, height, is_too_small }
    }

    fn em(&self, extent: f32) -> f32 {
        let largest = extent * LARGEST;
        match self.caption.size {
            Size::Pixels(em) => em,
            Size::Shrink => {
                let lines = self.breaks.paragraphs(&self.text);
                largest_that(largest, |em| self.has_room(&lines, em))
            }
            Size::Fit => {
                let whole_words = largest_that(largest, |em| self.fits(em, false));
                if whole_words >= LEGIBLE.max(extent * LEGIBLE_SHARE) {
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
struct Block<'a, 'c> {
    caption: &'c Caption,
    index: usize,
    text: Measured<'a>,
    lines: Vec<Line>,
    em: f32,
    /// Pixels, its outline included.
    height: f32,
    is_too_small: bool,
}

impl<'a, 'c> Block<'a, 'c> {
    /// The glyphs of a block whose upper edge is at `top`.
    fn at(self, top: f32, area: &Area) -> PlacedCaption<'a> {
        let stroke = stroke(self.caption, self.em);
        let Height { above, below } = self.text.height();
        let pitch = above + below + 2.0 * stroke + GAP;
        let mut glyphs = Vec::new();
        for (index, &line) in self.lines.iter().enumerate() {
            let width = self.text.width(line) * self.em;
            let edge = area.margin + stroke * self.em;
            let left = match self.caption.halign {
                HAlign::Left => edge,
                HAlign::Center => (area.width - width) / 2.0,
                HAlign::Right => area.width - edge - width,
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
        PlacedCaption { glyphs, em, color: self.caption.color, outline, index, is_too_small }
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
