//! The pixels of glyphs in colors of their own.

use captioner::ink::mix::{mixed, PaintedRow};
use image_macro::Color;

/// Pixels that are looked at together. Most of them are all within a layer, or all outside.
const BLOCK: usize = 16;

/// The pixels of all emoji of a caption.
pub struct Painted {
    width: usize,
    /// How much of each pixel they cover, 0 to 255, row by row.
    pub coverage: Vec<u8>,
    /// Red, green and blue of each pixel, where it is covered.
    planes: [Vec<u8>; 3],
}

impl Painted {
    /// No pixel is covered.
    pub fn new(width: usize, height: usize) -> Painted {
        let plane = || vec![0; width * height];
        Painted { width, coverage: plane(), planes: [plane(), plane(), plane()] }
    }

    /// Puts a layer, whose upper left corner is at that place, over those before. `rows` say how much of each pixel its
    /// shape covers, and `alpha` how opaque its color is, each 0 to 255. What lies outside is cut off.
    pub fn add<'a, I: Iterator<Item = &'a [u8]>>(
        &mut self,
        left: i32,
        top: i32,
        color: Color,
        alpha: u8,
        rows: I,
    ) {
        let color = [color.r, color.g, color.b];
        let from = left.min(0).unsigned_abs() as usize;
        let to = (left.max(0) as usize).min(self.width);
        let above = top.min(0).unsigned_abs() as usize;
        let starts = (0..self.coverage.len()).step_by(self.width).skip(top.max(0) as usize);
        for (start, row) in starts.zip(rows.skip(above)) {
            let row = &row[from.min(row.len())..];
            let row = &row[..row.len().min(self.width - to)];
            for (number, block) in row.chunks(BLOCK).enumerate() {
                let start = start + to + number * BLOCK;
                self.add_block(start, color, alpha, block);
            }
        }
    }

    /// Puts other pixels, whose upper left corner is at that place, over those before.
    pub fn put(&mut self, left: i32, top: i32, other: &Painted) {
        let from = (left.min(0).unsigned_abs() as usize).min(other.width);
        let to = (left.max(0) as usize).min(self.width);
        let count = (other.width - from).min(self.width - to);
        let above = top.min(0).unsigned_abs() as usize;
        let starts = (0..self.coverage.len()).step_by(self.width).skip(top.max(0) as usize);
        for (start, row) in starts.zip((0..other.coverage.len()).step_by(other.width).skip(above)) {
            let (here, there) = (start + to..start + to + count, row + from..row + from + count);
            if self.coverage[here.clone()].iter().all(|&below| below == 0) {
                self.coverage[here.clone()].copy_from_slice(&other.coverage[there.clone()]);
                for (plane, other) in self.planes.iter_mut().zip(&other.planes) {
                    plane[here.clone()].copy_from_slice(&other[there.clone()]);
                }
                continue;
            }
            for (index, other_index) in here.zip(there).filter(|pixel| other.coverage[pixel.1] > 0) {
                let Color { r, g, b } = other.color(other_index);
                self.put_pixel(index, [r, g, b], other.coverage[other_index].into());
            }
        }
    }

    /// Bytes of memory.
    pub fn weight(&self) -> usize {
        self.coverage.len() * 4
    }

    /// Puts ink of one color over pixels side by side, `BLOCK` at most.
    fn add_block(&mut self, start: usize, color: [u8; 3], alpha: u8, shape: &[u8]) {
        let end = start + shape.len();
        let mut over = [0; BLOCK];
        for (over, &shape) in over.iter_mut().zip(shape) {
            *over = mixed(alpha, 0, shape);
        }
        let over = &over[..shape.len()];
        if over.iter().fold(0, |any, &over| any | over) == 0 {
            return;
        }
        let coverage = &mut self.coverage[start..end];
        let (any, all) = coverage.iter().fold((0, 255), |(any, all), &below| (any | below, all & below));
        let planes = self.planes.iter_mut().map(|plane| &mut plane[start..end]).zip(&color);
        if any == 0 {
            coverage.copy_from_slice(over);
            planes.for_each(|(plane, &color)| plane.fill(color));
            return;
        }
        if all == 255 {
            for (plane, &color) in planes {
                plane.iter_mut().zip(over).for_each(|(pixel, &over)| *pixel = mixed(color, *pixel, over));
            }
            return;
        }
        for (index, &over) in (start..).zip(over).filter(|pixel| *pixel.1 > 0) {
            self.put_pixel(index, color, over.into());
        }
    }

    /// Puts ink over a pixel that may be covered in part; `over` is how much of it is covered, 1 to 255.
    fn put_pixel(&mut self, index: usize, color: [u8; 3], over: u32) {
        let coverage = &mut self.coverage[index];
        // Of what was there, this much is still seen.
        let under = u32::from(*coverage) * (255 - over);
        let sum = over * 255 + under;
        *coverage = ((sum + 127) / 255) as u8;
        for (plane, &color) in self.planes.iter_mut().zip(&color) {
            let below = &mut plane[index];
            *below = ((u32::from(color) * over * 255 + u32::from(*below) * under + sum / 2) / sum) as u8;
        }
    }

    /// The color of a pixel, where it is covered.
    pub fn color(&self, index: usize) -> Color {
        let [ref red, ref green, ref blue] = self.planes;
        Color { r: red[index], g: green[index], b: blue[index] }
    }

    /// Some pixels side by side, from one number to another.
    pub fn row(&self, start: usize, end: usize) -> PaintedRow<'_> {
        let [ref red, ref green, ref blue] = self.planes;
        let planes = [&red[start..end], &green[start..end], &blue[start..end]];
        PaintedRow { coverage: &self.coverage[start..end], planes }
    }
}

#[cfg(test)]
mod tests {
    use super::Painted;
    use image_macro::Color;

    const RED: Color = Color { r: 255, g: 0, b: 0 };
    const BLUE: Color = Color { r: 0, g: 0, b: 255 };

    #[test]
    fn a_layer_covers_those_before_and_is_cut_off_at_the_edges() {
        let mut painted = Painted::new(2, 2);
        painted.add(-1, -1, RED, 255, [&[255, 255][..], &[255, 255]].iter().copied());
        assert_eq!(painted.coverage, [255, 0, 0, 0]);
        painted.add(0, 0, BLUE, 255, [&[255, 128, 255][..]].iter().copied());
        assert_eq!(painted.coverage, [255, 128, 0, 0]);
        assert_eq!((painted.color(0), painted.color(1)), (BLUE, BLUE));
        painted.add(5, 0, RED, 255, [&[255][..]].iter().copied());
        painted.add(0, 9, RED, 255, [&[255][..]].iter().copied());
        assert_eq!(painted.coverage, [255, 128, 0, 0]);
    }

    #[test]
    fn what_is_half_covered_is_a_mixture() {
        let mut painted = Painted::new(1, 1);
        painted.add(0, 0, RED, 255, [&[255][..]].iter().copied());
        painted.add(0, 0, BLUE, 128, [&[255][..]].iter().copied());
        assert_eq!((painted.coverage[0], painted.color(0)), (255, Color { r: 127, g: 0, b: 128 }));
    }

    #[test]
    fn pixels_put_over_others_hide_them_and_are_cut_off_at_the_edges() {
        let mut other = Painted::new(2, 1);
        other.add(0, 0, BLUE, 255, Some(&[255, 128][..]).into_iter());
        for &(left, top, ref coverage) in &[
            (0, 0, [255, 128, 0, 0]),
            (-1, 1, [0, 0, 128, 0]),
            (1, 0, [0, 255, 0, 0]),
            (2, 0, [0; 4]),
            (-2, 0, [0; 4]),
            (0, 2, [0; 4]),
            (0, -1, [0; 4]),
        ] {
            let mut painted = Painted::new(2, 2);
            painted.put(left, top, &other);
            assert_eq!(painted.coverage, coverage, "{} {}", left, top);
        }
        let mut painted = Painted::new(2, 1);
        painted.add(0, 0, RED, 255, Some(&[255, 255][..]).into_iter());
        painted.put(0, 0, &other);
        assert_eq!(painted.coverage, [255, 255]);
        assert_eq!((painted.color(0), painted.color(1)), (BLUE, Color { r: 127, g: 0, b: 128 }));
    }

    #[test]
    fn blocks_are_as_single_pixels() {
        let shape: Vec<u8> = (0..100).map(|x| if x < 40 { 255 } else { (x * 2) as u8 }).collect();
        let mut whole = Painted::new(100, 1);
        let mut single = Painted::new(100, 1);
        for color in &[RED, BLUE] {
            whole.add(3, 0, *color, 255, Some(&shape[..]).into_iter());
            for (x, shape) in (3..100).zip(&shape) {
                single.add(x, 0, *color, 255, Some(&[*shape][..]).into_iter());
            }
        }
        assert_eq!((whole.coverage, whole.planes), (single.coverage, single.planes));
    }
}
