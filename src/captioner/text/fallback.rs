//! The fonts that lend glyphs to every caption: between them, most scripts of the world, symbols and emoji.
//!
//! They are compiled in, and cannot be named by a request. A font's characters are looked up in its own table where it
//! lies in the program, and it is parsed when it lends its first glyph, so that a server that never sees such a text
//! pays nothing for them.

use std::borrow::Cow;
use std::sync::OnceLock;

use captioner::library::fallback_fonts;
use captioner::text::characters::Characters;
use captioner::text::font::{has, Font};

/// One of them.
pub struct FallbackFont {
    content: &'static [u8],
    characters: Characters<'static>,
    font: OnceLock<Option<Font>>,
}

impl FallbackFont {
    /// Whether it has a character, or all characters that it is canonically composed of.
    pub fn has(&self, character: char) -> bool {
        has(character, |character| self.characters.contains(character))
    }

    /// The font. `None` only if the program was built with a broken one.
    pub fn font(&self) -> Option<&Font> {
        self.font.get_or_init(|| Font::parse(Cow::Borrowed(self.content)).ok()).as_ref()
    }
}

/// All of them, in the order in which they are asked. The last one is [`emoji`].
pub fn all() -> &'static [FallbackFont] {
    static ALL: OnceLock<Vec<FallbackFont>> = OnceLock::new();
    ALL.get_or_init(|| {
        let fonts = fallback_fonts().iter().map(|file| FallbackFont {
            content: file.content,
            characters: Characters::of(file.content),
            font: OnceLock::new(),
        });
        fonts.collect()
    })
}

/// The one for clusters that are to be shown as pictures.
pub fn emoji() -> Option<&'static FallbackFont> {
    all().last()
}

#[cfg(test)]
mod tests {
    use super::{all, emoji, fallback_fonts, Cow, Font};

    #[test]
    fn all_of_them_can_be_used_and_have_the_characters_that_they_claim() {
        for (fallback, file) in all().iter().zip(fallback_fonts()) {
            if let Err(error) = Font::parse(Cow::Borrowed(file.content)) {
                panic!("{}: {}", file.file_name, error);
            }
            let font = fallback.font().unwrap();
            for character in (0..=0x10_ffff).filter_map(char::from_u32) {
                assert_eq!(fallback.has(character), font.has(character), "{:?}", character);
            }
        }
    }

    #[test]
    fn only_the_last_is_in_color() {
        let in_color = all().iter().filter(|fallback| fallback.font().unwrap().has_color());
        assert_eq!(in_color.count(), 1);
        assert!(emoji().unwrap().font().unwrap().has_color());
    }
}
