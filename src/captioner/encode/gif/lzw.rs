//! LZW as in a GIF, strip by strip, so that a caption compresses only the strips it changes.
//!
//! A clear code may stand anywhere between the codes of a frame, and the codes after it do not depend on those before.
//! So each strip is compressed on its own, and the codes of all strips are joined bit by bit, with a clear code before
//! each strip and one end code after the last.

use weezl::encode::Encoder;
use weezl::BitOrder;

/// Pixels of a strip. In a photograph, the table of codes is full and is cleared after about as many pixels anyway, so
/// strips add only 1 % to a file; and compressing one takes less than a millisecond.
pub const STRIP: usize = 1 << 13;

/// Bits of the widest code.
const WIDEST: u32 = 12;

/// The minimum code size of a frame with indices up to that one: the bits of the index, but at least two.
pub fn code_size(highest: u8) -> u8 {
    (8 - highest.leading_zeros() as u8).max(2)
}

/// A compressed strip.
pub struct Strip {
    /// A clear code and the codes of the pixels, filled up to words of four bytes.
    bytes: Vec<u8>,
    /// How many bits of `bytes` are codes.
    bits: usize,
    /// Bits of the code that comes after them.
    next_width: u32,
}

impl Strip {
    /// Compresses indices, at least one, each below 2 to the power of `code_size`.
    pub fn compress(indices: &[u8], code_size: u8) -> Strip {
        let mut bytes = Vec::with_capacity(indices.len());
        let written = Encoder::new(BitOrder::Lsb, code_size).into_vec(&mut bytes).encode_all(indices);
        written.status.expect("each index has code_size bits");
        // The last code is the end code, clear code plus one: its highest bit is the last bit that is set.
        let last = bytes.iter().rposition(|&byte| byte != 0).expect("an end code is not zero");
        let end = last * 8 + bytes[last].ilog2() as usize;
        let bits = end - usize::from(code_size);
        bytes.resize(bits.div_ceil(32) * 4, 0);
        bytes.shrink_to_fit();
        Strip { bytes, bits, next_width: next_width(bits, u32::from(code_size)) }
    }
}

/// The width of the code that follows so many bits of codes, which begin with a clear code.
///
/// Every code adds an entry to a table that begins with one for each index, and each time the table has doubled, codes
/// become one bit wider. When it is full, there is a clear code and everything begins again.
fn next_width(bits: usize, code_size: u32) -> u32 {
    let mut left = bits - (code_size as usize + 1);
    loop {
        let mut codes = (1 << code_size) - 1;
        for width in code_size + 1..=WIDEST {
            if left < codes * width as usize {
                return width;
            }
            left -= codes * width as usize;
            codes = 1 << width;
        }
        if left == 0 {
            return WIDEST;
        }
        left -= WIDEST as usize;
    }
}

/// Joins the codes of several strips.
pub struct Codes {
    code_size: u8,
    bytes: Vec<u8>,
    /// Bits that do not fill four bytes yet, and how many.
    pending: u64,
    count: u32,
    next_width: u32,
}

impl Codes {
    /// No codes yet. All strips must have this `code_size`.
    pub fn new(code_size: u8) -> Codes {
        Codes {
            code_size,
            bytes: vec![code_size],
            pending: 0,
            count: 0,
            next_width: u32::from(code_size) + 1,
        }
    }

    /// Appends a strip.
    pub fn append(&mut self, strip: &Strip) {
        self.push(1 << self.code_size, self.next_width);
        // Without its own clear code, which has another width.
        let mut skipped = u32::from(self.code_size) + 1;
        let mut left = strip.bits;
        self.bytes.reserve(strip.bytes.len());
        for &word in strip.bytes.as_chunks().0 {
            let count = left.min(32);
            self.push(u32::from_le_bytes(word) >> skipped, count as u32 - skipped);
            left -= count;
            skipped = 0;
        }
        self.next_width = strip.next_width;
    }

    /// The minimum code size, then all codes: what `write_lzw_pre_encoded_frame` takes.
    pub fn finish(mut self) -> Vec<u8> {
        self.push((1 << self.code_size) + 1, self.next_width);
        let left = self.count.div_ceil(8) as usize;
        self.bytes.extend_from_slice(&self.pending.to_le_bytes()[..left]);
        self.bytes
    }

    /// The lowest `count` bits, at most 32.
    fn push(&mut self, bits: u32, count: u32) {
        let bits = u64::from(bits) & ((1 << count) - 1);
        self.pending |= bits << self.count;
        self.count += count;
        if self.count >= 32 {
            self.bytes.extend_from_slice(&(self.pending as u32).to_le_bytes());
            self.pending >>= 32;
            self.count -= 32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{code_size, Codes, Strip};
    use weezl::decode::Decoder;
    use weezl::BitOrder;

    /// Pixels that do not compress, none above `highest`.
    fn noise(count: usize, highest: u8) -> Vec<u8> {
        let mut state = count as u32 + 1;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 16) % (u32::from(highest) + 1)) as u8
        };
        let mut pixels: Vec<u8> = (0..count).map(|_| next()).collect();
        pixels[0] = highest;
        pixels
    }

    fn assert_decodes(strips: &[&[u8]], code_size: u8) {
        let mut codes = Codes::new(code_size);
        for strip in strips {
            codes.append(&Strip::compress(strip, code_size));
        }
        let bytes = codes.finish();
        assert_eq!(bytes[0], code_size);
        let decoded = Decoder::new(BitOrder::Lsb, code_size).decode(&bytes[1..]).unwrap();
        let lengths: Vec<_> = strips.iter().map(|strip| strip.len()).collect();
        assert!(decoded == strips.concat(), "strips of {:?} pixels of {} bits", lengths, code_size);
    }

    #[test]
    fn strips_of_any_length_and_any_number_of_colors_decode_to_their_pixels() {
        for &highest in &[1, 3, 4, 15, 16, 127, 128, 255] {
            let pixels = noise(20_000, highest);
            let size = code_size(highest);
            for &length in &[1, 2, 3, 1000, 3838, 9999, 20_000] {
                assert_decodes(&pixels.chunks(length).collect::<Vec<_>>(), size);
            }
        }
    }

    #[test]
    fn the_code_after_a_strip_has_the_right_width_wherever_the_strip_ends() {
        for size in 2..=8u8 {
            let colors = 1 << size;
            let pixels = noise(8200, (colors - 1) as u8);
            // The first code is two past the colors. Around each number of codes at which they become wider, or the
            // table is full.
            for around in (size + 1..=12).map(|width| (1usize << width) - colors - 1) {
                for length in around.saturating_sub(4).max(1)..around + 8 {
                    assert_decodes(&[&pixels[..length], &pixels[length..]], size);
                }
            }
        }
    }

    #[test]
    fn the_code_size_is_that_of_the_highest_index() {
        let sizes: Vec<_> = [0, 3, 4, 127, 128].iter().map(|&highest| code_size(highest)).collect();
        assert_eq!(sizes, [2, 2, 3, 7, 8]);
    }
}
