//! The knobs of a captioner.

use std::path::PathBuf;

/// The knobs of a [`Captioner`](super::Captioner).
#[derive(Clone, Debug)]
pub struct Settings {
    /// A folder of templates (`.jpg`, `.jpeg`, `.png`, `.gif`) to serve in addition to the built-in ones. Where
    /// both have a name, the folder's file is used.
    pub templates: Option<PathBuf>,
    /// A folder of fonts (`.ttf`, `.otf`), likewise.
    pub fonts: Option<PathBuf>,
    /// Capacity of the cache of prepared templates, in bytes.
    pub template_cache: usize,
    /// Capacity of the cache of fonts, in bytes.
    pub font_cache: usize,
    /// 1 (smallest files) to 100 (best pictures), for JPEGs that are made from another format or size. One of its template's
    /// size keeps the template's steps, but for those that are much coarser.
    pub jpeg_quality: u8,
    /// 1 (fastest) to 100 (best): how many pixels are sampled to choose the palettes of a scaled animation.
    pub gif_quality: u8,
    /// Whether a picture file that is damaged or ends early is shown as far as it can be decoded.
    pub lenient: bool,
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
            lenient: false,
        }
    }
}
