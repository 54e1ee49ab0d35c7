//! Picture files to pixels.

pub mod animation;
pub mod decode;
pub mod error;
pub mod limits;
pub mod matcher;
pub mod palette;
pub mod pixels;
mod quantizer;
pub mod scale;
