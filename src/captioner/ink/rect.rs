//! Rectangles of whole pixels.

/// Whole pixels of a picture; `right` and `bottom` are the first ones outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    /// First column.
    pub left: u32,
    /// First row.
    pub top: u32,
    /// First column to its right.
    pub right: u32,
    /// First row below.
    pub bottom: u32,
}

impl Rect {
    /// All of a picture of that width and height.
    pub fn of(size: (u32, u32)) -> Rect {
        Rect { left: 0, top: 0, right: size.0, bottom: size.1 }
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.right - self.left
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.bottom - self.top
    }

    /// Whether it contains a pixel.
    pub fn holds(&self, x: u32, y: u32) -> bool {
        (self.left..self.right).contains(&x) && (self.top..self.bottom).contains(&y)
    }

    /// The number of one of its pixels, counted row by row.
    pub fn number_of(&self, x: u32, y: u32) -> usize {
        (y - self.top) as usize * self.width() as usize + (x - self.left) as usize
    }

    /// The same rectangle farther down.
    pub fn down(&self, rows: u32) -> Rect {
        Rect { top: self.top + rows, bottom: self.bottom + rows, ..*self }
    }

    /// What both contain, if anything.
    pub fn intersection(&self, other: &Rect) -> Option<Rect> {
        let both = Rect {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        };
        if both.left < both.right && both.top < both.bottom {
            Some(both)
        } else {
            None
        }
    }

    /// The smallest rectangle that contains both.
    pub fn union(&self, other: &Rect) -> Rect {
        Rect {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }
}
