//! PNG's filters: replace pixels by their differences from their neighbours.

use fearless_simd::{dispatch, Level, Simd};

// The numbers of filters in a file.
const NONE: u8 = 0;
const SUB: u8 = 1;
const UP: u8 = 2;
const AVERAGE: u8 = 3;
const PAETH: u8 = 4;

/// Filters rows of `row` bytes, the first one without a row above.
pub fn filter(pixels: &[u8], row: usize, channels: usize, filtered: &mut Vec<u8>) {
    filtered.resize(pixels.len() / row * (row + 1), 0);
    dispatch!(Level::new(), simd => filter_rows(simd, pixels, row, channels, filtered));
}

#[inline(always)]
fn filter_rows<S: Simd>(_: S, pixels: &[u8], row: usize, channels: usize, filtered: &mut [u8]) {
    let mut above: &[u8] = &[];
    for (line, filtered) in pixels.chunks_exact(row).zip(filtered.chunks_exact_mut(row + 1)) {
        filter_row(line, above, channels, filtered);
        above = line;
    }
}

/// Filters a row by Paeth's predictor or, with no row above it, by the pixel to the left.
#[inline(always)]
fn filter_row(line: &[u8], above: &[u8], channels: usize, filtered: &mut [u8]) {
    let (kind, filtered) = filtered.split_first_mut().expect("a filtered row begins with its filter");
    if above.is_empty() {
        *kind = SUB;
        sub(line, channels, filtered);
    } else {
        *kind = PAETH;
        by_paeth(line, above, channels, filtered);
    }
}

#[inline(always)]
fn sub(line: &[u8], channels: usize, filtered: &mut [u8]) {
    filtered[..channels].copy_from_slice(&line[..channels]);
    let left = &line[..line.len() - channels];
    for ((to, &here), &left) in filtered[channels..].iter_mut().zip(&line[channels..]).zip(left) {
        *to = here.wrapping_sub(left);
    }
}

#[inline(always)]
fn up(line: &[u8], above: &[u8], filtered: &mut [u8]) {
    for ((to, &here), &up) in filtered.iter_mut().zip(line).zip(above) {
        *to = here.wrapping_sub(up);
    }
}

#[inline(always)]
fn average(line: &[u8], above: &[u8], channels: usize, filtered: &mut [u8]) {
    for ((to, &here), &up) in filtered[..channels].iter_mut().zip(line).zip(above) {
        *to = here.wrapping_sub(up / 2);
    }
    let heres = line[channels..].iter().zip(&above[channels..]);
    for ((to, (&here, &up)), &left) in filtered[channels..].iter_mut().zip(heres).zip(line) {
        *to = here.wrapping_sub((left & up).wrapping_add((left ^ up) >> 1));
    }
}

#[inline(always)]
fn by_paeth(line: &[u8], above: &[u8], channels: usize, filtered: &mut [u8]) {
    // Without a pixel to the left, Paeth's predictor is the one above.
    up(&line[..channels], above, &mut filtered[..channels]);
    let lefts = line.iter().zip(above);
    let heres = line[channels..].iter().zip(&above[channels..]);
    for ((to, (&here, &up)), (&left, &up_left)) in filtered[channels..].iter_mut().zip(heres).zip(lefts) {
        *to = here.wrapping_sub(paeth(left, up, up_left));
    }
}

/// How the rows of a band are filtered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filters {
    /// Not at all: what repeats stays a repetition.
    None,
    /// By the row above.
    Up,
    /// Each row by the filter that leaves the smallest differences.
    Best,
}

/// Appends filtered rows of `row` bytes. `above` is the row above the first one; without it, that row is filtered as if it
/// stood alone.
pub fn append_filtered(
    filters: Filters,
    pixels: &[u8],
    above: &[u8],
    (row, channels): (usize, usize),
    filtered: &mut Vec<u8>,
) {
    dispatch!(Level::new(), simd => append_rows(simd, filters, pixels, above, (row, channels), filtered));
}

#[inline(always)]
fn append_rows<'a, S: Simd>(
    _: S,
    filters: Filters,
    pixels: &'a [u8],
    mut above: &'a [u8],
    (row, channels): (usize, usize),
    filtered: &mut Vec<u8>,
) {
    let mut tried = vec![0; row];
    for line in pixels.chunks_exact(row) {
        let start = filtered.len();
        filtered.push(NONE);
        filtered.extend_from_slice(line);
        let (kind, best) = filtered[start..].split_first_mut().expect("it has a filter");
        match filters {
            Filters::None => {}
            Filters::Up if above.is_empty() => {}
            Filters::Up => {
                *kind = UP;
                up(line, above, best);
            }
            Filters::Best => {
                let mut least = size(best);
                let last = if above.is_empty() { SUB } else { PAETH };
                for number in SUB..=last {
                    match number {
                        SUB => sub(line, channels, &mut tried),
                        UP => up(line, above, &mut tried),
                        AVERAGE => average(line, above, channels, &mut tried),
                        _ => by_paeth(line, above, channels, &mut tried),
                    }
                    let size = size(&tried);
                    if size < least {
                        least = size;
                        *kind = number;
                        best.copy_from_slice(&tried);
                    }
                }
            }
        }
        above = line;
    }
}

/// The sum of differences, without their signs.
#[inline(always)]
fn size(differences: &[u8]) -> u32 {
    // In sixteen bits as far as they reach, because the compiler vectorises that better.
    let of = |differences: &[u8]| {
        differences.iter().fold(0u16, |sum, &byte| sum + u16::from(byte.min(byte.wrapping_neg())))
    };
    differences.chunks(256).map(|differences| u32::from(of(differences))).sum()
}

/// The neighbour that is nearest to the plane through all three.
#[inline(always)]
fn paeth(left: u8, up: u8, up_left: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(up), i16::from(up_left));
    let (to_left, to_up, to_up_left) = ((b - c).abs(), (a - c).abs(), (a + b - 2 * c).abs());
    if to_left <= to_up && to_left <= to_up_left {
        left
    } else if to_up <= to_up_left {
        up
    } else {
        up_left
    }
}

#[cfg(test)]
mod tests {
    use super::{append_filtered, Filters};
    use fastrand::Rng;

    /// As a decoder does it: by the definition, byte by byte.
    fn unfiltered(filtered: &[u8], row: usize, channels: usize) -> Vec<u8> {
        let mut pixels: Vec<u8> = Vec::new();
        for (y, line) in filtered.chunks(row + 1).enumerate() {
            for x in 0..row {
                let at = |x: usize, y: usize| i32::from(pixels[y * row + x]);
                let left = if x >= channels { at(x - channels, y) } else { 0 };
                let up = if y > 0 { at(x, y - 1) } else { 0 };
                let up_left = if x >= channels && y > 0 { at(x - channels, y - 1) } else { 0 };
                let plane = left + up - up_left;
                let paeth = [left, up, up_left].iter().copied().min_by_key(|near| (plane - near).abs());
                let predicted = [0, left, up, (left + up) / 2, paeth.unwrap()][usize::from(line[0])];
                pixels.push(line[x + 1].wrapping_add(predicted as u8));
            }
        }
        pixels
    }

    #[test]
    fn rows_come_back_from_every_filter() {
        let mut random = Rng::with_seed(1);
        for &channels in &[1, 2, 3, 4] {
            for width in 1..20 {
                let row = width * channels;
                let flat: Vec<u8> = (0..row * 9).map(|index| (index / 7) as u8).collect();
                let noise: Vec<u8> = (0..row * 9).map(|_| random.u8(..)).collect();
                for pixels in &[flat, noise] {
                    for &filters in &[Filters::None, Filters::Up, Filters::Best] {
                        let mut filtered = Vec::new();
                        append_filtered(filters, pixels, &[], (row, channels), &mut filtered);
                        assert!(filtered[0] < 2, "the first row has none above it");
                        assert_eq!(unfiltered(&filtered, row, channels), *pixels);
                        // The last rows alone are the same if the row above them is known.
                        let mut last = Vec::new();
                        append_filtered(
                            filters,
                            &pixels[row * 5..],
                            &pixels[row * 4..row * 5],
                            (row, channels),
                            &mut last,
                        );
                        assert_eq!(last, filtered[(row + 1) * 5..]);
                    }
                }
            }
        }
    }
}
