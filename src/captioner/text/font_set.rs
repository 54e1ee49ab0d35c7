//! The fonts of one picture's captions, and the choice of a font for each character.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use unicode_normalization::char::is_combining_mark;

use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::text::font::{Font, Glyph};
use captioner::text::fonts::{Fonts, Lender};
use image_macro::Caption;

/// The fonts of some captions, and the others that lend them glyphs.
pub struct FontSet<'a> {
    fonts: &'a Fonts,
    cancel: &'a Cancel,
    /// Those that the captions name.
    named: BTreeMap<String, Arc<Font>>,
    /// Those that may lend glyphs, in the order in which they are asked. A font is loaded when it lends its first
    /// one; `None` if it cannot be.
    lenders: Vec<(Lender, OnceLock<Option<Arc<Font>>>)>,
    /// What neither a caption's own font nor any other has, sorted.
    missing: Vec<char>,
}

impl<'a> FontSet<'a> {
    /// Loads the fonts that the captions name and, if these lack a character, finds out which others may lend it.
    ///
    /// # Errors
    /// As [`Fonts::load`] for the fonts named; [`CaptionError::Cancelled`].
    pub fn load(
        fonts: &'a Fonts,
        captions: &[Caption],
        cancel: &'a Cancel,
    ) -> Result<FontSet<'a>, CaptionError> {
        let mut named = BTreeMap::new();
        let mut missing = Vec::new();
        for caption in captions {
            if !named.contains_key(&caption.font) {
                named.insert(caption.font.clone(), fonts.load(&caption.font)?);
            }
            let font = &named[&caption.font];
            missing.extend(caption.text.chars().filter(|&c| has_ink(c) && font.glyph(c).is_none()));
        }
        missing.sort_unstable();
        missing.dedup();
        let lenders = fonts.lenders(&mut missing, cancel)?;
        let lenders = lenders.into_iter().map(|lender| (lender, OnceLock::new())).collect();
        Ok(FontSet { fonts, cancel, named, lenders, missing })
    }

    /// The font that a caption names.
    pub fn named(&self, name: &str) -> &Font {
        &self.named[name]
    }

    /// The glyph to draw each character of a text with, where `own` is the caption's font.
    ///
    /// A word is not a mix of fonts: if `own` lacks one of its letters, all of them come from the first font that
    /// has them all. (Many a Latin font has a π and no other Greek letter.) A character that no font has gets the
    /// box of `own`.
    pub fn glyphs<'s>(&'s self, own: &'s Font, text: &str) -> Vec<Glyph<'s>> {
        let characters: Vec<char> = text.chars().collect();
        let mut glyphs = Vec::with_capacity(characters.len());
        let is_letter = |character: &char| character.is_alphabetic() || is_combining_mark(*character);
        for word in characters.chunk_by(|a, b| is_letter(a) && is_letter(b)) {
            let font = self.font_of(own, word).unwrap_or(own);
            glyphs.extend(word.iter().map(|&character| {
                let glyph = font.glyph(character).or_else(|| own.glyph(character));
                glyph.or_else(|| self.lent(character)).unwrap_or(own.missing_glyph())
            }));
        }
        glyphs
    }

    /// The first font that has all of a word.
    fn font_of<'s>(&'s self, own: &'s Font, word: &[char]) -> Option<&'s Font> {
        if word.iter().all(|&character| !has_ink(character) || own.glyph(character).is_some()) {
            return Some(own);
        }
        if word.iter().any(|&character| self.is_missing(character)) {
            return None;
        }
        self.lender(|lender| {
            word.iter().all(|&character| !has_ink(character) || lender.characters.contains(character))
        })
    }

    /// A glyph of the first font that lends one.
    fn lent(&self, character: char) -> Option<Glyph<'_>> {
        if self.is_missing(character) || !takes_room(character) {
            return None;
        }
        self.lender(|lender| lender.characters.contains(character))?.glyph(character)
    }

    fn is_missing(&self, character: char) -> bool {
        self.missing.binary_search(&character).is_ok()
    }

    /// The first lender of which that is true, and which can be loaded.
    fn lender<F: Fn(&Lender) -> bool>(&self, can_lend: F) -> Option<&Font> {
        let mut able = self.lenders.iter().filter(|lender| can_lend(&lender.0));
        able.find_map(|(lender, font)| {
            font.get_or_init(|| match self.named.get(&lender.name) {
                Some(font) => Some(font.clone()),
                // The captioner looks at the flag again before a picture is done.
                None if self.cancel.check().is_err() => None,
                None => self.fonts.load(&lender.name).ok(),
            })
            .as_deref()
        })
    }
}

/// Whether a character is drawn or moves what comes after it. The marks that only steer how others are shown do
/// neither, nor does a line feed.
pub fn takes_room(character: char) -> bool {
    has_ink(character) || character.is_whitespace() && character != '\n'
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
