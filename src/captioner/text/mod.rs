//! Captions to placed glyphs: fonts, measuring, line breaking, layout.

mod characters;
mod font;
pub mod font_set;
pub mod fonts;
pub mod layout;
mod line_breaks;
mod measure;
