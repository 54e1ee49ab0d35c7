//! Compresses one strip of a JPEG: a row of MCUs, the bits between two restart markers.

use std::iter;
use std::mem;
use std::ops::Range;

use fearless_simd::{dispatch, Level, Simd};

use super::block::{transform, Coefficients};
use super::chroma::{Block, Chroma};
use super::entropy::BitWriter;
use super::tables::{mcu_of, Tables};
use captioner::file::jpeg::kind::Sampling;
use image_macro::Color;

/// The most pixels of an MCU.
const LARGEST: usize = 16 * 16;

/// Rows of pixels, as high as an MCU, to be drawn on and then compressed. Reused for the next strip.
pub struct Strip {
    /// Red, green and blue, each in rows of `stride`.
    pub planes: [Vec<u8>; 3],
    /// Samples in a row: the width of the picture, rounded up to whole MCUs.
    pub stride: usize,
    sampling: Sampling,
    /// Pixels of an MCU, across and down.
    mcu: (usize, usize),
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

/// What a strip is compressed with.
#[derive(Clone, Copy)]
pub struct Coding<'a> {
    /// The tables.
    pub tables: &'a Tables,
    /// The chroma of the template, if its samples are not the means of pixels.
    pub chroma: Option<&'a Chroma>,
    /// The number of the strip's first MCU in the picture.
    pub first: usize,
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
    pub fn new(width: usize, sampling: Sampling) -> Strip {
        let mcu = mcu_of(sampling);
        let stride = width.div_ceil(mcu.0) * mcu.0;
        let plane = || vec![0; stride * mcu.1];
        Strip {
            planes: [plane(), plane(), plane()],
            stride,
            sampling,
            mcu,
            writer: BitWriter::default(),
            block: Coefficients::new(),
            predictors: [0; 3],
        }
    }

    /// Copies rows of a picture, as many as an MCU has at most, from planes of `width`.
    pub fn load(&mut self, planes: &[Vec<u8>; 3], width: usize, rows: &Range<usize>) {
        for (to, from) in self.planes.iter_mut().zip(planes) {
            let rows = from[rows.start * width..rows.end * width].chunks_exact(width);
            for (to, from) in to.chunks_exact_mut(self.stride).zip(rows) {
                to[..width].copy_from_slice(from);
            }
        }
    }

    /// Gives all of it one color.
    pub fn fill(&mut self, Color { r, g, b }: Color) {
        self.planes.iter_mut().zip(&[r, g, b]).for_each(|(plane, &channel)| plane.fill(channel));
    }

    /// Compresses it as a picture of `width` by `height` pixels.
    pub fn compress(&mut self, width: usize, height: usize, coding: &Coding) -> Compressed {
        self.pad(width, height);
        self.predictors = [0; 3];
        let mut places = Vec::with_capacity(self.mcus() + 1);
        for mcu in 0..self.mcus() {
            places.push(self.place());
            dispatch!(Level::new(), simd => self.compress_mcu(simd, mcu, coding));
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
        coding: &Coding,
        template: &Compressed,
        is_drawn: &[bool],
    ) -> Vec<u8> {
        self.pad(width, height);
        self.predictors = [0; 3];
        let mut mcu = 0;
        while mcu < is_drawn.len() {
            let start = &template.places[mcu];
            if is_drawn[mcu] || start.predictors.map(i32::from) != self.predictors {
                dispatch!(Level::new(), simd => self.compress_mcu(simd, mcu, coding));
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

    /// The means of the chroma of each MCU, for a picture whose chroma is sampled.
    pub fn means(&mut self, width: usize, height: usize, means: &mut Vec<[Block; 2]>) {
        self.pad(width, height);
        for mcu in 0..self.mcus() {
            means.push(match self.sampling {
                Sampling::Half => self.chroma_of::<16, 16>(mcu),
                _ => self.chroma_of::<16, 8>(mcu),
            });
        }
    }

    fn chroma_of<const W: usize, const H: usize>(&self, mcu: usize) -> [Block; 2] {
        let [_, cb, cr] = self.ycbcr::<W, H>(mcu);
        [subsampled::<W, H>(&cb), subsampled::<W, H>(&cr)]
    }

    /// How many there are.
    fn mcus(&self) -> usize {
        self.stride / self.mcu.0
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
            for row in height..self.mcu.1 {
                plane.copy_within((height - 1) * stride..height * stride, row * stride);
            }
        }
    }

    #[inline(always)]
    fn compress_mcu<S: Simd>(&mut self, simd: S, mcu: usize, coding: &Coding) {
        match self.sampling {
            Sampling::Gray => {
                // Luma is red, green and blue alike.
                let Coding { tables, .. } = *coding;
                transform(
                    simd,
                    &self.planes[0],
                    mcu * 8,
                    self.stride,
                    &tables.luma.quantizer,
                    &mut self.block,
                );
                self.writer.block(&self.block, self.predictors[0], &tables.luma.dc, &tables.luma.ac);
                self.predictors[0] = self.block.values[0];
            }
            Sampling::Full => self.compress_color::<S, 8, 8>(simd, mcu, coding),
            Sampling::HalfAcross => self.compress_color::<S, 16, 8>(simd, mcu, coding),
            Sampling::Half => self.compress_color::<S, 16, 16>(simd, mcu, coding),
        }
    }

    /// Compresses an MCU of that many pixels across and down.
    #[inline(always)]
    fn compress_color<S: Simd, const W: usize, const H: usize>(
        &mut self,
        simd: S,
        mcu: usize,
        coding: &Coding,
    ) {
        let [luma, cb, cr] = self.ycbcr::<W, H>(mcu);
        let Coding { tables, chroma, first } = *coding;
        for block in 0..W * H / 64 {
            let start = block / (W / 8) * 8 * W + block % (W / 8) * 8;
            transform(simd, &luma, start, W, &tables.luma.quantizer, &mut self.block);
            self.writer.block(&self.block, self.predictors[0], &tables.luma.dc, &tables.luma.ac);
            self.predictors[0] = self.block.values[0];
        }
        let components = iter::zip([cb, cr], &mut self.predictors[1..]);
        for (component, (samples, predictor)) in components.enumerate() {
            let mut subsampled = subsampled::<W, H>(&samples);
            if let Some(chroma) = chroma {
                chroma.refine(first + mcu, component, &mut subsampled);
            }
            transform(simd, &subsampled, 0, 8, &tables.chroma.quantizer, &mut self.block);
            self.writer.block(&self.block, *predictor, &tables.chroma.dc, &tables.chroma.ac);
            *predictor = self.block.values[0];
        }
    }

    /// The samples of an MCU in rows of `W`, before they are subsampled.
    #[inline(always)]
    fn ycbcr<const W: usize, const H: usize>(&self, mcu: usize) -> [[u8; LARGEST]; 3] {
        let (x, stride) = (mcu * W, self.stride);
        let mut ycbcr = [[0; LARGEST]; 3];
        let [ref red, ref green, ref blue] = self.planes;
        let [ref mut luma, ref mut cb, ref mut cr] = ycbcr;
        for row in 0..H {
            let from = row * stride + x..row * stride + x + W;
            let to = row * W..(row + 1) * W;
            let to = [&mut luma[to.clone()], &mut cb[to.clone()], &mut cr[to]];
            to_ycbcr::<W>([&red[from.clone()], &green[from.clone()], &blue[from]], to);
        }
        ycbcr
    }
}

/// Converts RGB to YCbCr by the matrix of ITU-R BT.601 in full range, in fixed point with sixteen fractional bits.
#[inline(always)]
fn to_ycbcr<const W: usize>([red, green, blue]: [&[u8]; 3], [luma, cb, cr]: [&mut [u8]; 3]) {
    const HALF: i32 = 0x7fff;
    const MIDDLE: i32 = 128 << 16;
    for x in 0..W {
        let (r, g, b) = (i32::from(red[x]), i32::from(green[x]), i32::from(blue[x]));
        luma[x] = ((19_595 * r + 38_470 * g + 7_471 * b + HALF) >> 16) as u8;
        cb[x] = ((-11_059 * r - 21_709 * g + 32_768 * b + MIDDLE + HALF) >> 16) as u8;
        cr[x] = ((32_768 * r - 27_439 * g - 5_329 * b + MIDDLE + HALF) >> 16) as u8;
    }
}

/// Averages the samples that become one: `W` by `H` of them become eight by eight. Halves are rounded down and up in turns,
/// as in libjpeg.
#[inline(always)]
fn subsampled<const W: usize, const H: usize>(samples: &[u8; LARGEST]) -> Block {
    let mut subsampled = [0; 64];
    for (rows, to) in samples.chunks_exact(W * H / 8).zip(subsampled.chunks_exact_mut(8)) {
        let (above, below) = (&rows[..W], &rows[rows.len() - W..]);
        if W == 8 {
            to.copy_from_slice(above);
            continue;
        }
        for x in 0..8 {
            let pair = |row: &[u8]| u16::from(row[2 * x]) + u16::from(row[2 * x + 1]);
            let bias = x as u16 & 1;
            to[x] = match H {
                8 => ((pair(above) + bias) >> 1) as u8,
                _ => ((pair(above) + pair(below) + 1 + bias) >> 2) as u8,
            };
        }
    }
    subsampled
}
