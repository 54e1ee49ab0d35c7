//! Outlines to be filled, and the pixels that they reach.

use rusttype::{self, point, Point, ScaledGlyph};

use captioner::ink::rect::Rect;
use captioner::text::font::Glyph;
use captioner::text::placed::PlacedGlyph;
use captioner::text::turn::Turn;

/// Whole pixels, not necessarily of the picture.
pub type Bounds = rusttype::Rect<i32>;

/// An outline to be filled.
pub struct Contour {
    /// Its shape, at its size.
    pub glyph: ScaledGlyph<'static>,
    /// Where its origin is.
    pub origin: Point<f32>,
    /// What it is turned by, about its origin.
    pub turn: Turn,
    /// The pixels that it reaches.
    pub bounds: Bounds,
}

impl Contour {
    /// The outline of a letter. `None` if there is nothing to see.
    pub fn of_letter(placed: &PlacedGlyph, em: f32, turn: Turn) -> Option<Contour> {
        Contour::of(&placed.glyph, placed.origin, em, turn)
    }

    /// The outline of a glyph with that origin. `None` if there is nothing to see.
    pub fn of(glyph: &Glyph, origin: Point<f32>, em: f32, turn: Turn) -> Option<Contour> {
        let bounds = bounds_at(&turn.bounds(&glyph.outline()?), origin, em);
        Some(Contour { glyph: glyph.scaled(em), origin, turn, bounds })
    }
}

/// The pixels that ink reaches which is measured in ems.
pub fn bounds_at(ink: &rusttype::Rect<f32>, origin: Point<f32>, em: f32) -> Bounds {
    let min = point((origin.x + ink.min.x * em).floor() as i32, (origin.y + ink.min.y * em).floor() as i32);
    let max = point((origin.x + ink.max.x * em).ceil() as i32, (origin.y + ink.max.y * em).ceil() as i32);
    Bounds { min, max }
}

/// The part of some pixels that is in a part of the picture.
pub fn seen(bounds: &Bounds, area: &Rect) -> Option<Bounds> {
    let area = Bounds {
        min: point(area.left as i32, area.top as i32),
        max: point(area.right as i32, area.bottom as i32),
    };
    within(bounds, &area)
}

/// What both contain, if anything.
pub fn within(a: &Bounds, b: &Bounds) -> Option<Bounds> {
    let part = Bounds {
        min: point(a.min.x.max(b.min.x), a.min.y.max(b.min.y)),
        max: point(a.max.x.min(b.max.x), a.max.y.min(b.max.y)),
    };
    (part.min.x < part.max.x && part.min.y < part.max.y).then_some(part)
}
