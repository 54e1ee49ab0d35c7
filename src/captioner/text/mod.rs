//! Captions to placed glyphs: fonts, shaping, measuring, line breaking, layout.

pub mod bar;
mod characters;
mod color;
mod emoji;
mod fallback;
mod fitting;
pub mod font;
pub mod font_set;
mod font_tables;
pub mod fonts;
#[cfg(test)]
mod harfbuzz_tests;
pub mod layout;
mod line_breaks;
mod measure;
pub mod placed;
mod shape;
pub mod turn;
#[cfg(test)]
mod unicode_tests;
