//! A template: a picture file, decoded, and scaled to the size it is asked for.

use std::error::Error;
use std::io::Cursor;

use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageDecoder, Limits, RgbImage, Rgba, RgbaImage};

use super::animation::Animation;
use super::library::Version;
use super::{Cancel, CaptionError};

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
    fn of(file: &[u8]) -> Option<Format> {
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

/// One content of one template at one size.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TemplateKey {
    /// The template's name.
    pub name: String,
    /// Which content of that name.
    pub version: Version,
    /// Width and height, or `None` for its own.
    pub scaled: Option<(u32, u32)>,
}

/// What `GET /templates/{name}` tells.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplateInfo {
    /// The template's name.
    pub name: String,
    /// Its file format, and that of the pictures made from it.
    pub format: Format,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// 1, or more for an animation.
    pub frames: usize,
}

/// A decoded picture.
pub struct Template {
    /// The format of its file, in which the captioned picture is encoded too.
    pub format: Format,
    /// What it looks like.
    pub pixels: Pixels,
}

/// What a template looks like.
pub enum Pixels {
    /// A still picture without transparency.
    Rgb(RgbImage),
    /// A still picture with transparency; not premultiplied.
    Rgba(RgbaImage),
    /// A GIF, even of one frame.
    Animation(Animation),
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

impl Template {
    /// Decodes a file. Its first bytes tell its format.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(file: &[u8], cancel: &Cancel) -> Result<Template, DecodeError> {
        let format = Format::of(file).ok_or(DecodeError::Format)?;
        let pixels = match format {
            Format::Jpeg => still(JpegDecoder::new(Cursor::new(file)).map_err(DecodeError::damaged)?),
            Format::Png => still(PngDecoder::new(Cursor::new(file)).map_err(DecodeError::damaged)?),
            Format::Gif => Animation::decode(file, cancel).map(Pixels::Animation),
        }?;
        Ok(Template { format, pixels })
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        match self.pixels {
            Pixels::Rgb(ref image) => image.dimensions(),
            Pixels::Rgba(ref image) => image.dimensions(),
            Pixels::Animation(ref animation) => animation.size(),
        }
    }

    /// The largest size within the sides asked for that keeps the aspect and enlarges nothing; at least one
    /// pixel each way.
    pub fn fitting_size(&self, max_width: Option<u32>, max_height: Option<u32>) -> (u32, u32) {
        let (width, height) = self.size();
        let by_width = f64::from(max_width.unwrap_or(width)) / f64::from(width);
        let by_height = f64::from(max_height.unwrap_or(height)) / f64::from(height);
        let factor = by_width.min(by_height).min(1.0);
        let scaled = |side: u32| (f64::from(side) * factor).round().max(1.0) as u32;
        (scaled(width), scaled(height))
    }

    /// The same picture at another size.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn scaled(&self, size: (u32, u32), quality: u8, cancel: &Cancel) -> Result<Template, CaptionError> {
        let pixels = match self.pixels {
            Pixels::Rgb(ref image) => {
                Pixels::Rgb(imageops::resize(image, size.0, size.1, FilterType::CatmullRom))
            }
            Pixels::Rgba(ref image) => Pixels::Rgba(resize_rgba(image, size)),
            Pixels::Animation(ref animation) => Pixels::Animation(animation.scaled(size, quality, cancel)?),
        };
        Ok(Template { format: self.format, pixels })
    }

    /// Bytes of memory it takes.
    pub fn weight(&self) -> usize {
        match self.pixels {
            Pixels::Rgb(ref image) => image.len(),
            Pixels::Rgba(ref image) => image.len(),
            Pixels::Animation(ref animation) => animation.weight(),
        }
    }

    /// What it is, for those who ask.
    pub fn info(&self, name: &str) -> TemplateInfo {
        let (width, height) = self.size();
        let frames = match self.pixels {
            Pixels::Animation(ref animation) => animation.frames.len(),
            _ => 1,
        };
        TemplateInfo { name: name.to_string(), format: self.format, width, height, frames }
    }
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
    Ok(if image.color().has_alpha() {
        let image = image.into_rgba8();
        if image.pixels().all(|pixel| pixel.0[3] == 255) {
            Pixels::Rgb(DynamicImage::ImageRgba8(image).into_rgb8())
        } else {
            Pixels::Rgba(image)
        }
    } else {
        Pixels::Rgb(image.into_rgb8())
    })
}

/// Scales with premultiplied alpha: the color of a transparent pixel must not bleed into its neighbours.
pub fn resize_rgba(image: &RgbaImage, size: (u32, u32)) -> RgbaImage {
    let mut premultiplied = image::ImageBuffer::<Rgba<f32>, Vec<f32>>::new(image.width(), image.height());
    for (to, from) in premultiplied.pixels_mut().zip(image.pixels()) {
        let [r, g, b, a] = from.0.map(f32::from);
        let alpha = a / 255.0;
        to.0 = [r * alpha / 255.0, g * alpha / 255.0, b * alpha / 255.0, alpha];
    }
    let scaled = imageops::resize(&premultiplied, size.0, size.1, FilterType::CatmullRom);
    RgbaImage::from_fn(size.0, size.1, |x, y| {
        let [r, g, b, a] = scaled.get_pixel(x, y).0;
        if a <= 0.0 {
            return Rgba([0; 4]);
        }
        let channel = |premultiplied: f32| (premultiplied / a * 255.0 + 0.5) as u8;
        Rgba([channel(r), channel(g), channel(b), (a * 255.0 + 0.5) as u8])
    })
}
