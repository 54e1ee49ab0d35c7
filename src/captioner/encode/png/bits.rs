//! Writing bits in deflate's order: the lowest bit of a byte first.

use super::huffman::Code;

/// Writes bits into a buffer that is large enough, with at least eight bytes to spare.
pub struct BitWriter<'a> {
    buffer: &'a mut [u8],
    /// Bytes that are complete.
    position: usize,
    /// Its lowest `count` bits, fewer than eight, are those of the byte that is not complete. The others are zeros.
    pending: u64,
    count: u32,
}

impl<'a> BitWriter<'a> {
    /// Begins at a byte of the buffer.
    #[inline(always)]
    pub fn new(buffer: &'a mut [u8], position: usize) -> BitWriter<'a> {
        BitWriter { buffer, position, pending: 0, count: 0 }
    }

    /// Writes a code.
    #[inline(always)]
    pub fn code(&mut self, code: Code) {
        self.write(code.bits(), code.length());
    }

    /// Writes the lowest `count` bits of `bits`, at most 56, so that they fit behind those that are pending. The other
    /// bits must be zeros.
    #[inline(always)]
    pub fn write(&mut self, bits: u64, count: u32) {
        self.pending |= bits << self.count;
        self.count += count;
        self.buffer[self.position..self.position + 8].copy_from_slice(&self.pending.to_le_bytes());
        self.position += (self.count / 8) as usize;
        self.pending >>= self.count & 0x38;
        self.count %= 8;
    }

    /// Completes the last byte with zeros.
    #[inline(always)]
    pub fn pad(&mut self) {
        self.write(0, (8 - self.count) % 8);
    }

    /// Where the first byte that is not complete is.
    #[inline(always)]
    pub fn position(&self) -> usize {
        self.position
    }

    /// The bits of that byte.
    pub fn pending(&self) -> Code {
        Code::new(self.pending as u32, self.count)
    }
}
