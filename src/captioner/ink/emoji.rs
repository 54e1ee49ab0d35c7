//! Draws emoji: the layers of glyphs in colors of their own.

use rusttype::{point, Point};

use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::ink::contour::{bounds_at, seen, within, Bounds, Contour};
use captioner::ink::painted::Painted;
use captioner::ink::rasterizer::Rasterizer;
use captioner::ink::rect::Rect;
use captioner::text::font::Glyph;
use captioner::text::placed::PlacedGlyph;
use captioner::text::turn::Turn;
use image_macro::Color;

/// The most bytes of emoji that are kept while a caption is drawn, in case they come again.
const KEPT_EMOJI: usize = 4 << 20;

/// An emoji stands on whole pixels, so that it looks the same wherever it is.
fn whole(origin: Point<f32>) -> Point<f32> {
    point(origin.x.round(), origin.y.round())
}

/// The pixels that an emoji reaches. `None` if there is nothing to see.
pub fn bounds_of(placed: &PlacedGlyph, em: f32, turn: Turn) -> Option<Bounds> {
    Some(bounds_at(&turn.bounds(&placed.glyph.ink()?), whole(placed.origin), em))
}

/// Draws emoji; `color` is that of layers without one of their own. An emoji that comes again is drawn once.
pub fn paint(
    emoji: &[(&PlacedGlyph, Bounds)],
    area: &Rect,
    em: f32,
    turn: Turn,
    color: Color,
    cancel: &Cancel,
) -> Result<Painted, CaptionError> {
    let mut all = Painted::new(area.width() as usize, area.height() as usize);
    let mut rasterizer = Rasterizer::default();
    let mut kept: Vec<(Glyph, Painted)> = Vec::new();
    let mut weight = 0;
    for &(placed, bounds) in emoji {
        cancel.check()?;
        let part = match seen(&bounds, area) {
            Some(part) => part,
            None => continue,
        };
        let (x, y) = (part.min.x - area.left as i32, part.min.y - area.top as i32);
        let is_cut_off = part != bounds;
        let known = kept.iter().find(|(glyph, _)| !is_cut_off && glyph.is(&placed.glyph));
        if let Some((_, painted)) = known {
            all.put(x, y, painted);
            continue;
        }
        let mut painted = Painted::new(part.width() as usize, part.height() as usize);
        for layer in placed.glyph.color_layers() {
            let contour = Contour::of(&layer.glyph, whole(placed.origin), em, turn);
            let seen = contour.as_ref().and_then(|contour| within(&contour.bounds, &part));
            if let (Some(contour), Some(seen)) = (contour, seen) {
                let (x, y) = (seen.min.x - part.min.x, seen.min.y - part.min.y);
                let shape = rasterizer.draw(&contour, &seen);
                painted.add(x, y, layer.color.unwrap_or(color), layer.alpha, shape);
            }
        }
        all.put(x, y, &painted);
        if !is_cut_off && weight + painted.weight() <= KEPT_EMOJI {
            weight += painted.weight();
            kept.push((placed.glyph, painted));
        }
    }
    Ok(all)
}
