//! Makes Huffman codes from the counts of symbols.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The bits of a symbol, and in the lowest six bits how many they are. Shifting a 64-bit word uses only the lowest six
/// bits of the distance, so a code, or a sum of codes, can be that distance without being masked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Code(u32);

const LENGTH_BITS: u32 = 6;

impl Code {
    /// The bits, the first one lowest, and how many they are.
    pub fn new(bits: u32, length: u32) -> Code {
        Code(bits << LENGTH_BITS | length)
    }

    /// The bits of the symbol.
    #[inline(always)]
    pub fn bits(self) -> u64 {
        u64::from(self.0 >> LENGTH_BITS)
    }

    /// Its length in the lowest six bits, and anything above them.
    #[inline(always)]
    pub fn shift(self) -> u32 {
        self.0
    }

    /// How many bits it has.
    #[inline(always)]
    pub fn length(self) -> u32 {
        self.0 & ((1 << LENGTH_BITS) - 1)
    }

    /// This code followed by another.
    pub fn then(self, next: Code) -> Code {
        Code::new((self.bits() | next.bits() << self.length()) as u32, self.length() + next.length())
    }
}

/// How many bits each symbol has: at most `limit`, and none where the count is zero.
///
/// As long as one is too long, the counts are halved, which makes them more alike. The result is not quite the best code
/// within that limit, but close.
pub fn lengths(counts: &[u32], limit: u8) -> Vec<u8> {
    let mut counts = counts.to_vec();
    loop {
        let lengths = unlimited_lengths(&counts);
        if lengths.iter().all(|&length| length <= limit) {
            return lengths;
        }
        for count in counts.iter_mut().filter(|count| **count > 0) {
            *count = count.div_ceil(2);
        }
    }
}

/// The lengths by Huffman's algorithm: the two rarest nodes are merged until one is left.
fn unlimited_lengths(counts: &[u32]) -> Vec<u8> {
    let mut heap: BinaryHeap<_> = (0..).zip(counts).filter(|pair| *pair.1 > 0).map(by_rarity).collect();
    // A merged node comes after its children.
    let mut parents = vec![0; counts.len()];
    while heap.len() > 1 {
        let rarest = heap.pop().into_iter().chain(heap.pop());
        let node = parents.len();
        let mut sum = 0;
        for Reverse((count, child)) in rarest {
            parents[child] = node;
            sum += count;
        }
        parents.push(0);
        heap.push(Reverse((sum, node)));
    }
    let mut depths = vec![0; parents.len()];
    for node in (0..parents.len() - 1).rev().filter(|&node| parents[node] > 0) {
        depths[node] = depths[parents[node]] + 1;
    }
    depths.truncate(counts.len());
    // A single leaf is at depth zero, but its symbol needs a bit.
    if let Some(first) = counts.iter().position(|&count| count > 0) {
        depths[first] = depths[first].max(1);
    }
    depths
}

fn by_rarity((symbol, &count): (usize, &u32)) -> Reverse<(u64, usize)> {
    Reverse((u64::from(count), symbol))
}

/// The codes that deflate assigns to these lengths: shorter ones first, and equal ones in the order of the symbols.
pub fn codes(lengths: &[u8]) -> Vec<Code> {
    let mut codes = vec![Code::default(); lengths.len()];
    let mut bits: u32 = 0;
    for length in 1..=lengths.iter().cloned().max().unwrap_or(0) {
        bits <<= 1;
        for (code, _) in codes.iter_mut().zip(lengths).filter(|pair| *pair.1 == length) {
            // Codes count upwards with the first bit highest.
            *code = Code::new(bits.reverse_bits() >> (32 - u32::from(length)), u32::from(length));
            bits += 1;
        }
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::{codes, lengths};

    /// What the code takes up of all there is, which must be everything.
    fn taken(lengths: &[u8]) -> u32 {
        lengths.iter().filter(|&&length| length > 0).map(|length| 1 << (16 - length)).sum()
    }

    #[test]
    fn what_occurs_more_often_is_shorter() {
        assert_eq!(lengths(&[8, 4, 2, 1, 1], 15), [1, 2, 3, 4, 4]);
        assert_eq!(lengths(&[0, 3, 0, 3, 0], 15), [0, 1, 0, 1, 0]);
    }

    #[test]
    fn a_symbol_that_is_alone_has_a_bit() {
        assert_eq!(lengths(&[0, 7, 0], 15), [0, 1, 0]);
    }

    #[test]
    fn no_length_is_over_the_limit_and_nothing_is_left_unused() {
        // Each of these is rarer than all before it together: without a limit, each is a bit longer.
        let mut fibonacci = vec![1, 1];
        while fibonacci.len() < 45 {
            fibonacci.push(fibonacci[fibonacci.len() - 1] + fibonacci[fibonacci.len() - 2]);
        }
        let powers: Vec<u32> = (0..32).map(|power| 1 << power).collect();
        let one_alone: Vec<u32> = (0..286).map(|symbol| if symbol == 9 { u32::MAX } else { 1 }).collect();
        for counts in &[fibonacci, powers, one_alone, vec![u32::MAX; 286], vec![1; 286]] {
            for limit in 9..=15 {
                let lengths = lengths(counts, limit);
                assert!(lengths.iter().all(|length| (1..=limit).contains(length)), "{:?}", lengths);
                assert_eq!(taken(&lengths), 1 << 16, "{:?}", lengths);
            }
        }
        assert_eq!(lengths(&(0..19).map(|power| 1 << power).collect::<Vec<_>>(), 7).iter().max(), Some(&7));
    }

    #[test]
    fn codes_are_those_of_the_example_in_rfc_1951() {
        let codes = codes(&[3, 3, 3, 3, 3, 2, 4, 4]);
        let as_read: Vec<String> = codes
            .iter()
            .map(|code| {
                (0..code.length()).map(|bit| if code.bits() >> bit & 1 == 1 { '1' } else { '0' }).collect()
            })
            .collect();
        assert_eq!(as_read, ["010", "011", "100", "101", "110", "00", "1110", "1111"]);
    }
}
