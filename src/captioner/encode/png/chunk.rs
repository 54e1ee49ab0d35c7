//! The chunks of a PNG file, and the checksum of its stream.

use captioner::file::indexed::Rgba;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
pub const IDAT: &[u8; 4] = b"IDAT";
/// The last block of a deflate stream: stored, without bytes.
const LAST_BLOCK: &[u8] = &[1, 0, 0, 0xff, 0xff];
/// The checksum of no bytes.
pub const ADLER_OF_NOTHING: u32 = 1;

/// What the pixels of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Levels of gray of that many bits.
    Gray(u8),
    /// Indices of that many bits.
    Palette(u8),
    /// Gray and alpha.
    GrayAlpha,
    /// Red, green and blue.
    Rgb,
    /// And alpha.
    Rgba,
}

impl Kind {
    /// Bits of a pixel.
    pub fn bits(self) -> usize {
        match self {
            Kind::Gray(depth) | Kind::Palette(depth) => usize::from(depth),
            Kind::GrayAlpha => 16,
            Kind::Rgb => 24,
            Kind::Rgba => 32,
        }
    }

    /// Bytes of a row of that many pixels.
    pub fn row(self, width: u32) -> usize {
        (width as usize * self.bits()).div_ceil(8)
    }

    /// A file up to its pixels. `table`: the palette, or the levels of gray, one of which may be transparent.
    pub fn head(self, (width, height): (u32, u32), table: &[Rgba]) -> Vec<u8> {
        let (color_type, depth) = match self {
            Kind::Gray(depth) => (0, depth),
            Kind::Rgb => (2, 8),
            Kind::Palette(depth) => (3, depth),
            Kind::GrayAlpha => (4, 8),
            Kind::Rgba => (6, 8),
        };
        let mut file = SIGNATURE.to_vec();
        let (width, height) = (width.to_be_bytes(), height.to_be_bytes());
        write_chunk(&mut file, b"IHDR", &[&width, &height, &[depth, color_type, 0, 0, 0]]);
        match self {
            Kind::Gray(_) => {
                if let Some(level) = table.iter().position(|color| color[3] == 0) {
                    write_chunk(&mut file, b"tRNS", &[&(level as u16).to_be_bytes()]);
                }
            }
            Kind::Palette(_) => {
                let colors: Vec<u8> = table.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect();
                write_chunk(&mut file, b"PLTE", &[&colors]);
                let alphas = table.iter().rposition(|color| color[3] < 255).map_or(0, |last| last + 1);
                if alphas > 0 {
                    let alphas: Vec<u8> = table[..alphas].iter().map(|color| color[3]).collect();
                    write_chunk(&mut file, b"tRNS", &[&alphas]);
                }
            }
            Kind::GrayAlpha | Kind::Rgb | Kind::Rgba => {}
        }
        file
    }
}

/// The Adler-32 of some bytes followed by `length` others, from those of both.
pub fn adler_of_both(first: u32, second: u32, length: usize) -> u32 {
    const MODULUS: u64 = 65521;
    let halves = |adler: u32| (u64::from(adler & 0xffff), u64::from(adler >> 16));
    let ((first_sum, first_sums), (second_sum, second_sums)) = (halves(first), halves(second));
    // The low half is one plus the sum of the bytes, the high one the sum of the low ones after each byte.
    let before = first_sum + MODULUS - 1;
    let sum = (before + second_sum) % MODULUS;
    let sums = (first_sums + second_sums + length as u64 % MODULUS * (before % MODULUS)) % MODULUS;
    (sums << 16 | sum) as u32
}

/// Appends a chunk to a file.
fn write_chunk(file: &mut Vec<u8>, kind: &[u8; 4], parts: &[&[u8]]) {
    let start = begin_chunk(file, kind);
    parts.iter().for_each(|part| file.extend_from_slice(part));
    finish_chunk(file, start);
}

/// Begins a chunk, and returns where.
pub fn begin_chunk(file: &mut Vec<u8>, kind: &[u8; 4]) -> usize {
    let start = file.len();
    file.extend_from_slice(&[0; 4]);
    file.extend_from_slice(kind);
    start
}

/// Sets the length of the chunk that begins at `start`, and adds its checksum.
pub fn finish_chunk(file: &mut Vec<u8>, start: usize) {
    let length = (file.len() - start - 8) as u32;
    file[start..start + 4].copy_from_slice(&length.to_be_bytes());
    let checksum = ::crc32fast::hash(&file[start + 4..]);
    file.extend_from_slice(&checksum.to_be_bytes());
}

/// What is in a whole chunk.
pub fn content(chunk: &[u8]) -> &[u8] {
    &chunk[8..chunk.len() - 4]
}

/// Appends what follows the last band.
pub fn write_end(file: &mut Vec<u8>, adler: u32) {
    write_chunk(file, IDAT, &[LAST_BLOCK, &adler.to_be_bytes()]);
    write_chunk(file, b"IEND", &[]);
}
