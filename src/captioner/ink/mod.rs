//! Draws letters and outlines once, as a stamp that is put on the template, or on every frame of it.

pub mod bar;
mod contour;
mod coverage;
mod emoji;
pub mod mix;
mod painted;
mod rasterizer;
pub mod rect;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;

use fearless_simd::{dispatch, Level};
use rusttype::point;

use self::bar::Bars;
use self::contour::{seen, Bounds, Contour};
use self::coverage::Coverage;
use self::emoji::{bounds_of, paint};
use self::mix::{mix_planes, mix_rgb, Layer, PixelInk, PixelLayer, RowInk};
use self::painted::Painted;
use self::rasterizer::Rasterizer;
use self::rect::Rect;
use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::text::placed::{PlacedCaption, PlacedGlyph};
use image_macro::{Color, Moment};

/// The pixels of all captions of a picture.
#[derive(Default)]
pub struct Stamp {
    /// One for each caption that can be seen, in the order in which they are put on the picture.
    pub inks: Vec<Ink>,
    /// What bars add to the picture. The places of inks are counted from the upper edge of the one above.
    pub bars: Bars,
}

/// The pixels of one caption.
pub struct Ink {
    /// The part of the picture that it covers.
    pub area: Rect,
    /// How much of each pixel of `area` the letters cover, 0 to 255, row by row; of a bar, one row that stands for all.
    fill: Vec<u8>,
    color: Color,
    outline: Option<Outline>,
    /// The pixels of its emoji, if it has any: over the letters.
    painted: Option<Painted>,
    /// Whether it is no caption but the bar that one is on.
    pub is_bar: bool,
    /// When in an animation it appears and disappears; `None` is its start or its end.
    pub time: [Option<Moment>; 2],
}

/// The outline of a caption: its letters and emoji, grown by the outline's width.
struct Outline {
    /// As `Ink::fill`.
    coverage: Vec<u8>,
    color: Color,
}

impl Stamp {
    /// Draws captions for a picture of that size in pixels. What lies outside of it is cut off.
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
        Ok(Stamp { inks, bars: Bars::default() })
    }

    /// The color of its bars, if it has any.
    pub fn bar_color(&self) -> Option<Color> {
        self.inks.iter().find(|ink| ink.is_bar).map(|bar| bar.color)
    }

    /// The color of the bar that a caption is on.
    pub fn bar_under(&self, letters: &Ink) -> Option<Color> {
        let is_under = |bar: &&Ink| bar.is_bar && bar.area.intersection(&letters.area).is_some();
        self.inks.iter().find(is_under).filter(|_| !letters.is_bar).map(|bar| bar.color)
    }

    /// Adds a bar below or, if `is_above`, above a picture of that size. `letters` is a stamp for a picture as large as the
    /// bar, `rows` high.
    pub fn add_bar(&mut self, is_above: bool, size: (u32, u32), rows: u32, color: Color, letters: Stamp) {
        let (width, height) = self.bars.size(size);
        let top = if is_above { 0 } else { height };
        if is_above {
            self.inks.iter_mut().for_each(|ink| ink.move_down(rows));
            self.bars.above += rows;
        } else {
            self.bars.below += rows;
        }
        let area = Rect { left: 0, top, right: width, bottom: top + rows };
        self.inks.push(Ink::bar(area, color));
        self.inks.extend(letters.inks.into_iter().map(|mut ink| {
            ink.move_down(top);
            ink
        }));
    }

    /// Whether everything on it is a gray: no letter or outline has another color, and there are no emoji.
    pub fn is_gray(&self) -> bool {
        let is_gray = |color: Color| color.r == color.g && color.g == color.b;
        self.inks.iter().all(|ink| {
            let (fill, outline) = ink.colors();
            is_gray(fill) && outline.is_none_or(is_gray) && ink.painted.is_none()
        })
    }

    /// Puts the stamp on some rows of the picture: RGB pixels, `width` to a row.
    pub fn put_on_rgb(&self, pixels: &mut [u8], width: u32, rows: Range<u32>) {
        self.for_each_row(rows.clone(), |ink, y, row_ink| {
            let start = (y - rows.start) * width;
            let row = (start + ink.area.left) as usize * 3..(start + ink.area.right) as usize * 3;
            dispatch!(Level::new(), simd => mix_rgb(simd, &mut pixels[row], &row_ink));
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

    /// The same for planes of red, green and blue, in rows of `stride`.
    pub fn put_on_planes(&self, planes: &mut [Vec<u8>; 3], stride: usize, rows: Range<u32>) {
        self.for_each_row(rows.clone(), |ink, y, row_ink| {
            let start = (y - rows.start) as usize * stride;
            let row = start + ink.area.left as usize..start + ink.area.right as usize;
            let [ref mut red, ref mut green, ref mut blue] = *planes;
            let planes = [&mut red[row.clone()], &mut green[row.clone()], &mut blue[row]];
            dispatch!(Level::new(), simd => mix_planes(simd, planes, &row_ink));
        });
    }

    /// Calls `each` with the ink on each of some rows, caption by caption.
    fn for_each_row<F: FnMut(&Ink, u32, RowInk)>(&self, rows: Range<u32>, mut each: F) {
        for ink in &self.inks {
            for y in ink.area.top.max(rows.start)..ink.area.bottom.min(rows.end) {
                each(ink, y, ink.row(y));
            }
        }
    }

    /// Calls `each` with every pixel of some rows that has ink, caption by caption.
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

    /// Fills `marks` for a row of a picture of that width: anything but zero where a pixel has ink.
    pub fn mark(&self, y: u32, width: u32, marks: &mut Vec<u8>) {
        marks.clear();
        marks.resize(width as usize, 0);
        self.for_each_row(y..y + 1, |ink, _, row| {
            for coverage in &row.coverages() {
                let marks = marks[ink.area.left as usize..].iter_mut();
                marks.zip(*coverage).for_each(|(mark, &coverage)| *mark |= coverage);
            }
        });
    }

    /// Cuts some rows of a picture of that width into columns of `column` pixels: which of them have ink other than a
    /// bar's.
    pub fn columns(&self, column: u32, width: u32, rows: Range<u32>) -> Vec<bool> {
        let mut has_ink = vec![false; width.div_ceil(column) as usize];
        for ink in self.inks.iter().filter(|ink| !ink.is_bar) {
            let mut any = vec![0; ink.area.width() as usize];
            for y in ink.area.top.max(rows.start)..ink.area.bottom.min(rows.end) {
                for coverage in &ink.row(y).coverages() {
                    any.iter_mut().zip(*coverage).for_each(|(any, &coverage)| *any |= coverage);
                }
            }
            for (x, _) in (ink.area.left..).zip(&any).filter(|pixel| *pixel.1 != 0) {
                has_ink[(x / column) as usize] = true;
            }
        }
        has_ink
    }

    /// Cuts a picture of that height into bands of `band` rows: the numbers of those that have ink.
    pub fn bands(&self, band: u32, height: u32) -> Vec<u32> {
        let has_ink = |index: &u32| self.has_ink_in(index * band..(index + 1) * band);
        (0..height.div_ceil(band)).filter(has_ink).collect()
    }

    /// Whether the area of a caption has a part in these rows.
    pub fn has_ink_in(&self, rows: Range<u32>) -> bool {
        self.inks.iter().any(|ink| ink.area.top < rows.end && ink.area.bottom > rows.start)
    }
}

/// The colors of all emoji of some captions, that of most pixels first.
pub fn emoji_colors(inks: &[&Ink]) -> Vec<Color> {
    let mut counts = HashMap::new();
    inks.iter().for_each(|ink| ink.count_emoji_colors(&mut counts));
    let mut counts: Vec<_> = counts.into_iter().collect();
    // By color among equals, so that the same captions always have the same palette.
    counts.sort_unstable_by_key(|&(color, count)| (Reverse(count), color));
    counts.into_iter().map(|([r, g, b], _)| Color { r, g, b }).collect()
}

impl Ink {
    /// A rectangle of one color.
    fn bar(area: Rect, color: Color) -> Ink {
        let fill = vec![255; area.width() as usize];
        Ink { area, fill, color, outline: None, painted: None, is_bar: true, time: [None, None] }
    }

    fn move_down(&mut self, rows: u32) {
        self.area = self.area.down(rows);
    }

    /// Whether its area has a part in that row of the picture.
    pub fn has_row(&self, y: u32) -> bool {
        (self.area.top..self.area.bottom).contains(&y)
    }

    /// The ink on a pixel of the picture, if there is any.
    #[inline]
    pub fn pixel(&self, x: u32, y: u32) -> Option<PixelInk> {
        if !self.area.holds(x, y) {
            return None;
        }
        let index = self.start_of_row(y) + (x - self.area.left) as usize;
        let fill = self.fill[index];
        let outline = match self.outline {
            Some(ref outline) => PixelLayer { color: outline.color, coverage: outline.coverage[index] },
            None => PixelLayer { color: self.color, coverage: 0 },
        };
        let emoji = match self.painted {
            Some(ref painted) => {
                PixelLayer { color: painted.color(index), coverage: painted.coverage[index] }
            }
            None => PixelLayer { color: self.color, coverage: 0 },
        };
        if fill == 0 && outline.coverage == 0 && emoji.coverage == 0 {
            return None;
        }
        Some(PixelInk { layers: [outline, PixelLayer { color: self.color, coverage: fill }, emoji] })
    }

    /// Where in `fill` and its like a row of the picture begins.
    #[inline]
    fn start_of_row(&self, y: u32) -> usize {
        if self.is_bar {
            0
        } else {
            (y - self.area.top) as usize * self.area.width() as usize
        }
    }

    /// The ink on the part of a row of the picture that is in `area`.
    fn row(&self, y: u32) -> RowInk<'_> {
        let start = self.start_of_row(y);
        let end = start + self.area.width() as usize;
        let letters = Layer { coverage: &self.fill[start..end], color: self.color };
        let outline = match self.outline {
            Some(Outline { ref coverage, color }) => Layer { coverage: &coverage[start..end], color },
            None => Layer { coverage: &[], color: self.color },
        };
        let painted = self.painted.as_ref().map(|painted| painted.row(start, end));
        RowInk { layers: [outline, letters], painted }
    }

    /// The colors of letters and outline.
    pub fn colors(&self) -> (Color, Option<Color>) {
        (self.color, self.outline.as_ref().map(|outline| outline.color))
    }

    /// Counts the pixels of each color of its emoji.
    fn count_emoji_colors(&self, counts: &mut HashMap<[u8; 3], usize>) {
        if let Some(ref painted) = self.painted {
            // What is covered in part is at an edge, and mixed with what is below.
            for (index, _) in painted.coverage.iter().enumerate().filter(|pixel| *pixel.1 == 255) {
                let Color { r, g, b } = painted.color(index);
                *counts.entry([r, g, b]).or_insert(0) += 1;
            }
        }
    }

    /// `None` if nothing of the caption is on the picture.
    fn draw(
        placed: &PlacedCaption,
        width: u32,
        height: u32,
        cancel: &Cancel,
    ) -> Result<Option<Ink>, CaptionError> {
        let (em, turn) = (placed.em, placed.turn);
        let (letters, emoji): (Vec<_>, Vec<_>) =
            placed.glyphs.iter().partition(|placed| placed.glyph.color_layers().is_empty());
        let letters: Vec<Contour> =
            letters.iter().filter_map(|letter| Contour::of_letter(letter, em, turn)).collect();
        let emoji: Vec<(&PlacedGlyph, Bounds)> =
            emoji.iter().filter_map(|emoji| Some((*emoji, bounds_of(emoji, em, turn)?))).collect();
        let radius = placed.outline.map_or(0.0, |outline| outline.width);
        // The outline's soft edge takes one more pixel.
        let border = if placed.outline.is_some() { radius.ceil() as i32 + 1 } else { 0 };
        let bounds = letters.iter().map(|letter| letter.bounds).chain(emoji.iter().map(|emoji| emoji.1));
        let area = match area_of(bounds, border, width, height) {
            Some(area) => area,
            None => return Ok(None),
        };
        let mut shapes = Coverage::new(area.width() as usize, area.height() as usize);
        let mut rasterizer = Rasterizer::default();
        for letter in &letters {
            cancel.check()?;
            if let Some(seen) = seen(&letter.bounds, &area) {
                let (x, y) = (seen.min.x - area.left as i32, seen.min.y - area.top as i32);
                shapes.add(x, y, rasterizer.draw(letter, &seen));
            }
        }
        let letters = shapes;
        let painted = match emoji.is_empty() {
            true => None,
            false => Some(paint(&emoji, &area, em, turn, placed.color, cancel)?),
        };
        let outline = match placed.outline {
            Some(stroke) => {
                let coverage = match painted {
                    Some(ref painted) => letters.union(&painted.coverage).dilated(radius, cancel)?,
                    None => letters.dilated(radius, cancel)?,
                };
                Some(Outline { coverage, color: stroke.color })
            }
            None => None,
        };
        let (color, time) = (placed.color, placed.time);
        Ok(Some(Ink { area, fill: letters.pixels, color, outline, painted, is_bar: false, time }))
    }
}

/// The part of a picture that ink with a border around it covers.
fn area_of<I>(boxes: I, border: i32, width: u32, height: u32) -> Option<Rect>
where
    I: Iterator<Item = Bounds>,
{
    let bounds = boxes.reduce(|bounds, ink| Bounds {
        min: point(bounds.min.x.min(ink.min.x), bounds.min.y.min(ink.min.y)),
        max: point(bounds.max.x.max(ink.max.x), bounds.max.y.max(ink.max.y)),
    })?;
    let within = |value: i32, side: u32| value.max(0).min(side as i32) as u32;
    let area = Rect {
        left: within(bounds.min.x.saturating_sub(border), width),
        top: within(bounds.min.y.saturating_sub(border), height),
        right: within(bounds.max.x.saturating_add(border), width),
        bottom: within(bounds.max.y.saturating_add(border), height),
    };
    (area.left < area.right && area.top < area.bottom).then_some(area)
}
