//! Picture files: which format they are, whether they may be decoded, and what is in them.

use std::error::Error;
use std::io::Cursor;

use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::{DynamicImage, ImageDecoder, Limits, RgbImage, RgbaImage};

use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::file::animation::canvas::Canvas;
use captioner::file::animation::Animation;
use captioner::file::scale::{flattened, resize_rgb, resize_rgba};
use image_macro::Format;

/// Pixels of a canvas, at most. Checked before anything is decoded.
const MAX_PIXELS: u64 = 40_000_000;

/// Pixels of a side, at most: a scaler has weights for each, and they must not become too small to be told.
const MAX_SIDE: u32 = 100_000;

/// Why a file is no template.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Neither JPEG, PNG nor GIF.
    #[error("it is neither a JPEG, a PNG nor a GIF")]
    Format,
    /// A canvas of more than 40 megapixels, a side of more than 100,000 pixels, or an animation of more than [`super::animation::MAX_WORK`].
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
            other => CaptionError::bad_file(name, other),
        }
    }

    /// From an error of a decoder.
    pub fn damaged<E: Error + Send + Sync + 'static>(error: E) -> DecodeError {
        DecodeError::Damaged(Box::new(error))
    }
}

/// A picture file, decoded.
pub struct Decoded {
    /// The format of the file.
    pub format: Format,
    /// What was in it.
    pub pixels: Pixels,
}

/// What a picture looks like.
pub enum Pixels {
    /// A still picture without transparency.
    Rgb(RgbImage),
    /// A still picture with transparency; not premultiplied.
    Rgba(RgbaImage),
    /// A GIF, even of one frame.
    Animation(Animation),
}

impl Decoded {
    /// Decodes a file. Its first bytes tell its format, whatever its name says.
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

impl Pixels {
    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        match *self {
            Pixels::Rgb(ref image) => image.dimensions(),
            Pixels::Rgba(ref image) => image.dimensions(),
            Pixels::Animation(ref animation) => animation.size(),
        }
    }

    /// 1, or more for an animation.
    pub fn frames(&self) -> usize {
        match *self {
            Pixels::Animation(ref animation) => animation.frames.len(),
            _ => 1,
        }
    }

    /// The same at another size. `quality` is the care taken with an animation's colors, 1 to 100.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn scaled(self, size: (u32, u32), quality: u8, cancel: &Cancel) -> Result<Pixels, CaptionError> {
        if size == self.size() {
            return Ok(self);
        }
        Ok(match self {
            Pixels::Rgb(image) => Pixels::Rgb(resize_rgb(&image, size, cancel)?),
            Pixels::Rgba(image) => Pixels::Rgba(resize_rgba(image, size, cancel)?),
            Pixels::Animation(animation) => Pixels::Animation(animation.scaled(size, quality, cancel)?),
        })
    }

    /// One picture without transparency: what is transparent becomes white. Of an animation, its first
    /// frame.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn into_rgb(self, cancel: &Cancel) -> Result<RgbImage, CaptionError> {
        Ok(match self.into_still(cancel)? {
            Pixels::Rgba(image) => flattened(&image),
            Pixels::Rgb(image) => image,
            Pixels::Animation(_) => unreachable!("a still picture is not an animation"),
        })
    }

    /// An animation of one frame, if it is not one already. `quality` is the care taken with its colors.
    ///
    /// # Errors
    /// As [`Animation::of`].
    pub fn into_animation(self, quality: u8, cancel: &Cancel) -> Result<Animation, CaptionError> {
        match self {
            Pixels::Animation(animation) => Ok(animation),
            Pixels::Rgb(image) => Animation::of(DynamicImage::ImageRgb8(image).into_rgba8(), quality, cancel),
            Pixels::Rgba(image) => Animation::of(image, quality, cancel),
        }
    }

    /// Of an animation, its first frame.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn into_still(self, cancel: &Cancel) -> Result<Pixels, CaptionError> {
        Ok(match self {
            Pixels::Animation(ref animation) => {
                let mut canvas = Canvas::new(animation);
                canvas.draw(animation, &animation.frames[0], cancel)?;
                still_of(DynamicImage::ImageRgba8(canvas.pixels))
            }
            still => still,
        })
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
    if width.max(height) > MAX_SIDE {
        let sentence = format!("{}x{} has a side of more than {} pixels", width, height, MAX_SIDE);
        return Err(DecodeError::TooLarge(sentence));
    }
    Ok(())
}

/// Decodes a still picture to eight bits a channel, gray made RGB, upright.
fn still<D: ImageDecoder>(mut decoder: D) -> Result<Pixels, DecodeError> {
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
    Ok(still_of(image))
}

/// Eight bits a channel; with transparency only where something is transparent.
fn still_of(image: DynamicImage) -> Pixels {
    if image.color().has_alpha() {
        let image = image.into_rgba8();
        if image.pixels().all(|pixel| pixel.0[3] == 255) {
            Pixels::Rgb(DynamicImage::ImageRgba8(image).into_rgb8())
        } else {
            Pixels::Rgba(image)
        }
    } else {
        Pixels::Rgb(image.into_rgb8())
    }
}
