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
        let across = equations(columns, width % 2 == 1);
        let down = equations(rows, rows_each == 2 && height % 2 == 1);
        let mut sums = [0, 1, 2].map(|_| vec![0.0; columns]);
        let mut samples = Vec::with_capacity(columns * rows);
        for y in 0..rows {
            cancel.check()?;
            let [above, below] = [y * rows_each, (y * rows_each + rows_each - 1).min(height - 1)];
            for (plane, sums) in planes.iter().zip(&mut sums) {
                add_up([above, below].map(|y| &plane[y * width..][..width]), sums);
            }
            let start = samples.len();
            samples.extend((0..columns).map(|x| chroma_of([sums[0][x], sums[1][x], sums[2][x]])));
            solve_row(&mut samples[start..], &across);
        }
        if rows_each == 2 {
            solve_columns(&mut samples, columns, &down, cancel)?;
        }
        let empty = Fine { means: [0; 64], samples: [0; 64] };
        let mut chroma = Vec::with_capacity(means.len());
        for (index, means) in means.iter().enumerate() {
            let (left, top) = (index % mcus * 8, index / mcus * 8);
            let mut fine = [empty; 2];
            for (row, places) in (top..top + 8).zip((0..64).step_by(8)) {
                let row = &samples[row.min(rows - 1) * columns..][..columns];
                for (x, place) in (left..left + 8).zip(places..) {
                    let [cb, cr] = row[x.min(columns - 1)];
                    fine[0].samples[place] = (cb + 128.5) as u8;
                    fine[1].samples[place] = (cr + 128.5) as u8;
                }
            }
            fine.iter_mut().zip(means).for_each(|(fine, means)| fine.means = *means);
            chroma.push(fine);
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

/// Blue and red chroma, around zero.
type Sample = [f32; 2];

/// Adds the pixels of each sample, of two rows by two columns.
fn add_up([above, below]: [&[u8]; 2], sums: &mut [f32]) {
    let pairs = above.chunks_exact(2).zip(below.chunks_exact(2));
    for (sum, (above, below)) in sums.iter_mut().zip(pairs) {
        let [a, b, c, d] = [above[0], above[1], below[0], below[1]].map(u16::from);
        *sum = f32::from(a + b + c + d);
    }
    if above.len() % 2 == 1 {
        // The last column stands for the one that is not there.
        let last = above.len() - 1;
        sums[last / 2] = 2.0 * (f32::from(above[last]) + f32::from(below[last]));
    }
}

/// The mean chroma of four pixels, from the sums of their red, green and blue.
fn chroma_of([red, green, blue]: [f32; 3]) -> Sample {
    const CB: [f32; 3] = [-0.168_735_9, -0.331_264_1, 0.5];
    const CR: [f32; 3] = [0.5, -0.418_687_6, -0.081_312_4];
    [CB, CR].map(|weights| (weights[0] * red + weights[1] * green + weights[2] * blue) / 4.0)
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

fn solve_row(samples: &mut [Sample], equations: &[Equation]) {
    let mut last = [0.0; 2];
    for (sample, equation) in samples.iter_mut().zip(equations) {
        for (value, last) in sample.iter_mut().zip(&mut last) {
            *value = (*value - equation.before * *last) * equation.own;
            *last = *value;
        }
    }
    let mut next = [0.0; 2];
    for (sample, equation) in samples.iter_mut().zip(equations).rev() {
        for (value, next) in sample.iter_mut().zip(&mut next) {
            *value -= equation.after * *next;
            *next = *value;
        }
    }
}

/// All columns at once, row by row.
fn solve_columns(
    samples: &mut [Sample],
    columns: usize,
    equations: &[Equation],
    cancel: &Cancel,
) -> Result<(), CaptionError> {
    for (y, equation) in equations.iter().enumerate() {
        cancel.check()?;
        let (above, here) = samples.split_at_mut(y * columns);
        let here = here[..columns].as_flattened_mut();
        if y == 0 {
            here.iter_mut().for_each(|sample| *sample *= equation.own);
            continue;
        }
        for (sample, above) in here.iter_mut().zip(above[(y - 1) * columns..].as_flattened()) {
            *sample = (*sample - equation.before * above) * equation.own;
        }
    }
    for (y, equation) in equations.iter().enumerate().rev().skip(1) {
        cancel.check()?;
        let (here, below) = samples[y * columns..].split_at_mut(columns);
        let below = below.as_flattened();
        here.as_flattened_mut().iter_mut().zip(below).for_each(|(one, below)| *one -= equation.after * below);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{equations, solve_columns, solve_row, Sample};
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
            let due: Vec<Sample> = samples.iter().map(|&sample| [sample, -sample]).collect();
            let means: Vec<Sample> = means(&samples, pixels).iter().map(|&mean| [mean, -mean]).collect();
            let is_found = |found: &[Sample]| {
                let pairs = found.as_flattened().iter().zip(due.as_flattened());
                pairs.map(|(a, b)| (a - b).abs()).all(|off| off < 0.01)
            };
            let mut row = means.clone();
            solve_row(&mut row, &equations);
            assert!(is_found(&row), "{} pixels", pixels);
            let mut column = means;
            solve_columns(&mut column, 1, &equations, &Cancel::new()).unwrap();
            assert!(is_found(&column), "{} pixels", pixels);
        }
    }
}
