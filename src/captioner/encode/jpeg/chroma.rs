//! Chroma samples that decode to the colors of a decoded JPEG.
//!
//! At 4:2:0 and 4:2:2, decoders interpolate between chroma samples: a pixel has three quarters of its own sample and one
//! quarter of the next one, on each axis. The mean of the pixels of a sample then has an eighth of each neighbour in it. A
//! file whose samples are such means is blurred once more each time it is decoded and encoded. The samples that a file had
//! are found again by solving the equations for them, which have three unknowns each, one axis after the other.

use std::mem;

use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::file::jpeg::kind::Sampling;

/// Samples of a block.
pub type Block = [u8; 64];

/// The chroma of a template, MCU by MCU.
pub struct Chroma(Vec<[Fine; 2]>);

/// The block of an MCU in one component.
#[derive(Clone, Copy)]
struct Fine {
    /// The means of the pixels.
    means: Block,
    /// What decodes to these pixels.
    samples: Block,
}

impl Chroma {
    /// Finds the samples of a picture of `width` by `height` pixels. `means` has the blocks of each MCU, row by row.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn of(
        planes: &[Vec<u8>; 3],
        (width, height): (usize, usize),
        sampling: Sampling,
        means: &[[Block; 2]],
        cancel: &Cancel,
    ) -> Result<Chroma, CaptionError> {
        let rows_each = if sampling == Sampling::Half { 2 } else { 1 };
        let (columns, rows) = (width.div_ceil(2), height.div_ceil(rows_each));
        let mcus = columns.div_ceil(8);
        let empty = Fine { means: [0; 64], samples: [0; 64] };
        let mut chroma: Vec<[Fine; 2]> = means.iter().map(|_| [empty; 2]).collect();
        let across = equations(columns, width % 2 == 1);
        let down = equations(rows, rows_each == 2 && height % 2 == 1);
        for component in 0..2 {
            let mut samples = Vec::with_capacity(columns * rows);
            for y in 0..rows {
                cancel.check()?;
                let pixels = [y * rows_each, (y * rows_each + rows_each - 1).min(height - 1)];
                let rows = pixels.map(|y| [0, 1, 2].map(|plane| &planes[plane][y * width..][..width]));
                let start = samples.len();
                samples.extend((0..columns).map(|x| mean(&rows, x, width, component)));
                solve_row(&mut samples[start..], &across);
            }
            if rows_each == 2 {
                solve_columns(&mut samples, columns, &down, cancel)?;
            }
            for (index, mcu) in chroma.iter_mut().enumerate() {
                let (left, top) = (index % mcus * 8, index / mcus * 8);
                let fine = &mut mcu[component];
                fine.means = means[index][component];
                for (place, sample) in fine.samples.iter_mut().enumerate() {
                    let x = (left + place % 8).min(columns - 1);
                    let y = (top + place / 8).min(rows - 1);
                    *sample = (samples[y * columns + x] + 128.5) as u8;
                }
            }
        }
        Ok(Chroma(chroma))
    }

    /// Replaces the means of an MCU by the template's samples, where they are the template's means.
    #[inline(always)]
    pub fn refine(&self, mcu: usize, component: usize, block: &mut Block) {
        let Fine { ref means, ref samples } = self.0[mcu][component];
        for ((sample, &mean), &fine) in block.iter_mut().zip(means).zip(samples) {
            *sample = if *sample == mean { fine } else { *sample };
        }
    }

    /// How many bytes of memory it takes.
    pub fn weight(&self) -> usize {
        self.0.len() * mem::size_of::<[Fine; 2]>()
    }
}

/// The mean chroma of the pixels of a sample, around zero. `rows` are their red, green and blue.
fn mean(rows: &[[&[u8]; 3]; 2], x: usize, width: usize, component: usize) -> f32 {
    const WEIGHTS: [[f32; 3]; 2] = [[-0.168_735_9, -0.331_264_1, 0.5], [0.5, -0.418_687_6, -0.081_312_4]];
    let (left, right) = (2 * x, (2 * x + 1).min(width - 1));
    let sum = |plane: usize| {
        let of_row = |row: &[&[u8]; 3]| f32::from(row[plane][left]) + f32::from(row[plane][right]);
        of_row(&rows[0]) + of_row(&rows[1])
    };
    let weights = WEIGHTS[component];
    (weights[0] * sum(0) + weights[1] * sum(1) + weights[2] * sum(2)) / 4.0
}

/// An equation, solved for its own sample by those before and after: Thomas' algorithm.
#[derive(Clone, Copy)]
struct Equation {
    before: f32,
    /// The reciprocal of what its own sample is multiplied by.
    own: f32,
    after: f32,
}

/// The equations of samples in a row. `is_odd`: there is only one pixel for the last one.
fn equations(count: usize, is_odd: bool) -> Vec<Equation> {
    let mut equations: Vec<Equation> = Vec::with_capacity(count);
    for index in 0..count {
        let (mut before, mut own, mut after) = (0.125, 0.75, 0.125);
        // At the edges, the sample itself stands for the one that is not there.
        if index == 0 {
            own += before;
            before = 0.0;
        }
        if index + 1 == count {
            if is_odd && index > 0 {
                // Its only pixel has a quarter of the one before.
                before = 0.25;
            } else {
                own += after;
            }
            after = 0.0;
        }
        let own = 1.0 / (own - before * equations.last().map_or(0.0, |last| last.after));
        equations.push(Equation { before, own, after: after * own });
    }
    equations
}

fn solve_row(samples: &mut [f32], equations: &[Equation]) {
    let mut last = 0.0;
    for (sample, equation) in samples.iter_mut().zip(equations) {
        *sample = (*sample - equation.before * last) * equation.own;
        last = *sample;
    }
    let mut next = 0.0;
    for (sample, equation) in samples.iter_mut().zip(equations).rev() {
        *sample -= equation.after * next;
        next = *sample;
    }
}

/// All columns at once, row by row.
fn solve_columns(
    samples: &mut [f32],
    columns: usize,
    equations: &[Equation],
    cancel: &Cancel,
) -> Result<(), CaptionError> {
    for (y, equation) in equations.iter().enumerate() {
        cancel.check()?;
        let (above, here) = samples.split_at_mut(y * columns);
        let here = &mut here[..columns];
        if y == 0 {
            here.iter_mut().for_each(|sample| *sample *= equation.own);
            continue;
        }
        for (sample, above) in here.iter_mut().zip(&above[(y - 1) * columns..]) {
            *sample = (*sample - equation.before * above) * equation.own;
        }
    }
    for (y, equation) in equations.iter().enumerate().rev().skip(1) {
        cancel.check()?;
        let (here, below) = samples[y * columns..].split_at_mut(columns);
        here.iter_mut().zip(&*below).for_each(|(sample, below)| *sample -= equation.after * below);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{equations, solve_columns, solve_row};
    use captioner::cancel::Cancel;

    /// What a decoder makes of samples, and the means of its pixels.
    fn means(samples: &[f32], pixels: usize) -> Vec<f32> {
        let at = |index: isize| samples[index.clamp(0, samples.len() as isize - 1) as usize];
        let pixel = |number: usize| {
            let sample = (number / 2) as isize;
            let next = if number.is_multiple_of(2) { sample - 1 } else { sample + 1 };
            0.75 * at(sample) + 0.25 * at(next)
        };
        let mean = |index: usize| (pixel(2 * index) + pixel((2 * index + 1).min(pixels - 1))) / 2.0;
        (0..samples.len()).map(mean).collect()
    }

    #[test]
    fn samples_are_found_from_the_means_of_their_pixels() {
        for &pixels in &[1usize, 2, 3, 4, 5, 6, 31, 32, 1001] {
            let samples: Vec<f32> =
                (0..pixels.div_ceil(2)).map(|x| (x * 7919 % 255) as f32 - 128.0).collect();
            let equations = equations(samples.len(), pixels % 2 == 1);
            let mut found = means(&samples, pixels);
            solve_row(&mut found, &equations);
            let off = found.iter().zip(&samples).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(off < 0.01, "{} pixels: {}", pixels, off);
            let mut columns: Vec<f32> =
                means(&samples, pixels).iter().flat_map(|&mean| vec![mean, -mean]).collect();
            solve_columns(&mut columns, 2, &equations, &Cancel::new()).unwrap();
            assert!(columns
                .iter()
                .zip(found.iter().flat_map(|&x| vec![x, -x]))
                .all(|(a, b)| (a - b).abs() < 0.01));
        }
    }
}
