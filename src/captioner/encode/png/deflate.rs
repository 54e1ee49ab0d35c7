//! Deflate for photos: filtered rows to blocks that share one Huffman code.
//!
//! Deflate lets every block define a code of its own. Here a template has one code, made from how often each byte
//! occurs in it, and each of its blocks defines that one. So a caption counts nothing; and since every byte has a code,
//! it can compress whatever the text does. The only repetitions that are looked for are runs of zeros: the filters
//! turn areas of one color into them, such as the inside of a letter.

use fearless_simd::{dispatch, Level, Simd};

use super::bits::BitWriter;
use super::header::write_header;
use super::huffman::{self, Code};
use super::runs::{split, symbol_of, Histogram, Sink, END, LONGEST_RUN, SHORTEST_RUN, SYMBOLS};

/// The longest code, in bits. Four of them must fit into a word behind the seven bits that may be pending.
const LONGEST: u8 = 12;
/// Every symbol is taken to occur at least once in so many: a text brings bytes that the template does not have.
const EXPECTED_ONCE_IN: u64 = 8192;
/// A stored block of no bytes, from the byte after its first bits.
pub const EMPTY_BLOCK: &[u8] = &[0, 0, 0xff, 0xff];

/// The Huffman code of a template, ready to be written.
pub struct Codes {
    literals: [Code; 256],
    /// For runs of zeros, by length: the symbol, its extra bits, and the distance.
    runs: [Code; LONGEST_RUN + 1],
    end: Code,
    /// What each block begins with: the whole bytes.
    header: Vec<u8>,
    /// And the bits after them, fewer than eight.
    header_rest: Code,
}

impl Codes {
    /// The code that suits the counts; symbols that were not counted have one, too.
    pub fn new(histogram: &Histogram) -> Codes {
        let mut counts = histogram.counts();
        let total: u64 = counts.iter().map(|&count| u64::from(count)).sum();
        counts.iter_mut().for_each(|count| *count += (total / EXPECTED_ONCE_IN) as u32 + 1);
        let lengths = huffman::lengths(&counts, LONGEST);
        let codes = huffman::codes(&lengths);
        let mut literals = [Code::default(); 256];
        literals.copy_from_slice(&codes[..256]);
        let mut runs = [Code::default(); LONGEST_RUN + 1];
        for (length, run) in runs.iter_mut().enumerate().skip(SHORTEST_RUN) {
            let (symbol, stands_for) = symbol_of(length);
            let extra = Code::new((length - stands_for.shortest) as u32, stands_for.extra_bits);
            // The code of the only distance there is, one: a zero.
            let distance = Code::new(0, 1);
            *run = codes[symbol].then(extra).then(distance);
        }
        let mut header = vec![0; 3 * SYMBOLS];
        let mut writer = BitWriter::new(&mut header, 0);
        // The only distance there is has a code of one bit.
        write_header(&mut writer, &lengths, &[1]);
        let (header_rest, whole_bytes) = (writer.pending(), writer.position());
        header.truncate(whole_bytes);
        Codes { literals, runs, end: codes[END], header, header_rest }
    }

    /// Appends a block to a file, and an empty one that reaches to the end of a byte. `buffer` is reused by the next
    /// call.
    pub fn compress(&self, bytes: &[u8], buffer: &mut Vec<u8>, file: &mut Vec<u8>) {
        let most = self.header.len() + (bytes.len() + 1) * usize::from(LONGEST) / 8 + EMPTY_BLOCK.len() + 16;
        if buffer.len() < most {
            buffer.resize(most, 0);
        }
        let length = dispatch!(Level::new(), simd => self.write_block(simd, bytes, buffer));
        file.extend_from_slice(&buffer[..length]);
        file.extend_from_slice(EMPTY_BLOCK);
    }

    /// Returns how many bytes it wrote.
    #[inline(always)]
    fn write_block<S: Simd>(&self, _: S, bytes: &[u8], buffer: &mut [u8]) -> usize {
        buffer[..self.header.len()].copy_from_slice(&self.header);
        let mut writer = BitWriter::new(buffer, self.header.len());
        writer.code(self.header_rest);
        let mut block = BlockWriter { codes: self, writer };
        split(bytes, &mut block);
        let mut writer = block.writer;
        writer.code(self.end);
        // A stored block begins with three zero bits and the rest of their byte.
        writer.write(0, 3);
        writer.pad();
        writer.position()
    }
}

/// Writes the symbols of a block.
struct BlockWriter<'a> {
    codes: &'a Codes,
    writer: BitWriter<'a>,
}

impl<'a> Sink for BlockWriter<'a> {
    #[inline(always)]
    fn literals(&mut self, word: [u8; 8]) {
        for half in word.chunks_exact(4) {
            let [a, b, c, d] =
                [half[0], half[1], half[2], half[3]].map(|byte| self.codes.literals[usize::from(byte)]);
            // A code has its length in its lowest bits, so a sum of codes has the sum of their lengths there.
            let ab = a.shift().wrapping_add(b.shift());
            let abcd = ab.wrapping_add(c.shift()).wrapping_add(d.shift());
            let first = a.bits() | b.bits().wrapping_shl(a.shift());
            let second = c.bits() | d.bits().wrapping_shl(c.shift());
            self.writer.write(first | second.wrapping_shl(ab), abcd % 64);
        }
    }

    #[inline(always)]
    fn literal(&mut self, byte: u8) {
        self.writer.code(self.codes.literals[usize::from(byte)]);
    }

    #[inline(always)]
    fn run(&mut self, length: usize) {
        self.writer.code(self.codes.runs[length.min(LONGEST_RUN)]);
    }
}

#[cfg(test)]
mod tests {
    use super::{Codes, Histogram};
    use miniz_oxide::inflate::decompress_to_vec_zlib;
    use simd_adler32::adler32;

    fn codes_for(bytes: &[u8]) -> Codes {
        let mut histogram = Histogram::new();
        histogram.add(bytes);
        Codes::new(&histogram)
    }

    /// A zlib stream of some blocks.
    fn stream(codes: &Codes, blocks: &[&[u8]]) -> Vec<u8> {
        let mut file = vec![0x78, 0x01];
        let mut buffer = Vec::new();
        blocks.iter().for_each(|block| codes.compress(block, &mut buffer, &mut file));
        file.extend_from_slice(&[1, 0, 0, 0xff, 0xff]);
        file.extend_from_slice(&adler32(&blocks.concat().as_slice()).to_be_bytes());
        file
    }

    /// With the code that is made for it, and with some that are made for something else.
    fn assert_comes_back(bytes: &[u8]) {
        let zeros = [0; 100_000];
        let counting: Vec<u8> = (0..=255).collect();
        for template in &[bytes, &[], &zeros, &[255; 9], &counting] {
            let stream = stream(&codes_for(template), &[bytes]);
            assert!(decompress_to_vec_zlib(&stream).unwrap() == bytes, "{} bytes", bytes.len());
        }
    }

    fn noise(length: usize) -> Vec<u8> {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn every_byte_comes_back_alone_and_among_all_others() {
        (0..=255).for_each(|byte| assert_comes_back(&[byte]));
        let all: Vec<u8> = (0..=255).collect();
        assert_comes_back(&all);
        assert_comes_back(&all[1..].repeat(20));
    }

    #[test]
    fn runs_of_zeros_of_every_length_come_back_wherever_they_begin() {
        for length in 1..=600 {
            assert_comes_back(&vec![0; length]);
        }
        let codes = codes_for(&[0; 1000]);
        for begin in 0..9 {
            for length in 1..=600 {
                let bytes = [vec![7; begin], vec![0; length], vec![9; 3]].concat();
                assert!(decompress_to_vec_zlib(&stream(&codes, &[&bytes])).unwrap() == bytes);
            }
        }
    }

    #[test]
    fn noise_comes_back_whatever_its_length() {
        (0..200).for_each(|length| assert_comes_back(&noise(length)));
        assert_comes_back(&noise(100_000));
    }

    #[test]
    fn one_byte_over_and_over_comes_back() {
        for &byte in &[0, 1, 128, 255] {
            assert_comes_back(&vec![byte; 50_000]);
        }
    }

    #[test]
    fn bytes_that_are_each_much_rarer_than_the_last_come_back() {
        let (mut bytes, mut count) = (Vec::new(), (1, 1));
        for byte in 0..25 {
            bytes.extend(vec![byte * 10; count.0]);
            count = (count.1, count.0 + count.1);
        }
        assert_comes_back(&bytes);
        bytes.reverse();
        assert_comes_back(&bytes);
    }

    #[test]
    fn blocks_follow_each_other_on_whole_bytes() {
        let blocks = [noise(77), vec![0; 300], vec![3], vec![], noise(1000)];
        let blocks: Vec<&[u8]> = blocks.iter().map(|block| &**block).collect();
        let decoded = decompress_to_vec_zlib(&stream(&codes_for(&noise(9)), &blocks));
        assert_eq!(decoded.unwrap(), blocks.concat());
    }

    #[test]
    fn what_is_like_the_template_gets_small_and_nothing_grows_by_more_than_half() {
        let few = noise(10_000).iter().map(|byte| byte % 4).collect::<Vec<_>>();
        assert!(stream(&codes_for(&few), &[&few]).len() < 10_000 / 3);
        assert!(stream(&codes_for(&[0; 10_000]), &[&[0; 10_000]]).len() < 400);
        assert!(stream(&codes_for(&few), &[&noise(10_000)]).len() < 15_000 + 200);
    }
}
