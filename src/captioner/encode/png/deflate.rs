//! Deflate: filtered rows to blocks that share one Huffman code.
//!
//! Deflate lets every block bring a code of its own. Here a template has one, made from how often which byte
//! occurs in it, and each of its blocks brings that one. So a caption counts nothing, and every byte has a code,
//! whatever the text does. The only repetitions that are looked for are runs of zeros: what filters make of an
//! area of one color, as letters are.

use fearless_simd::{dispatch, Level, Simd};

use super::huffman::{self, Code};

/// The longest code. Four of them must fit into a word behind the seven bits that may wait.
const LONGEST: u8 = 12;
/// The longest run of zeros that one code can stand for, after a zero.
const LONGEST_RUN: usize = 258;
/// The shortest.
const SHORTEST_RUN: usize = 3;
/// The symbol that ends a block; those of lengths come after it.
const END: usize = 256;
/// Literals, the end, and lengths.
const SYMBOLS: usize = 286;
/// The shortest run of each symbol of lengths, and how many bits behind the symbol say how much longer it is.
const LENGTHS: [(usize, u32); 29] = symbols_of_lengths();
/// The order in which a block's header has the lengths of the code for the lengths of its code.
const HEADER_ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/// Every symbol counts for one in so many at least: a text brings what the template has not.
const EXPECTED_ONCE_IN: u64 = 8192;
/// In a header: the length before, three to six times more, as two bits say.
const REPEAT: u8 = 16;

/// How often each symbol occurs.
pub struct Histogram([[u32; SYMBOLS]; 2]);

/// The Huffman code of a template, ready to be written.
pub struct Codes {
    literals: [Code; 256],
    /// For runs of zeros after a zero, by their lengths: their symbol, its bits, and the distance.
    runs: [Code; LONGEST_RUN + 1],
    end: Code,
    /// What each block begins with.
    header: Vec<u8>,
    /// The last bits of it, fewer than eight.
    header_rest: Code,
}

/// What bytes are written as.
trait Sink {
    fn literals(&mut self, word: [u8; 8]);
    fn literal(&mut self, byte: u8);
    /// A run of as many zeros, after a zero.
    fn run(&mut self, length: usize);
}

/// Turns bytes into literals and runs of zeros: eight at a time, and a run is what has a word of zeros.
#[inline(always)]
fn split<S: Sink>(mut bytes: &[u8], sink: &mut S) {
    while let Some((&word, rest)) = bytes.split_first_chunk() {
        if word != [0; 8] {
            sink.literals(word);
            bytes = rest;
            continue;
        }
        let zeros = 8 + leading_zeros(rest);
        bytes = &bytes[zeros..];
        sink.literal(0);
        let mut left = zeros - 1;
        while left >= SHORTEST_RUN {
            let length = left.min(LONGEST_RUN);
            sink.run(length);
            left -= length;
        }
        (0..left).for_each(|_| sink.literal(0));
    }
    bytes.iter().for_each(|&byte| sink.literal(byte));
}

/// How many zeros bytes begin with.
#[inline(always)]
fn leading_zeros(bytes: &[u8]) -> usize {
    let mut zeros = 0;
    for word in bytes.chunks_exact(8) {
        let word = word.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
        if word != 0 {
            return zeros + word.trailing_zeros() as usize / 8;
        }
        zeros += 8;
    }
    zeros + bytes[zeros..].iter().take_while(|&&byte| byte == 0).count()
}

impl Histogram {
    /// Nothing is counted.
    pub fn new() -> Histogram {
        Histogram([[0; SYMBOLS]; 2])
    }

    /// Counts what these bytes would be written as.
    pub fn add(&mut self, bytes: &[u8]) {
        split(bytes, self);
    }
}

impl Sink for Histogram {
    #[inline(always)]
    fn literals(&mut self, word: [u8; 8]) {
        // Counts of one table would wait for each other where bytes repeat.
        let [ref mut even, ref mut odd] = self.0;
        for pair in word.chunks_exact(2) {
            even[usize::from(pair[0])] += 1;
            odd[usize::from(pair[1])] += 1;
        }
    }

    #[inline(always)]
    fn literal(&mut self, byte: u8) {
        self.0[0][usize::from(byte)] += 1;
    }

    #[inline(always)]
    fn run(&mut self, length: usize) {
        self.0[0][symbol_of(length)] += 1;
    }
}

const fn symbols_of_lengths() -> [(usize, u32); 29] {
    // Four symbols for each number of bits, but eight without any, and one for the longest run.
    let mut symbols = [(LONGEST_RUN, 0); 29];
    let mut shortest = SHORTEST_RUN;
    let mut index = 0;
    while index < 28 {
        let bits = if index < 8 { 0 } else { index as u32 / 4 - 1 };
        symbols[index] = (shortest, bits);
        shortest += 1 << bits;
        index += 1;
    }
    symbols
}

/// The symbol that a run of that length has.
fn symbol_of(length: usize) -> usize {
    END + LENGTHS.iter().take_while(|&&(shortest, _)| shortest <= length).count()
}

impl Codes {
    /// The code that suits what was counted, and has something for everything that was not.
    pub fn new(histogram: &Histogram) -> Codes {
        let [ref even, ref odd] = histogram.0;
        let total: u64 = even.iter().chain(odd).map(|&count| u64::from(count)).sum();
        let mut counts: Vec<u32> = even.iter().zip(odd).map(|(even, odd)| even + odd).collect();
        counts.iter_mut().for_each(|count| *count += (total / EXPECTED_ONCE_IN) as u32 + 1);
        let lengths = huffman::lengths(&counts, LONGEST);
        let codes = huffman::codes(&lengths);
        let mut literals = [Code::default(); 256];
        literals.copy_from_slice(&codes[..256]);
        let mut runs = [Code::default(); LONGEST_RUN + 1];
        for (length, run) in runs.iter_mut().enumerate().skip(SHORTEST_RUN) {
            let symbol = symbol_of(length);
            let (shortest, extra) = LENGTHS[symbol - END - 1];
            // The distance is one: the only code there is, a zero.
            *run = codes[symbol].then(Code::new((length - shortest) as u32, extra)).then(Code::new(0, 1));
        }
        let mut header = vec![0; 3 * SYMBOLS];
        let mut writer = BitWriter { bytes: &mut header, position: 0, waiting: 0, count: 0 };
        write_header(&mut writer, &lengths);
        let header_rest = Code::new(writer.waiting as u32, writer.count);
        let whole_bytes = writer.position;
        header.truncate(whole_bytes);
        Codes { literals, runs, end: codes[END], header, header_rest }
    }

    /// Adds a block to a file, and an empty one that goes on to the end of a byte. `buffer` is for use again.
    pub fn compress(&self, bytes: &[u8], buffer: &mut Vec<u8>, file: &mut Vec<u8>) {
        let most = self.header.len() + (bytes.len() + 1) * usize::from(LONGEST) / 8 + EMPTY_BLOCK.len() + 16;
        if buffer.len() < most {
            buffer.resize(most, 0);
        }
        let length = dispatch!(Level::new(), simd => self.write_block(simd, bytes, buffer));
        file.extend_from_slice(&buffer[..length]);
        file.extend_from_slice(EMPTY_BLOCK);
    }

    /// Bytes that it took.
    #[inline(always)]
    fn write_block<S: Simd>(&self, _: S, bytes: &[u8], buffer: &mut [u8]) -> usize {
        buffer[..self.header.len()].copy_from_slice(&self.header);
        let mut writer = BitWriter { bytes: buffer, position: self.header.len(), waiting: 0, count: 0 };
        writer.code(self.header_rest);
        let mut sink = BlockWriter { codes: self, writer };
        split(bytes, &mut sink);
        let mut writer = sink.writer;
        writer.code(self.end);
        // A stored block begins with three bits of zero, and then the rest of the byte.
        writer.write(0, 3);
        writer.write(0, (8 - writer.count) % 8);
        writer.position
    }
}

/// A stored block of no bytes, from the byte after its first bits.
const EMPTY_BLOCK: &[u8] = &[0, 0, 0xff, 0xff];

/// Writes what a block of dynamic codes begins with, none of whose codes is missing.
fn write_header(writer: &mut BitWriter, lengths: &[u8]) {
    // The lengths of all symbols, and that of the only distance. What follows itself at least three times is
    // repeated, six times at most.
    let mut items: Vec<(u8, Code)> = Vec::new();
    for run in lengths.chunk_by(|one, next| one == next).chain(Some(&[1][..])) {
        items.push((run[0], Code::default()));
        for more in run[1..].chunks(6) {
            if more.len() < 3 {
                items.extend(more.iter().map(|&length| (length, Code::default())));
            } else {
                items.push((REPEAT, Code::new(more.len() as u32 - 3, 2)));
            }
        }
    }
    let mut counts = [0; HEADER_ORDER.len()];
    items.iter().for_each(|item| counts[usize::from(item.0)] += 1);
    let of_lengths = huffman::lengths(&counts, 7);
    let codes = huffman::codes(&of_lengths);
    let ordered: Vec<u8> = HEADER_ORDER.iter().map(|&length| of_lengths[length]).collect();
    let used = ordered.iter().rposition(|&length| length > 0).map_or(4, |last| (last + 1).max(4));
    // Not the last block, and of dynamic codes; how many symbols, distances, and lengths of lengths there are.
    writer.write(0b100, 3);
    writer.write(SYMBOLS as u64 - 257, 5);
    writer.write(0, 5);
    writer.write(used as u64 - 4, 4);
    ordered[..used].iter().for_each(|&length| writer.write(u64::from(length), 3));
    for (item, extra) in items {
        writer.code(codes[usize::from(item)].then(extra));
    }
}

/// Writes bits to bytes, the lowest ones first.
struct BitWriter<'a> {
    bytes: &'a mut [u8],
    /// Bytes that are done.
    position: usize,
    /// The lowest `count` of its bits wait for their byte to be full. The others are zeros.
    waiting: u64,
    count: u32,
}

impl<'a> BitWriter<'a> {
    #[inline(always)]
    fn code(&mut self, code: Code) {
        self.write(code.bits(), code.length());
    }

    /// At most 56 bits, so that they fit behind those that wait.
    #[inline(always)]
    fn write(&mut self, bits: u64, count: u32) {
        self.waiting |= bits << self.count;
        self.count += count;
        self.bytes[self.position..self.position + 8].copy_from_slice(&self.waiting.to_le_bytes());
        self.position += (self.count / 8) as usize;
        self.waiting >>= self.count & 0x38;
        self.count %= 8;
    }
}

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
            // Lengths are the lowest bits of codes, and a sum of codes has the sum of them there.
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
