//! Chooses the colors of a palette, for pixels that have more colors than that.
//!
//! The samples are split in two again and again, each time where they differ most: that finds colors for all parts of
//! the picture, small ones too. Each color then moves to the mean of the samples that it is the nearest one of
//! (k-means): that makes them fit.

use std::collections::HashSet;

use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::file::matcher::Matcher;
use captioner::file::palette::{Palette, Rgb, FREE, MAX, WEIGHTS};

/// The fewest pixels that colors are chosen from, if there are as many.
const MIN_SAMPLES: usize = 1 << 11;
/// The most of them.
const MAX_SAMPLES: usize = 1 << 18;
/// A prime larger than any distance between samples.
const PRIME: usize = 509;
/// How often the colors move. The first time gains a quarter of a decibel, the second a tenth, another hardly anything.
const MOVES: usize = 2;
/// Samples gone through before a cancel is looked for.
const PIECE: usize = 1 << 13;

impl Palette {
    /// Chooses a palette for these pixels, transparent ones left out, and leaves entries free. `quality` is 1 to 100.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn chosen(pixels: &[[u8; 4]], quality: u8, cancel: &Cancel) -> Result<Palette, CaptionError> {
        let opaque = pixels.iter().filter(|pixel| pixel[3] >= 128).map(|&[r, g, b, _]| [r, g, b]);
        let opaque: Vec<Rgb> = opaque.collect();
        let colors = distinct(&opaque, MAX - FREE, cancel)?;
        if colors.len() <= MAX - FREE {
            return Ok(Palette::of(colors));
        }
        // One pixel of each few shows well enough what the colors are.
        let few = 1 + (100 - usize::from(quality.min(100))) * 29 / 99;
        let few = few.min(opaque.len() / MIN_SAMPLES).max(opaque.len().div_ceil(MAX_SAMPLES)).max(1);
        // Not the same one each time: a picture has columns.
        let sample = |(number, pixels): (usize, &[Rgb])| pixels[number * PRIME % pixels.len()];
        let mut samples: Vec<Rgb> = opaque.chunks(few).enumerate().map(sample).collect();
        Ok(Palette::of(chosen_colors(&mut samples, MAX - FREE, cancel)?))
    }
}

/// The distinct colors of pixels, in the order of their first pixels; not more than one above `most`.
fn distinct(pixels: &[Rgb], most: usize, cancel: &Cancel) -> Result<Vec<Rgb>, CaptionError> {
    let mut seen = HashSet::new();
    let mut colors = Vec::new();
    for pixels in pixels.chunks(PIECE) {
        cancel.check()?;
        for &color in pixels {
            if seen.insert(color) {
                colors.push(color);
                if colors.len() > most {
                    return Ok(colors);
                }
            }
        }
    }
    Ok(colors)
}

/// Chooses colors for samples of a picture: `count` at most, fewer only if there are fewer. Puts the samples in another
/// order.
///
/// # Errors
/// [`CaptionError::Cancelled`].
fn chosen_colors(samples: &mut [Rgb], count: usize, cancel: &Cancel) -> Result<Vec<Rgb>, CaptionError> {
    let mut colors = split_colors(samples, count, cancel)?;
    for _ in 0..MOVES {
        move_to_means(&mut colors, samples, cancel)?;
    }
    Ok(colors)
}

/// The mean colors of the parts that the samples are split in.
fn split_colors(samples: &mut [Rgb], count: usize, cancel: &Cancel) -> Result<Vec<Rgb>, CaptionError> {
    let mut parts = vec![Part::of(samples)];
    while parts.len() < count {
        cancel.check()?;
        let widest = (0..parts.len()).max_by_key(|&number| parts[number].spread).expect("there are some");
        if parts[widest].spread == 0 {
            break;
        }
        let (low, high) = parts.swap_remove(widest).split();
        parts.push(low);
        parts.push(high);
    }
    Ok(parts.iter().map(|part| part.mean).collect())
}

/// Some samples.
struct Part<'a> {
    samples: &'a mut [Rgb],
    mean: Rgb,
    /// The channel in which they differ most.
    channel: usize,
    /// How much they differ in it: the sum of the squares of their distances to the mean, weighted for the eye.
    spread: u64,
}

impl<'a> Part<'a> {
    fn of(samples: &'a mut [Rgb]) -> Part<'a> {
        let (mut sums, mut squares) = ([0; 3], [0; 3]);
        for sample in samples.iter() {
            for channel in 0..3 {
                let value = u64::from(sample[channel]);
                sums[channel] += value;
                squares[channel] += value * value;
            }
        }
        let count = samples.len().max(1) as u64;
        let spread = |channel: usize| {
            u64::from(WEIGHTS[channel]) * (squares[channel] - sums[channel] * sums[channel] / count)
        };
        let channel = (0..3).max_by_key(|&channel| spread(channel)).expect("there are three");
        Part { mean: sums.map(|sum| (sum / count) as u8), channel, spread: spread(channel), samples }
    }

    /// Splits it at the mean. Neither part is empty if there is any spread.
    fn split(self) -> (Part<'a>, Part<'a>) {
        let (channel, mean) = (self.channel, self.mean[self.channel]);
        let mut low = 0;
        for number in 0..self.samples.len() {
            if self.samples[number][channel] <= mean {
                self.samples.swap(number, low);
                low += 1;
            }
        }
        let (low, high) = self.samples.split_at_mut(low);
        (Part::of(low), Part::of(high))
    }
}

/// Moves each color to the mean of the samples that it is the nearest one of.
fn move_to_means(colors: &mut [Rgb], samples: &[Rgb], cancel: &Cancel) -> Result<(), CaptionError> {
    let mut matcher = Matcher::new(&Palette::of(colors.to_vec()), None);
    let (mut sums, mut counts) = ([[0; 3]; MAX], [0; MAX]);
    for piece in samples.chunks(PIECE) {
        cancel.check()?;
        for &sample in piece {
            let index = usize::from(matcher.index_of(sample));
            counts[index] += 1;
            for channel in 0..3 {
                sums[index][channel] += u32::from(sample[channel]);
            }
        }
    }
    for ((color, sums), &count) in colors.iter_mut().zip(&sums).zip(&counts) {
        if count > 0 {
            *color = sums.map(|sum| ((sum + count / 2) / count) as u8);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::chosen_colors;
    use captioner::cancel::Cancel;
    use captioner::file::matcher::Matcher;
    use captioner::file::palette::{Palette, Rgb, FREE};

    #[test]
    fn few_colors_are_kept_exactly_and_many_are_reduced() {
        let few: Vec<_> = (0..200u8).map(|level| [level, 0, 0, 255]).collect();
        let palette = Palette::chosen(&few, 80, &Cancel::new()).unwrap();
        let mut matcher = Matcher::new(&palette, None);
        assert!(few
            .iter()
            .all(|p| palette.color(matcher.index_of([p[0], p[1], p[2]])) == [p[0], p[1], p[2]]));
        let many: Vec<_> = (0..4096u32).map(|i| [(i % 256) as u8, (i / 16) as u8, 9, 255]).collect();
        let palette = Palette::chosen(&many, 80, &Cancel::new()).unwrap();
        assert_eq!((0..=255).filter(|&index| palette.is_free(index)).count(), FREE);
    }

    #[test]
    fn no_color_is_chosen_twice_and_a_small_part_of_the_picture_gets_its_own() {
        let sky = (0..40_000u32).map(|i| [100, (i % 200) as u8, (i / 200) as u8]);
        let mut samples: Vec<Rgb> = sky.chain(vec![[255, 0, 0]; 20]).collect();
        let mut colors = chosen_colors(&mut samples, 64, &Cancel::new()).unwrap();
        assert!(colors.contains(&[255, 0, 0]), "{:?}", colors);
        colors.sort();
        colors.dedup();
        assert_eq!(colors.len(), 64);
    }

    #[test]
    fn there_are_not_more_colors_than_samples_have() {
        let choose = |samples: &mut [Rgb]| chosen_colors(samples, 64, &Cancel::new()).unwrap();
        assert_eq!(choose(&mut [[7, 8, 9]; 100]), [[7, 8, 9]]);
        let mut colors = choose(&mut [[1, 2, 3], [255; 3], [1, 2, 3], [1, 2, 4]]);
        colors.sort();
        assert_eq!(colors, [[1, 2, 3], [1, 2, 4], [255; 3]]);
    }

    #[test]
    fn a_cancel_is_seen() {
        let cancel = Cancel::new();
        cancel.cancel();
        assert!(chosen_colors(&mut [[0; 3], [255; 3]], 64, &cancel).is_err());
    }
}
