//! How much of each pixel is covered: by letters, and by letters that are grown to be an outline.

use std::mem;

use fearless_simd::{dispatch, Level, Simd};

use captioner::cancel::Cancel;
use captioner::error::CaptionError;

/// How much of each pixel is covered.
pub struct Coverage {
    width: usize,
    height: usize,
    /// 0 to 255, row by row.
    pub pixels: Vec<u8>,
}

impl Coverage {
    /// No pixel is covered.
    pub fn new(width: usize, height: usize) -> Coverage {
        Coverage { width, height, pixels: vec![0; width * height] }
    }

    /// Adds the rows of a glyph whose upper left corner is at that place. What lies outside is cut off.
    pub fn add<'a, I: Iterator<Item = &'a [u8]>>(&mut self, left: i32, top: i32, glyph: I) {
        let from = left.min(0).unsigned_abs() as usize;
        let to = (left.max(0) as usize).min(self.width);
        let above = top.min(0).unsigned_abs() as usize;
        let rows = self.pixels.chunks_exact_mut(self.width).skip(top.max(0) as usize);
        for (row, glyph) in rows.zip(glyph.skip(above)) {
            let glyph = &glyph[from.min(glyph.len())..];
            for (pixel, &more) in row[to..].iter_mut().zip(glyph) {
                *pixel = pixel.saturating_add(more);
            }
        }
    }

    /// What this or the other covers, of the same size.
    pub fn union(&self, other: &[u8]) -> Coverage {
        let mut pixels = self.pixels.clone();
        maximum(&mut pixels, other);
        Coverage { pixels, ..*self }
    }

    /// The shape grown by `radius` pixels: every pixel becomes the maximum of those within that distance.
    ///
    /// A disc is a stack of rows of different widths. So the picture is widened for each row of the disc, from the
    /// narrow ends to the middle, each time from the width before, and the widened rows are merged at their distance.
    /// That is about four passes of byte-wise maxima per pixel of radius, which the compiler vectorises.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn dilated(&self, radius: f32, cancel: &Cancel) -> Result<Vec<u8>, CaptionError> {
        let mut grown = self.pixels.clone();
        let mut widened = self.pixels.clone();
        let mut wider = vec![0; self.pixels.len()];
        let reach = radius.ceil() as usize;
        // By how much `widened` reaches to either side; `wider` reaches one pixel farther.
        let mut half = 0;
        dispatch!(Level::new(), simd => self.widen(simd, &widened, 1, &mut wider));
        for dy in (0..=reach).rev() {
            cancel.check()?;
            // A row at the rim counts in proportion to the part of it inside the disc.
            let inside = (radius + 1.0 - dy as f32).min(1.0);
            let chord = (radius * radius - (dy as f32).powi(2)).max(0.0).sqrt();
            while half < chord as usize {
                half += 1;
                mem::swap(&mut widened, &mut wider);
                dispatch!(Level::new(), simd => self.widen(simd, &widened, half + 1, &mut wider));
            }
            // The chord lies between two whole widths: their mixture. In 256ths, so that products fit into sixteen
            // bits.
            let part = ((chord - half as f32).max(0.0) * 256.0) as u16;
            let inside = (inside * 256.0) as u16;
            dispatch!(Level::new(), simd => {
                self.stack(simd, &widened, &wider, [part, inside], dy, &mut grown)
            });
        }
        Ok(grown)
    }

    /// Merges the pixels at distance `by` to the left and to the right.
    #[inline(always)]
    fn widen<S: Simd>(&self, _: S, narrow: &[u8], by: usize, wide: &mut [u8]) {
        let inner = self.width.saturating_sub(by);
        let rows = narrow.chunks_exact(self.width).zip(self.pixels.chunks_exact(self.width));
        for (wide, (narrow, original)) in wide.chunks_exact_mut(self.width).zip(rows) {
            wide.copy_from_slice(narrow);
            maximum(&mut wide[by.min(self.width)..], &original[..inner]);
            maximum(&mut wide[..inner], &original[self.width - inner..]);
        }
    }

    /// Merges a mixture of the narrow and the wide rows at distance `dy` above and below.
    #[inline(always)]
    fn stack<S: Simd>(
        &self,
        _: S,
        narrow: &[u8],
        wide: &[u8],
        [part, inside]: [u16; 2],
        dy: usize,
        grown: &mut [u8],
    ) {
        let mut mixed = vec![0; self.width];
        for y in 0..self.height {
            let row = y * self.width..(y + 1) * self.width;
            for ((to, &narrow), &wide) in mixed.iter_mut().zip(&narrow[row.clone()]).zip(&wide[row]) {
                let width = (u16::from(narrow) * (256 - part) + u16::from(wide) * part) >> 8;
                *to = ((width * inside) >> 8) as u8;
            }
            if y + dy < self.height {
                maximum(&mut grown[(y + dy) * self.width..(y + dy + 1) * self.width], &mixed);
            }
            if dy > 0 && y >= dy {
                maximum(&mut grown[(y - dy) * self.width..(y - dy + 1) * self.width], &mixed);
            }
        }
    }
}

#[inline(always)]
fn maximum(to: &mut [u8], from: &[u8]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to = (*to).max(from);
    }
}
