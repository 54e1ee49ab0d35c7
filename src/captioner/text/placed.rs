//! Captions with their places: what layout makes, and ink draws.

use rusttype::Point;

use captioner::text::font::Glyph;
use captioner::text::turn::Turn;
use image_macro::{Color, Moment, VAlign};

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
    /// What each of them is turned by, about its origin.
    pub turn: Turn,
    /// Size in pixels of the em.
    pub em: f32,
    /// Color of the letters.
    pub color: Color,
    /// What surrounds the letters.
    pub outline: Option<Outline>,
    /// When in an animation it appears and disappears; `None` is its start or its end.
    pub time: [Option<Moment>; 2],
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

/// A rectangle with text in it, in pixels of the picture.
#[derive(Clone, Copy)]
pub struct Frame {
    /// Its left side.
    pub left: f32,
    /// Its upper side.
    pub top: f32,
    /// From its left side to its right one.
    pub width: f32,
    /// From its upper side to its lower one.
    pub height: f32,
}

impl Frame {
    /// What is left of it within all sides.
    pub fn within(self, edge: f32) -> Frame {
        Frame {
            left: self.left + edge,
            top: self.top + edge,
            width: self.width - 2.0 * edge,
            height: self.height - 2.0 * edge,
        }
    }

    /// Where something of that height begins.
    pub fn top_of(&self, height: f32, valign: VAlign) -> f32 {
        match valign {
            VAlign::Top => self.top,
            VAlign::Middle => self.top + (self.height - height) / 2.0,
            VAlign::Bottom => self.top + self.height - height,
        }
    }
}
