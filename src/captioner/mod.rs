//! How it is drawn: an [`ImageMacro`] becomes the bytes of a picture.
//!
//! Synchronous, and free of HTTP and futures: the `server` room calls [`Captioner::caption`] on a thread of
//! its pool, `examples/draw.rs` calls it directly. The way of a picture: `library` finds the template, `template`
//! decodes and scales it (once, `cache` keeps it), `layout` breaks the text into lines at a size that fits,
//! `ink` draws their pixels once, and `jpeg`, `png` or `gif` puts them on the template and encodes it.

mod animation;
mod cache;
mod decode;
mod font;
mod gif;
mod ink;
mod jpeg;
mod layout;
mod library;
mod palette;
mod png;
mod scale;
mod template;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use image_macro::{shortened, ImageMacro};

pub use self::cache::CacheStats;
pub use self::decode::Format;
pub use self::template::TemplateInfo;

use self::cache::Cache;
use self::font::{FontKey, FontSet};
use self::ink::Stamp;
use self::library::{Library, Source};
use self::template::{Pixels, Template, TemplateKey};

/// What a [`Captioner`] must be told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A folder of pictures to serve beside the ones built in; its names win.
    pub templates: Option<PathBuf>,
    /// A folder of fonts (`.ttf`, `.otf`) to serve beside the ones built in; its names win.
    pub fonts: Option<PathBuf>,
    /// Bytes of decoded templates to keep.
    pub template_cache: usize,
    /// Bytes of fonts to keep.
    pub font_cache: usize,
    /// 1 (small) to 100 (good).
    pub jpeg_quality: u8,
    /// 1 (quick) to 100 (good): how many pixels are sampled for the palettes of a scaled animation.
    pub gif_quality: u8,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            templates: None,
            fonts: None,
            template_cache: 64 << 20,
            font_cache: 16 << 20,
            jpeg_quality: 85,
            gif_quality: 80,
        }
    }
}

/// A finished picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// The file format of `bytes`.
    pub format: Format,
    /// The whole file.
    pub bytes: Vec<u8>,
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum CaptionError {
    /// The client must ask for another: there is no template of that name.
    #[error("there is no template {0:?}")]
    UnknownTemplate(String),
    /// The client must ask for another: there is no font of that name.
    #[error("there is no font {0:?}")]
    UnknownFont(String),
    /// The operator must act: the file is damaged, too large, or of no known format.
    #[error("the file of {name:?} cannot be used")]
    BadFile {
        /// The template's or font's name.
        name: String,
        /// What is wrong with it.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The operator must act: a folder or file cannot be read.
    #[error("the templates or fonts cannot be read")]
    Io(#[from] io::Error),
    /// Nobody is waiting for it any more.
    #[error("the caption was cancelled")]
    Cancelled,
    /// We must act: an encoder refused what we gave it.
    #[error("the picture cannot be encoded")]
    Encode(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl CaptionError {
    fn encode<E: std::error::Error + Send + Sync + 'static>(error: E) -> CaptionError {
        CaptionError::Encode(Box::new(error))
    }
}

/// Tells a drawing that nobody waits for it. Clones share one flag.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A drawing that somebody waits for.
    pub fn new() -> Cancel {
        Cancel::default()
    }

    /// Nobody waits any more. Stays so.
    pub fn cancel(&self) {
        // Relaxed: the flag guards no other memory, and a drawing that sees it a little later is no worse.
        self.0.store(true, Ordering::Relaxed);
    }

    /// To be asked between frames and other pieces of work that take a millisecond.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`] once [`Cancel::cancel`] was called.
    pub fn check(&self) -> Result<(), CaptionError> {
        if self.0.load(Ordering::Relaxed) {
            Err(CaptionError::Cancelled)
        } else {
            Ok(())
        }
    }
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
    templates: Cache<TemplateKey, Template>,
    fonts: Cache<FontKey, font::Font>,
}

impl Captioner {
    /// A captioner with cold caches. Reads no file yet.
    pub fn new(settings: Settings) -> Captioner {
        Captioner {
            template_library: Library::templates(settings.templates.clone()),
            font_library: Library::fonts(settings.fonts.clone()),
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
        cancel.check()?;
        let template = self.template(&image_macro.template, image_macro.width, image_macro.height, cancel)?;
        let fonts = FontSet::load(&self.font_library, &self.fonts, &image_macro.captions)?;
        let (width, height) = template.size();
        let placed = layout::place(&image_macro.captions, &fonts, width, height);
        cancel.check()?;
        let stamp = Stamp::draw(&placed, width, height, cancel)?;
        cancel.check()?;
        let bytes = match template.pixels {
            Pixels::Animation(ref animation) => gif::caption(animation, &stamp, cancel)?,
            Pixels::Rgb(ref image) if template.format == Format::Jpeg => {
                jpeg::caption(image, &stamp, self.settings.jpeg_quality)?
            }
            Pixels::Rgb(ref image) => png::caption_rgb(image, &stamp)?,
            Pixels::Rgba(ref image) => png::caption_rgba(image, &stamp)?,
        };
        Ok(Picture { format: template.format, bytes })
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
        let template = self.template(name, None, None, cancel)?;
        Ok(template.info(name))
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
        self.template(name, None, None, &Cancel::new()).map(drop)
    }

    /// Parses a font.
    ///
    /// # Errors
    /// [`CaptionError::UnknownFont`], [`CaptionError::BadFile`], [`CaptionError::Io`].
    pub fn preload_font(&self, name: &str) -> Result<(), CaptionError> {
        font::load(&self.font_library, &self.fonts, name).map(drop)
    }

    /// The template, decoded, and scaled to fit the sides asked for; from the cache if it is there.
    fn template(
        &self,
        name: &str,
        width: Option<u32>,
        height: Option<u32>,
        cancel: &Cancel,
    ) -> Result<Arc<Template>, CaptionError> {
        let source = self.template_library.find(name)?;
        let source = source.ok_or_else(|| CaptionError::UnknownTemplate(shortened(name)))?;
        let original = self.original(name, &source, cancel)?;
        let scaled = original.fitting_size(width, height);
        if scaled == original.size() {
            return Ok(original);
        }
        let key = TemplateKey { name: name.to_string(), version: source.version, scaled: Some(scaled) };
        if let Some(template) = self.templates.get(&key) {
            return Ok(template);
        }
        let template = Arc::new(original.scaled(scaled, self.settings.gif_quality, cancel)?);
        self.templates.insert(key, &template, template.weight());
        Ok(template)
    }

    /// The template at its own size.
    fn original(&self, name: &str, source: &Source, cancel: &Cancel) -> Result<Arc<Template>, CaptionError> {
        let key = TemplateKey { name: name.to_string(), version: source.version, scaled: None };
        if let Some(template) = self.templates.get(&key) {
            return Ok(template);
        }
        let file = source.read()?;
        cancel.check()?;
        let template = Template::decode(&file, cancel);
        let template = template.map_err(|error| error.into_caption_error(name))?;
        let template = Arc::new(template);
        self.templates.insert(key, &template, template.weight());
        Ok(template)
    }
}
