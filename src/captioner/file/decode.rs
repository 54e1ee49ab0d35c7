//! Decoding a picture file of any format.

use super::jpeg::kind::JpegKind;
use super::{apng, jpeg, png};
use captioner::cancel::Cancel;
use captioner::file::animation::Animation;
use captioner::file::error::DecodeError;
use captioner::file::pixels::Pixels;
use image_macro::Format;

/// A decoded picture file.
pub struct Decoded {
    /// The format of the file.
    pub format: Format,
    /// Its content, in sRGB. Of an animated PNG, the frames if they were wanted, and otherwise the picture that is shown
    /// without animations.
    pub pixels: Pixels,
    /// How many frames the file has.
    pub frames: usize,
    /// How it is compressed, if it is a JPEG of a usual kind.
    pub jpeg: Option<JpegKind>,
    /// What is wrong with it, if it was decoded all the same.
    pub damage: Option<DecodeError>,
}

impl Decoded {
    /// Decodes a file. The format is recognised by the first bytes, not by the name. `is_lenient`: a file that is damaged or
    /// ends early is decoded as far as it goes. `gif_quality`: if a
    /// GIF is to be made of it, how well colors are chosen, 1 to 100.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn from_file(
        file: &[u8],
        is_lenient: bool,
        gif_quality: Option<u8>,
        cancel: &Cancel,
    ) -> Result<Decoded, DecodeError> {
        let format = format_of(file).ok_or(DecodeError::Format)?;
        let frames = if format == Format::Png { apng::frames(file) } else { 1 };
        let mut kind = None;
        let (pixels, damage) = match (format, gif_quality) {
            (Format::Png, Some(quality)) if frames > 1 => {
                let (animation, damage) = apng::decode(file, quality, is_lenient, cancel)?;
                (Pixels::Animation(animation), damage)
            }
            (Format::Jpeg, _) => {
                let (still, jpeg, damage) = jpeg::decode(file, is_lenient, cancel)?;
                kind = jpeg;
                (still.into_pixels(cancel)?, damage)
            }
            (Format::Png, _) => {
                let (still, damage) = png::decode(file, is_lenient, cancel)?;
                (still.into_pixels(cancel)?, damage)
            }
            (Format::Gif, _) => {
                let (animation, damage) = Animation::decode(file, is_lenient, cancel)?;
                (Pixels::Animation(animation), damage)
            }
        };
        let frames = frames.max(pixels.frames());
        Ok(Decoded { format, pixels, frames, jpeg: kind, damage })
    }
}

/// The format of a file, by its first bytes; `None` if it is no picture that can be decoded.
pub fn format_of(file: &[u8]) -> Option<Format> {
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
