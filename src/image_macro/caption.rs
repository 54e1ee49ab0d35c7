//! [`ImageMacro`], [`Edit`] and [`Caption`], and their limits.

use super::error::Invalid;
use super::format::Format;
use super::look::Look;
use super::spot::{Bar, Spot};

/// The most captions on one picture.
pub const MAX_CAPTIONS: usize = 16;
/// The most characters (Unicode scalar values, after NFC) in one caption.
pub const MAX_TEXT: usize = 256;
/// The most characters in the name of a template or font.
pub const MAX_NAME: usize = 200;
/// The most characters in what is noted as the origin of a template, mostly a URL.
pub const MAX_SOURCE: usize = 2048;
/// The most pixels on a side of the picture asked for.
pub const MAX_SIDE: u32 = 4096;
/// The font of a caption that names none.
pub const DEFAULT_FONT: &str = "Anton";

/// A picture that a client asks for: a template, a size, and the captions to put on it.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageMacro {
    /// Name of the template. Not empty; the captioner knows whether there is such a template.
    pub template: String,
    /// Width in pixels that the picture must not exceed, 1 to [`MAX_SIDE`].
    pub width: Option<u32>,
    /// Height in pixels that the picture must not exceed, 1 to [`MAX_SIDE`].
    pub height: Option<u32>,
    /// The format of the picture; the template's own if `None`.
    pub format: Option<Format>,
    /// Bars beside the picture; `None` if all text is on it.
    pub bar: Option<Bar>,
    /// At most [`MAX_CAPTIONS`], none of them blank. Captions in one band stand below each other, in this order.
    pub captions: Vec<Caption>,
}

impl ImageMacro {
    /// The same in the format that the extension of its path says.
    ///
    /// # Errors
    /// If its fields name another one.
    pub fn in_format(self, format: Format) -> Result<ImageMacro, Invalid> {
        match self.format {
            Some(other) if other != format => Err(Invalid(format!(
                "\"format\" is \"{}\", which contradicts the path: it ends in \".{}\"",
                other.name(),
                format.extension()
            ))),
            _ => Ok(ImageMacro { format: Some(format), ..self }),
        }
    }
}

/// What a client asks for on a picture that it sends along: an [`ImageMacro`] without the template. By default, the picture
/// as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edit {
    /// Width in pixels that the picture must not exceed, 1 to [`MAX_SIDE`].
    pub width: Option<u32>,
    /// Height in pixels that the picture must not exceed, 1 to [`MAX_SIDE`].
    pub height: Option<u32>,
    /// The format of the picture; that of the one sent if `None`.
    pub format: Option<Format>,
    /// As those of an [`ImageMacro`].
    pub bar: Option<Bar>,
    /// As those of an [`ImageMacro`].
    pub captions: Vec<Caption>,
}

/// One piece of text on the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Caption {
    /// In NFC, at most [`MAX_TEXT`] characters, not blank. `\n` is the only control character in it.
    pub text: String,
    /// Where it stands.
    pub spot: Spot,
    /// How it looks, as far as the request says so.
    pub look: Look,
}
