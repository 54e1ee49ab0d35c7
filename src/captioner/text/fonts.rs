//! Fonts: loading one, and the set of fonts that a picture's captions are drawn with.

use std::collections::HashMap;
use std::sync::Arc;

use rusttype;
use unicode_normalization::char::is_combining_mark;

use captioner::cache::Cache;
use captioner::error::CaptionError;
use captioner::library::{FileKey, Library};
use image_macro::Caption;

/// The font that is asked first for a glyph that the caption's own font lacks: the one with the most.
const FALLBACK: &str = "DejaVuSans";

/// A font with the unit that sizes are given in.
pub struct Font {
    font: rusttype::Font<'static>,
    /// rusttype's scale is the height from ascent to descent; everyone else's is the em. Their ratio.
    scale_of_em: f32,
}

#[derive(Debug, thiserror::Error)]
#[error("it is not a TrueType or OpenType font")]
struct NotAFont;

impl Font {
    /// rusttype's scale for an em of that many pixels.
    pub fn scale(&self, em: f32) -> rusttype::Scale {
        rusttype::Scale::uniform(em * self.scale_of_em)
    }

    /// The glyph of a character, if the font has it.
    pub fn glyph_id(&self, character: char) -> Option<rusttype::GlyphId> {
        let id = self.font.glyph(character).id();
        if id.0 == 0 {
            None
        } else {
            Some(id)
        }
    }

    /// The font itself.
    pub fn inner(&self) -> &rusttype::Font<'static> {
        &self.font
    }
}

/// The font of that name, from the cache if it is there.
///
/// # Errors
/// [`CaptionError::UnknownFont`], [`CaptionError::BadFile`], [`CaptionError::Io`].
pub fn load(library: &Library, cache: &Cache<FileKey, Font>, name: &str) -> Result<Arc<Font>, CaptionError> {
    let source = library.find(name)?.ok_or_else(|| CaptionError::unknown_font(name))?;
    if let Some(font) = cache.get(&FileKey::new(name, source.version)) {
        return Ok(font);
    }
    let content = source.read()?;
    let weight = content.bytes.len();
    let parsed = rusttype::Font::try_from_vec(content.bytes.into_owned());
    let usable = parsed.and_then(|font| {
        let metrics = font.v_metrics_unscaled();
        let height = metrics.ascent - metrics.descent;
        let em = f32::from(font.units_per_em());
        let scale_of_em = height / em;
        if em > 0.0 && scale_of_em.is_finite() && scale_of_em > 0.0 {
            Some(Font { font, scale_of_em })
        } else {
            None
        }
    });
    let font =
        usable.ok_or_else(|| CaptionError::BadFile { name: name.to_string(), cause: Box::new(NotAFont) })?;
    let font = Arc::new(font);
    if let Some(version) = content.version {
        cache.insert(FileKey::new(name, version), &font, weight);
    }
    Ok(font)
}

/// The fonts of some captions, and the others that lend them glyphs.
pub struct FontSet {
    fonts: Vec<Arc<Font>>,
    /// Index in `fonts` by name.
    by_name: HashMap<String, usize>,
    /// Indices in `fonts` of those that lend, best first.
    lenders: Vec<usize>,
}

impl FontSet {
    /// Loads the fonts that the captions name and, if they lack a glyph, all others.
    ///
    /// # Errors
    /// As [`load`] for the fonts named. A lender that cannot be loaded lends nothing.
    pub fn load(
        library: &Library,
        cache: &Cache<FileKey, Font>,
        captions: &[Caption],
    ) -> Result<FontSet, CaptionError> {
        let mut set = FontSet { fonts: Vec::new(), by_name: HashMap::new(), lenders: Vec::new() };
        let mut lacking = Vec::new();
        for caption in captions {
            let index = match set.by_name.get(&caption.font) {
                Some(&index) => index,
                None => set.add(&caption.font, load(library, cache, &caption.font)?),
            };
            let font = &set.fonts[index];
            lacking.extend(caption.text.chars().filter(|&c| has_ink(c) && font.glyph_id(c).is_none()));
        }
        let mut names = if lacking.is_empty() { Vec::new() } else { library.names() };
        names.sort_by_key(|name| name != FALLBACK);
        for name in names {
            if lacking.is_empty() {
                break;
            }
            let index = match set.by_name.get(&name) {
                Some(&index) => index,
                None => match load(library, cache, &name) {
                    Ok(font) => set.add(&name, font),
                    Err(_) => continue,
                },
            };
            set.lenders.push(index);
            let font = &set.fonts[index];
            lacking.retain(|&c| font.glyph_id(c).is_none());
        }
        Ok(set)
    }

    /// The font of that index.
    pub fn font(&self, index: usize) -> &Font {
        &self.fonts[index]
    }

    /// Index of the font that a caption names.
    pub fn index_of(&self, name: &str) -> usize {
        self.by_name[name]
    }

    /// For each character of a text: the index of the font to draw it with, and its glyph there.
    ///
    /// A word is not a mix of fonts: if `own`, the caption's font, lacks one of its letters, all of them
    /// come from the first font that has them all. (Many a Latin font has a π and no other Greek letter.)
    /// A character that no font has gets the box of `own`.
    pub fn glyphs(&self, own: usize, text: &str) -> Vec<(usize, rusttype::GlyphId)> {
        let characters: Vec<char> = text.chars().collect();
        let mut glyphs = Vec::with_capacity(characters.len());
        let is_letter = |character: &char| character.is_alphabetic() || is_combining_mark(*character);
        for run in characters.chunk_by(|a, b| is_letter(a) && is_letter(b)) {
            let has_all = |&index: &usize| {
                let font = &self.fonts[index];
                run.iter().all(|&character| !has_ink(character) || font.glyph_id(character).is_some())
            };
            let of_run = self.candidates(own).find(has_all);
            glyphs.extend(run.iter().map(|&character| {
                let mut candidates = of_run.into_iter().chain(self.candidates(own));
                candidates
                    .find_map(|index| self.fonts[index].glyph_id(character).map(|glyph| (index, glyph)))
                    .unwrap_or((own, rusttype::GlyphId(0)))
            }));
        }
        glyphs
    }

    fn candidates<'a>(&'a self, own: usize) -> impl Iterator<Item = usize> + 'a {
        Some(own).into_iter().chain(self.lenders.iter().copied())
    }

    fn add(&mut self, name: &str, font: Arc<Font>) -> usize {
        self.fonts.push(font);
        self.by_name.insert(name.to_string(), self.fonts.len() - 1);
        self.fonts.len() - 1
    }
}

/// Whether a character has something to show: white space has not, nor have the marks that only steer how
/// their neighbours are shown (Unicode's Default_Ignorable_Code_Point). A font need not have them.
pub fn has_ink(character: char) -> bool {
    let ignorable = matches!(
        u32::from(character),
        0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
            | 0x202A..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0
            | 0xFFF0..=0xFFF8 | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF
    );
    !character.is_whitespace() && !ignorable
}
