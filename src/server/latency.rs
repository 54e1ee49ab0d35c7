//! How long things take: a histogram whose every value is kept to three digits. Recorded and read on the
//! reactor only.

use std::cell::RefCell;
use std::time::Duration;

use hdrhistogram::Histogram;

/// Microseconds: an hour. What takes longer is counted as that; no deadline is as long.
const LONGEST: u64 = 3_600_000_000;
/// Significant digits: what is read is up to a thousandth larger than what was recorded.
const DIGITS: u8 = 3;

/// The quantiles of a [`Summary`].
const QUANTILES: [f64; 4] = [0.5, 0.9, 0.99, 0.999];
/// The upper edges of its buckets, in microseconds: 1 ms to 10 s.
const EDGES: [u64; 13] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000,
];

/// All that was recorded: in 16 KiB at first, in a fifth of a megabyte if it has seen an hour.
pub struct Latency(RefCell<Recorded>);

struct Recorded {
    /// Microseconds. A cell has 64 bits: one with 32 would be full after some days at full load.
    histogram: Histogram<u64>,
    /// Exact, as the histogram is not.
    sum: Duration,
}

impl Default for Latency {
    fn default() -> Latency {
        // It grows with the longest that it has seen.
        let histogram = Histogram::new(DIGITS).expect("it can have up to five digits");
        Latency(RefCell::new(Recorded { histogram, sum: Duration::default() }))
    }
}

impl Latency {
    /// Adds one. Takes nanoseconds, and memory only for one that is longer than all before it.
    pub fn record(&self, time: Duration) {
        let recorded = &mut *self.0.borrow_mut();
        // Upwards: what has taken longer than a bucket's edge must not be below it.
        let microseconds = time.as_nanos().div_ceil(1000).min(u128::from(LONGEST));
        let fits = recorded.histogram.record(microseconds as u64);
        debug_assert!(fits.is_ok(), "it grows to an hour");
        recorded.sum += time;
    }

    /// What can be told of all of them.
    pub fn summary(&self) -> Summary {
        let recorded = self.0.borrow();
        let histogram = &recorded.histogram;
        let count = histogram.len();
        let mut quantiles = [0.0; QUANTILES.len()];
        for (to, value) in quantiles.iter_mut().zip(histogram.value_at_quantiles(QUANTILES)) {
            *to = seconds(value);
        }
        let (mut next, mut above) = (0, count);
        let buckets = EDGES.map(|edge| {
            // Where the histogram ends, its last cell would stand for all that is beyond it.
            let within = if next > histogram.max() { 0 } else { histogram.count_between(next, edge) };
            next = histogram.next_non_equivalent(edge);
            above -= within;
            (seconds(edge), within)
        });
        let max = seconds(histogram.max());
        Summary { count, sum: recorded.sum, quantiles, max, buckets, above }
    }
}

/// A moment's copy, in seconds.
#[derive(Clone, Debug)]
pub struct Summary {
    /// How many there were.
    pub count: u64,
    /// What they took, all together.
    pub sum: Duration,
    /// Those of [`QUANTILES`]; 0 if there was none.
    pub quantiles: [f64; QUANTILES.len()],
    /// The longest; 0 if there was none.
    pub max: f64,
    /// Upper edges, and how many are between that and the one before it.
    pub buckets: [(f64, u64); EDGES.len()],
    /// How many are above the last edge.
    pub above: u64,
}

impl Summary {
    /// The average, to a microsecond; 0 if there was none.
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
