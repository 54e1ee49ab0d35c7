//! The pixels of a canvas that a `Player` follows: those with ink, or all.

use std::ops::Range;

use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::ink::mix::PixelInk;
use captioner::ink::rect::Rect;
use captioner::ink::{Ink, Stamp};

/// How many pixels are gone through before a cancel is looked for: less than a millisecond's worth.
const CHECKED: usize = 1 << 15;

/// A set of captions: a bit for each, in their order.
pub type Captions = u32;

/// All captions.
pub const ALL: Captions = !0;

/// The pixels that are followed, numbered row by row.
pub struct Followed<'a> {
    stamp: &'a Stamp,
    spans: Vec<Span>,
    canvas: (u32, u32),
}

/// Pixels side by side that are followed.
#[derive(Clone, Copy)]
pub struct Span {
    /// Row.
    pub y: u32,
    /// First column.
    pub left: u32,
    /// First column to its right.
    pub right: u32,
    /// The number of its first pixel.
    first: u32,
}

impl Span {
    /// The numbers of its pixels.
    pub fn numbers(&self) -> Range<usize> {
        self.first as usize..(self.first + self.right - self.left) as usize
    }

    /// Its part within a rectangle.
    fn within(&self, rect: &Rect) -> Option<Span> {
        let (left, right) = (self.left.max(rect.left), self.right.min(rect.right));
        let is_in = (rect.top..rect.bottom).contains(&self.y) && left < right;
        is_in.then(|| Span { left, right, first: self.first + left - self.left, ..*self })
    }
}

impl<'a> Followed<'a> {
    /// Follows every pixel with ink.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn inked(
        stamp: &'a Stamp,
        canvas: (u32, u32),
        cancel: &Cancel,
    ) -> Result<Followed<'a>, CaptionError> {
        let mut followed = Followed { stamp, spans: Vec::new(), canvas };
        let mut has_ink = Vec::new();
        for y in 0..canvas.1 {
            if stamp.inks.iter().any(|ink| ink.has_row(y)) {
                cancel.check()?;
                stamp.mark(y, canvas.0, &mut has_ink);
                followed.push_marked(y, &has_ink);
            }
        }
        Ok(followed)
    }

    /// Follows every pixel of the canvas.
    pub fn all(stamp: &'a Stamp, canvas: (u32, u32)) -> Followed<'a> {
        let spans = (0..canvas.1).map(|y| Span { y, left: 0, right: canvas.0, first: y * canvas.0 });
        Followed { stamp, spans: spans.collect(), canvas }
    }

    fn push_marked(&mut self, y: u32, is_marked: &[u8]) {
        let mut right = 0;
        for run in is_marked.chunk_by(|a, b| (*a == 0) == (*b == 0)) {
            let left = right;
            right += run.len() as u32;
            if run[0] != 0 {
                let first = self.len() as u32;
                self.spans.push(Span { y, left, right, first });
            }
        }
    }

    /// How many pixels are followed.
    pub fn len(&self) -> usize {
        self.spans.last().map_or(0, |last| last.numbers().end)
    }

    /// A rectangle that contains the ink of some captions, if they have any; or all pixels that are followed, if that is
    /// every one.
    pub fn area(&self, captions: Captions) -> Option<Rect> {
        if self.is_all() {
            return Some(Rect::of(self.canvas));
        }
        self.inks(captions).map(|ink| ink.area).reduce(|all, area| all.union(&area))
    }

    /// The ink of some captions.
    pub fn inks(&self, captions: Captions) -> impl Iterator<Item = &'a Ink> {
        let inks = self.stamp.inks.iter().enumerate();
        inks.filter(move |ink| captions >> ink.0 & 1 != 0).map(|ink| ink.1)
    }

    /// Whether every pixel of the canvas is followed.
    pub fn is_all(&self) -> bool {
        self.len() as u64 == u64::from(self.canvas.0) * u64::from(self.canvas.1)
    }

    /// Whether every pixel of a rectangle is followed that is not in a smaller one within it.
    pub fn has_all_between(&self, inner: &Rect, outer: &Rect) -> bool {
        let followed = |rect: &Rect| self.within(rect).map(|span| span.numbers().len() as u64).sum::<u64>();
        let pixels = |rect: &Rect| u64::from(rect.width()) * u64::from(rect.height());
        self.is_all() || inner == outer || followed(outer) - followed(inner) == pixels(outer) - pixels(inner)
    }

    /// Calls `each` with every span and, of two sets of captions, those that have ink in its row, in their order.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn for_each_span<F: FnMut(&Span, [&[&Ink]; 2])>(
        &self,
        sets: [Captions; 2],
        cancel: &Cancel,
        mut each: F,
    ) -> Result<(), CaptionError> {
        let mut inks: [Vec<&Ink>; 2] = [Vec::new(), Vec::new()];
        let (mut row, mut unchecked) = (None, CHECKED);
        for span in &self.spans {
            unchecked += span.numbers().len();
            if unchecked >= CHECKED {
                cancel.check()?;
                unchecked = 0;
            }
            if row != Some(span.y) {
                row = Some(span.y);
                for (inks, &captions) in inks.iter_mut().zip(&sets) {
                    inks.clear();
                    inks.extend(self.inks(captions).filter(|ink| ink.has_row(span.y)));
                }
            }
            each(span, [&inks[0], &inks[1]]);
        }
        Ok(())
    }

    /// The parts of the spans that lie in a rectangle.
    pub fn within<'b>(&'b self, rect: &'b Rect) -> impl Iterator<Item = Span> + 'b {
        let start = self.spans.partition_point(|span| span.y < rect.top);
        self.spans[start..]
            .iter()
            .take_while(move |span| span.y < rect.bottom)
            .filter_map(move |s| s.within(rect))
    }
}

/// The ink of some captions on a pixel, in their order.
pub fn inks_at<'b>(inks: &'b [&Ink], x: u32, y: u32) -> impl Iterator<Item = PixelInk> + Clone + 'b {
    inks.iter().filter_map(move |ink| ink.pixel(x, y))
}
