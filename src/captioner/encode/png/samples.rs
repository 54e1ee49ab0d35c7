//! Puts ink on pictures of samples, and turns their rows into those of a file.

use std::borrow::Cow;
use std::iter;
use std::ops::Range;

use captioner::file::indexed::{Indexed, Rgba};
use captioner::ink::bar::Bars;
use captioner::ink::Stamp;

/// Rows that ink is put on at once, to find its colors.
pub const ROWS: u32 = 16;

/// A picture of samples under ink.
pub struct Inked<'a> {
    /// The picture.
    pub indexed: &'a Indexed,
    /// The ink.
    pub stamp: &'a Stamp,
    /// Whether no pixel of the picture is transparent.
    pub is_opaque: bool,
}

impl<'a> Inked<'a> {
    /// The samples of some rows, before the ink. Those of bars are some that the picture has, too.
    pub fn samples(&self, rows: Range<u32>) -> Cow<'a, [u8]> {
        let samples = self.indexed.samples.as_raw();
        within_bars(samples, self.indexed.samples.width() as usize, samples[0], self.stamp.bars, rows)
    }

    /// Calls `each` with every pixel of some rows whose color the ink changes: its number, counted from the first of these
    /// rows, and its new color.
    pub fn for_each<F: FnMut(usize, Rgba)>(&self, rows: Range<u32>, mut each: F) {
        let (width, table) = (self.indexed.samples.width(), &self.indexed.colors.table);
        let samples = self.samples(rows.clone());
        let channels = if self.is_opaque { 3 } else { 4 };
        let mut pixels = Vec::with_capacity(samples.len() * channels);
        put_colors(&samples, table, channels, &mut pixels);
        if self.is_opaque {
            self.stamp.put_on_rgb(&mut pixels, width, rows.clone());
        } else {
            self.stamp.put_on_rgba(&mut pixels, width, rows.clone());
        }
        let mut marks = Vec::new();
        for (row, y) in rows.enumerate() {
            self.stamp.mark(y, width, &mut marks);
            let start = row * width as usize;
            for (number, _) in (start..).zip(&marks).filter(|marked| *marked.1 != 0) {
                let pixel = &pixels[number * channels..];
                let color = [pixel[0], pixel[1], pixel[2], if channels == 4 { pixel[3] } else { 255 }];
                if color != table[usize::from(samples[number])] {
                    each(number, color);
                }
            }
        }
    }
}

/// Some rows of `row` bytes of a picture with bars. What is in the bars is `filler`, which their ink will cover.
pub fn within_bars(pixels: &[u8], row: usize, filler: u8, bars: Bars, rows: Range<u32>) -> Cow<'_, [u8]> {
    let place = |y: u32| (y.saturating_sub(bars.above) as usize * row).min(pixels.len());
    let own = &pixels[place(rows.start)..place(rows.end)];
    if own.len() == rows.len() * row {
        return Cow::Borrowed(own);
    }
    let above = bars.above.clamp(rows.start, rows.end) - rows.start;
    let mut all: Vec<u8> = iter::repeat_n(filler, above as usize * row).collect();
    all.extend_from_slice(own);
    all.resize(rows.len() * row, filler);
    Cow::Owned(all)
}

/// The samples of some rows.
pub fn samples(indexed: &Indexed, rows: Range<u32>) -> &[u8] {
    let width = indexed.samples.width() as usize;
    &indexed.samples.as_raw()[rows.start as usize * width..rows.end as usize * width]
}

/// Appends the colors of samples: RGB (three channels) or RGBA (four).
pub fn put_colors(samples: &[u8], table: &[Rgba], channels: usize, pixels: &mut Vec<u8>) {
    if channels == 3 {
        samples.iter().for_each(|&sample| pixels.extend_from_slice(&table[usize::from(sample)][..3]));
    } else {
        samples.iter().for_each(|&sample| pixels.extend_from_slice(&table[usize::from(sample)]));
    }
}

/// Appends rows of samples with that many bits each, the first of them in the highest bits of a byte.
pub fn pack(samples: &[u8], width: u32, depth: u8, packed: &mut Vec<u8>) {
    if depth == 8 {
        packed.extend_from_slice(samples);
        return;
    }
    let per_byte = usize::from(8 / depth);
    for row in samples.chunks_exact(width as usize) {
        for samples in row.chunks(per_byte) {
            let bits = samples.iter().fold(0, |bits: u16, &sample| bits << depth | u16::from(sample));
            packed.push((bits << (u16::from(depth) * (per_byte - samples.len()) as u16)) as u8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::pack;
    use captioner::file::indexed::unpacked;
    use fastrand::Rng;

    #[test]
    fn what_is_packed_comes_back() {
        let mut random = Rng::with_seed(1);
        for &depth in &[1, 2, 4, 8] {
            for width in 1..40 {
                let samples: Vec<u8> = (0..width * 3).map(|_| random.u8(..) >> (8 - depth)).collect();
                let mut packed = Vec::new();
                pack(&samples, width, depth, &mut packed);
                assert_eq!(packed.len(), 3 * (width as usize * usize::from(depth)).div_ceil(8));
                assert_eq!(unpacked(packed, width as usize, depth), samples);
            }
        }
    }
}
