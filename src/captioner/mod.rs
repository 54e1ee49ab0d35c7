//! How it is drawn: an [`ImageMacro`] becomes the bytes of a picture.
//!
//! Synchronous, and free of HTTP and futures: the `server` room calls [`Captioner::caption`] on a thread of
//! its pool, `examples/draw.rs` calls it directly. The way of a picture: `library` finds the template, `template`
//! decodes and scales it (once, `cache` keeps it), `layout` breaks the text into lines at a size that fits,
//! `ink` draws their pixels once, and `jpeg`, `png` or `gif` puts them on the template and encodes it.
//! `fingerprint` tells before all that whether the picture is one that somebody has already.

mod cache;
mod cancel;
mod encode;
mod error;
mod file;
mod fingerprint;
mod ink;
mod library;
mod settings;
mod template;
mod text;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub use image_macro::Format;
use image_macro::{shortened, ImageMacro};

pub use self::cache::{Cache, CacheStats};
pub use self::cancel::Cancel;
pub use self::error::CaptionError;
pub use self::fingerprint::Fingerprint;
pub use self::settings::Settings;
pub use self::template::TemplateInfo;

use self::file::decode::Decoded;
use self::ink::Stamp;
use self::library::{Library, Source};
use self::template::{FileKey, Template, TemplateKey};
use self::text::fonts::{self, Font, FontKey, FontSet};
use self::text::layout;

/// Bytes for what is remembered of templates beside their pixels: some thousands of them.
const INFOS: usize = 1 << 20;
/// Bytes of that for one template, about, but for its name.
const INFO: usize = 200;

/// A finished picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// The file format of `bytes`.
    pub format: Format,
    /// The whole file.
    pub bytes: Vec<u8>,
}

/// A finished picture, and what it took.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// The picture.
    pub picture: Picture,
    /// How long the encoder took.
    pub encoding: Duration,
}

/// Hits, misses and sizes of a captioner's caches.
#[derive(Clone, Copy, Debug)]
pub struct Stats {
    /// Decoded templates.
    pub templates: CacheStats,
    /// Fonts.
    pub fonts: CacheStats,
}

/// Draws captions. One for the whole process; its threads share it.
pub struct Captioner {
    settings: Settings,
    template_library: Library,
    font_library: Library,
    infos: Cache<FileKey, TemplateInfo>,
    templates: Cache<TemplateKey, Template>,
    fonts: Cache<FontKey, Font>,
}

impl Captioner {
    /// A captioner with cold caches. Reads no file yet.
    pub fn new(settings: Settings) -> Captioner {
        Captioner {
            template_library: Library::templates(settings.templates.clone()),
            font_library: Library::fonts(settings.fonts.clone()),
            infos: Cache::new(INFOS),
            templates: Cache::new(settings.template_cache),
            fonts: Cache::new(settings.font_cache),
            settings,
        }
    }

    /// Draws the picture that is asked for. The same request gives the same bytes.
    ///
    /// # Errors
    /// Every [`CaptionError`].
    pub fn caption(&self, image_macro: &ImageMacro, cancel: &Cancel) -> Result<Picture, CaptionError> {
        self.draw(image_macro, cancel).map(|drawing| drawing.picture)
    }

    /// As [`Captioner::caption`], and tells how long the encoder took.
    ///
    /// # Errors
    /// Every [`CaptionError`].
    pub fn draw(&self, image_macro: &ImageMacro, cancel: &Cancel) -> Result<Drawing, CaptionError> {
        cancel.check()?;
        let template = self.template(image_macro, cancel)?;
        let fonts = FontSet::load(&self.font_library, &self.fonts, &image_macro.captions)?;
        let (width, height) = template.0.size();
        let placed = layout::place(&image_macro.captions, &fonts, width, height, cancel)?;
        let stamp = Stamp::draw(&placed, width, height, cancel)?;
        cancel.check()?;
        let start = Instant::now();
        let bytes = template.0.caption(&stamp, cancel)?;
        Ok(Drawing { picture: Picture { format: template.1, bytes }, encoding: start.elapsed() })
    }

    /// The names of all templates, sorted.
    pub fn template_names(&self) -> Vec<String> {
        self.template_library.names()
    }

    /// The names of all fonts, sorted.
    pub fn font_names(&self) -> Vec<String> {
        self.font_library.names()
    }

    /// What kind of picture the template of that name is.
    ///
    /// # Errors
    /// [`CaptionError::UnknownTemplate`], [`CaptionError::BadFile`], [`CaptionError::Io`],
    /// [`CaptionError::Cancelled`].
    pub fn template_info(&self, name: &str, cancel: &Cancel) -> Result<TemplateInfo, CaptionError> {
        let file = self.file(name)?;
        match self.infos.get(&file.0) {
            Some(info) => Ok((*info).clone()),
            None => self.decode(&file, cancel).map(|decoded| (*decoded.1).clone()),
        }
    }

    /// How the caches do.
    pub fn stats(&self) -> Stats {
        Stats { templates: self.templates.stats(), fonts: self.fonts.stats() }
    }

    /// Decodes a template at its own size, so that the first request for it is as quick as the next.
    ///
    /// # Errors
    /// As [`Captioner::template_info`].
    pub fn preload_template(&self, name: &str) -> Result<(), CaptionError> {
        let template = name.to_string();
        let plain = ImageMacro { template, width: None, height: None, format: None, captions: Vec::new() };
        self.template(&plain, &Cancel::new()).map(drop)
    }

    /// Parses a font.
    ///
    /// # Errors
    /// [`CaptionError::UnknownFont`], [`CaptionError::BadFile`], [`CaptionError::Io`].
    pub fn preload_font(&self, name: &str) -> Result<(), CaptionError> {
        fonts::load(&self.font_library, &self.fonts, name).map(drop)
    }

    /// The template, prepared as it is asked for, and its format; from the cache if it is there.
    fn template(
        &self,
        image_macro: &ImageMacro,
        cancel: &Cancel,
    ) -> Result<(Arc<Template>, Format), CaptionError> {
        let file = self.file(&image_macro.template)?;
        let (decoded, info) = match self.infos.get(&file.0) {
            Some(info) => (None, info),
            None => {
                let (decoded, info) = self.decode(&file, cancel)?;
                (Some(decoded), info)
            }
        };
        let format = image_macro.format.unwrap_or(info.format);
        let size = info.fitting_size(image_macro.width, image_macro.height);
        let key = TemplateKey { file: file.0.clone(), size, format };
        if let Some(template) = self.templates.get(&key) {
            return Ok((template, format));
        }
        let decoded = match decoded {
            Some(decoded) => decoded,
            None => self.decode(&file, cancel)?.0,
        };
        let template = Template::prepare(decoded.pixels, size, format, &self.settings, cancel)?;
        let template = Arc::new(template);
        self.templates.insert(key, &template, template.weight());
        Ok((template, format))
    }

    fn file(&self, name: &str) -> Result<(FileKey, Source), CaptionError> {
        let source = self.template_library.find(name)?;
        let source = source.ok_or_else(|| CaptionError::UnknownTemplate(shortened(name)))?;
        Ok((FileKey { name: name.to_string(), version: source.version }, source))
    }

    /// Decodes a file, and remembers what it is.
    fn decode(
        &self,
        file: &(FileKey, Source),
        cancel: &Cancel,
    ) -> Result<(Decoded, Arc<TemplateInfo>), CaptionError> {
        let content = file.1.read()?;
        cancel.check()?;
        let decoded = Decoded::from_file(&content, cancel);
        let decoded = decoded.map_err(|error| error.into_caption_error(&file.0.name))?;
        let info = Arc::new(TemplateInfo::of(&file.0.name, &decoded));
        self.infos.insert(file.0.clone(), &info, INFO + 2 * info.name.len());
        Ok((decoded, info))
    }
}
