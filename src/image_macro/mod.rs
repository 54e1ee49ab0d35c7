//! What is asked: an [`ImageMacro`], understood from a query string or from JSON.
//!
//! No I/O, no pixels, no futures here. The `server` room decodes a request into an `ImageMacro`, the
//! `captioner` room draws it. Everything that comes out of [`from_query`] and [`from_json`] is within the
//! limits below, so that nobody has to check it again.

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

/// Captions on one picture, at most.
pub const MAX_CAPTIONS: usize = 16;
/// Characters (Unicode scalar values, after NFC) in one caption, at most.
pub const MAX_TEXT: usize = 256;
/// Characters of the name of a template or font, at most.
pub const MAX_NAME: usize = 200;
/// Pixels on a side of the picture asked for, at most.
pub const MAX_SIDE: u32 = 4096;
/// Text size in pixels, at most.
pub const MAX_SIZE: f32 = 512.0;
/// The font of a caption that names none.
pub const DEFAULT_FONT: &str = "Anton";

/// A picture that a client asks for: a template, a size, and the captions to put on it.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageMacro {
    /// Name of the template: any non-empty text; whether there is such a template is the captioner's to say.
    pub template: String,
    /// Width in pixels that the picture must not exceed, 1 to [`MAX_SIDE`].
    pub width: Option<u32>,
    /// Height in pixels that the picture must not exceed, 1 to [`MAX_SIDE`].
    pub height: Option<u32>,
    /// The format of the picture; the template's own if `None`.
    pub format: Option<Format>,
    /// Those of one band from the upper edge down; none of them is blank. At most [`MAX_CAPTIONS`].
    pub captions: Vec<Caption>,
}

/// One piece of text on the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Caption {
    /// NFC, at most [`MAX_TEXT`] characters, not blank; the only control character in it is `\n`.
    pub text: String,
    /// Which band of the picture it stands in.
    pub valign: VAlign,
    /// How its lines stand in that band.
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

/// Why a request is not an image macro: one sentence for the client, which names the field, the value and
/// what is allowed. The client must act.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);
