//! Writes quantised blocks as the Huffman codes of a scan.

use std::ops::Range;

use super::block::Coefficients;

/// The codes of one Huffman table, by symbol.
pub struct HuffmanTable([Code; 256]);

#[derive(Clone, Copy, Default)]
struct Code {
    bits: u32,
    length: u32,
}

impl HuffmanTable {
    /// From a table as in a file: how many codes there are of each length from 1 to 16 bits, then their symbols. Codes
    /// count upwards, and a zero is appended when they become longer.
    pub fn new(counts: &[u8], symbols: &[u8]) -> HuffmanTable {
        let mut codes = [Code::default(); 256];
        let mut symbols = symbols.iter();
        let mut bits = 0;
        for (length, &count) in (1..).zip(counts) {
            for &symbol in symbols.by_ref().take(usize::from(count)) {
                codes[usize::from(symbol)] = Code { bits, length };
                bits += 1;
            }
            bits <<= 1;
        }
        HuffmanTable(codes)
    }
}

/// Writes bits, the most significant bit of a byte first, without the zeros that must follow bytes of FF in a file.
#[derive(Default)]
pub struct BitWriter {
    bytes: Vec<u8>,
    /// Its lowest `count` bits are not in `bytes` yet.
    pending: u64,
    count: u32,
}

/// The most bytes of a block: 64 coefficients of 27 bits.
const LARGEST_BLOCK: usize = 256;
/// Bytes after the bits of a finished writer, so that eight can be read at once from any of its own.
const SPARE: usize = 8;
/// End of block, and a run of sixteen zeros.
const END_OF_BLOCK: usize = 0x00;
const ZERO_RUN: usize = 0xf0;

impl BitWriter {
    /// How many bits are written.
    pub fn position(&self) -> usize {
        self.bytes.len() * 8 + self.count as usize
    }

    /// Writes a block; `predictor` is the DC coefficient of the one before it, of the same component.
    #[inline(always)]
    pub fn block(&mut self, block: &Coefficients, predictor: i32, dc: &HuffmanTable, ac: &HuffmanTable) {
        self.bytes.reserve(LARGEST_BLOCK);
        for_each_symbol(block, predictor, |Symbol { is_dc, code, size, bits }| {
            let table = if is_dc { dc } else { ac };
            self.coefficient(table.0[code & 0xff], size, bits);
        });
    }

    /// Writes a range of the bits of a finished writer.
    pub fn copy(&mut self, bits: &[u8], range: Range<usize>) {
        let mut position = range.start;
        while position < range.end {
            let mut word = [0; 8];
            word.copy_from_slice(&bits[position / 8..position / 8 + 8]);
            let word = (u64::from_be_bytes(word) << (position % 8) >> 32) as u32;
            let count = (range.end - position).min(32) as u32;
            self.write(word >> (32 - count), count);
            position += count as usize;
        }
    }

    /// Fills the last byte with ones, as must be before a marker, and returns the bits.
    pub fn finish(mut self) -> Vec<u8> {
        let missing = (8 - self.count % 8) % 8;
        self.write((1 << missing) - 1, missing);
        while self.count > 0 {
            self.count -= 8;
            self.bytes.push((self.pending >> self.count) as u8);
        }
        self.bytes.extend_from_slice(&[0; SPARE]);
        self.bytes
    }

    /// A code and the bits of a value after it, 27 bits at most.
    #[inline(always)]
    fn coefficient(&mut self, code: Code, size: u32, bits: u32) {
        self.write(code.bits << size | bits, code.length + size);
    }

    /// At most 32 bits, so that they fit behind the pending ones, which are fewer.
    #[inline(always)]
    fn write(&mut self, bits: u32, count: u32) {
        self.pending = self.pending << count | u64::from(bits);
        self.count += count;
        if self.count >= 32 {
            self.count -= 32;
            let word = (self.pending >> self.count) as u32;
            self.bytes.extend_from_slice(&word.to_be_bytes());
        }
    }
}

/// A symbol of a block, and the bits of a value after its code.
pub struct Symbol {
    /// Whether its code is one for DC coefficients.
    pub is_dc: bool,
    /// Its number in the table, below 256.
    pub code: usize,
    size: u32,
    bits: u32,
}

/// Calls `each` with the symbols of a block, in their order.
#[inline(always)]
pub fn for_each_symbol<F: FnMut(Symbol)>(block: &Coefficients, predictor: i32, mut each: F) {
    let (size, bits) = magnitude(block.values[0] - predictor);
    each(Symbol { is_dc: true, code: size as usize, size, bits });
    let mut each = |code: usize, size, bits| each(Symbol { is_dc: false, code, size, bits });
    // The AC coefficients come in zigzag order.
    let mut left = in_zigzag_order(block.nonzero) & !1;
    let mut last = 0;
    while left != 0 {
        let position = left.trailing_zeros() as usize & 63;
        left &= left - 1;
        let mut zeros = position - last - 1;
        last = position;
        while zeros > 15 {
            each(ZERO_RUN, 0, 0);
            zeros -= 16;
        }
        let (size, bits) = magnitude(block.values[usize::from(ZIGZAG[position]) & 63]);
        each(zeros << 4 | size as usize, size, bits);
    }
    if last != 63 {
        each(END_OF_BLOCK, 0, 0);
    }
}

/// Appends the bits of a finished writer to a file, with a zero after each byte of FF, which would begin a marker
/// otherwise.
pub fn stuff(bits: &[u8], file: &mut Vec<u8>) {
    for piece in bits[..bits.len() - SPARE].split_inclusive(|&byte| byte == 0xff) {
        file.extend_from_slice(piece);
        if piece.ends_with(&[0xff]) {
            file.push(0);
        }
    }
}

/// How many bits a value takes, and these bits; for a negative value, those of the value minus one.
#[inline(always)]
fn magnitude(value: i32) -> (u32, u32) {
    let size = 32 - value.unsigned_abs().leading_zeros();
    let bits = (value + (value >> 31)) as u32 & ((1 << size) - 1);
    (size, bits)
}

/// The index in a row-by-row block of the coefficient at each position of a file.
pub const ZIGZAG: [u8; 64] = zigzag();

const fn zigzag() -> [u8; 64] {
    let mut order = [0; 64];
    let (mut x, mut y) = (0, 0);
    let mut position = 0;
    while position < 64 {
        order[position] = 8 * y + x;
        // Up and right on even diagonals, down and left on odd ones; along the edge where there is one.
        let goes_up = (x + y) % 2 == 0;
        match (goes_up, x, y) {
            (true, 7, _) => y += 1,
            (true, _, 0) => x += 1,
            (true, _, _) => {
                x += 1;
                y -= 1;
            }
            (false, _, 7) => x += 1,
            (false, 0, _) => y += 1,
            (false, _, _) => {
                x -= 1;
                y += 1;
            }
        }
        position += 1;
    }
    order
}

/// For each byte of a row-by-row mask of a block, the same mask in zigzag order.
static IN_ZIGZAG_ORDER: [[u64; 256]; 8] = masks();

const fn masks() -> [[u64; 256]; 8] {
    let mut masks = [[0; 256]; 8];
    let mut position = 0;
    while position < 64 {
        let place = ZIGZAG[position] as usize;
        let mut byte = 0;
        while byte < 256 {
            if byte >> (place % 8) & 1 == 1 {
                masks[place / 8][byte] |= 1 << position;
            }
            byte += 1;
        }
        position += 1;
    }
    masks
}

#[inline(always)]
fn in_zigzag_order(mask: u64) -> u64 {
    let bytes = mask.to_le_bytes();
    IN_ZIGZAG_ORDER.iter().zip(&bytes).fold(0, |order, (masks, &byte)| order | masks[usize::from(byte)])
}
