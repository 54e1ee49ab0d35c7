//! Picture files to pixels.

pub mod animation;
mod apng;
mod color;
pub mod decode;
pub mod error;
pub mod indexed;
pub mod jpeg;
pub mod limits;
pub mod matcher;
pub mod palette;
pub mod pixels;
mod png;
mod quantizer;
pub mod scale;
mod still;
