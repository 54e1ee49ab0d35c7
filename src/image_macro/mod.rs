//! What a client asks for: an [`ImageMacro`], decoded from a query string or from JSON.
//!
//! This room has no I/O, no pixels and no futures. `server` calls it to decode a request, `captioner` draws the
//! result. [`from_query`] and [`from_json`] check every limit below, so the captioner need not check them again.

mod align;
mod color;
mod decode;
mod fields;
mod format;
mod size;

pub use self::align::{HAlign, VAlign};
pub use self::color::Color;
pub use self::decode::{from_json, from_query, normal_name};
pub use self::fields::shortened;
pub use self::format::Format;
pub use self::size::Size;

/// The largest number of captions on one picture.
pub const MAX_CAPTIONS: usize = 16;
/// The largest number of characters (Unicode scalar values, after NFC) in one caption.
pub const MAX_TEXT: usize = 256;
/// The largest number of characters in the name of a template or font.
pub const MAX_NAME: usize = 200;
/// The largest width or height that can be asked for, in pixels.
pub const MAX_SIDE: u32 = 4096;
/// The largest text size, in pixels.
pub const MAX_SIZE: f32 = 512.0;
/// The font of a caption that names none.
pub const DEFAULT_FONT: &str = "Anton";

/// A picture that a client asks for: a template, a size, and the captions to put on it.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageMacro {
    /// Name of the template: any non-empty text. The captioner finds out whether there is such a template.
    pub template: String,
    /// The largest width of the picture in pixels, 1 to [`MAX_SIDE`].
    pub width: Option<u32>,
    /// The largest height of the picture in pixels, 1 to [`MAX_SIDE`].
    pub height: Option<u32>,
    /// The format of the picture; the template's own if `None`.
    pub format: Option<Format>,
    /// None of them is blank. Those of one band stand below each other, in this order. At most [`MAX_CAPTIONS`].
    pub captions: Vec<Caption>,
}

/// One piece of text on the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Caption {
    /// In NFC, not blank, at most [`MAX_TEXT`] characters, without control characters other than `\n`.
    pub text: String,
    /// The band of the picture that it stands in.
    pub valign: VAlign,
    /// How its lines are aligned in that band.
    pub halign: HAlign,
    /// Name of the font, non-empty.
    pub font: String,
    /// Color of the letters.
    pub color: Color,
    /// Color of the line around the letters; `None` for no line.
    pub outline: Option<Color>,
    /// How large the letters are.
    pub size: Size,
}

/// Why a request is not an image macro: one sentence for the client, with the field, its value and what is allowed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);
