//! How many rows bars add above and below a picture. To the encoders a bar is ink that covers all of these.

use std::ops::Range;

/// How many rows bars add to a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bars {
    /// Above it.
    pub above: u32,
    /// Below it.
    pub below: u32,
}

impl Bars {
    /// Whether there are none.
    pub fn are_none(&self) -> bool {
        *self == Bars::default()
    }

    /// The height of a picture of that height together with them.
    pub fn around(&self, height: u32) -> u32 {
        self.above + height + self.below
    }

    /// The same, and its width, which does not change.
    pub fn size(&self, (width, height): (u32, u32)) -> (u32, u32) {
        (width, self.around(height))
    }

    /// Where some rows of the picture are then.
    pub fn moved(&self, rows: &Range<u32>) -> Range<u32> {
        rows.start + self.above..rows.end + self.above
    }
}
