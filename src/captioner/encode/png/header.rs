//! The header of a block: the lengths of its codes.

use super::bits::BitWriter;
use super::huffman::{self, Code};

/// The order in which a header has the lengths of the code that its other lengths are written in.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/// Repeats the length before it, three to six times, as two more bits say.
const REPEAT: u8 = 16;
/// Three to ten symbols without a code, as three more bits say.
const FEW_ZEROS: u8 = 17;
/// Eleven to 138 of them, as seven more bits say.
const MANY_ZEROS: u8 = 18;

/// A symbol of a header.
struct Item {
    /// A length, or one of the three above.
    symbol: u8,
    /// The bits after it.
    extra: Code,
}

/// Writes the header of a block that is not the last one, with codes of its own: one for literals and lengths, 257 symbols
/// or more, and one for distances, one symbol or more. Both end with a symbol that has a code.
pub fn write_header(writer: &mut BitWriter, literals: &[u8], distances: &[u8]) {
    let mut items = items(literals);
    items.extend(self::items(distances));
    let mut counts = [0; ORDER.len()];
    items.iter().for_each(|item| counts[usize::from(item.symbol)] += 1);
    let of_lengths = huffman::lengths(&counts, 7);
    let codes = huffman::codes(&of_lengths);
    let ordered: Vec<u8> = ORDER.iter().map(|&length| of_lengths[length]).collect();
    let used = ordered.iter().rposition(|&length| length > 0).map_or(4, |last| (last + 1).max(4));
    // Not the last block, and with codes of its own; then the numbers of symbols, distances, and lengths of lengths.
    writer.write(0b100, 3);
    writer.write(literals.len() as u64 - 257, 5);
    writer.write(distances.len() as u64 - 1, 5);
    writer.write(used as u64 - 4, 4);
    ordered[..used].iter().for_each(|&length| writer.write(u64::from(length), 3));
    for item in items {
        writer.code(codes[usize::from(item.symbol)].then(item.extra));
    }
}

/// What follows itself at least three times is repeated.
fn items(lengths: &[u8]) -> Vec<Item> {
    let item = |symbol: u8| Item { symbol, extra: Code::default() };
    let mut items = Vec::new();
    for run in lengths.chunk_by(|one, next| one == next) {
        if run[0] == 0 {
            for zeros in run.chunks(138) {
                match zeros.len() {
                    few @ 0..=2 => items.extend((0..few).map(|_| item(0))),
                    some @ 3..=10 => {
                        items.push(Item { symbol: FEW_ZEROS, extra: Code::new(some as u32 - 3, 3) })
                    }
                    many => items.push(Item { symbol: MANY_ZEROS, extra: Code::new(many as u32 - 11, 7) }),
                }
            }
            continue;
        }
        items.push(item(run[0]));
        for more in run[1..].chunks(6) {
            if more.len() < 3 {
                items.extend(more.iter().map(|&length| item(length)));
            } else {
                items.push(Item { symbol: REPEAT, extra: Code::new(more.len() as u32 - 3, 2) });
            }
        }
    }
    items
}
