//! Captions to placed glyphs: fonts, measuring, line breaking, layout.

pub mod fonts;
pub mod layout;
pub mod measure;
