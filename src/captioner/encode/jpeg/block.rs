//! Turns blocks of eight by eight samples into quantised DCT coefficients.
//!
//! The transform is the accurate integer one of Loeffler, Ligtenberg and Moschytz with twelve multiplications,
//! rounded as in libjpeg and jpeg-encoder, so that a strip has the same bytes as there. Eight columns are transformed at
//! once, with the SIMD instructions that the processor has.

use fearless_simd::prelude::*;
use fearless_simd::{i32x8, u8x16};

/// Quantised coefficients, row by row: `8 * vertical + horizontal` frequency.
pub struct Coefficients {
    /// The coefficients. Only those whose bit is set in `nonzero`, and the first, are written.
    pub values: [i32; 64],
    /// A bit for each that is not zero.
    pub nonzero: u64,
}

impl Coefficients {
    /// A block to be overwritten.
    pub fn new() -> Coefficients {
        Coefficients { values: [0; 64], nonzero: 0 }
    }
}

/// Divides coefficients by the steps of a quantisation table, by multiplying with reciprocals.
pub struct Quantizer {
    reciprocals: [i32; 64],
    corrections: [i32; 64],
}

/// Fractional bits of a reciprocal.
const RECIPROCAL_BITS: u32 = 15;

impl Quantizer {
    /// From the steps of a table, row by row.
    pub fn new(steps: &[u8; 64]) -> Quantizer {
        let mut quantizer = Quantizer { reciprocals: [0; 64], corrections: [0; 64] };
        let both = quantizer.reciprocals.iter_mut().zip(&mut quantizer.corrections);
        for ((reciprocal, correction), &step) in both.zip(steps) {
            // The transform's results are eight times too large.
            let divisor = i32::from(step) * 8;
            let (quotient, rest) = ((1 << RECIPROCAL_BITS) / divisor, (1 << RECIPROCAL_BITS) % divisor);
            // A reciprocal that was rounded down is compensated for before the multiplication; one that was rounded
            // up is not.
            *correction = divisor / 2;
            *reciprocal = quotient;
            if rest > divisor / 2 {
                *reciprocal += 1;
            } else if rest != 0 {
                *correction += 1;
            }
        }
        quantizer
    }

    fn quantized(&self, index: usize, value: i32) -> i32 {
        let quotient = ((value.abs() + self.corrections[index]) * self.reciprocals[index]) >> RECIPROCAL_BITS;
        if value < 0 {
            -quotient
        } else {
            quotient
        }
    }
}

/// Transforms and quantises the block whose first sample is `samples[start]`, in rows of `stride` samples.
#[inline(always)]
pub fn transform<S: Simd>(
    simd: S,
    samples: &[u8],
    start: usize,
    stride: usize,
    quantizer: &Quantizer,
    block: &mut Coefficients,
) {
    let mut pairs = [[0; 16]; 4];
    for (row, half) in pairs.iter_mut().flat_map(|pair| pair.chunks_exact_mut(8)).enumerate() {
        let from = start + row * stride;
        half.copy_from_slice(&samples[from..from + 8]);
    }
    let pairs = pairs.map(|pair| u8x16::load_array(simd, pair));
    let first = u8x16::splat(simd, samples[start]);
    if pairs.iter().all(|pair| pair.simd_eq(first).all_true()) {
        // All samples are equal, as inside of a letter: only the mean is left.
        let mean = quantizer.quantized(0, 64 * (i32::from(samples[start]) - 128));
        block.values[0] = mean;
        block.nonzero = u64::from(mean != 0);
        return;
    }
    // Vectors now hold columns of samples, so the first pass transforms rows and the second one columns.
    let [a, b, c, d] = transposed_bytes(pairs);
    let columns = [widened(simd, a), widened(simd, b), widened(simd, c), widened(simd, d)];
    let [[c0, c1], [c2, c3], [c4, c5], [c6, c7]] = columns;
    let rows = transposed(pass::<S, false>([c0, c1, c2, c3, c4, c5, c6, c7]));
    let transformed = pass::<S, true>(rows);
    block.nonzero = 0;
    for (index, value) in transformed.iter().enumerate() {
        let range = index * 8..index * 8 + 8;
        let correction = i32x8::from_slice(simd, &quantizer.corrections[range.clone()]);
        let reciprocal = i32x8::from_slice(simd, &quantizer.reciprocals[range.clone()]);
        let quotient = ((value.abs() + correction) * reciprocal) >> RECIPROCAL_BITS;
        // All ones where the value is negative: the two's complement of the quotient.
        let sign = *value >> 31;
        let quotient = (quotient ^ sign) - sign;
        quotient.store_slice(&mut block.values[range]);
        block.nonzero |= !quotient.simd_eq(0).to_bitmask() << 56 >> (56 - index * 8);
    }
}

/// Transposes eight rows of eight, two to a vector. Each round of interleaving the first half with the second moves
/// one bit of the row number behind those of the column number.
#[inline(always)]
fn transposed_bytes<S: Simd>(rows: [u8x16<S>; 4]) -> [u8x16<S>; 4] {
    let mut rows = rows;
    for _ in 0..3 {
        let (a, b) = rows[0].interleave(rows[2]);
        let (c, d) = rows[1].interleave(rows[3]);
        rows = [a, b, c, d];
    }
    rows
}

/// The same for rows of one vector each.
#[inline(always)]
fn transposed<S: Simd>(rows: [i32x8<S>; 8]) -> [i32x8<S>; 8] {
    let mut rows = rows;
    for _ in 0..3 {
        let (a, b) = rows[0].interleave(rows[4]);
        let (c, d) = rows[1].interleave(rows[5]);
        let (e, f) = rows[2].interleave(rows[6]);
        let (g, h) = rows[3].interleave(rows[7]);
        rows = [a, b, c, d, e, f, g, h];
    }
    rows
}

/// Two rows of samples, shifted to be around zero.
#[inline(always)]
fn widened<S: Simd>(simd: S, samples: u8x16<S>) -> [i32x8<S>; 2] {
    let (first, second) = simd.widen_u8x16(samples);
    let row = |samples| {
        let (left, right) = simd.widen_u16x8(samples);
        simd.combine_u32x4(left, right).bitcast::<i32x8<S>>() - 128
    };
    [row(first), row(second)]
}

/// Fractional bits of the constants.
const CONSTANT_BITS: u32 = 13;
/// Fractional bits that the first pass leaves for the second.
const PASS_BITS: u32 = 2;

/// A constant of the transform in fixed point.
const fn fixed(constant: f64) -> i32 {
    (constant * (1 << CONSTANT_BITS) as f64 + 0.5) as i32
}

/// One-dimensional transforms of eight columns. The first pass scales by the square root of eight and adds `PASS_BITS`;
/// the second removes `PASS_BITS` again.
#[inline(always)]
fn pass<S: Simd, const IS_SECOND: bool>(v: [i32x8<S>; 8]) -> [i32x8<S>; 8] {
    let shift = if IS_SECOND { CONSTANT_BITS + PASS_BITS } else { CONSTANT_BITS - PASS_BITS };
    let descaled = |value: i32x8<S>| (value + (1 << (shift - 1))) >> shift;
    let ends = |value: i32x8<S>| {
        if IS_SECOND {
            (value + (1 << (PASS_BITS - 1))) >> PASS_BITS
        } else {
            value << PASS_BITS
        }
    };
    let [sum0, sum1, sum2, sum3] = [v[0] + v[7], v[1] + v[6], v[2] + v[5], v[3] + v[4]];
    let [odd0, odd1, odd2, odd3] = [v[3] - v[4], v[2] - v[5], v[1] - v[6], v[0] - v[7]];

    let (even0, even3) = (sum0 + sum3, sum0 - sum3);
    let (even1, even2) = (sum1 + sum2, sum1 - sum2);
    let turned = (even2 + even3) * fixed(0.541_196_100);

    let (z1, z2) = (odd0 + odd3, odd1 + odd2);
    let (z3, z4) = (odd0 + odd2, odd1 + odd3);
    let z5 = (z3 + z4) * fixed(1.175_875_602);
    let (z1, z2) = (z1 * -fixed(0.899_976_223), z2 * -fixed(2.562_915_447));
    let z3 = z3 * -fixed(1.961_570_560) + z5;
    let z4 = z4 * -fixed(0.390_180_644) + z5;

    [
        ends(even0 + even1),
        descaled(odd3 * fixed(1.501_321_110) + z1 + z4),
        descaled(turned + even3 * fixed(0.765_366_865)),
        descaled(odd2 * fixed(3.072_711_026) + z2 + z3),
        ends(even0 - even1),
        descaled(odd1 * fixed(2.053_119_869) + z2 + z4),
        descaled(turned + even2 * -fixed(1.847_759_065)),
        descaled(odd0 * fixed(0.298_631_336) + z1 + z3),
    ]
}
