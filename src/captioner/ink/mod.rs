//! Lines to pixels: the letters and their outlines, drawn once, for every frame to be stamped with.

use std::ops::Range;

use fearless_simd::{dispatch, Level};

use self::coverage::Coverage;
use self::mix::{mix_planes, mix_rgb, Layer, PixelInk};
use self::rasterizer::Rasterizer;
use self::rect::Rect;
use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::text::layout::PlacedCaption;
use image_macro::Color;

mod coverage;
pub mod mix;
mod rasterizer;
pub mod rect;

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
}

impl Stamp {
    /// Draws what was placed on a picture of that size. What lies outside of it is cut off.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn draw(
        placed: &[PlacedCaption],
        width: u32,
        height: u32,
        cancel: &Cancel,
    ) -> Result<Stamp, CaptionError> {
        let mut inks = Vec::with_capacity(placed.len());
        for placed in placed {
            inks.extend(Ink::draw(placed, width, height, cancel)?);
        }
        Ok(Stamp { inks })
    }

    /// Puts what lies in some rows of the picture on the pixels of those rows: RGB, `width` to a row.
    pub fn put_on_rgb(&self, pixels: &mut [u8], width: u32, rows: Range<u32>) {
        self.for_each_row(rows.clone(), |ink, y, layers| {
            let start = (y - rows.start) * width;
            let row = (start + ink.area.left) as usize * 3..(start + ink.area.right) as usize * 3;
            dispatch!(Level::new(), simd => mix_rgb(simd, &mut pixels[row], &layers));
        });
    }

    /// The same for RGBA.
    pub fn put_on_rgba(&self, pixels: &mut [u8], width: u32, rows: Range<u32>) {
        self.for_each(rows.clone(), |x, y, ink| {
            let start = ((y - rows.start) * width + x) as usize * 4;
            let pixel = &mut pixels[start..start + 4];
            pixel.copy_from_slice(&ink.over_alpha([pixel[0], pixel[1], pixel[2], pixel[3]]));
        });
    }

    /// The same for red, green and blue in planes of their own, in rows of `stride`.
    pub fn put_on_planes(&self, planes: &mut [Vec<u8>; 3], stride: usize, rows: Range<u32>) {
        self.for_each_row(rows.clone(), |ink, y, layers| {
            let start = (y - rows.start) as usize * stride;
            let row = start + ink.area.left as usize..start + ink.area.right as usize;
            let [ref mut red, ref mut green, ref mut blue] = *planes;
            let planes = [&mut red[row.clone()], &mut green[row.clone()], &mut blue[row]];
            dispatch!(Level::new(), simd => mix_planes(simd, planes, &layers));
        });
    }

    /// The layers of ink on each row, caption by caption.
    fn for_each_row<F: FnMut(&Ink, u32, [Layer; 2])>(&self, rows: Range<u32>, mut each: F) {
        for ink in &self.inks {
            for y in ink.area.top.max(rows.start)..ink.area.bottom.min(rows.end) {
                each(ink, y, ink.layers(y));
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

    /// Marks, with anything but zero, which pixels of a row have ink, of a picture that is `width` pixels wide.
    pub fn mark(&self, y: u32, width: u32, marks: &mut Vec<u8>) {
        marks.clear();
        marks.resize(width as usize, 0);
        self.for_each_row(y..y + 1, |ink, _, layers| {
            for layer in &layers {
                let marks = marks[ink.area.left as usize..].iter_mut();
                marks.zip(layer.coverage).for_each(|(mark, &coverage)| *mark |= coverage);
            }
        });
    }

    /// Which of the columns of `column` pixels each have ink in some rows, of a picture that is `width` pixels
    /// wide.
    pub fn columns(&self, column: u32, width: u32, rows: Range<u32>) -> Vec<bool> {
        let mut has_ink = vec![false; width.div_ceil(column) as usize];
        for ink in &self.inks {
            let mut any = vec![0; ink.area.width() as usize];
            for y in ink.area.top.max(rows.start)..ink.area.bottom.min(rows.end) {
                for layer in &ink.layers(y) {
                    any.iter_mut().zip(layer.coverage).for_each(|(any, &coverage)| *any |= coverage);
                }
            }
            for (x, _) in (ink.area.left..).zip(&any).filter(|pixel| *pixel.1 != 0) {
                has_ink[(x / column) as usize] = true;
            }
        }
        has_ink
    }

    /// Which bands of `band` rows each have ink, from the top, of a picture that is `height` rows high.
    pub fn bands(&self, band: u32, height: u32) -> Vec<u32> {
        let has_ink = |index: &u32| {
            let rows = index * band..(index + 1) * band;
            self.inks.iter().any(|ink| ink.area.top < rows.end && ink.area.bottom > rows.start)
        };
        (0..height.div_ceil(band)).filter(has_ink).collect()
    }
}

impl Ink {
    /// Whether it covers a part of that row of the picture.
    pub fn has_row(&self, y: u32) -> bool {
        (self.area.top..self.area.bottom).contains(&y)
    }

    /// What it does to a pixel of the picture, if anything.
    #[inline]
    pub fn pixel(&self, x: u32, y: u32) -> Option<PixelInk> {
        if !self.area.holds(x, y) {
            return None;
        }
        let index = self.area.number_of(x, y);
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

    /// The outline and the letters on a row of the picture, within `area`.
    fn layers(&self, y: u32) -> [Layer<'_>; 2] {
        let width = self.area.width() as usize;
        let start = (y - self.area.top) as usize * width;
        let fill = Layer { coverage: &self.fill[start..start + width], color: self.color };
        match self.outline {
            Some((ref outline, color)) => [Layer { coverage: &outline[start..start + width], color }, fill],
            None => [Layer { coverage: &[], color: self.color }, fill],
        }
    }

    /// The colors it is drawn with.
    pub fn colors(&self) -> (Color, Option<Color>) {
        (self.color, self.outline.as_ref().map(|outline| outline.1))
    }

    fn draw(
        placed: &PlacedCaption,
        width: u32,
        height: u32,
        cancel: &Cancel,
    ) -> Result<Option<Ink>, CaptionError> {
        let glyphs = placed
            .glyphs
            .iter()
            .map(|placed_glyph| placed_glyph.glyph.scaled(placed.em).positioned(placed_glyph.origin));
        let glyphs: Vec<_> = glyphs.collect();
        let radius = placed.outline.map_or(0.0, |outline| outline.1);
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
        let mut rasterizer = Rasterizer::default();
        for glyph in &glyphs {
            cancel.check()?;
            if let Some(ink) = glyph.pixel_bounding_box() {
                let (x, y) = (ink.min.x - area.left as i32, ink.min.y - area.top as i32);
                canvas.add(x, y, rasterizer.draw(glyph, &ink));
            }
        }
        let outline = match placed.outline {
            Some((color, _)) => Some((canvas.dilated(radius, cancel)?, color)),
            None => None,
        };
        Ok(Some(Ink { area, fill: canvas.pixels, color: placed.color, outline }))
    }
}
