//! Decoding a picture file of any format.

use super::jpeg::kind::JpegKind;
use super::{jpeg, png};
use captioner::cancel::Cancel;
use captioner::file::animation::Animation;
use captioner::file::error::DecodeError;
use captioner::file::pixels::Pixels;
use image_macro::Format;

/// A decoded picture file.
pub struct Decoded {
    /// The format of the file.
    pub format: Format,
    /// Its content, in sRGB.
    pub pixels: Pixels,
    /// How it is compressed, if it is a JPEG of a usual kind.
    pub jpeg: Option<JpegKind>,
    /// What is wrong with it, if it was decoded all the same.
    pub damage: Option<DecodeError>,
}

impl Decoded {
    /// Decodes a file. The format is recognised by the first bytes, not by the name. `is_lenient`: a file that is damaged or
    /// ends early is decoded as far as it goes.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn from_file(file: &[u8], is_lenient: bool, cancel: &Cancel) -> Result<Decoded, DecodeError> {
        let format = format_of(file).ok_or(DecodeError::Format)?;
        let mut jpeg = None;
        let (pixels, damage) = match format {
            Format::Jpeg => {
                let (still, kind, damage) = jpeg::decode(file, is_lenient, cancel)?;
                jpeg = kind;
                (still.into_pixels(cancel)?, damage)
            }
            Format::Png => {
                let (still, damage) = png::decode(file, is_lenient, cancel)?;
                (still.into_pixels(cancel)?, damage)
            }
            Format::Gif => {
                let (animation, damage) = Animation::decode(file, is_lenient, cancel)?;
                (Pixels::Animation(animation), damage)
            }
        };
        Ok(Decoded { format, pixels, jpeg, damage })
    }
}

fn format_of(file: &[u8]) -> Option<Format> {
    if file.starts_with(b"\xff\xd8\xff") {
        Some(Format::Jpeg)
    } else if file.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some(Format::Png)
    } else if file.starts_with(b"GIF87a") || file.starts_with(b"GIF89a") {
        Some(Format::Gif)
    } else {
        None
    }
}
