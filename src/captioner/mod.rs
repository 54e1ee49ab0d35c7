//! Draws captions: turns an [`ImageMacro`] into the bytes of a picture.
//!
//! Synchronous, and free of HTTP and futures: the `server` room calls [`Captioner::caption`] on a thread of its pool, or
//! [`Captioner::caption_picture`] for a client's own picture; `examples/draw.rs` calls it directly. The steps, each a folder or file of this room:
//!
//! 1. `fingerprint` identifies the picture before anything is drawn, so that a cached copy can be served instead.
//! 2. `library` finds the template's file by its name.
//! 3. `file` decodes it and scales it; `template` prepares it for one output format, and `cache` keeps the result.
//! 4. `text` breaks the captions into lines at a size that fits, and places their glyphs.
//! 5. `ink` draws the glyphs once, as a stamp.
//! 6. `encode` puts the stamp on the template and encodes only what it touched.

mod barred;
mod cache;
mod cancel;
#[cfg(test)]
mod captioner_tests;
mod descriptions;
mod encode;
mod error;
mod file;
mod fingerprint;
mod ink;
mod lettering;
mod library;
mod listing;
mod settings;
mod template;
mod text;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use image_macro::Format;
use image_macro::{Bar, Edit, ImageMacro, TemplateNotes};

pub use self::cache::{Cache, CacheStats};
pub use self::cancel::Cancel;
pub use self::descriptions::{Described, Description};
pub use self::error::{CaptionError, Cause, Flaw};
pub use self::file::decode::format_of;
pub use self::fingerprint::Fingerprint;
pub use self::settings::Settings;
pub use self::template::TemplateInfo;

use self::barred::Barred;
use self::descriptions::Descriptions;
use self::file::decode::Decoded;
use self::file::error::DecodeError;
use self::file::jpeg::kind::JpegKind;
use self::file::pixels::Pixels;
use self::ink::Stamp;
use self::lettering::{Lettering, Places};
use self::library::{Content, FileKey, Library, Source, Version};
use self::template::{Template, TemplateKey, Variant};
use self::text::font_set::FontSet;
use self::text::fonts::Fonts;
use self::text::layout;

/// The longest side that a JPEG or a GIF can have.
const MAX_SIDE: u32 = 65_535;
/// A finished picture.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The file format of `bytes`.
    pub format: Format,
    /// The whole file.
    pub bytes: Vec<u8>,
    /// How long encoding took, of the time of the call.
    pub encode_time: Duration,
    /// The captions, counted from one, that have too much text for the picture: it is too small to be read.
    pub too_small: Vec<usize>,
}

/// Hits, misses and sizes of a captioner's caches, as in `GET /stats`.
#[derive(Clone, Copy, Debug)]
pub struct Stats {
    /// Prepared templates.
    pub templates: CacheStats,
    /// Fonts.
    pub fonts: CacheStats,
}

/// Draws captions. There is one for the whole process, shared by its threads.
pub struct Captioner {
    settings: Settings,
    template_library: Library,
    /// What is known of a template without decoding it again, even if its pixels are cached no longer.
    infos: Descriptions,
    templates: Cache<TemplateKey, Template>,
    fonts: Fonts,
}

impl Captioner {
    /// A captioner with empty caches. Reads no file yet.
    pub fn new(settings: Settings) -> Captioner {
        Captioner {
            template_library: Library::templates(settings.templates.clone()),
            infos: Descriptions::new(),
            templates: Cache::new(settings.template_cache),
            fonts: Fonts::new(settings.fonts.clone(), settings.font_cache),
            settings,
        }
    }

    /// Draws a picture. The same request always results in the same bytes.
    ///
    /// # Errors
    /// Every [`CaptionError`].
    pub fn caption(&self, image_macro: &ImageMacro, cancel: &Cancel) -> Result<Picture, CaptionError> {
        cancel.check()?;
        let ImageMacro { template: ref name, width, height, format, bar, ref captions } = *image_macro;
        let source = self.template_source(name)?;
        let notes = self.notes(name, &source);
        let has_font = |name: &str| self.fonts.library().has(name);
        let places = Places { template: Some(name), notes: &notes, has_font: &has_font };
        let letterings = places.letterings(captions, bar)?;
        let fonts = FontSet::load(&self.fonts, &letterings, cancel)?;
        let barred = Barred::new(&letterings, &fonts);
        let variant = |info: &TemplateInfo| barred.variant(info, (width, height), format, cancel);
        let template = self.template(name, &source, format, &variant, cancel)?;
        draw(&template, &letterings, bar, &fonts, cancel)
    }

    /// Draws on a client's own picture, a file of any format that templates may have. Nothing of it is cached, and it is
    /// never decoded leniently. What is drawn has none of its metadata: it is encoded from the pixels, upright and in
    /// sRGB.
    ///
    /// # Errors
    /// [`CaptionError::BadPicture`], [`CaptionError::TooManyTexts`], [`CaptionError::UnknownFont`],
    /// [`CaptionError::BadFile`] of a font, [`CaptionError::Io`], [`CaptionError::Encode`], [`CaptionError::Cancelled`].
    pub fn caption_picture(
        &self,
        file: &[u8],
        edit: &Edit,
        cancel: &Cancel,
    ) -> Result<Picture, CaptionError> {
        cancel.check()?;
        // Before the picture is decoded, which takes longer.
        let letterings = Places::of_own(&TemplateNotes::default()).letterings(&edit.captions, edit.bar)?;
        let fonts = FontSet::load(&self.fonts, &letterings, cancel)?;
        let gif_quality = self.gif_quality(edit.format);
        let decoded = Decoded::from_file(file, false, gif_quality, cancel);
        let decoded = decoded.map_err(DecodeError::into_picture_error)?;
        let info = TemplateInfo::of("", &decoded);
        let barred = Barred::new(&letterings, &fonts);
        let variant = barred.variant(&info, (edit.width, edit.height), edit.format, cancel)?;
        let (width, height) = (variant.size.0, barred.height(variant, cancel)?);
        if variant.format != Format::Png && width.max(height) > MAX_SIDE {
            let flaw = Flaw::TooLarge(format!(
                "{}x{} has a side of more than {} pixels, which only a PNG can have",
                width, height, MAX_SIDE
            ));
            return Err(CaptionError::BadPicture { flaw, cause: None });
        }
        let Decoded { pixels, jpeg, .. } = decoded;
        let template = Template::prepare(pixels, jpeg, variant, &self.settings, cancel)?;
        draw(&template, &letterings, edit.bar, &fonts, cancel)
    }

    /// Whether [`Captioner::fingerprint`] lists folders and reads files, and so may block. Without folders it
    /// takes microseconds.
    pub fn needs_files(&self) -> bool {
        self.settings.templates.is_some() || self.settings.fonts.is_some()
    }

    /// The fingerprint of a picture. Decodes and draws nothing; reads a file only if it is new or has changed.
    ///
    /// # Errors
    /// [`CaptionError::UnknownTemplate`], [`CaptionError::UnknownFont`], [`CaptionError::TooManyTexts`],
    /// [`CaptionError::Io`].
    pub fn fingerprint(&self, image_macro: &ImageMacro) -> Result<Fingerprint, CaptionError> {
        Fingerprint::of(image_macro, &self.settings, &self.template_library, self.fonts.library())
    }

    /// The state of the caches.
    pub fn stats(&self) -> Stats {
        Stats { templates: self.templates.stats(), fonts: self.fonts.stats() }
    }

    /// Prepares a template at its own size and in its own format, so that the first request for it is as fast as the
    /// next ones.
    ///
    /// # Errors
    /// As [`Captioner::template_info`].
    pub fn preload_template(&self, name: &str, cancel: &Cancel) -> Result<(), CaptionError> {
        let source = self.template_source(name)?;
        let variant = |info: &TemplateInfo| Ok(info.variant(None, None, None));
        self.template(name, &source, None, &variant, cancel).map(drop)
    }

    /// Loads a font, so that the first request for it is as fast as the next ones.
    ///
    /// # Errors
    /// [`CaptionError::UnknownFont`], [`CaptionError::BadFile`], [`CaptionError::Io`].
    pub fn preload_font(&self, name: &str) -> Result<(), CaptionError> {
        self.fonts.load(name).map(drop)
    }

    /// The template in the variant that is chosen by what it is; from the cache if it is there. `format` is what is asked
    /// for.
    fn template(
        &self,
        name: &str,
        source: &Source,
        format: Option<Format>,
        variant: &dyn Fn(&TemplateInfo) -> Result<Variant, CaptionError>,
        cancel: &Cancel,
    ) -> Result<Arc<Template>, CaptionError> {
        let file = FileKey::new(name, source.version);
        if let Some(info) = self.infos.get(&file) {
            let key = TemplateKey { file, variant: variant(&info)? };
            // Not a miss yet: it is looked up again under the version that has been read.
            if let Some(template) = self.templates.get_early(&key) {
                return Ok(template);
            }
        }
        let decoded = self.decode(name, source, format, cancel)?;
        let DecodedTemplate { version, info, pixels, jpeg } = decoded;
        let variant = variant(&info)?;
        let key = version.map(|version| TemplateKey { file: FileKey::new(name, version), variant });
        if let Some(template) = key.as_ref().and_then(|key| self.templates.get(key)) {
            return Ok(template);
        }
        let template = Arc::new(Template::prepare(pixels, jpeg, variant, &self.settings, cancel)?);
        if let Some(key) = key {
            self.templates.insert(key, &template, template.weight());
        }
        Ok(template)
    }

    /// What is noted of a template.
    fn notes(&self, name: &str, source: &Source) -> Arc<TemplateNotes> {
        self.template_library.notes(name, source, self.fonts.library())
    }

    /// How well colors are chosen for a GIF, if that is asked for.
    fn gif_quality(&self, format: Option<Format>) -> Option<u8> {
        Some(self.settings.gif_quality).filter(|_| format == Some(Format::Gif))
    }

    fn template_source(&self, name: &str) -> Result<Source, CaptionError> {
        self.template_library.find(name)?.ok_or_else(|| CaptionError::unknown_template(name))
    }

    /// Reads and decodes a template for a format, its own if that is `None`, and caches what kind of picture it is.
    fn decode(
        &self,
        name: &str,
        source: &Source,
        format: Option<Format>,
        cancel: &Cancel,
    ) -> Result<DecodedTemplate, CaptionError> {
        let Content { bytes, version } = source.read().map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => {
                let flaw = Flaw::TooLarge("the file is larger than 64 MiB".to_string());
                CaptionError::bad_file(name, flaw, Some(Box::new(error)))
            }
            _ => CaptionError::from(error),
        })?;
        cancel.check()?;
        let decoded = Decoded::from_file(&bytes, self.settings.lenient, self.gif_quality(format), cancel);
        let decoded = decoded.map_err(|error| error.into_caption_error(name))?;
        if let Some(ref damage) = decoded.damage {
            warn!("the template {:?} is shown as far as it can be decoded: {}", name, damage.in_full());
        }
        if decoded.frames > decoded.pixels.frames() {
            info!("the template {:?} is an animated PNG: it moves only if a GIF is asked for", name);
        }
        let info = Arc::new(TemplateInfo::of(name, &decoded));
        if let Some(version) = version {
            self.infos.keep(version, &info);
        }
        Ok(DecodedTemplate { version, info, pixels: decoded.pixels, jpeg: decoded.jpeg })
    }
}

/// Places the captions, draws their letters, and encodes what they touch.
fn draw(
    template: &Template,
    letterings: &[Lettering],
    bar: Option<Bar>,
    fonts: &FontSet,
    cancel: &Cancel,
) -> Result<Picture, CaptionError> {
    let (width, height) = template.size();
    let placed = layout::place(letterings, fonts, width, height, cancel)?;
    let mut stamp = Stamp::draw(&placed, width, height, cancel)?;
    let mut too_small: Vec<usize> =
        placed.iter().filter(|placed| placed.is_too_small).map(|placed| placed.index).collect();
    if let Some(Bar { color, .. }) = bar {
        let barred = Barred::new(letterings, fonts);
        too_small.extend(barred.add_to(&mut stamp, template.variant(), color, cancel)?);
    }
    too_small.iter_mut().for_each(|index| *index += 1);
    too_small.sort_unstable();
    cancel.check()?;
    let start = Instant::now();
    let bytes = template.caption(&stamp, cancel)?;
    let encode_time = start.elapsed();
    Ok(Picture { format: template.format(), bytes, encode_time, too_small })
}

/// A template's file, decoded.
struct DecodedTemplate {
    /// Of the file that was read; `None` if nothing made from it may be cached.
    version: Option<Version>,
    info: Arc<TemplateInfo>,
    pixels: Pixels,
    jpeg: Option<JpegKind>,
}
