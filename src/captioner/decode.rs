//! Picture files: which format they are, whether they may be decoded, and the still ones decoded.

use std::error::Error;
use std::io::Cursor;

use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::{DynamicImage, ImageDecoder, Limits, RgbImage, RgbaImage};

use super::CaptionError;

/// Pixels of a canvas, at most. Checked before anything is decoded.
const MAX_PIXELS: u64 = 40_000_000;

/// A picture file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// JPEG, baseline.
    Jpeg,
    /// PNG, eight bits a channel.
    Png,
    /// GIF, still or animated.
    Gif,
}

impl Format {
    /// As it is written in a request and in `GET /templates/{name}`.
    pub fn name(self) -> &'static str {
        match self {
            Format::Jpeg => "jpeg",
            Format::Png => "png",
            Format::Gif => "gif",
        }
    }

    /// By the first bytes of a file, whatever its name says.
    pub fn of(file: &[u8]) -> Option<Format> {
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
}

/// Why a file is no template.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Neither JPEG, PNG nor GIF.
    #[error("it is neither a JPEG, a PNG nor a GIF")]
    Format,
    /// A canvas of more than 40 megapixels, or an animation of more than [`super::animation::MAX_WORK`].
    #[error("it is too large: {0}")]
    TooLarge(String),
    /// It cannot be decoded.
    #[error("it is damaged")]
    Damaged(#[source] Box<dyn Error + Send + Sync>),
    /// Nobody waits any more.
    #[error("cancelled")]
    Cancelled,
}

impl DecodeError {
    /// The same, of the template of that name.
    pub fn into_caption_error(self, name: &str) -> CaptionError {
        match self {
            DecodeError::Cancelled => CaptionError::Cancelled,
            other => CaptionError::BadFile { name: name.to_string(), cause: Box::new(other) },
        }
    }

    /// From an error of a decoder.
    pub fn damaged<E: Error + Send + Sync + 'static>(error: E) -> DecodeError {
        DecodeError::Damaged(Box::new(error))
    }
}

/// A still picture of eight bits a channel.
pub enum Still {
    /// Without transparency.
    Rgb(RgbImage),
    /// With transparency; not premultiplied.
    Rgba(RgbaImage),
}

/// Decodes a JPEG.
///
/// # Errors
/// [`DecodeError`].
pub fn jpeg(file: &[u8]) -> Result<Still, DecodeError> {
    if !has_end(file) {
        return Err(DecodeError::Damaged("it ends early".into()));
    }
    still(JpegDecoder::new(Cursor::new(file)).map_err(DecodeError::damaged)?)
}

/// Whether a JPEG has the marker of its end after its first scan. Its decoder would take one without, and
/// leave the rest of the picture gray. (A thumbnail before the scan has an end, too.)
fn has_end(file: &[u8]) -> bool {
    const START_OF_SCAN: u8 = 0xda;
    const END: &[u8] = &[0xff, 0xd9];
    let mut position = 2;
    while let Some(segment) = file.get(position..position + 4) {
        if segment[1] == START_OF_SCAN {
            return file[position..].windows(END.len()).any(|bytes| bytes == END);
        }
        // A marker of two bytes, filled up with any number of FF, and a length that counts itself.
        position += match segment {
            [0xff, 0xff, ..] => 1,
            _ => 2 + usize::from(u16::from_be_bytes([segment[2], segment[3]])),
        };
    }
    false
}

/// Decodes a PNG.
///
/// # Errors
/// [`DecodeError`].
pub fn png(file: &[u8]) -> Result<Still, DecodeError> {
    still(PngDecoder::new(Cursor::new(file)).map_err(DecodeError::damaged)?)
}

/// Refuses a canvas that is empty or too large to be worth decoding.
///
/// # Errors
/// [`DecodeError::TooLarge`], [`DecodeError::Damaged`].
pub fn check_size(width: u32, height: u32) -> Result<(), DecodeError> {
    if width == 0 || height == 0 {
        return Err(DecodeError::Damaged("it has no pixels".into()));
    }
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        let sentence = format!("{}x{} is more than {} pixels", width, height, MAX_PIXELS);
        return Err(DecodeError::TooLarge(sentence));
    }
    Ok(())
}

/// Decodes a still picture to eight bits a channel, gray made RGB, upright.
fn still<D: ImageDecoder>(mut decoder: D) -> Result<Still, DecodeError> {
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    // Sixteen bits a channel and as much again for the decoder's own work.
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_PIXELS * 16);
    decoder.set_limits(limits).map_err(DecodeError::damaged)?;
    // A camera that was held upright says so beside the pixels.
    let orientation = decoder.orientation().map_err(DecodeError::damaged)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(DecodeError::damaged)?;
    image.apply_orientation(orientation);
    Ok(if image.color().has_alpha() {
        let image = image.into_rgba8();
        if image.pixels().all(|pixel| pixel.0[3] == 255) {
            Still::Rgb(DynamicImage::ImageRgba8(image).into_rgb8())
        } else {
            Still::Rgba(image)
        }
    } else {
        Still::Rgb(image.into_rgb8())
    })
}
