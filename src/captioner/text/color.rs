//! Glyphs in colors of their own: the layers of version 0 of OpenType's `COLR` table.
//!
//! A layer is the outline of another glyph of the font, in one color of the first palette of `CPAL`. So rusttype draws
//! them as it draws letters. Of version 1, with its gradients, only what a font repeats in version 0 is drawn.

use read_fonts::types::GlyphId16;
use read_fonts::TableProvider;

use image_macro::Color;

/// Layers of one glyph that are drawn. Twemoji has 88 at most.
const MAX_LAYERS: usize = 256;

/// One layer of a glyph.
#[derive(Clone, Copy)]
pub struct Layer {
    /// The number of the glyph that is its outline.
    pub glyph: u32,
    /// Its color; `None` for that of the caption.
    pub color: Option<Color>,
    /// How opaque it is, 0 to 255.
    pub alpha: u8,
}

/// Whether a font has such glyphs.
pub fn is_in(font: &harfrust::Font) -> bool {
    font.tables().colr().is_ok_and(|table| table.num_base_glyph_records() > 0)
}

/// The layers of a glyph, from the lowest to the highest; none if it has no colors.
pub fn layers(font: &harfrust::Font, glyph: u16) -> Vec<Layer> {
    let table = match font.tables().colr() {
        Ok(table) => table,
        Err(_) => return Vec::new(),
    };
    let range = table.v0_base_glyph(GlyphId16::new(glyph).into()).unwrap_or_default();
    let palettes = font.palettes();
    let palette = palettes.get(0);
    let colors = palette.as_ref().map_or(&[][..], |palette| palette.colors());
    let layers = range.take(MAX_LAYERS).filter_map(|index| {
        let (glyph, entry) = table.v0_layer(index)?;
        let color = colors.get(usize::from(entry));
        let alpha = color.map_or(255, |color| color.alpha());
        let color = color.map(|color| Color { r: color.red(), g: color.green(), b: color.blue() });
        Some(Layer { glyph: glyph.to_u32(), color, alpha })
    });
    layers.collect()
}
