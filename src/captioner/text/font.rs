//! One font: rusttype draws its outlines, harfrust shapes text with it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::convert::TryFrom;
use std::ptr;
use std::sync::{Arc, Mutex};

use harfrust::{Buffer, Direction, Script, ShapeOptions, ShapePlan, ShaperFont};
use rusttype::{self, point, GlyphId, IntoGlyphId, Rect, Scale, ScaledGlyph};
use unicode_normalization::char::decompose_canonical;

use captioner::text::color;
use captioner::text::font_tables;
use image_macro::Color;

/// Shape plans that a font keeps. A caption needs one for each script and direction in it.
const PLANS: usize = 16;

/// A font, with sizes given by its em.
pub struct Font {
    outlines: rusttype::Font<'static>,
    shaping: harfrust::Font,
    plans: Mutex<Vec<Arc<ShapePlan>>>,
    /// From where to where the ink of glyphs reaches that were drawn before. Finding it out takes as long as drawing.
    inks: Mutex<HashMap<GlyphId, Option<Rect<f32>>>>,
    /// rusttype's scale is the height from ascent to descent, not the em. Their ratio.
    scale_of_em: f32,
    units_per_em: f32,
    has_color: bool,
}

/// A glyph of a font.
#[derive(Clone, Copy)]
pub struct Glyph<'a> {
    /// The font that it is in.
    pub font: &'a Font,
    /// Which one it is there.
    pub id: GlyphId,
}

/// A layer of a glyph in colors of its own.
#[derive(Clone, Copy)]
pub struct ColorLayer<'a> {
    /// Its outline.
    pub glyph: Glyph<'a>,
    /// Its color; `None` for that of the caption.
    pub color: Option<Color>,
    /// How opaque it is, 0 to 255.
    pub alpha: u8,
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadFont {
    /// It is something else.
    #[error("it is not a TrueType or OpenType font")]
    NotAFont,
    /// A table that is needed to shape or to draw text is damaged.
    #[error("its table {0} is damaged")]
    Table(&'static str),
}

/// The content of a font file as harfrust wants it: shared with rusttype, so that it is in memory once.
struct Shared(rusttype::Font<'static>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        match self.0 {
            rusttype::Font::Owned(ref face) => face.as_slice(),
            // One that is borrowed is given to harfrust as it is.
            rusttype::Font::Ref(_) => &[],
        }
    }
}

impl Font {
    /// Parses the content of a file. Of a collection, the first font; of a variable font, its default instance.
    ///
    /// # Errors
    /// If it is not a font, is one without a size, or has damaged tables.
    pub fn parse(content: Cow<'static, [u8]>) -> Result<Font, BadFont> {
        font_tables::check_length(&content).map_err(BadFont::Table)?;
        let (outlines, shaping) = match content {
            Cow::Borrowed(bytes) => (rusttype::Font::try_from_bytes(bytes), harfrust::Font::new(bytes, 0)),
            Cow::Owned(bytes) => {
                let outlines = rusttype::Font::try_from_vec(bytes);
                let shared = outlines.clone().map(|font| Arc::new(Shared(font)));
                let shaping = shared
                    .and_then(|bytes| harfrust::Font::new(bytes as Arc<dyn AsRef<[u8]> + Send + Sync>, 0));
                (outlines, shaping)
            }
        };
        let outlines = outlines.ok_or(BadFont::NotAFont)?;
        let shaping = shaping.ok_or(BadFont::NotAFont)?;
        let metrics = outlines.v_metrics_unscaled();
        let units_per_em = f32::from(outlines.units_per_em());
        let scale_of_em = (metrics.ascent - metrics.descent) / units_per_em;
        // The two may read a damaged header differently.
        let is_agreed = outlines.units_per_em() == shaping.units_per_em();
        if !is_agreed || units_per_em <= 0.0 || !scale_of_em.is_finite() || scale_of_em <= 0.0 {
            return Err(BadFont::NotAFont);
        }
        font_tables::check(&shaping).map_err(BadFont::Table)?;
        let has_color = color::is_in(&shaping);
        Ok(Font {
            outlines,
            shaping,
            plans: Mutex::default(),
            inks: Mutex::default(),
            scale_of_em,
            units_per_em,
            has_color,
        })
    }

    /// rusttype's scale for an em of that many pixels.
    fn scale(&self, em: f32) -> Scale {
        Scale::uniform(em * self.scale_of_em)
    }

    /// Whether the font has a glyph for a character, or for what it is canonically composed of.
    pub fn has(&self, character: char) -> bool {
        has(character, |character| self.has_itself(character))
    }

    fn has_itself(&self, character: char) -> bool {
        let id = character.into_glyph_id(&self.outlines);
        id.0 != 0 && self.glyph(u32::from(id.0)).is_some()
    }

    /// Whether some of its glyphs are drawn in colors of their own.
    pub fn has_color(&self) -> bool {
        self.has_color
    }

    /// The glyph with that number. A damaged font may name one that it does not contain.
    pub fn glyph(&self, id: u32) -> Option<Glyph<'_>> {
        let id = u16::try_from(id).ok().filter(|&id| usize::from(id) < self.outlines.glyph_count())?;
        Some(Glyph { font: self, id: GlyphId(id) })
    }

    fn color_layers(&self, id: GlyphId) -> Vec<ColorLayer<'_>> {
        if !self.has_color {
            return Vec::new();
        }
        let layers = color::layers(&self.shaping, id.0).into_iter();
        let of_font = |color::Layer { glyph, color, alpha }| {
            Some(ColorLayer { glyph: self.glyph(glyph)?, color, alpha })
        };
        layers.filter_map(of_font).collect()
    }

    /// Turns the characters in a buffer, whose script is set, into glyphs with positions in units of
    /// [`Font::units_per_em`].
    pub fn shape(&self, buffer: &mut Buffer) {
        let plan = self.plan(buffer.direction(), buffer.script());
        let options = ShapeOptions::new().plan(Some(&plan));
        let shaped = harfrust::shape(&ShaperFont::new(&self.shaping), buffer, options);
        // It fails only if the buffer and the plan do not belong together.
        debug_assert!(shaped.is_ok());
    }

    /// The size of the em in the font's units.
    pub fn units_per_em(&self) -> f32 {
        self.units_per_em
    }

    fn kept_ink<F: FnOnce() -> Option<Rect<f32>>>(&self, id: GlyphId, find: F) -> Option<Rect<f32>> {
        // Nothing panics while the map is half changed, so a poisoned lock is ignored.
        let inks = || self.inks.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(&ink) = inks().get(&id) {
            return ink;
        }
        let ink = find();
        inks().insert(id, ink);
        ink
    }

    /// How to shape text of a script: worked out from the font's tables, and kept.
    fn plan(&self, direction: Direction, script: Option<Script>) -> Arc<ShapePlan> {
        // Nothing panics while the list is half changed, so a poisoned lock is ignored.
        let mut plans = self.plans.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let known = plans.iter().find(|plan| plan.direction() == direction && plan.script() == script);
        if let Some(plan) = known {
            return plan.clone();
        }
        let plan = Arc::new(ShapePlan::new(&self.shaping, direction, script, None, &[]));
        if plans.len() == PLANS {
            plans.remove(0);
        }
        plans.push(plan.clone());
        plan
    }
}

/// Whether a font has a character, or all characters that it is canonically composed of; `has_itself` says of one
/// whether the font has it.
pub fn has<F: Fn(char) -> bool>(character: char, has_itself: F) -> bool {
    if has_itself(character) {
        return true;
    }
    let (mut parts, mut has_all) = (0, true);
    decompose_canonical(character, |part| {
        parts += 1;
        has_all &= part != character && has_itself(part);
    });
    parts > 0 && has_all
}

impl<'a> Glyph<'a> {
    /// The glyph at an em of that many pixels.
    pub fn scaled(&self, em: f32) -> ScaledGlyph<'static> {
        self.font.outlines.glyph(self.id).scaled(self.font.scale(em))
    }

    /// From where to where its outline reaches at an em of one, from its origin and downwards. `None` if there is nothing
    /// to see.
    pub fn outline(&self) -> Option<Rect<f32>> {
        self.font.kept_ink(self.id, || self.scaled(1.0).exact_bounding_box())
    }

    /// The same for its layers, if it is drawn in colors of its own.
    pub fn ink(&self) -> Option<Rect<f32>> {
        if !self.font.has_color {
            return self.outline();
        }
        let layers = self.color_layers();
        if layers.is_empty() {
            return self.outline();
        }
        layers.iter().filter_map(|layer| layer.glyph.outline()).reduce(|a, b| Rect {
            min: point(a.min.x.min(b.min.x), a.min.y.min(b.min.y)),
            max: point(a.max.x.max(b.max.x), a.max.y.max(b.max.y)),
        })
    }

    /// Its layers, from the lowest to the highest, if it is drawn in colors of its own.
    pub fn color_layers(&self) -> Vec<ColorLayer<'a>> {
        self.font.color_layers(self.id)
    }

    /// Whether both are the same one of the same font.
    pub fn is(&self, other: &Glyph) -> bool {
        ptr::eq(self.font, other.font) && self.id == other.id
    }
}
