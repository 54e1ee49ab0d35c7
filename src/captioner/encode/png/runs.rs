//! The symbols that deflate writes bytes as: literals, and runs of zeros.
//!
//! A run of zeros is a match at distance one, behind a literal zero. Other matches are not searched for.

/// The longest run that one symbol stands for, without the literal before it.
pub const LONGEST_RUN: usize = 258;
/// The shortest.
pub const SHORTEST_RUN: usize = 3;
/// The symbol that ends a block. Those below it are literals, those above it lengths of runs.
pub const END: usize = 256;
/// How many symbols there are.
pub const SYMBOLS: usize = 286;

/// A symbol that stands for runs of several lengths.
#[derive(Clone, Copy)]
pub struct RunSymbol {
    /// The shortest of these lengths.
    pub shortest: usize,
    /// How many bits follow the symbol, to say how much longer the run is.
    pub extra_bits: u32,
}

/// The symbols after `END`, in order.
const RUN_SYMBOLS: [RunSymbol; 29] = run_symbols();

const fn run_symbols() -> [RunSymbol; 29] {
    // Eight symbols without extra bits, then four for each number of bits; and one for the longest run.
    let mut symbols = [RunSymbol { shortest: LONGEST_RUN, extra_bits: 0 }; 29];
    let mut shortest = SHORTEST_RUN;
    let mut index = 0;
    while index < 28 {
        let extra_bits = if index < 8 { 0 } else { index as u32 / 4 - 1 };
        symbols[index] = RunSymbol { shortest, extra_bits };
        shortest += 1 << extra_bits;
        index += 1;
    }
    symbols
}

/// The symbol of a run, by its number and by what it stands for.
pub const fn symbol_of(length: usize) -> (usize, RunSymbol) {
    let mut index = RUN_SYMBOLS.len() - 1;
    while RUN_SYMBOLS[index].shortest > length {
        index -= 1;
    }
    (END + 1 + index, RUN_SYMBOLS[index])
}

/// Takes what bytes are written as.
pub trait Sink {
    /// Eight literals.
    fn literals(&mut self, word: [u8; 8]);
    /// One literal.
    fn literal(&mut self, byte: u8);
    /// So many zeros, behind a literal zero.
    fn run(&mut self, length: usize);
}

/// Splits bytes into literals and runs, eight bytes at a time: a run begins where all eight are zeros.
#[inline(always)]
pub fn split<S: Sink>(mut bytes: &[u8], sink: &mut S) {
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

/// Counts how often each symbol occurs.
pub struct Histogram {
    /// In two tables, so that equal bytes side by side need not wait for each other's count.
    even: [u32; SYMBOLS],
    odd: [u32; SYMBOLS],
}

impl Histogram {
    /// All counts are zero.
    pub fn new() -> Histogram {
        Histogram { even: [0; SYMBOLS], odd: [0; SYMBOLS] }
    }

    /// Counts the symbols that these bytes would be written as.
    pub fn add(&mut self, bytes: &[u8]) {
        split(bytes, self);
    }

    /// The count of each symbol.
    pub fn counts(&self) -> Vec<u32> {
        self.even.iter().zip(&self.odd).map(|(even, odd)| even + odd).collect()
    }
}

impl Sink for Histogram {
    #[inline(always)]
    fn literals(&mut self, word: [u8; 8]) {
        for pair in word.chunks_exact(2) {
            self.even[usize::from(pair[0])] += 1;
            self.odd[usize::from(pair[1])] += 1;
        }
    }

    #[inline(always)]
    fn literal(&mut self, byte: u8) {
        self.even[usize::from(byte)] += 1;
    }

    #[inline(always)]
    fn run(&mut self, length: usize) {
        self.even[symbol_of(length).0] += 1;
    }
}
