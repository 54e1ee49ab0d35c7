//! [`Spot`]: where a caption stands on the picture; and [`Bar`], which makes room for it beside the picture.

use super::align::VAlign;
use super::color::Color;

/// The greatest padding of a box, as a share of its shorter side. With half of it there would be no room for text.
pub const MAX_PADDING: f32 = 0.45;
/// The greatest angle of a box either way, in degrees.
pub const MAX_ANGLE: f32 = 180.0;

/// Where a caption stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spot {
    /// In a band of the picture.
    Band(VAlign),
    /// In a box that the request describes.
    Box(TextBox),
    /// In the place that the template has for its text of that number, counted from zero. If the template has no boxes, that
    /// is the band; `None` if there are more texts than bands.
    Numbered(usize, Option<VAlign>),
}

/// A rectangle that text is fitted to. Its sides are shares of the width and height of the picture, from 0 to 1, before it
/// is turned about its center.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextBox {
    /// The distance of its left side from that of the picture.
    pub left: f32,
    /// The distance of its upper side from that of the picture.
    pub top: f32,
    /// Above 0; `left + width` is at most 1.
    pub width: f32,
    /// Above 0; `top + height` is at most 1.
    pub height: f32,
    /// Degrees that it is turned by clockwise, −180 to 180.
    pub angle: f32,
    /// The distance of text from its sides, as a share of the shorter one, 0 to [`MAX_PADDING`].
    pub padding: f32,
    /// Where in it the lines stand.
    pub valign: VAlign,
}

impl TextBox {
    /// All of the picture.
    pub const WHOLE: TextBox = TextBox {
        left: 0.0,
        top: 0.0,
        width: 1.0,
        height: 1.0,
        angle: 0.0,
        padding: 0.0,
        valign: VAlign::Middle,
    };
}

/// Bars of one color above and below the picture, which have text in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Where it is.
    pub side: BarSide,
    /// Its color.
    pub color: Color,
}

/// Where bars are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarSide {
    /// Above the picture, with the first caption.
    Top,
    /// Below the picture, with the last caption.
    Bottom,
    /// Both.
    Both,
}

impl BarSide {
    /// All of them.
    pub const ALL: [BarSide; 3] = [BarSide::Top, BarSide::Bottom, BarSide::Both];

    /// `top`, `bottom` or `both`, in any case.
    pub fn parse(text: &str) -> Option<BarSide> {
        BarSide::ALL.iter().copied().find(|side| side.name().eq_ignore_ascii_case(text.trim()))
    }

    /// As it is written in a request.
    pub fn name(self) -> &'static str {
        match self {
            BarSide::Top => "top",
            BarSide::Bottom => "bottom",
            BarSide::Both => "both",
        }
    }
}
