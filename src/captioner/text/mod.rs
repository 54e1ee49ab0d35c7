//! Captions to placed glyphs: fonts, shaping, measuring, line breaking, layout.

mod characters;
mod color;
mod emoji;
mod fallback;
pub mod font;
pub mod font_set;
mod font_tables;
pub mod fonts;
#[cfg(test)]
mod harfbuzz_tests;
pub mod layout;
mod line_breaks;
mod measure;
mod shape;
#[cfg(test)]
mod unicode_tests;
