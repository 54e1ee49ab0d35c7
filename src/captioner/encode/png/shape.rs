//! What the encoder needs to know of a picture: the shape of its rows, and where to get them.

use std::ops::Range;

/// Appends some rows of a picture, as they are in a file before they are filtered.
pub type Rows<'a> = dyn Fn(Range<u32>, &mut Vec<u8>) + 'a;

/// The shape of a picture's rows in a file.
#[derive(Clone, Copy)]
pub struct Shape {
    /// Bytes of a row.
    pub row: usize,
    /// Bytes of a pixel; one if it has fewer bits.
    pub pixel: usize,
    /// How many rows there are.
    pub height: u32,
    /// Whether bytes near each other are similar numbers. Those of a palette, or of several pixels, are not.
    pub may_filter: bool,
}
