//! Templates, prepared for captions of one size and format.

use captioner::cancel::Cancel;
use captioner::encode::gif::GifTemplate;
use captioner::encode::jpeg::JpegTemplate;
use captioner::encode::png::PngTemplate;
use captioner::error::CaptionError;
use captioner::file::decode::Decoded;
use captioner::file::jpeg::kind::JpegKind;
use captioner::file::pixels::Pixels;
use captioner::ink::Stamp;
use captioner::library::FileKey;
use captioner::settings::Settings;
use image_macro::Format;

/// What a prepared template is cached by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TemplateKey {
    /// The file it was made from.
    pub file: FileKey,
    /// How it was prepared.
    pub variant: Variant,
}

/// The size and format that a template is prepared in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Variant {
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// The format of the pictures that are made from it.
    pub format: Format,
}

/// Describes a template, as `GET /templates/{name}` does.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplateInfo {
    /// The template's name.
    pub name: String,
    /// The format of its file, and of its pictures unless a request names another.
    pub format: Format,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// How many frames it has: one unless it is animated.
    pub frames: usize,
}

impl TemplateInfo {
    /// Describes a decoded file.
    pub fn of(name: &str, decoded: &Decoded) -> TemplateInfo {
        let (width, height) = decoded.pixels.size();
        TemplateInfo { name: name.to_string(), format: decoded.format, width, height, frames: decoded.frames }
    }

    /// The variant that fits the limits that a request sets, in the format that it names.
    pub(super) fn variant(
        &self,
        max_width: Option<u32>,
        max_height: Option<u32>,
        format: Option<Format>,
    ) -> Variant {
        Variant { size: self.fitting_size(max_width, max_height), format: format.unwrap_or(self.format) }
    }

    /// The largest size within the limits that a request sets which keeps the aspect ratio and does not enlarge the
    /// picture. Each side is at least one pixel.
    pub fn fitting_size(&self, max_width: Option<u32>, max_height: Option<u32>) -> (u32, u32) {
        let by_width = f64::from(max_width.unwrap_or(self.width)) / f64::from(self.width);
        let by_height = f64::from(max_height.unwrap_or(self.height)) / f64::from(self.height);
        let factor = by_width.min(by_height).min(1.0);
        let scaled = |side: u32| (f64::from(side) * factor).round().max(1.0) as u32;
        (scaled(self.width), scaled(self.height))
    }
}

/// A template with everything done that does not depend on the text.
pub enum Template {
    /// Compressed in strips.
    Jpeg(JpegTemplate),
    /// Compressed in bands.
    Png(PngTemplate),
    /// Compressed in strips of each frame, when a caption first needs them.
    Gif(GifTemplate),
}

impl Template {
    /// Scales, converts and compresses a picture. `jpeg` is how its file was compressed, if it was a JPEG.
    ///
    /// # Errors
    /// [`CaptionError::Encode`], [`CaptionError::Cancelled`].
    pub fn prepare(
        pixels: Pixels,
        jpeg: Option<JpegKind>,
        variant: Variant,
        settings: &Settings,
        cancel: &Cancel,
    ) -> Result<Template, CaptionError> {
        let Variant { size, format } = variant;
        let pixels = match format {
            // Only the first frame is needed, so the others are not scaled.
            Format::Jpeg | Format::Png => pixels.into_still(cancel)?,
            Format::Gif => pixels,
        };
        let is_scaled = size != pixels.size();
        let pixels = pixels.scaled(size, settings.gif_quality, cancel)?;
        Ok(match format {
            Format::Jpeg => Template::Jpeg(JpegTemplate::prepare(
                &pixels.into_rgb(cancel)?,
                jpeg.as_ref(),
                is_scaled,
                settings.jpeg_quality,
                cancel,
            )?),
            Format::Png => Template::Png(PngTemplate::prepare(pixels, cancel)?),
            Format::Gif => {
                let animation = pixels.into_animation(settings.gif_quality, cancel)?;
                Template::Gif(GifTemplate::prepare(animation, cancel)?)
            }
        })
    }

    /// The file with the stamp on it.
    ///
    /// # Errors
    /// [`CaptionError::Encode`], [`CaptionError::Cancelled`].
    pub fn caption(&self, stamp: &Stamp, cancel: &Cancel) -> Result<Vec<u8>, CaptionError> {
        match *self {
            Template::Jpeg(ref template) => template.caption(stamp, cancel),
            Template::Png(ref template) => template.caption(stamp, cancel),
            Template::Gif(ref template) => template.caption(stamp, cancel),
        }
    }

    /// The format of the pictures that are made from it.
    pub fn format(&self) -> Format {
        match *self {
            Template::Jpeg(_) => Format::Jpeg,
            Template::Png(_) => Format::Png,
            Template::Gif(_) => Format::Gif,
        }
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        match *self {
            Template::Jpeg(ref template) => template.size(),
            Template::Png(ref template) => template.size(),
            Template::Gif(ref template) => template.size(),
        }
    }

    /// The variant that it was prepared in.
    pub fn variant(&self) -> Variant {
        Variant { size: self.size(), format: self.format() }
    }

    /// How many bytes of memory it takes.
    pub fn weight(&self) -> usize {
        match *self {
            Template::Jpeg(ref template) => template.weight(),
            Template::Png(ref template) => template.weight(),
            Template::Gif(ref template) => template.weight(),
        }
    }
}
