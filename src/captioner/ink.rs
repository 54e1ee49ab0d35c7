//! Lines to pixels: the letters and their outlines, drawn once, for every frame to be stamped with.

use std::ops::Range;

use super::layout::Placed;
use super::{Cancel, CaptionError};
use image_macro::Color;

/// The pixels of all captions of a picture.
pub struct Stamp {
    /// In the order in which they are put on the picture. None of them is empty.
    pub inks: Vec<Ink>,
}

/// The pixels of one caption, within the picture.
pub struct Ink {
    /// The part of the picture that it covers.
    pub area: Rect,
    /// How much of each pixel of `area` the letters cover, 0 to 255, row by row.
    fill: Vec<u8>,
    color: Color,
    /// The same of the letters made fatter by the outline's width, and the outline's color.
    outline: Option<(Vec<u8>, Color)>,
    /// A row of an outline that is not there.
    nothing: Vec<u8>,
}

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
    /// Pixels.
    pub fn width(&self) -> u32 {
        self.right - self.left
    }

    /// Pixels.
    pub fn height(&self) -> u32 {
        self.bottom - self.top
    }

    /// What lies in both.
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

    /// The smallest that holds both.
    pub fn union(&self, other: &Rect) -> Rect {
        Rect {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }
}

impl Stamp {
    /// Draws what was placed on a picture of that size. What lies outside of it is cut off.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn draw(placed: &[Placed], width: u32, height: u32, cancel: &Cancel) -> Result<Stamp, CaptionError> {
        let mut inks = Vec::with_capacity(placed.len());
        for placed in placed {
            inks.extend(Ink::draw(placed, width, height, cancel)?);
        }
        Ok(Stamp { inks })
    }

    /// Puts what lies in some rows of the picture on the pixels of those rows: RGB, `width` to a row.
    pub fn put_on_rgb(&self, pixels: &mut [u8], width: u32, rows: Range<u32>) {
        self.put_on::<3, _>(pixels, width, rows, |ink, pixel| ink.over(pixel));
    }

    /// The same for RGBA.
    pub fn put_on_rgba(&self, pixels: &mut [u8], width: u32, rows: Range<u32>) {
        self.put_on::<4, _>(pixels, width, rows, |ink, pixel| ink.over_alpha(pixel));
    }

    /// Row by row and block by block: most of what a caption covers is the space between its letters.
    fn put_on<const N: usize, F>(&self, pixels: &mut [u8], width: u32, rows: Range<u32>, over: F)
    where
        F: Fn(&PixelInk, [u8; N]) -> [u8; N],
    {
        const BLOCK: usize = 16;
        let width = width as usize;
        for ink in &self.inks {
            let (left, right) = (ink.area.left as usize, ink.area.right as usize);
            for y in ink.area.top.max(rows.start)..ink.area.bottom.min(rows.end) {
                let start = (y - rows.start) as usize * width;
                let row = &mut pixels[(start + left) * N..(start + right) * N];
                let (fill, outline) = ink.row(y);
                let blocks = fill.chunks(BLOCK).zip(outline.chunks(BLOCK));
                for ((fill, outline), row) in blocks.zip(row.chunks_mut(BLOCK * N)) {
                    if fill.iter().chain(outline).all(|&coverage| coverage == 0) {
                        continue;
                    }
                    for ((&fill, &outline), pixel) in fill.iter().zip(outline).zip(row.chunks_exact_mut(N)) {
                        if fill != 0 || outline != 0 {
                            let mut under = [0; N];
                            under.copy_from_slice(pixel);
                            pixel.copy_from_slice(&over(&ink.layered(fill, outline), under));
                        }
                    }
                }
            }
        }
    }

    /// Every pixel of some rows that has ink, caption by caption.
    pub fn for_each<F: FnMut(u32, u32, PixelInk)>(&self, rows: Range<u32>, mut each: F) {
        for ink in &self.inks {
            for y in ink.area.top.max(rows.start)..ink.area.bottom.min(rows.end) {
                for x in ink.area.left..ink.area.right {
                    if let Some(pixel) = ink.pixel(x, y) {
                        each(x, y, pixel);
                    }
                }
            }
        }
    }

    /// Which bands of `band` rows each have ink, of a picture that is `height` rows high. Neighbours come
    /// together, up to `most` of them.
    pub fn bands(&self, band: u32, height: u32, most: u32) -> Vec<Range<u32>> {
        let mut has_ink = vec![false; height.div_ceil(band) as usize];
        for ink in &self.inks {
            let first = (ink.area.top / band) as usize;
            let last = (ink.area.bottom - 1) as usize / band as usize;
            has_ink[first..=last].iter_mut().for_each(|has| *has = true);
        }
        let mut runs: Vec<Range<u32>> = Vec::new();
        for (index, _) in has_ink.iter().enumerate().filter(|has| *has.1) {
            let index = index as u32;
            match runs.last_mut() {
                Some(ref mut run) if run.end == index && run.end - run.start < most => run.end += 1,
                _ => runs.push(index..index + 1),
            }
        }
        runs
    }
}

/// What a caption does to one pixel: first the outline over it, then the letters over that.
#[derive(Clone, Copy)]
pub struct PixelInk {
    layers: [(Color, u8); 2],
}

impl PixelInk {
    /// Whether nothing of what is below shows, nor of one layer through the other.
    pub fn is_solid(&self) -> bool {
        let [(_, outline), (_, fill)] = self.layers;
        fill == 255 || fill == 0 && outline == 255
    }

    /// Over an opaque color.
    pub fn over(&self, under: [u8; 3]) -> [u8; 3] {
        self.layers.iter().fold(under, |under, &(color, coverage)| {
            if coverage == 0 {
                return under;
            }
            if coverage == 255 {
                return [color.r, color.g, color.b];
            }
            let alpha = u32::from(coverage);
            let mix = |over: u8, under: u8| {
                ((u32::from(over) * alpha + u32::from(under) * (255 - alpha) + 127) / 255) as u8
            };
            [mix(color.r, under[0]), mix(color.g, under[1]), mix(color.b, under[2])]
        })
    }

    /// Over a color that is transparent in part; neither is premultiplied.
    pub fn over_alpha(&self, under: [u8; 4]) -> [u8; 4] {
        if under[3] == 255 {
            let [r, g, b] = self.over([under[0], under[1], under[2]]);
            return [r, g, b, 255];
        }
        self.layers.iter().fold(under, |under, &(color, coverage)| {
            let over_alpha = u32::from(coverage) * 255;
            let under_alpha = u32::from(under[3]) * (255 - u32::from(coverage));
            let sum = over_alpha + under_alpha;
            if sum == 0 {
                return under;
            }
            let mix = |over: u8, under: u8| {
                ((u32::from(over) * over_alpha + u32::from(under) * under_alpha + sum / 2) / sum) as u8
            };
            let alpha = ((sum + 127) / 255) as u8;
            [mix(color.r, under[0]), mix(color.g, under[1]), mix(color.b, under[2]), alpha]
        })
    }
}

impl Ink {
    /// What it does to a pixel of the picture, if anything.
    pub fn pixel(&self, x: u32, y: u32) -> Option<PixelInk> {
        let index = ((y - self.area.top) * self.area.width() + x - self.area.left) as usize;
        let fill = self.fill[index];
        let outline = self.outline.as_ref().map_or(0, |outline| outline.0[index]);
        if fill == 0 && outline == 0 {
            return None;
        }
        Some(self.layered(fill, outline))
    }

    fn layered(&self, fill: u8, outline: u8) -> PixelInk {
        let color = self.outline.as_ref().map_or(self.color, |outline| outline.1);
        PixelInk { layers: [(color, outline), (self.color, fill)] }
    }

    /// How much of a row of the picture, within `area`, the letters cover, and how much their outline does.
    fn row(&self, y: u32) -> (&[u8], &[u8]) {
        let width = self.area.width() as usize;
        let start = (y - self.area.top) as usize * width;
        let fill = &self.fill[start..start + width];
        match self.outline {
            Some((ref outline, _)) => (fill, &outline[start..start + width]),
            None => (fill, &self.nothing[..width]),
        }
    }

    /// The colors it is drawn with.
    pub fn colors(&self) -> (Color, Option<Color>) {
        (self.color, self.outline.as_ref().map(|outline| outline.1))
    }

    fn draw(placed: &Placed, width: u32, height: u32, cancel: &Cancel) -> Result<Option<Ink>, CaptionError> {
        let glyphs: Vec<_> = placed
            .glyphs
            .iter()
            .map(|&(font, glyph, origin)| {
                font.inner().glyph(glyph).scaled(font.scale(placed.em)).positioned(origin)
            })
            .collect();
        let radius = placed.outline.map_or(0.0, |outline| outline.1.max(MIN_OUTLINE));
        // One more pixel than the outline is wide, for its soft edge.
        let border = if placed.outline.is_some() { radius.ceil() as i32 + 1 } else { 0 };
        let boxes = glyphs.iter().filter_map(|glyph| glyph.pixel_bounding_box());
        let bounds = boxes.fold(None, |bounds: Option<[i32; 4]>, ink| {
            let [left, top, right, bottom] = bounds.unwrap_or([i32::MAX, i32::MAX, i32::MIN, i32::MIN]);
            Some([left.min(ink.min.x), top.min(ink.min.y), right.max(ink.max.x), bottom.max(ink.max.y)])
        });
        let bounds = match bounds {
            Some(bounds) => bounds,
            None => return Ok(None),
        };
        let within = |value: i32, side: u32| value.max(0).min(side as i32) as u32;
        let area = Rect {
            left: within(bounds[0].saturating_sub(border), width),
            top: within(bounds[1].saturating_sub(border), height),
            right: within(bounds[2].saturating_add(border), width),
            bottom: within(bounds[3].saturating_add(border), height),
        };
        if area.left >= area.right || area.top >= area.bottom {
            return Ok(None);
        }
        let mut canvas = Coverage::new(area.width() as usize, area.height() as usize);
        for glyph in &glyphs {
            cancel.check()?;
            let ink = match glyph.pixel_bounding_box() {
                Some(ink) => ink,
                None => continue,
            };
            let x0 = i64::from(ink.min.x) - i64::from(area.left);
            let y0 = i64::from(ink.min.y) - i64::from(area.top);
            glyph.draw(|x, y, coverage| {
                if coverage > 0.0 {
                    canvas.add(x0 + i64::from(x), y0 + i64::from(y), coverage);
                }
            });
        }
        let outline = match placed.outline {
            Some((color, _)) => Some((canvas.dilated(radius, cancel)?, color)),
            None => None,
        };
        let nothing = if outline.is_some() { Vec::new() } else { vec![0; canvas.width] };
        Ok(Some(Ink { area, fill: canvas.pixels, color: placed.color, outline, nothing }))
    }
}

/// An outline thinner than this many pixels would not be seen.
const MIN_OUTLINE: f32 = 0.8;

/// How much of each pixel is covered.
struct Coverage {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Coverage {
    fn new(width: usize, height: usize) -> Coverage {
        Coverage { width, height, pixels: vec![0; width * height] }
    }

    fn add(&mut self, x: i64, y: i64, coverage: f32) {
        if x < 0 || y < 0 || x >= self.width as i64 || y >= self.height as i64 {
            return;
        }
        let pixel = &mut self.pixels[y as usize * self.width + x as usize];
        *pixel = pixel.saturating_add((coverage.clamp(0.0, 1.0) * 255.0 + 0.5) as u8);
    }

    /// Every pixel becomes the most covered of those within `radius` pixels of it: the shape grown by a
    /// round pen. A disc is a stack of rows, each as wide as the circle is there; so the picture is widened
    /// row by row for each height in the disc, from the narrow ends to the middle, each width from the one
    /// before. That is about four passes of byte-wise maxima for every pixel of radius, which the compiler
    /// vectorises.
    fn dilated(&self, radius: f32, cancel: &Cancel) -> Result<Vec<u8>, CaptionError> {
        let mut grown = self.pixels.clone();
        let mut widened = self.pixels.clone();
        let mut wider = self.pixels.clone();
        let mut blended = vec![0; self.pixels.len()];
        let reach = radius.ceil() as usize;
        // Half the width that `widened` has been grown to; `wider` is one more.
        let mut half = 0;
        self.widen(&mut wider, 1);
        for dy in (0..=reach).rev() {
            cancel.check()?;
            // A row at the rim counts by the part of it that lies in the disc.
            let inside = (radius + 1.0 - dy as f32).min(1.0);
            let chord = (radius * radius - (dy as f32).powi(2)).max(0.0).sqrt();
            while half < chord as usize {
                half += 1;
                widened.copy_from_slice(&wider);
                self.widen(&mut wider, half + 1);
            }
            // Between whole widths, in proportion; and at the rim, by the part inside. In 256ths, so that
            // sixteen bits hold the products.
            let part = ((chord - half as f32).max(0.0) * 256.0) as u16;
            let inside = (inside * 256.0) as u16;
            for ((to, &narrow), &wide) in blended.iter_mut().zip(&widened).zip(&wider) {
                let mixed = (u16::from(narrow) * (256 - part) + u16::from(wide) * part) >> 8;
                *to = ((mixed * inside) >> 8) as u8;
            }
            let shift = dy * self.width;
            if shift < grown.len() {
                let length = grown.len() - shift;
                maximum(&mut grown[shift..], &blended[..length]);
                maximum(&mut grown[..length], &blended[shift..]);
            }
        }
        Ok(grown)
    }

    /// Takes in the pixels `by` to the left and to the right.
    fn widen(&self, pixels: &mut [u8], by: usize) {
        if by >= self.width {
            return;
        }
        let rows = pixels.chunks_exact_mut(self.width).zip(self.pixels.chunks_exact(self.width));
        for (row, original) in rows {
            maximum(&mut row[by..], &original[..self.width - by]);
            maximum(&mut row[..self.width - by], &original[by..]);
        }
    }
}

fn maximum(to: &mut [u8], from: &[u8]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to = (*to).max(from);
    }
}
