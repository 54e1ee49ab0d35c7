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
            let found = if waiting.length < LAZY { self.find(bytes, at, worth) } else { Match::default() };
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
    fn find(&self, bytes: &[u8], at: usize, worth: u32) -> Match {
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
        for _ in 0..TRIES {
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
    (entropy as u32 / 4).clamp(QUARTERS, 8 * QUARTERS)
}

/// The binary logarithm in sixteenths, about.
fn sixteenths(number: u32) -> u32 {
    let whole = number.ilog2();
    let fraction = (u64::from(number) << 4 >> whole) as u32 - 16;
    whole * 16 + fraction
}
