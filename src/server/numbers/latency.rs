//! Durations as a histogram that keeps every value to three significant digits. Written and read on the reactor's
//! thread only.
//!
//! Its cells are those of an HdrHistogram, but that searches thousands of cells for a quantile. Here the sums of their
//! blocks are kept too, and whole blocks are skipped: `/stats` has sixteen quantiles.

use std::cell::RefCell;
use std::time::Duration;

/// The longest duration, in microseconds: an hour. Longer ones are counted as that; no deadline is as long.
const LONGEST: u64 = 3_600_000_000;
/// Values below twice this have a cell each, and each doubling above that has this many cells. So a value that is read is
/// up to a thousandth larger than the one recorded.
const HALF: u64 = 1024;
/// The cells of a block. Of an hour, there are 23,000 cells in 360 blocks.
const BLOCK: usize = 64;

/// The quantiles of a [`Summary`].
const QUANTILES: [f64; 4] = [0.5, 0.9, 0.99, 0.999];
/// The upper bounds of its buckets, in microseconds: 1 ms to 10 s.
const EDGES: [u64; 13] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000,
];

/// A distribution of durations. Takes no memory at first, and up to a third of a megabyte once it has seen an hour.
#[derive(Default)]
pub struct Latency(RefCell<Recorded>);

/// Counts have 64 bits: those of 32 would overflow after some days at full load.
#[derive(Default)]
struct Recorded {
    /// The count of each cell, up to the last that is not 0.
    cells: Vec<u64>,
    /// The sums of the blocks of `cells`.
    blocks: Vec<u64>,
    /// How many durations are in each bucket, and above them. Exact, unlike the cells.
    buckets: [u64; EDGES.len() + 1],
    count: u64,
    /// Exact, unlike the cells.
    sum: Duration,
}

impl Latency {
    /// Adds a duration. Takes nanoseconds, and allocates only for one that is longer than all before it.
    pub fn record(&self, time: Duration) {
        let recorded = &mut *self.0.borrow_mut();
        // Rounded up: a duration longer than a bucket's bound must not be counted below it.
        let microseconds = time.as_nanos().div_ceil(1000).min(u128::from(LONGEST)) as u64;
        let cell = cell_of(microseconds);
        if cell >= recorded.cells.len() {
            recorded.cells.resize(cell + 1, 0);
            recorded.blocks.resize(cell / BLOCK + 1, 0);
        }
        recorded.cells[cell] += 1;
        recorded.blocks[cell / BLOCK] += 1;
        recorded.buckets[EDGES.partition_point(|&edge| edge < microseconds)] += 1;
        recorded.count += 1;
        recorded.sum += time;
    }

    /// How many durations were recorded.
    pub fn count(&self) -> u64 {
        self.0.borrow().count
    }

    /// Their sum, exactly.
    pub fn sum(&self) -> Duration {
        self.0.borrow().sum
    }

    /// Their count, sum, quantiles and buckets.
    pub fn summary(&self) -> Summary {
        let recorded = &*self.0.borrow();
        let max = recorded.cells.len().checked_sub(1).map_or(0.0, |cell| seconds(largest_in(cell)));
        let mut buckets = EDGES.map(|edge| (seconds(edge), 0));
        for (bucket, &count) in buckets.iter_mut().zip(&recorded.buckets) {
            bucket.1 = count;
        }
        Summary {
            count: recorded.count,
            sum: recorded.sum,
            quantiles: QUANTILES.map(|quantile| recorded.quantile(quantile).map_or(0.0, seconds)),
            max,
            buckets,
            above: recorded.buckets[EDGES.len()],
        }
    }
}

impl Recorded {
    /// The value that this part of the durations does not exceed, in microseconds; `None` without any duration.
    fn quantile(&self, part: f64) -> Option<u64> {
        let rank = (part * self.count as f64).ceil() as u64;
        let (block, rank) = find(&self.blocks, rank)?;
        let (cell, _) = find(&self.cells[block * BLOCK..], rank)?;
        Some(largest_in(block * BLOCK + cell))
    }
}

/// The index of the count that contains the one of that rank, counted from 1, and its rank within that count.
fn find(counts: &[u64], mut rank: u64) -> Option<(usize, u64)> {
    for (index, &count) in counts.iter().enumerate() {
        if rank <= count {
            return Some((index, rank));
        }
        rank -= count;
    }
    None
}

/// The index of the cell that counts a value.
fn cell_of(value: u64) -> usize {
    // The low bits that the cell does not tell apart.
    let bits = (u64::BITS - (value / (2 * HALF)).leading_zeros()) as u64;
    (bits * HALF + (value >> bits)) as usize
}

/// The largest value that a cell counts.
fn largest_in(cell: usize) -> u64 {
    let next = cell as u64 + 1;
    let bits = (cell as u64 / HALF).saturating_sub(1);
    ((next - bits * HALF) << bits) - 1
}

/// A snapshot, in seconds.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The number of durations.
    pub count: u64,
    /// Their sum.
    pub sum: Duration,
    /// One for each of [`QUANTILES`]; 0 without any duration.
    pub quantiles: [f64; QUANTILES.len()],
    /// The longest; 0 without any duration.
    pub max: f64,
    /// The upper bound of each bucket, and how many durations are between it and the bound before.
    pub buckets: [(f64, u64); EDGES.len()],
    /// How many durations are above the last bound.
    pub above: u64,
}

impl Summary {
    /// The mean, to a microsecond; 0 without any duration.
    pub fn mean(&self) -> f64 {
        (self.sum.as_secs_f64() / self.count.max(1) as f64 * 1e6).round() / 1e6
    }
}

fn seconds(microseconds: u64) -> f64 {
    microseconds as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::{Duration, Latency, EDGES};

    fn recorded(times: &[Duration]) -> Latency {
        let latency = Latency::default();
        times.iter().for_each(|&time| latency.record(time));
        latency
    }

    #[test]
    fn nothing_recorded_is_all_zeros() {
        let summary = Latency::default().summary();
        assert_eq!((summary.count, summary.mean(), summary.max, summary.above), (0, 0.0, 0.0, 0));
        assert_eq!(summary.quantiles, [0.0; 4]);
    }

    #[test]
    fn quantiles_are_right_to_a_thousandth() {
        let times: Vec<_> = (1..=10_000).map(Duration::from_millis).collect();
        let summary = recorded(&times).summary();
        for (&got, &expected) in summary.quantiles.iter().zip(&[5.0, 9.0, 9.9, 9.99]) {
            assert!((expected..expected * 1.001).contains(&got), "{} is not {}", got, expected);
        }
        assert_eq!(summary.mean(), 5.0005);
        assert!((10.0..10.01).contains(&summary.max), "{}", summary.max);
    }

    #[test]
    fn every_value_is_in_one_bucket_and_an_edge_is_in_the_lower_one() {
        let nanosecond = Duration::new(0, 1);
        for (bucket, &edge) in EDGES.iter().enumerate() {
            let edge = Duration::from_micros(edge);
            // Up to a thousandth above an edge still counts as the edge; below 2 ms nothing does.
            let above = if bucket == 0 { edge + nanosecond } else { edge + edge / 1000 + nanosecond };
            let summary = recorded(&[edge, above]).summary();
            let mut counts = summary.buckets.map(|bucket| bucket.1).to_vec();
            counts.push(summary.above);
            assert_eq!((counts[bucket], counts[bucket + 1]), (1, 1), "{:?}", edge);
            assert_eq!(counts.iter().sum::<u64>(), 2);
        }
    }

    /// One that fills the last cell that the histogram has grown by then.
    #[test]
    fn the_longest_is_in_one_bucket_whatever_it_is() {
        for power in 1..32 {
            let longest = Duration::from_micros((1 << power) - 1);
            let summary = recorded(&[longest]).summary();
            let counts: Vec<_> = summary.buckets.iter().map(|bucket| bucket.1).collect();
            assert_eq!(counts.iter().sum::<u64>() + summary.above, 1, "{:?}: {:?}", longest, counts);
        }
    }

    #[test]
    fn what_is_too_short_or_too_long_is_counted() {
        let summary =
            recorded(&[Duration::default(), Duration::new(0, 1), Duration::new(1_000_000, 0)]).summary();
        assert_eq!((summary.count, summary.buckets[0].1, summary.above), (3, 2, 1));
        assert!((3600.0..3604.0).contains(&summary.max), "{}", summary.max);
        assert_eq!(summary.sum, Duration::new(1_000_000, 1));
    }
}
