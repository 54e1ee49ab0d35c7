//! A template: a picture file, decoded, and scaled to the size it is asked for.

use image::{RgbImage, RgbaImage};

use super::animation::Animation;
use super::decode::{self, DecodeError, Format, Still};
use super::library::Version;
use super::scale::{resize_rgb, resize_rgba};
use super::{Cancel, CaptionError};

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

impl From<Still> for Pixels {
    fn from(still: Still) -> Pixels {
        match still {
            Still::Rgb(image) => Pixels::Rgb(image),
            Still::Rgba(image) => Pixels::Rgba(image),
        }
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
            Format::Jpeg => decode::jpeg(file)?.into(),
            Format::Png => decode::png(file)?.into(),
            Format::Gif => Pixels::Animation(Animation::decode(file, cancel)?),
        };
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
            Pixels::Rgb(ref image) => Pixels::Rgb(resize_rgb(image, size)),
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
