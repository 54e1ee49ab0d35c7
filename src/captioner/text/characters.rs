//! Which characters a font has, known without keeping the font.

use std::borrow::Cow;

use ttf_parser::cmap::Table;
use ttf_parser::Face;

/// The characters of a font: its `cmap` table, which is a few KiB of a file of megabytes.
///
/// The table is looked up as it is and not turned into a set of characters, because a few bytes of a damaged one
/// can claim billions of them.
#[derive(Debug, PartialEq)]
pub struct Characters<'a> {
    cmap: Cow<'a, [u8]>,
    glyph_count: u16,
}

impl<'a> Characters<'a> {
    /// The characters of the font in a file; none if it is not a font.
    pub fn of(file: &'a [u8]) -> Characters<'a> {
        let glyph_count = Face::from_slice(file, 0).map_or(0, |face| face.number_of_glyphs());
        let cmap = table(file, b"cmap").unwrap_or(&[]).into();
        Characters { cmap, glyph_count }
    }

    /// The same, without the file.
    pub fn into_owned(self) -> Characters<'static> {
        Characters { cmap: self.cmap.into_owned().into(), glyph_count: self.glyph_count }
    }

    /// Whether the font has a glyph for a character.
    pub fn contains(&self, character: char) -> bool {
        // As `Face::glyph_index`, which needs the whole file.
        let subtables = Table::parse(&self.cmap).map(|table| table.subtables);
        let unicode = subtables.into_iter().flatten().filter(|subtable| subtable.is_unicode());
        let glyph = unicode.filter_map(|subtable| subtable.glyph_index(u32::from(character))).next();
        glyph.is_some_and(|glyph| glyph.0 != 0 && glyph.0 < self.glyph_count)
    }
}

/// A table of a font file.
fn table<'a>(file: &'a [u8], tag: &[u8; 4]) -> Option<&'a [u8]> {
    let (offset, length) = place_of(file, tag)?;
    file.get(offset..offset.checked_add(length)?)
}

/// Where a table is said to be in a font file, and how long. `Face::table_data` finds it only in a sorted directory;
/// rusttype finds it in any.
pub fn place_of(file: &[u8], tag: &[u8; 4]) -> Option<(usize, usize)> {
    let number =
        |bytes: &[u8], at: usize| Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?) as usize);
    // Of a collection, the first font.
    let start = if file.starts_with(b"ttcf") { number(file, 12)? } else { 0 };
    let font = file.get(start..)?;
    let count = usize::from(u16::from_be_bytes(*font.get(4..)?.first_chunk()?));
    let mut records = font.get(12..)?.chunks_exact(16).take(count);
    let record = records.rfind(|record| record.starts_with(tag))?;
    Some((number(record, 8)?, number(record, 12)?))
}

#[cfg(test)]
mod tests {
    use super::Characters;
    use captioner::library::Library;
    use captioner::text::font::{has, Font};

    #[test]
    fn it_has_exactly_the_characters_that_the_font_has() {
        for (name, source) in Library::fonts(None).sources().unwrap() {
            let file = source.read().unwrap().bytes;
            let characters = Characters::of(&file);
            let font = Font::parse(file.clone()).unwrap();
            for character in (0..=0x10_ffff).filter_map(char::from_u32) {
                let is_in = has(character, |character| characters.contains(character));
                assert_eq!(is_in, font.has(character), "{}: {:?}", name, character);
            }
        }
    }

    #[test]
    fn a_file_that_is_no_font_has_none() {
        let font = Library::fonts(None).find("Anton").unwrap().unwrap().read().unwrap().bytes;
        for file in &[&font[..0], &font[..5], &font[..100], &font[..2000], &[0xff; 5000], b"ttcf"] {
            assert!(!Characters::of(file).contains('a'));
        }
    }
}
