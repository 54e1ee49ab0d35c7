//! Layout: where each caption stands, and the place of each of its glyphs.
//!
//! Captions in a band share its height, and stand below each other. A box holds one caption; it is laid out as if the box
//! were upright, and then every glyph is turned about the center of the box.

use rusttype::point;

use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::lettering::{Lettering, LetteringSpot};
use captioner::text::fitting::{Block, Fitting, Sizes, GAP};
use captioner::text::font_set::FontSet;
use captioner::text::placed::{Frame, PlacedCaption};
use captioner::text::turn::Turn;
use image_macro::{TextBox, VAlign};

/// The largest size that `fit` and `shrink` choose in a band, relative to the picture's extent (see [`Area`]). Larger text
/// hides the picture.
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
/// The distance of the text from the picture's edge, relative to the shorter side.
const MARGIN: f32 = 0.025;
/// The least that distance is in pixels, where there is room for it: half a pixel of rounding and a soft edge.
const MIN_MARGIN: f32 = 2.0;
/// The same within a box.
const MIN_PADDING: f32 = 1.5;

/// Lays out the captions of a picture of that size in pixels.
///
/// # Errors
/// [`CaptionError::Cancelled`].
pub fn place<'a>(
    letterings: &[Lettering],
    fonts: &'a FontSet,
    width: u32,
    height: u32,
    cancel: &Cancel,
) -> Result<Vec<PlacedCaption<'a>>, CaptionError> {
    let (width, height) = (width as f32, height as f32);
    let mut placed = Vec::new();
    let area = Area::new(letterings, width, height);
    for &valign in &VAlign::ALL {
        placed.extend(in_band(valign, letterings, fonts, &area, cancel)?);
    }
    for (index, lettering) in letterings.iter().enumerate() {
        if let LetteringSpot::Box(ref text_box) = lettering.spot {
            cancel.check()?;
            placed.push(in_box(text_box, index, lettering, fonts, (width, height)));
        }
    }
    Ok(placed)
}

/// Lays out the captions in one band.
fn in_band<'a>(
    valign: VAlign,
    letterings: &[Lettering],
    fonts: &'a FontSet,
    area: &Area,
    cancel: &Cancel,
) -> Result<Vec<PlacedCaption<'a>>, CaptionError> {
    let is_here = |lettering: &(usize, &Lettering)| lettering.1.spot == LetteringSpot::Band(valign);
    let here: Vec<_> = letterings.iter().enumerate().filter(is_here).collect();
    let share = area.band / here.len() as f32;
    let gap = if here.len() > 1 { GAP } else { 0.0 };
    let mut blocks: Vec<Block> = Vec::new();
    for &(index, lettering) in &here {
        cancel.check()?;
        blocks
            .push(Fitting::new(lettering, index, fonts, area.inside.width, share, gap).block(&area.sizes()));
    }
    let gaps: f32 = blocks.iter().skip(1).map(|block| block.em * GAP).sum();
    let total = blocks.iter().map(|block| block.height).sum::<f32>() + gaps;
    let mut top = area.inside.top_of(total, valign);
    let mut placed = Vec::new();
    for (index, block) in blocks.into_iter().enumerate() {
        if index > 0 {
            top += block.em * GAP;
        }
        let bottom = top + block.height;
        placed.push(block.at(top, &area.inside));
        top = bottom;
    }
    Ok(placed)
}

/// Lays out a caption in a box of a picture of that size.
fn in_box<'a>(
    text_box: &TextBox,
    index: usize,
    lettering: &Lettering,
    fonts: &'a FontSet,
    (width, height): (f32, f32),
) -> PlacedCaption<'a> {
    let outer = Frame {
        left: text_box.left * width,
        top: text_box.top * height,
        width: text_box.width * width,
        height: text_box.height * height,
    };
    let side = outer.width.min(outer.height);
    let inside = outer.within((side * text_box.padding).max(MIN_PADDING.min(side / 4.0)));
    let sizes = Sizes {
        // Higher letters do not fit, but for those without any height, such as a row of points.
        largest: inside.height,
        of_whole_words: LEGIBLE.max(extent(width, height) * LEGIBLE_SHARE),
        legible: LEGIBLE,
    };
    let block = Fitting::new(lettering, index, fonts, inside.width, inside.height, 0.0).block(&sizes);
    let top = inside.top_of(block.height, text_box.valign);
    let mut placed = block.at(top, &inside);
    placed.turn = Turn::by(text_box.angle);
    if !placed.turn.is_none() {
        let center = point(outer.left + outer.width / 2.0, outer.top + outer.height / 2.0);
        for glyph in &mut placed.glyphs {
            glyph.origin = placed.turn.about(center, glyph.origin);
        }
    }
    placed
}

/// What sizes of text are relative to: the height of a picture that is not more than twice as long one way as the other. Of a
/// banner it is half of the width, of a pillar twice the width.
fn extent(width: f32, height: f32) -> f32 {
    height.clamp(width / LONGEST, width * LONGEST)
}

/// The picture as captions in bands see it. Pixels.
struct Area {
    /// Where text may be: all but the margins.
    inside: Frame,
    /// See [`extent`].
    extent: f32,
    /// The height that the captions of one band share.
    band: f32,
}

impl Area {
    fn new(letterings: &[Lettering], width: f32, height: f32) -> Area {
        let is_used = |valign: &&VAlign| {
            letterings.iter().any(|lettering| lettering.spot == LetteringSpot::Band(**valign))
        };
        // The middle band leaves another one no more room than it would leave both.
        let used = match VAlign::ALL.iter().filter(is_used).count() {
            2 if is_used(&&VAlign::Middle) => 3,
            used => used.max(1),
        };
        let side = width.min(height);
        let margin = (side * MARGIN).max(MIN_MARGIN.min(side / 16.0));
        let extent = extent(width, height);
        let of_banner = SHARE[used - 1] * (extent / height).max(1.0).sqrt();
        let share = of_banner.min(SHARE_OF_BANNER[used - 1]);
        let inside = Frame { left: 0.0, top: 0.0, width, height }.within(margin);
        Area { inside, extent, band: height * share }
    }

    fn sizes(&self) -> Sizes {
        let largest = self.extent * LARGEST;
        Sizes {
            largest,
            of_whole_words: LEGIBLE.max(self.extent * LEGIBLE_SHARE),
            // On a picture on which no text could be read, not even the shortest is too long.
            legible: LEGIBLE.min(largest),
        }
    }
}
