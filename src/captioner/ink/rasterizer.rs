//! Outlines to coverage: how much of each pixel a glyph covers.
//!
//! Every piece of an outline says, in the row it lies in, how much more of all pixels to its right is inside.
//! Once all pieces are in, one running sum over each row gives the coverage, exact to the roundings: no
//! sampling. It is the way of font-rs and of the rasterizer that rusttype has, whose sum waits for each pixel
//! before it goes on to the next one; this one sums eight at once.

use fearless_simd::prelude::*;
use fearless_simd::{dispatch, f32x8, i32x8, Level};
use rusttype::{OutlineBuilder, PositionedGlyph, Rect};

/// Pixels that a curve may be away from the lines that are drawn in its place.
const TOLERANCE: f32 = 0.1;
/// Pixels summed at once.
const LANES: usize = 8;

/// A point of an outline, in pixels from the left upper corner.
type Point = [f32; 2];

/// Draws one glyph after the other.
#[derive(Default)]
pub struct Rasterizer {
    width: usize,
    height: usize,
    /// From one row to the next in `changes` and `coverage`.
    stride: usize,
    /// How much the coverage grows from the pixel to the left to this one.
    changes: Vec<f32>,
    /// How much of each pixel is covered, 0 to 255.
    coverage: Vec<u8>,
    /// Where the contour began, and where the pen is.
    start: Point,
    at: Point,
}

impl Rasterizer {
    /// How much of each pixel of its bounding box a glyph covers, 0 to 255, row by row.
    pub fn draw<'a>(
        &'a mut self,
        glyph: &PositionedGlyph,
        bounds: &Rect<i32>,
    ) -> impl Iterator<Item = &'a [u8]> + 'a {
        self.width = bounds.width() as usize;
        self.height = bounds.height() as usize;
        // What lies on the right edge changes the pixel after it and the one after that.
        self.stride = (self.width + 2).next_multiple_of(LANES);
        self.changes.clear();
        self.changes.resize(self.stride * self.height, 0.0);
        self.coverage.clear();
        self.coverage.resize(self.stride * self.height, 0);
        glyph.build_outline(self);
        dispatch!(Level::new(), simd => self.sum(simd));
        let width = self.width;
        self.coverage.chunks_exact(self.stride).map(move |row| &row[..width])
    }

    #[inline(always)]
    fn sum<S: Simd>(&mut self, simd: S) {
        let zero = f32x8::splat(simd, 0.0);
        let rows = self.changes.chunks_exact(self.stride).zip(self.coverage.chunks_exact_mut(self.stride));
        for (changes, coverage) in rows {
            let mut before = 0.0;
            for (changes, coverage) in changes.chunks_exact(LANES).zip(coverage.chunks_exact_mut(LANES)) {
                // Each lane takes in the one before it, then the two before those, then the other four.
                let sums = f32x8::from_slice(simd, changes);
                let sums = sums + zero.slide::<7>(sums);
                let sums = sums + zero.slide::<6>(sums);
                let sums = sums + zero.slide::<4>(sums) + before;
                before = sums[LANES - 1];
                // Where contours overlap, more than all of a pixel would be covered.
                let sums = (sums.abs().min(1.0) * 255.0 + 0.5).to_int::<i32x8<S>>();
                for (coverage, &sum) in coverage.iter_mut().zip(sums.as_array()) {
                    *coverage = sum as u8;
                }
            }
        }
    }

    fn line(&mut self, to: Point) {
        let from = self.at;
        self.at = to;
        // What runs down covers to its right, what runs up uncovers.
        let (sign, [x, top], [_, bottom]) = if from[1] < to[1] { (1.0, from, to) } else { (-1.0, to, from) };
        if top == bottom {
            return;
        }
        let slope = (to[0] - from[0]) / (to[1] - from[1]);
        let width = self.width as f32;
        let x_at = |y: f32| (x + (y - top) * slope).clamp(0.0, width);
        let mut upper = top.max(0.0);
        let mut x_of_upper = x_at(upper);
        let first_row = upper as usize;
        let end = (bottom.ceil() as usize).min(self.height).max(first_row);
        let rows = self.changes[first_row * self.stride..end * self.stride].chunks_exact_mut(self.stride);
        for (changes, next) in rows.zip(first_row + 1..) {
            let lower = bottom.min(next as f32);
            let x_of_lower = x_at(lower);
            let height = (lower - upper) * sign;
            let (mut left, right) = (x_of_upper.min(x_of_lower), x_of_upper.max(x_of_lower));
            upper = lower;
            x_of_upper = x_of_lower;
            let (first, last) = (left as i32 as usize, right as i32 as usize);
            if first == last {
                change(changes, first, height, (left + right) / 2.0);
                continue;
            }
            // Pixel by pixel, each with its part of the height.
            let height_of_pixel = height / (right - left);
            for pixel in first..=last {
                let next = right.min((pixel + 1) as f32);
                change(changes, pixel, (next - left) * height_of_pixel, (left + next) / 2.0);
                left = next;
            }
        }
    }

    /// Draws a curve as lines between points at equal steps of its parameter, as many as it takes for that
    /// second difference of its control points (Wang's formula).
    fn curve<F: Fn(f32) -> Point>(&mut self, second_difference: f32, share: f32, point_at: F) {
        let steps = (second_difference * share / TOLERANCE).sqrt().ceil().max(1.0) as usize;
        for step in 1..=steps {
            self.line(point_at(step as f32 / steps as f32));
        }
    }
}

/// A piece of outline within one pixel: what it covers of that pixel is what lies to the right of its middle.
#[inline(always)]
fn change(changes: &mut [f32], pixel: usize, height: f32, middle: f32) {
    let outside = height * (middle - pixel as f32);
    let pair = &mut changes[pixel..pixel + 2];
    pair[0] += height - outside;
    pair[1] += outside;
}

/// How far the middle of three points is from where it would be on an even line, twice.
fn second_difference(a: Point, b: Point, c: Point) -> f32 {
    let [x, y] = [0, 1].map(|i| a[i] - 2.0 * b[i] + c[i]);
    // Not `hypot`: that is the system's, and may round in another way elsewhere.
    (x * x + y * y).sqrt()
}

impl OutlineBuilder for Rasterizer {
    fn move_to(&mut self, x: f32, y: f32) {
        self.start = [x, y];
        self.at = self.start;
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.line([x, y]);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (a, b, c) = (self.at, [x1, y1], [x, y]);
        self.curve(second_difference(a, b, c), 0.25, |t| {
            let at = |i: usize| (1.0 - t) * ((1.0 - t) * a[i] + 2.0 * t * b[i]) + t * t * c[i];
            [at(0), at(1)]
        });
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let (a, b, c, d) = (self.at, [x1, y1], [x2, y2], [x, y]);
        let difference = second_difference(a, b, c).max(second_difference(b, c, d));
        self.curve(difference, 0.75, |t| {
            let s = 1.0 - t;
            let at = |i: usize| s * s * (s * a[i] + 3.0 * t * b[i]) + t * t * (3.0 * s * c[i] + t * d[i]);
            [at(0), at(1)]
        });
    }

    fn close(&mut self) {
        self.line(self.start);
    }
}
