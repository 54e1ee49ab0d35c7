//! Encodes captioned pictures. Each format keeps its templates compressed in pieces, and a caption compresses only the
//! pieces that it changes.

pub mod gif;
pub mod jpeg;
pub mod png;
