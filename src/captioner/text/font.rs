//! One font.

use std::ptr;

use rusttype::{self, GlyphId, IntoGlyphId, Scale, ScaledGlyph};

/// A font, with sizes given by its em.
pub struct Font {
    font: rusttype::Font<'static>,
    /// rusttype's scale is the height from ascent to descent, not the em. Their ratio.
    scale_of_em: f32,
}

/// A glyph of a font.
#[derive(Clone, Copy)]
pub struct Glyph<'a> {
    /// The font that it is in.
    pub font: &'a Font,
    /// Which one it is there.
    pub id: GlyphId,
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("it is not a TrueType or OpenType font")]
pub struct NotAFont;

impl Font {
    /// Parses the content of a file.
    ///
    /// # Errors
    /// If it is not a font, or one without a size.
    pub fn parse(content: Vec<u8>) -> Result<Font, NotAFont> {
        let font = rusttype::Font::try_from_vec(content).ok_or(NotAFont)?;
        let metrics = font.v_metrics_unscaled();
        let height = metrics.ascent - metrics.descent;
        let em = f32::from(font.units_per_em());
        let scale_of_em = height / em;
        if em > 0.0 && scale_of_em.is_finite() && scale_of_em > 0.0 {
            Ok(Font { font, scale_of_em })
        } else {
            Err(NotAFont)
        }
    }

    /// rusttype's scale for an em of that many pixels.
    fn scale(&self, em: f32) -> Scale {
        Scale::uniform(em * self.scale_of_em)
    }

    /// The glyph of a character, if the font has one.
    pub fn glyph(&self, character: char) -> Option<Glyph<'_>> {
        // Not `font.glyph(character)`, which panics if a damaged font names a glyph that it does not contain.
        let id = character.into_glyph_id(&self.font);
        let exists = id.0 != 0 && usize::from(id.0) < self.font.glyph_count();
        exists.then_some(Glyph { font: self, id })
    }

    /// What the font shows for a character that it does not have, usually a box.
    pub fn missing_glyph(&self) -> Glyph<'_> {
        Glyph { font: self, id: GlyphId(0) }
    }
}

impl<'a> Glyph<'a> {
    /// The glyph at an em of that many pixels.
    pub fn scaled(&self, em: f32) -> ScaledGlyph<'static> {
        self.font.font.glyph(self.id).scaled(self.font.scale(em))
    }

    /// What the font adds to the distance between the glyph before this one and this one, at an em of that many
    /// pixels. Nothing if they are of two fonts.
    pub fn kerning_after(&self, before: &Glyph, em: f32) -> f32 {
        if ptr::eq(self.font, before.font) {
            self.font.font.pair_kerning(self.font.scale(em), before.id, self.id)
        } else {
            0.0
        }
    }
}
