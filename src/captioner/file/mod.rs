//! Picture files to pixels.

pub mod animation;
mod color;
pub mod decode;
pub mod error;
pub mod jpeg;
pub mod limits;
pub mod matcher;
pub mod palette;
pub mod pixels;
mod png;
mod quantizer;
pub mod scale;
mod still;
