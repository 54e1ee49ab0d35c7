//! How much of each pixel is covered: by letters, and by letters that are grown to be an outline.

use std::mem;
use std::ops::Range;

use fearless_simd::{dispatch, Level, Simd};

use captioner::cancel::Cancel;
use captioner::error::CaptionError;

/// The least radius, in pixels, of what is grown at a lower resolution. The edge that it gets there is smooth, because it is
/// nowhere more curved than the disc.
const FINEST: f32 = 8.0;

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
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn dilated(&self, radius: f32, cancel: &Cancel) -> Result<Vec<u8>, CaptionError> {
        let mut factor = 1;
        while radius / (factor * 2) as f32 >= FINEST {
            factor *= 2;
        }
        if factor == 1 {
            return self.dilated_exactly(radius, cancel);
        }
        let reduced = self.reduced(factor);
        let pixels = reduced.dilated_exactly(radius / factor as f32, cancel)?;
        let mut grown = Coverage { pixels, ..reduced }.enlarged(factor, self.width, self.height, cancel)?;
        maximum(&mut grown, &self.pixels);
        Ok(grown)
    }

    /// The same for any radius, at a cost that grows with it.
    ///
    /// A disc is a stack of rows of different widths. So the picture is widened for each row of the disc, from the
    /// narrow ends to the middle, each time from the width before, and the widened rows are merged at their distance.
    /// That is about four passes of byte-wise maxima per pixel of radius, which the compiler vectorises. Of a row only the
    /// part that the shape can reach is looked at: that is little if a line of text is turned.
    fn dilated_exactly(&self, radius: f32, cancel: &Cancel) -> Result<Vec<u8>, CaptionError> {
        let mut grown = self.pixels.clone();
        let mut widened = self.pixels.clone();
        let mut wider = vec![0; self.pixels.len()];
        let reach = radius.ceil() as usize;
        let spans = self.spans(reach + 1);
        // By how much `widened` reaches to either side; `wider` reaches one pixel farther.
        let mut half = 0;
        dispatch!(Level::new(), simd => self.widen(simd, &spans, &widened, 1, &mut wider));
        for dy in (0..=reach).rev() {
            cancel.check()?;
            // A row at the rim counts in proportion to the part of it inside the disc.
            let inside = (radius + 1.0 - dy as f32).min(1.0);
            let chord = (radius * radius - (dy as f32).powi(2)).max(0.0).sqrt();
            while half < chord as usize {
                half += 1;
                mem::swap(&mut widened, &mut wider);
                dispatch!(Level::new(), simd => self.widen(simd, &spans, &widened, half + 1, &mut wider));
            }
            // The chord lies between two whole widths: their mixture. In 256ths, so that products fit into sixteen
            // bits.
            let part = ((chord - half as f32).max(0.0) * 256.0) as u16;
            let inside = (inside * 256.0) as u16;
            dispatch!(Level::new(), simd => {
                self.stack(simd, &spans, [&widened, &wider], [part, inside], dy, &mut grown)
            });
        }
        Ok(grown)
    }

    /// The part of each row that is covered, and `reach` pixels to either side of it.
    fn spans(&self, reach: usize) -> Vec<Range<usize>> {
        let span = |row: &[u8]| {
            let start = row.iter().position(|&pixel| pixel != 0)?;
            let end = row.iter().rposition(|&pixel| pixel != 0)? + 1;
            Some(start.saturating_sub(reach)..(end + reach).min(self.width))
        };
        self.pixels.chunks_exact(self.width).map(|row| span(row).unwrap_or(0..0)).collect()
    }

    /// Merges the pixels at distance `by` to the left and to the right.
    #[inline(always)]
    fn widen<S: Simd>(&self, _: S, spans: &[Range<usize>], narrow: &[u8], by: usize, wide: &mut [u8]) {
        let rows = narrow.chunks_exact(self.width).zip(self.pixels.chunks_exact(self.width));
        for ((wide, (narrow, original)), span) in wide.chunks_exact_mut(self.width).zip(rows).zip(spans) {
            let (wide, original) = (&mut wide[span.clone()], &original[span.clone()]);
            wide.copy_from_slice(&narrow[span.clone()]);
            let inner = wide.len().saturating_sub(by);
            maximum(&mut wide[by.min(original.len())..], &original[..inner]);
            maximum(&mut wide[..inner], &original[original.len() - inner..]);
        }
    }

    /// Merges a mixture of the narrow and the wide rows at distance `dy` above and below.
    #[inline(always)]
    fn stack<S: Simd>(
        &self,
        _: S,
        spans: &[Range<usize>],
        [narrow, wide]: [&[u8]; 2],
        [part, inside]: [u16; 2],
        dy: usize,
        grown: &mut [u8],
    ) {
        let mut mixed = vec![0; self.width];
        for (y, span) in spans.iter().enumerate() {
            let at = |y: usize| y * self.width + span.start..y * self.width + span.end;
            let mixed = &mut mixed[..span.len()];
            for ((to, &narrow), &wide) in mixed.iter_mut().zip(&narrow[at(y)]).zip(&wide[at(y)]) {
                let width = (u16::from(narrow) * (256 - part) + u16::from(wide) * part) >> 8;
                *to = ((width * inside) >> 8) as u8;
            }
            if y + dy < self.height {
                maximum(&mut grown[at(y + dy)], mixed);
            }
            if dy > 0 && y >= dy {
                maximum(&mut grown[at(y - dy)], mixed);
            }
        }
    }

    /// Each square of `factor` pixels as one: the mean of those that there are.
    fn reduced(&self, factor: usize) -> Coverage {
        let mut reduced = Coverage::new(self.width.div_ceil(factor), self.height.div_ceil(factor));
        let mut sums = vec![0u32; reduced.width];
        let bands = self.pixels.chunks(self.width * factor);
        for (to, band) in reduced.pixels.chunks_exact_mut(reduced.width).zip(bands) {
            sums.iter_mut().for_each(|sum| *sum = 0);
            for row in band.chunks_exact(self.width) {
                for (sum, pixels) in sums.iter_mut().zip(row.chunks(factor)) {
                    *sum += pixels.iter().map(|&pixel| u32::from(pixel)).sum::<u32>();
                }
            }
            let rows = band.len() / self.width;
            for (x, (to, sum)) in to.iter_mut().zip(&sums).enumerate() {
                let count = (factor.min(self.width - x * factor) * rows) as u32;
                *to = ((sum + count / 2) / count) as u8;
            }
        }
        reduced
    }

    /// Each pixel as a square of `factor` pixels, mixed with its neighbours; and an edge as steep as before.
    fn enlarged(
        &self,
        factor: usize,
        width: usize,
        height: usize,
        cancel: &Cancel,
    ) -> Result<Vec<u8>, CaptionError> {
        let mut enlarged = vec![0; width * height];
        // In halves of a new pixel: the center of the first lies half of a square less half a pixel before that of the old one.
        let steps = 2 * factor as i32;
        let place = |at: usize, length: usize| {
            let center = 2 * at as i32 + 1 - factor as i32;
            let (before, part) = (center.div_euclid(steps), center.rem_euclid(steps));
            let index = |at: i32| at.max(0).min(length as i32 - 1) as usize;
            (index(before), index(before + 1), part)
        };
        let columns: Vec<_> = (0..width).map(|x| place(x, self.width)).collect();
        let mut mixed = vec![0i32; self.width];
        for (y, row) in enlarged.chunks_exact_mut(width).enumerate() {
            cancel.check()?;
            let (above, below, part) = place(y, self.height);
            let of = |y: usize| &self.pixels[y * self.width..(y + 1) * self.width];
            for ((mixed, &above), &below) in mixed.iter_mut().zip(of(above)).zip(of(below)) {
                *mixed = i32::from(above) * (steps - part) + i32::from(below) * part;
            }
            if mixed.iter().all(|&mixed| mixed == 0) {
                continue;
            }
            for (pixel, &(left, right, part)) in row.iter_mut().zip(&columns) {
                let value = (mixed[left] * (steps - part) + mixed[right] * part) / (steps * steps);
                *pixel = ((value - 128) * factor as i32 + 128).clamp(0, 255) as u8;
            }
        }
        Ok(enlarged)
    }
}

#[inline(always)]
fn maximum(to: &mut [u8], from: &[u8]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to = (*to).max(from);
    }
}

#[cfg(test)]
mod tests {
    use super::Coverage;
    use captioner::cancel::Cancel;

    /// A disc, a bar and a corner, each smooth at its edge.
    fn shapes(side: usize) -> Coverage {
        let mut shapes = Coverage::new(side, side);
        for y in 0..side {
            for x in 0..side {
                let [fx, fy] = [x, y].map(|at| at as f32 - side as f32 / 2.0);
                let disc = 10.0 - (fx * fx + fy * fy).sqrt();
                let bar = 3.0 - (fx + fy - side as f32 / 2.0).abs() / 1.5;
                let corner = (fx + side as f32 / 4.0)
                    .min(fy + side as f32 / 8.0)
                    .min(8.0 - fx.max(fy) - side as f32 / 8.0);
                shapes.pixels[y * side + x] = (disc.max(bar).max(corner) * 255.0).clamp(0.0, 255.0) as u8;
            }
        }
        shapes
    }

    #[test]
    fn a_lower_resolution_moves_edges_by_little() {
        let cancel = Cancel::new();
        let shapes = shapes(301);
        // By less than one of its pixels.
        for &(radius, moved) in &[(16.0, 2.0), (21.3, 2.0), (40.0, 4.0)] {
            let coarse = shapes.dilated(radius, &cancel).unwrap();
            let within = shapes.dilated_exactly(radius - moved, &cancel).unwrap();
            let around = shapes.dilated_exactly(radius + moved / 2.0, &cancel).unwrap();
            for (index, &pixel) in coarse.iter().enumerate() {
                let (least, most) = (within[index].saturating_sub(64), around[index].saturating_add(64));
                assert!((least..=most).contains(&pixel), "{}: {} {} {}", radius, least, pixel, most);
            }
        }
    }

    #[test]
    fn what_is_reduced_and_enlarged_keeps_its_place() {
        let mut half = Coverage::new(40, 9);
        for row in half.pixels.chunks_exact_mut(40) {
            row[20..].iter_mut().for_each(|pixel| *pixel = 255);
        }
        for &factor in &[2, 4] {
            let same = half.reduced(factor).enlarged(factor, 40, 9, &Cancel::new()).unwrap();
            assert!(same.iter().zip(&half.pixels).all(|(a, b)| a.abs_diff(*b) <= 64), "{}", factor);
        }
    }
}
