//! PNG's filters: replace pixels by their differences from their neighbours.

use fearless_simd::{dispatch, Level, Simd};

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
    const SUB: u8 = 1;
    const PAETH: u8 = 4;
    let (kind, filtered) = filtered.split_first_mut().expect("a filtered row begins with its filter");
    if above.is_empty() {
        *kind = SUB;
        filtered[..channels].copy_from_slice(&line[..channels]);
        let left = &line[..line.len() - channels];
        for ((to, &here), &left) in filtered[channels..].iter_mut().zip(&line[channels..]).zip(left) {
            *to = here.wrapping_sub(left);
        }
        return;
    }
    *kind = PAETH;
    // Without a pixel to the left, Paeth's predictor is the one above.
    for ((to, &here), &up) in filtered[..channels].iter_mut().zip(line).zip(above) {
        *to = here.wrapping_sub(up);
    }
    let lefts = line.iter().zip(above);
    let heres = line[channels..].iter().zip(&above[channels..]);
    for ((to, (&here, &up)), (&left, &up_left)) in filtered[channels..].iter_mut().zip(heres).zip(lefts) {
        *to = here.wrapping_sub(paeth(left, up, up_left));
    }
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
