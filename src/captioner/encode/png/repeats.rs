//! Finds what repeats: splits bytes into literals and matches with bytes at most 32 KiB before.
//!
//! As zlib does: positions with the same next four bytes are chained, and a match waits for the next position, which may
//! have a better one. What is better is not only what is longer: a match far away takes more bits, and literals of few
//! different values take few.

use super::runs::{LONGEST_RUN, SHORTEST_RUN};
use super::tokens::Tokens;

/// How far back a match may lie.
pub const WINDOW: usize = 1 << 15;
/// How many positions of a chain are looked at.
const TRIES: usize = 48;
/// And if a match as long as `FAIR` is waiting, which a better one seldom follows.
const FEW_TRIES: usize = 8;
const FAIR: usize = 8;
/// A match as long as this is good enough: no better one is searched for.
const GOOD: usize = 64;
/// A match as long as this does not wait for the next position.
const LAZY: usize = 24;
/// The farthest match of three bytes that pays.
const NEAR: usize = 1 << 12;
const HASH_BITS: u32 = 15;
/// The bits of a match without those that say how far away it is, about.
const MATCH_BITS: u32 = 9;
/// Gains are counted in quarters of a bit.
const QUARTERS: u32 = 4;
/// A code has whole bits, and matches need codes too: where two bytes are as frequent, one of them takes two bits.
const LEAST_PER_LITERAL: u32 = QUARTERS * 3 / 2;

/// A repetition of bytes before.
#[derive(Clone, Copy, Default)]
struct Match {
    length: usize,
    distance: usize,
    /// The bits that it saves, in quarters.
    gain: u32,
}

/// Tables of positions. A position is stored plus one, so that zero is none.
pub struct Repeats {
    /// The last position of each hash of four bytes.
    heads: Vec<u32>,
    /// The one before it of the same hash, by the lowest bits of a position.
    links: Vec<u32>,
    /// The last position of each hash of three bytes.
    threes: Vec<u32>,
}

impl Repeats {
    /// Empty tables.
    pub fn new() -> Repeats {
        let table = || vec![0; 1 << HASH_BITS];
        Repeats { heads: table(), links: vec![0; WINDOW], threes: table() }
    }

    /// Splits the bytes from `start` on. Those before can be repeated, at most `WINDOW` of them.
    pub fn split(&mut self, bytes: &[u8], start: usize, tokens: &mut Tokens) {
        self.heads.fill(0);
        self.threes.fill(0);
        (0..start).for_each(|at| self.insert(bytes, at));
        let worth = quarters_per_literal(&bytes[start..]);
        let mut waiting = Match::default();
        // The last position has no match, so none is waiting at the end.
        let mut at = start;
        while at < bytes.len() {
            let found = match waiting.length {
                0..FAIR => self.find(bytes, at, worth, TRIES),
                FAIR..LAZY => self.find(bytes, at, worth, FEW_TRIES),
                _ => Match::default(),
            };
            self.insert(bytes, at);
            if waiting.gain > 0 && waiting.gain >= found.gain {
                tokens.repeat(waiting.length, waiting.distance);
                let end = at - 1 + waiting.length;
                (at + 1..end).for_each(|at| self.insert(bytes, at));
                at = end;
                waiting = Match::default();
                continue;
            }
            if waiting.gain > 0 {
                tokens.literal(bytes[at - 1]);
            }
            if found.gain == 0 {
                tokens.literal(bytes[at]);
            }
            waiting = found;
            at += 1;
        }
    }

    #[inline(always)]
    fn insert(&mut self, bytes: &[u8], at: usize) {
        if let Some(&four) = bytes[at..].first_chunk() {
            let head = &mut self.heads[hash(u32::from_le_bytes(four))];
            self.links[at % WINDOW] = *head;
            *head = at as u32 + 1;
            self.threes[hash(u32::from_le_bytes(four) << 8)] = at as u32 + 1;
        }
    }

    /// The match that saves most.
    #[inline(always)]
    fn find(&self, bytes: &[u8], at: usize, worth: u32, tries: usize) -> Match {
        let mut best = Match::default();
        let rest = &bytes[at..];
        let four = match rest.first_chunk() {
            Some(&four) => u32::from_le_bytes(four),
            None => return best,
        };
        let most = rest.len().min(LONGEST_RUN);
        let consider = |best: &mut Match, position: usize| {
            // Most candidates do not even reach as far as the best one does.
            if best.length > 0 && bytes[position + best.length] != bytes[at + best.length] {
                return;
            }
            let length = common(&bytes[position..], rest, most);
            if length <= best.length || length < SHORTEST_RUN {
                return;
            }
            let distance = at - position;
            let bits = MATCH_BITS + distance.ilog2();
            let gain = (worth * length as u32).saturating_sub(bits * QUARTERS);
            if gain > best.gain {
                *best = Match { length, distance, gain };
            }
        };
        let mut position = self.heads[hash(four)] as usize;
        for _ in 0..tries {
            if position == 0 || at + 1 - position > WINDOW {
                break;
            }
            consider(&mut best, position - 1);
            if best.length >= GOOD.min(most) {
                return best;
            }
            let next = self.links[(position - 1) % WINDOW] as usize;
            // What was there has been overwritten by a later position.
            if next >= position {
                break;
            }
            position = next;
        }
        if best.length == 0 {
            let three = self.threes[hash(four << 8)] as usize;
            if three > 0 && at + 1 - three <= NEAR {
                consider(&mut best, three - 1);
            }
        }
        best
    }
}

#[inline(always)]
fn hash(bytes: u32) -> usize {
    (bytes.wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS)) as usize
}

/// How many bytes are the same at the beginning of both, at most `most`.
#[inline(always)]
fn common(one: &[u8], other: &[u8], most: usize) -> usize {
    let (one, other) = (&one[..most], &other[..most]);
    let mut same = 0;
    for (one, other) in one.chunks_exact(8).zip(other.chunks_exact(8)) {
        let word = |bytes: &[u8]| bytes.first_chunk().map_or(0, |&bytes| u64::from_le_bytes(bytes));
        let differs = word(one) ^ word(other);
        if differs != 0 {
            return same + differs.trailing_zeros() as usize / 8;
        }
        same += 8;
    }
    same + one[same..].iter().zip(&other[same..]).take_while(|pair| pair.0 == pair.1).count()
}

/// The bits of a literal in quarters: the entropy of those bytes that are not the same as the byte before.
fn quarters_per_literal(bytes: &[u8]) -> u32 {
    let mut counts = [0u32; 256];
    for pair in bytes.windows(2).filter(|pair| pair[0] != pair[1]) {
        counts[usize::from(pair[1])] += 1;
    }
    let total: u32 = counts.iter().sum();
    // In integers, so that it is the same on every machine: of each count, the logarithm in sixteenths.
    let all: u64 = counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| u64::from(count) * u64::from(sixteenths(total).saturating_sub(sixteenths(count))))
        .sum();
    let entropy = all / u64::from(total.max(1));
    (entropy as u32 / 4).clamp(LEAST_PER_LITERAL, 8 * QUARTERS)
}

/// The binary logarithm in sixteenths, about.
fn sixteenths(number: u32) -> u32 {
    let whole = number.ilog2();
    let fraction = (u64::from(number) << 4 >> whole) as u32 - 16;
    whole * 16 + fraction
}

#[cfg(test)]
mod tests {
    use super::{common, quarters_per_literal, sixteenths, Repeats, WINDOW};
    use captioner::encode::png::tokens::Tokens;
    use fastrand::Rng;
    use miniz_oxide::inflate::decompress_to_vec_zlib;
    use simd_adler32::adler32;

    /// A zlib stream of these bytes, cut into blocks. Each can repeat what is in the one before.
    fn stream(bytes: &[u8], blocks: usize) -> Vec<u8> {
        let (mut repeats, mut tokens, mut buffer) = (Repeats::new(), Tokens::new(), Vec::new());
        let mut file = vec![0x78, 0x01];
        for start in (0..bytes.len()).step_by(blocks) {
            let window = start.min(WINDOW);
            let end = (start + blocks).min(bytes.len());
            tokens.clear();
            repeats.split(&bytes[start - window..end], window, &mut tokens);
            tokens.write(&bytes[start..end], &mut buffer, &mut file);
        }
        file.extend_from_slice(&[1, 0, 0, 0xff, 0xff]);
        file.extend_from_slice(&adler32(&bytes).to_be_bytes());
        file
    }

    fn assert_comes_back(bytes: &[u8]) {
        for &blocks in &[bytes.len().max(1), 40_000] {
            let stream = stream(bytes, blocks);
            assert!(decompress_to_vec_zlib(&stream).unwrap() == bytes, "{} bytes in {}", bytes.len(), blocks);
        }
    }

    fn noise(length: usize, values: u8) -> Vec<u8> {
        let mut random = Rng::with_seed(length as u64);
        (0..length).map(|_| random.u8(0..=values)).collect()
    }

    #[test]
    fn noise_of_few_and_of_many_values_comes_back_and_does_not_grow() {
        for &values in &[0, 1, 2, 15, 255] {
            (0..50)
                .chain(vec![257, 1000, 70_000, 140_000])
                .for_each(|length| assert_comes_back(&noise(length, values)));
        }
        assert!(stream(&noise(200_000, 255), 200_000).len() < 200_100);
        // Of three symbols, the end of a block among them, one has one bit and the others two: a bit and a half for a literal.
        assert!(stream(&noise(200_000, 1), 200_000).len() < 200_000 / 8 * 3 / 2);
    }

    #[test]
    fn matches_of_every_length_come_back() {
        let random = noise(300, 255);
        for length in 1..=300 {
            let bytes = [&random[..length], &[1, 2, 3], &random[..length], &[4]].concat();
            assert_comes_back(&bytes);
            // A run, and a match that overlaps itself.
            assert_comes_back(&vec![7; length]);
            assert_comes_back(&[5, 6, 7].iter().copied().cycle().take(length).collect::<Vec<_>>());
        }
    }

    #[test]
    fn matches_at_every_distance_come_back_and_none_is_farther_than_the_window() {
        let random = noise(40, 255);
        let mut distances: Vec<usize> = (40..1000).collect();
        (10..16).for_each(|power| distances.extend((1 << power) - 3..=(1 << power) + 3));
        for distance in distances {
            let bytes = [&random[..], &vec![0; distance - 40], &random].concat();
            assert_comes_back(&bytes);
            let is_found = stream(&bytes, bytes.len()).len() < 40 + 100;
            assert_eq!(is_found, distance <= WINDOW, "{}", distance);
        }
    }

    #[test]
    fn a_block_repeats_the_one_before() {
        let random = noise(WINDOW, 255);
        let bytes = random.repeat(4);
        assert!(stream(&bytes, WINDOW).len() < WINDOW + 3000);
        assert_comes_back(&bytes);
    }

    #[test]
    fn words_that_differ_late_have_a_common_beginning() {
        let bytes = noise(300, 255);
        for length in 0..270 {
            let mut other = bytes.clone();
            other[length] ^= 1;
            for &most in &[0, 3, 8, 258] {
                assert_eq!(common(&bytes, &other, most), length.min(most));
            }
        }
    }

    #[test]
    fn literals_of_fewer_values_take_fewer_bits() {
        assert_eq!(quarters_per_literal(&[]), 6);
        assert_eq!(quarters_per_literal(&[9; 1000]), 6);
        let of = |values| quarters_per_literal(&noise(100_000, values));
        assert!((30..=32).contains(&of(255)), "{}", of(255));
        assert!((14..=18).contains(&of(15)), "{}", of(15));
        assert_eq!(
            [1, 2, 3, 4, 1 << 20].iter().map(|&number| sixteenths(number)).collect::<Vec<_>>(),
            [0, 16, 24, 32, 320]
        );
    }
}
