//! Finds samples for the colors of a text.
//!
//! The letters and outlines of a caption have a color each, but their edges are mixed with whatever lies below: often
//! thousands of colors. Those that a picture has no sample for get a free one, the worst missed first, and the others the
//! nearest there is.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::samples::{Inked, ROWS};
use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::file::indexed::Rgba;
use image_macro::Color;

/// A mean distance that no eye sees: one level in each channel.
const UNSEEN: u64 = square(1);
/// Above so many colors, similar ones are taken for the same.
const MANY: usize = 1 << 11;
/// The bits of a channel that count then.
const SIMILAR: u8 = 0xf8;

/// The distance of colors that differ by so much in each channel.
pub const fn square(levels: u64) -> u64 {
    levels * levels * 8
}

/// The colors that ink makes of a picture, the most frequent ones first.
pub struct TextColors {
    /// Those of letters and outlines.
    own: Vec<Rgba>,
    counts: Vec<(Rgba, u64)>,
    is_simplified: bool,
}

/// A color as its distances are computed: red, green and blue premultiplied, and alpha.
type Point = [i32; 4];

fn point([r, g, b, a]: Rgba) -> Point {
    let times_alpha = |channel: u8| (i32::from(channel) * i32::from(a) + 127) / 255;
    [times_alpha(r), times_alpha(g), times_alpha(b), i32::from(a)]
}

/// The square of the distance, weighted for the eye.
fn distance(a: &Point, b: &Point) -> u64 {
    let square = |channel: usize| (a[channel] - b[channel]).pow(2);
    (2 * square(0) + 4 * square(1) + square(2) + square(3)) as u64
}

impl TextColors {
    /// Puts the ink on the picture, some rows at a time.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn of(inked: &Inked, cancel: &Cancel) -> Result<TextColors, CaptionError> {
        let rgba = |Color { r, g, b }: Color| [r, g, b, 255];
        let mut own = Vec::new();
        for (fill, outline) in inked.stamp.inks.iter().map(|ink| ink.colors()) {
            own.push(rgba(fill));
            own.extend(outline.map(rgba));
        }
        let height = inked.stamp.bars.around(inked.indexed.samples.height());
        let mut counts: HashMap<Rgba, u64> = HashMap::new();
        for index in inked.stamp.bands(ROWS, height) {
            cancel.check()?;
            // Pixels side by side often have the same color.
            let mut run = ([0; 4], 0);
            inked.for_each(index * ROWS..((index + 1) * ROWS).min(height), |_, color| {
                if run.0 != color {
                    *counts.entry(run.0).or_insert(0) += run.1;
                    run = (color, 0);
                }
                run.1 += 1;
            });
            *counts.entry(run.0).or_insert(0) += run.1;
        }
        if let Some(count) = inked.stamp.bar_color().and_then(|bar| counts.get_mut(&rgba(bar))) {
            // However large a bar is, the colors of the text on it count.
            *count = 1;
        }
        counts.retain(|_, count| *count > 0);
        own.retain(|color| counts.contains_key(color));
        own.sort_unstable();
        own.dedup();
        let is_simplified = counts.len() > MANY;
        let mut colors = TextColors { own, counts: Vec::new(), is_simplified };
        if is_simplified {
            // Of similar colors, the most frequent one stands for all.
            let mut similar: HashMap<Rgba, (u64, Reverse<Rgba>, u64)> = HashMap::new();
            for (&color, &count) in &counts {
                let all = similar.entry(colors.key(color)).or_insert((0, Reverse(color), 0));
                if (count, Reverse(color)) >= (all.0, all.1) {
                    *all = (count, Reverse(color), all.2);
                }
                all.2 += count;
            }
            colors.counts = similar.values().map(|&(_, Reverse(color), count)| (color, count)).collect();
        } else {
            colors.counts = counts.into_iter().collect();
        }
        colors.counts.sort_unstable_by_key(|&(color, count)| (Reverse(count), color));
        Ok(colors)
    }

    /// What colors that get the same sample have in common.
    fn key(&self, color: Rgba) -> Rgba {
        if self.is_simplified && !self.own.contains(&color) {
            color.map(|channel| channel & SIMILAR)
        } else {
            color
        }
    }

    /// Finds a sample for each color: one of those in `used`, or a free one. `None` if a color of letters or outlines gets
    /// none of its own, or if the mean distance is more than `most`.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn fitted(
        &self,
        used: &[(u8, Rgba)],
        free: &[u8],
        most: u64,
        cancel: &Cancel,
    ) -> Result<Option<Fitted<'_>>, CaptionError> {
        let points: Vec<Point> = self.counts.iter().map(|&(color, _)| point(color)).collect();
        // Distance and sample of the nearest color.
        let mut nearest = vec![(u64::MAX, 0); points.len()];
        let take = |nearest: &mut Vec<(u64, u8)>, sample: u8, color: Rgba| {
            let taken = point(color);
            for (nearest, point) in nearest.iter_mut().zip(&points) {
                *nearest = (*nearest).min((distance(&taken, point), sample));
            }
        };
        for &(sample, color) in used {
            take(&mut nearest, sample, color);
        }
        let mut free = free.iter().copied();
        let mut new = Vec::new();
        for &own in &self.own {
            let number = self.counts.iter().position(|&(color, _)| color == own);
            if number.is_none_or(|number| nearest[number].0 == 0) {
                continue;
            }
            match free.next() {
                Some(sample) => {
                    take(&mut nearest, sample, own);
                    new.push((sample, own));
                }
                None => return Ok(None),
            }
        }
        let all: u64 = self.counts.iter().map(|pixel| pixel.1).sum();
        let error = |nearest: &[(u64, u8)]| -> u64 {
            let errors = nearest
                .iter()
                .zip(&self.counts)
                .map(|(nearest, &(_, count))| nearest.0.saturating_mul(count));
            errors.fold(0, u64::saturating_add) / all.max(1)
        };
        for sample in free {
            cancel.check()?;
            if error(&nearest) < UNSEEN {
                break;
            }
            let missed = |number: &usize| nearest[*number].0.saturating_mul(self.counts[*number].1);
            // The first one of several, so that it is the same on each run.
            let worst = (0..nearest.len()).rev().max_by_key(missed).expect("there is an error");
            let color = self.counts[worst].0;
            take(&mut nearest, sample, color);
            new.push((sample, color));
        }
        if error(&nearest) > most {
            return Ok(None);
        }
        let found =
            self.counts.iter().zip(&nearest).map(|(&(color, _), nearest)| (self.key(color), nearest.1));
        Ok(Some(Fitted { colors: self, new, found: found.collect() }))
    }
}

/// A sample for each color of a text.
pub struct Fitted<'a> {
    colors: &'a TextColors,
    /// The samples that were free, and their colors.
    pub new: Vec<(u8, Rgba)>,
    found: HashMap<Rgba, u8>,
}

impl<'a> Fitted<'a> {
    /// The sample for a color that the ink makes.
    pub fn sample(&self, color: Rgba) -> u8 {
        self.found.get(&self.colors.key(color)).copied().unwrap_or(0)
    }
}
