//! Decoding a picture file of any format.

use std::io::Cursor;

use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::{DynamicImage, ImageDecoder, Limits};

use captioner::cancel::Cancel;
use captioner::file::animation::Animation;
use captioner::file::error::DecodeError;
use captioner::file::limits::{check_size, MAX_PIXELS};
use captioner::file::pixels::{simplest, Pixels};
use image_macro::Format;

/// A decoded picture file.
pub struct Decoded {
    /// The format of the file.
    pub format: Format,
    /// Its content.
    pub pixels: Pixels,
}

impl Decoded {
    /// Decodes a file. The format is recognised by the first bytes, not by the name.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn from_file(file: &[u8], cancel: &Cancel) -> Result<Decoded, DecodeError> {
        let format = format_of(file).ok_or(DecodeError::Format)?;
        let pixels = match format {
            Format::Jpeg if !has_end(file) => return Err(DecodeError::Damaged("it ends early".into())),
            Format::Jpeg => still(JpegDecoder::new(Cursor::new(file)).map_err(DecodeError::damaged)?)?,
            Format::Png => still(PngDecoder::new(Cursor::new(file)).map_err(DecodeError::damaged)?)?,
            Format::Gif => Pixels::Animation(Animation::decode(file, cancel)?),
        };
        Ok(Decoded { format, pixels })
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

/// Whether a JPEG has an end marker after its first scan. The decoder accepts a file that ends early and leaves the
/// rest of the picture gray. (Markers before the scan do not count: a thumbnail has an end, too.)
fn has_end(file: &[u8]) -> bool {
    const START_OF_SCAN: u8 = 0xda;
    const END: &[u8] = &[0xff, 0xd9];
    let mut position = 2;
    while let Some(segment) = file.get(position..position + 4) {
        if segment[1] == START_OF_SCAN {
            return file[position..].windows(END.len()).any(|bytes| bytes == END);
        }
        // A marker of two bytes, which any number of FF may precede, and a length that includes itself.
        position += match segment {
            [0xff, 0xff, ..] => 1,
            _ => 2 + usize::from(u16::from_be_bytes([segment[2], segment[3]])),
        };
    }
    false
}

/// Decodes a still picture to eight bits per channel, gray as RGB, and turns it upright.
fn still<D: ImageDecoder>(mut decoder: D) -> Result<Pixels, DecodeError> {
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    // RGBA with sixteen bits per channel, and as much again for the decoder's own work.
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_PIXELS * 16);
    decoder.set_limits(limits).map_err(DecodeError::damaged)?;
    // A camera that was held upright records that in the metadata.
    let orientation = decoder.orientation().map_err(DecodeError::damaged)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(DecodeError::damaged)?;
    image.apply_orientation(orientation);
    Ok(simplest(image))
}
