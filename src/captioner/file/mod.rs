//! Picture files to pixels.

pub mod animation;
pub mod decode;
pub mod palette;
pub mod scale;
