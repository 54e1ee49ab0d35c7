//! Rasterizes glyphs: how much of each pixel an outline covers.
//!
//! Every piece of an outline changes the coverage of all pixels to its right in its row by some amount. When the changes
//! of all pieces have been added up, a running sum over each row is the coverage: exact, without sampling. font-rs and
//! rusttype's own rasterizer work the same way, but sum pixel by pixel; this one sums eight pixels at once.

use fearless_simd::prelude::*;
use fearless_simd::{dispatch, f32x8, i32x8, Level};
use rusttype::{OutlineBuilder, Rect};

use captioner::ink::contour::Contour;
use captioner::text::turn::Turn;

/// How far in pixels a curve may be from the lines that it is approximated by.
const TOLERANCE: f32 = 0.1;
/// Pixels summed at once.
const LANES: usize = 8;

/// A point of an outline, in pixels from the upper left corner.
type Point = [f32; 2];

/// Draws glyphs, one after the other. Its buffers are reused.
#[derive(Default)]
pub struct Rasterizer {
    width: usize,
    height: usize,
    /// The distance from one row to the next in `changes` and `coverage`.
    stride: usize,
    /// By how much the coverage of each pixel differs from that of the pixel to its left.
    changes: Vec<f32>,
    /// How much of each pixel is covered, 0 to 255.
    coverage: Vec<u8>,
    /// What the glyph is turned by, about its origin.
    turn: Turn,
    /// Where its origin is.
    origin: Point,
    /// Where the contour began.
    start: Point,
    /// Where the pen is.
    at: Point,
}

impl Rasterizer {
    /// How much of each pixel of `bounds` a glyph covers, 0 to 255, row by row.
    pub fn draw<'a>(
        &'a mut self,
        contour: &Contour,
        bounds: &Rect<i32>,
    ) -> impl Iterator<Item = &'a [u8]> + 'a {
        let origin = contour.origin;
        self.turn = contour.turn;
        self.origin = [origin.x - bounds.min.x as f32, origin.y - bounds.min.y as f32];
        self.width = bounds.width() as usize;
        self.height = bounds.height() as usize;
        // A line on the right edge changes the two pixels after it.
        self.stride = (self.width + 2).next_multiple_of(LANES);
        self.changes.clear();
        self.changes.resize(self.stride * self.height, 0.0);
        // All of it will be written.
        self.coverage.resize(self.stride * self.height, 0);
        contour.glyph.build_outline(self);
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
                // A prefix sum: each lane adds the lane before it, then the two before those, then the other four.
                let sums = f32x8::from_slice(simd, changes);
                let sums = sums + zero.slide::<7>(sums);
                let sums = sums + zero.slide::<6>(sums);
                let sums = sums + zero.slide::<4>(sums) + before;
                before = sums[LANES - 1];
                // Where contours overlap, the sum exceeds one.
                let sums = (sums.abs().min(1.0) * 255.0 + 0.5).to_int::<i32x8<S>>();
                for (coverage, &sum) in coverage.iter_mut().zip(sums.as_array()) {
                    *coverage = sum as u8;
                }
            }
        }
    }

    /// A point of the glyph, which is given from its origin.
    fn moved(&self, x: f32, y: f32) -> Point {
        let [x, y] = self.turn.of(x, y);
        [x + self.origin[0], y + self.origin[1]]
    }

    fn line(&mut self, to: Point) {
        let from = self.at;
        self.at = to;
        // A line down covers what is to its right, a line up uncovers it.
        let (sign, [x, top], [_, bottom]) = if from[1] < to[1] { (1.0, from, to) } else { (-1.0, to, from) };
        if top == bottom {
            return;
        }
        let slope = (to[0] - from[0]) / (to[1] - from[1]);
        let width = self.width as f32;
        let x_at = |y: f32| (x + (y - top) * slope).clamp(0.0, width);
        let mut upper = top.max(0.0);
        let mut x_of_upper = x_at(upper);
        let first_row = (upper as usize).min(self.height);
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
            // Each pixel gets its part of the height.
            let height_of_pixel = height / (right - left);
            for pixel in first..=last {
                let next = right.min((pixel + 1) as f32);
                change(changes, pixel, (next - left) * height_of_pixel, (left + next) / 2.0);
                left = next;
            }
        }
    }

    /// Draws a curve as lines between points at equal steps of its parameter. Their number follows from the second
    /// difference of its control points (Wang's formula).
    fn curve<F: Fn(f32) -> Point>(&mut self, second_difference: f32, share: f32, point_at: F) {
        let steps = (second_difference * share / TOLERANCE).sqrt().ceil().max(1.0) as usize;
        for step in 1..=steps {
            self.line(point_at(step as f32 / steps as f32));
        }
    }
}

/// Adds a piece of outline within one pixel. It covers the part of that pixel to the right of its middle.
#[inline(always)]
fn change(changes: &mut [f32], pixel: usize, height: f32, middle: f32) {
    let outside = height * (middle - pixel as f32);
    let pair = &mut changes[pixel..pixel + 2];
    pair[0] += height - outside;
    pair[1] += outside;
}

/// Twice the distance of the middle point from the middle of the line between the other two.
fn second_difference(a: Point, b: Point, c: Point) -> f32 {
    let [x, y] = [0, 1].map(|i| a[i] - 2.0 * b[i] + c[i]);
    // Not `hypot`: it is the system's, and may be rounded differently on another one.
    (x * x + y * y).sqrt()
}

impl OutlineBuilder for Rasterizer {
    fn move_to(&mut self, x: f32, y: f32) {
        self.start = self.moved(x, y);
        self.at = self.start;
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.line(self.moved(x, y));
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (a, b, c) = (self.at, self.moved(x1, y1), self.moved(x, y));
        self.curve(second_difference(a, b, c), 0.25, |t| {
            let at = |i: usize| (1.0 - t) * ((1.0 - t) * a[i] + 2.0 * t * b[i]) + t * t * c[i];
            [at(0), at(1)]
        });
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let (a, b) = (self.at, self.moved(x1, y1));
        let (c, d) = (self.moved(x2, y2), self.moved(x, y));
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
