//! Durations as a histogram that keeps every value to three significant digits. Written and read on the reactor's
//! thread only.

use std::cell::RefCell;
use std::time::Duration;

use hdrhistogram::Histogram;

/// The longest duration, in microseconds: an hour. Longer ones are counted as that; no deadline is as long.
const LONGEST: u64 = 3_600_000_000;
/// Significant digits: a value that is read is up to a thousandth larger than the one recorded.
const DIGITS: u8 = 3;

/// The quantiles of a [`Summary`].
const QUANTILES: [f64; 4] = [0.5, 0.9, 0.99, 0.999];
/// The upper bounds of its buckets, in microseconds: 1 ms to 10 s.
const EDGES: [u64; 13] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000,
];

/// A distribution of durations. Takes 16 KiB at first, and a fifth of a megabyte once it has seen an hour.
pub struct Latency(RefCell<Recorded>);

struct Recorded {
    /// Microseconds. A count has 64 bits, because one of 32 would overflow after some days at full load.
    histogram: Histogram<u64>,
    /// Exact, unlike the histogram.
    sum: Duration,
}

impl Default for Latency {
    fn default() -> Latency {
        // It grows with the longest duration recorded.
        let histogram = Histogram::new(DIGITS).expect("it can have up to five digits");
        Latency(RefCell::new(Recorded { histogram, sum: Duration::default() }))
    }
}

impl Latency {
    /// Adds a duration. Takes nanoseconds, and allocates only for one that is longer than all before it.
    pub fn record(&self, time: Duration) {
        let recorded = &mut *self.0.borrow_mut();
        // Rounded up: a duration longer than a bucket's bound must not be counted below it.
        let microseconds = time.as_nanos().div_ceil(1000).min(u128::from(LONGEST));
        let fits = recorded.histogram.record(microseconds as u64);
        debug_assert!(fits.is_ok(), "it grows to an hour");
        recorded.sum += time;
    }

    /// How many durations were recorded.
    pub fn count(&self) -> u64 {
        self.0.borrow().histogram.len()
    }

    /// Their sum, exactly.
    pub fn sum(&self) -> Duration {
        self.0.borrow().sum
    }

    /// Their count, sum, quantiles and buckets.
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
            // Beyond its end, the histogram returns the count of its last cell.
            let within = if next > histogram.max() { 0 } else { histogram.count_between(next, edge) };
            next = histogram.next_non_equivalent(edge);
            above -= within;
            (seconds(edge), within)
        });
        let max = seconds(histogram.max());
        Summary { count, sum: recorded.sum, quantiles, max, buckets, above }
    }
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
