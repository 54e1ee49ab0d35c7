//! Compresses one strip of a JPEG: sixteen rows of pixels, the bits between two restart markers.

use std::iter;
use std::mem;
use std::ops::Range;

use fearless_simd::{dispatch, Level, Simd};

use super::block::{transform, Coefficients};
use super::entropy::BitWriter;
use super::tables::{Tables, MCU};

/// Sixteen rows of pixels, to be drawn on and then compressed. Reused for the next strip.
pub struct Strip {
    /// Red, green and blue, each in rows of `stride`.
    pub planes: [Vec<u8>; 3],
    /// Samples in a row: the width of the picture, rounded up to whole MCUs.
    pub stride: usize,
    writer: BitWriter,
    block: Coefficients,
    /// The DC coefficient of the last block of each component.
    predictors: [i32; 3],
}

/// A strip of the template, compressed.
pub struct Compressed {
    /// Without the zeros that follow bytes of FF in a file.
    pub bits: Vec<u8>,
    /// Of each MCU, and of the end.
    places: Vec<Place>,
}

/// Where an MCU begins, and the DC predictors there.
struct Place {
    bit: u32,
    predictors: [i16; 3],
}

impl Compressed {
    /// How many bytes of memory it takes.
    pub fn weight(&self) -> usize {
        self.bits.len() + self.places.len() * mem::size_of::<Place>()
    }
}

impl Strip {
    /// For a picture of that width in pixels.
    pub fn new(width: usize) -> Strip {
        let stride = width.div_ceil(MCU) * MCU;
        let plane = || vec![0; stride * MCU];
        Strip {
            planes: [plane(), plane(), plane()],
            stride,
            writer: BitWriter::default(),
            block: Coefficients::new(),
            predictors: [0; 3],
        }
    }

    /// Copies rows of a picture, sixteen at most, from planes of `width`.
    pub fn load(&mut self, planes: &[Vec<u8>; 3], width: usize, rows: &Range<usize>) {
        for (to, from) in self.planes.iter_mut().zip(planes) {
            let rows = from[rows.start * width..rows.end * width].chunks_exact(width);
            for (to, from) in to.chunks_exact_mut(self.stride).zip(rows) {
                to[..width].copy_from_slice(from);
            }
        }
    }

    /// Compresses it as a picture of `width` by `height` pixels.
    pub fn compress(&mut self, width: usize, height: usize, tables: &Tables) -> Compressed {
        self.pad(width, height);
        self.predictors = [0; 3];
        let mut places = Vec::with_capacity(self.stride / MCU + 1);
        for mcu in 0..self.stride / MCU {
            places.push(self.place());
            dispatch!(Level::new(), simd => self.compress_mcu(simd, mcu, tables));
        }
        places.push(self.place());
        let mut bits = mem::take(&mut self.writer).finish();
        bits.shrink_to_fit();
        Compressed { bits, places }
    }

    /// The bits of a strip that was drawn on. An MCU without ink is copied from the template's strip, unless its DC
    /// predictor has changed.
    pub fn compress_drawn(
        &mut self,
        width: usize,
        height: usize,
        tables: &Tables,
        template: &Compressed,
        is_drawn: &[bool],
    ) -> Vec<u8> {
        self.pad(width, height);
        self.predictors = [0; 3];
        let mut mcu = 0;
        while mcu < is_drawn.len() {
            let start = &template.places[mcu];
            if is_drawn[mcu] || start.predictors.map(i32::from) != self.predictors {
                dispatch!(Level::new(), simd => self.compress_mcu(simd, mcu, tables));
                mcu += 1;
                continue;
            }
            mcu += is_drawn[mcu..].iter().take_while(|&&is_drawn| !is_drawn).count();
            let end = &template.places[mcu];
            self.writer.copy(&template.bits, start.bit as usize..end.bit as usize);
            self.predictors = end.predictors.map(i32::from);
        }
        mem::take(&mut self.writer).finish()
    }

    fn place(&self) -> Place {
        // A DC coefficient has twelve bits.
        Place { bit: self.writer.position() as u32, predictors: self.predictors.map(|value| value as i16) }
    }

    /// Repeats the last column and the last row up to the ends of their MCUs.
    fn pad(&mut self, width: usize, height: usize) {
        let stride = self.stride;
        for plane in &mut self.planes {
            for row in plane.chunks_exact_mut(stride).take(height) {
                let last = row[width - 1];
                row[width..].iter_mut().for_each(|sample| *sample = last);
            }
            for row in height..MCU {
                plane.copy_within((height - 1) * stride..height * stride, row * stride);
            }
        }
    }

    #[inline(always)]
    fn compress_mcu<S: Simd>(&mut self, simd: S, mcu: usize, tables: &Tables) {
        let (x, stride) = (mcu * MCU, self.stride);
        let mut ycbcr = [[0; MCU * MCU]; 3];
        let [ref red, ref green, ref blue] = self.planes;
        let [ref mut luma, ref mut cb, ref mut cr] = ycbcr;
        for row in 0..MCU {
            let from = row * stride + x..row * stride + x + MCU;
            let to = row * MCU..(row + 1) * MCU;
            let to = [&mut luma[to.clone()], &mut cb[to.clone()], &mut cr[to]];
            to_ycbcr([&red[from.clone()], &green[from.clone()], &blue[from]], to);
        }
        for &start in &[0, 8, 8 * MCU, 8 * MCU + 8] {
            transform(simd, luma, start, MCU, &tables.luma.quantizer, &mut self.block);
            self.writer.block(&self.block, self.predictors[0], &tables.luma.dc, &tables.luma.ac);
            self.predictors[0] = self.block.values[0];
        }
        for (chroma, predictor) in iter::zip([cb, cr], &mut self.predictors[1..]) {
            let subsampled = subsampled(chroma);
            transform(simd, &subsampled, 0, 8, &tables.chroma.quantizer, &mut self.block);
            self.writer.block(&self.block, *predictor, &tables.chroma.dc, &tables.chroma.ac);
            *predictor = self.block.values[0];
        }
    }
}

/// Converts RGB to YCbCr by the matrix of ITU-R BT.601 in full range, in fixed point with sixteen fractional bits.
#[inline(always)]
fn to_ycbcr([red, green, blue]: [&[u8]; 3], [luma, cb, cr]: [&mut [u8]; 3]) {
    const HALF: i32 = 0x7fff;
    const MIDDLE: i32 = 128 << 16;
    for x in 0..MCU {
        let (r, g, b) = (i32::from(red[x]), i32::from(green[x]), i32::from(blue[x]));
        luma[x] = ((19_595 * r + 38_470 * g + 7_471 * b + HALF) >> 16) as u8;
        cb[x] = ((-11_059 * r - 21_709 * g + 32_768 * b + MIDDLE + HALF) >> 16) as u8;
        cr[x] = ((32_768 * r - 27_439 * g - 5_329 * b + MIDDLE + HALF) >> 16) as u8;
    }
}

/// Averages squares of two by two samples. Halves are rounded down and up in turns, as in libjpeg.
#[inline(always)]
fn subsampled(samples: &[u8; MCU * MCU]) -> [u8; 64] {
    let mut subsampled = [0; 64];
    for (rows, to) in samples.chunks_exact(2 * MCU).zip(subsampled.chunks_exact_mut(8)) {
        let (above, below) = rows.split_at(MCU);
        for x in 0..8 {
            let pair = |row: &[u8]| u16::from(row[2 * x]) + u16::from(row[2 * x + 1]);
            to[x] = ((pair(above) + pair(below) + 1 + (x as u16 & 1)) >> 2) as u8;
        }
    }
    subsampled
}
