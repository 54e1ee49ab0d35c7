//! Deflate for what repeats: literals and matches to a block, each with the codes that suit it.

use super::bits::BitWriter;
use super::deflate::EMPTY_BLOCK;
use super::header::write_header;
use super::huffman::{self, Code};
use super::runs::{symbol_of, END, LONGEST_RUN, SHORTEST_RUN, SYMBOLS};

/// How many symbols of distances there are.
const DISTANCES: usize = 30;
/// The longest code, in bits: what deflate allows.
const LONGEST: u8 = 15;
/// The most bits of a token: both of its codes and their extra bits.
const MOST_BITS: usize = 48;
/// More than the header of a block takes, in bytes.
const HEADER: usize = 512;
/// The most bytes of a stored block.
const STORED: usize = 0xffff;
/// The bits of a token below the length of a match: one less than its distance, or a literal.
const DISTANCE_BITS: u32 = 15;

/// By length: the number of its symbol after `END`, and the extra bits with their count.
static LENGTHS: [(u8, u8, u8); LONGEST_RUN + 1] = lengths();

const fn lengths() -> [(u8, u8, u8); LONGEST_RUN + 1] {
    let mut lengths = [(0, 0, 0); LONGEST_RUN + 1];
    let mut length = SHORTEST_RUN;
    while length <= LONGEST_RUN {
        let (symbol, stands_for) = symbol_of(length);
        let extra = (length - stands_for.shortest) as u8;
        lengths[length] = ((symbol - END) as u8, extra, stands_for.extra_bits as u8);
        length += 1;
    }
    lengths
}

/// The symbol of a distance that is one more, and its extra bits.
#[inline(always)]
fn symbol_of_distance(less: u32) -> (usize, Code) {
    if less < 4 {
        return (less as usize, Code::default());
    }
    let extra_bits = less.ilog2() - 1;
    let symbol = 2 * (extra_bits + 1) + (less >> extra_bits & 1);
    (symbol as usize, Code::new(less & ((1 << extra_bits) - 1), extra_bits))
}

/// Literals and matches, in order, and how often each symbol occurs.
pub struct Tokens {
    /// A literal, or the length of a match and its distance less one.
    list: Vec<u32>,
    literals: [u32; SYMBOLS],
    distances: [u32; DISTANCES],
    /// The bits after symbols.
    extra_bits: u64,
}

impl Tokens {
    /// None yet.
    pub fn new() -> Tokens {
        Tokens { list: Vec::new(), literals: [0; SYMBOLS], distances: [0; DISTANCES], extra_bits: 0 }
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.list.clear();
        self.literals = [0; SYMBOLS];
        self.distances = [0; DISTANCES];
        self.extra_bits = 0;
    }

    /// Adds a byte.
    #[inline(always)]
    pub fn literal(&mut self, byte: u8) {
        self.literals[usize::from(byte)] += 1;
        self.list.push(u32::from(byte));
    }

    /// Adds a match of 3 to 258 bytes, 1 to 32768 bytes back.
    #[inline(always)]
    pub fn repeat(&mut self, length: usize, distance: usize) {
        let (symbol, _, extra_bits) = LENGTHS[length];
        self.literals[END + usize::from(symbol)] += 1;
        let (symbol, extra) = symbol_of_distance(distance as u32 - 1);
        self.distances[symbol] += 1;
        self.extra_bits += u64::from(extra_bits) + u64::from(extra.length());
        self.list.push((length as u32) << DISTANCE_BITS | (distance as u32 - 1));
    }

    /// About how many bits a block of them takes.
    pub fn cost(&self) -> u64 {
        Codes::own(self).bits(self)
    }

    /// Appends blocks of these tokens, which stand for `bytes`, to a file, up to the end of a byte. `buffer` is reused by the
    /// next call.
    pub fn write(&mut self, bytes: &[u8], buffer: &mut Vec<u8>, file: &mut Vec<u8>) {
        self.literals[END] = 1;
        let (own, fixed) = (Codes::own(self), Codes::fixed());
        let most = HEADER + EMPTY_BLOCK.len() + (self.list.len() + 2) * MOST_BITS / 8 + 16;
        if buffer.len() < most {
            buffer.resize(most, 0);
        }
        let mut writer = BitWriter::new(buffer, 0);
        let mut header = [0; HEADER];
        let mut trial = BitWriter::new(&mut header, 0);
        write_header(&mut trial, &own.literals, &own.distances);
        let header_bits = trial.position() as u64 * 8 + u64::from(trial.pending().length());
        let (own_bits, fixed_bits) = (header_bits + own.bits(self), 3 + fixed.bits(self));
        let stored = bytes.len() + bytes.len().div_ceil(STORED) * 5;
        if own_bits.min(fixed_bits) / 8 + EMPTY_BLOCK.len() as u64 > stored as u64 {
            for bytes in bytes.chunks(STORED) {
                let length = bytes.len() as u16;
                file.push(0);
                file.extend_from_slice(&length.to_le_bytes());
                file.extend_from_slice(&(!length).to_le_bytes());
                file.extend_from_slice(bytes);
            }
            return;
        }
        if own_bits < fixed_bits {
            write_header(&mut writer, &own.literals, &own.distances);
            self.write_symbols(&own, &mut writer);
        } else {
            // Not the last block, and with the codes that need no header.
            writer.write(0b010, 3);
            self.write_symbols(&fixed, &mut writer);
        }
        // A stored block begins with three zero bits and the rest of their byte.
        writer.write(0, 3);
        writer.pad();
        let length = writer.position();
        file.extend_from_slice(&buffer[..length]);
        file.extend_from_slice(EMPTY_BLOCK);
    }

    fn write_symbols(&self, codes: &Codes, writer: &mut BitWriter) {
        let literals = huffman::codes(&codes.literals);
        let distances = huffman::codes(&codes.distances);
        for &token in &self.list {
            let length = token >> DISTANCE_BITS;
            if length == 0 {
                writer.code(literals[token as usize]);
                continue;
            }
            let (symbol, extra, extra_bits) = LENGTHS[length as usize];
            let first =
                literals[END + usize::from(symbol)].then(Code::new(u32::from(extra), u32::from(extra_bits)));
            let (symbol, extra) = symbol_of_distance(token & ((1 << DISTANCE_BITS) - 1));
            let second = distances[symbol];
            writer.code(first);
            writer.code(second);
            writer.code(extra);
        }
        writer.code(literals[END]);
    }
}

/// The lengths of codes, in bits: zero for a symbol without one.
struct Codes {
    literals: Vec<u8>,
    distances: Vec<u8>,
}

impl Codes {
    /// The codes that suit these tokens best.
    fn own(tokens: &Tokens) -> Codes {
        let mut counts = tokens.literals;
        counts[END] = 1;
        let without_unused = |mut lengths: Vec<u8>, least: usize| {
            let used = lengths.iter().rposition(|&length| length > 0).map_or(0, |last| last + 1);
            lengths.truncate(used.max(least));
            lengths
        };
        let literals = without_unused(huffman::lengths(&counts, LONGEST), END + 1);
        let mut distances = without_unused(huffman::lengths(&tokens.distances, LONGEST), 1);
        // There must be one, even if nothing is repeated.
        if distances == [0] {
            distances[0] = 1;
        }
        Codes { literals, distances }
    }

    /// Those that deflate itself defines.
    fn fixed() -> Codes {
        let length = |symbol: usize| match symbol {
            0..=143 => 8,
            144..=255 => 9,
            256..=279 => 7,
            _ => 8,
        };
        Codes { literals: (0..288).map(length).collect(), distances: vec![5; DISTANCES] }
    }

    /// How many bits the tokens take.
    fn bits(&self, tokens: &Tokens) -> u64 {
        let sum = |counts: &[u32], lengths: &[u8]| -> u64 {
            counts.iter().zip(lengths).map(|(&count, &length)| u64::from(count) * u64::from(length)).sum()
        };
        tokens.extra_bits + sum(&tokens.literals, &self.literals) + sum(&tokens.distances, &self.distances)
    }
}
