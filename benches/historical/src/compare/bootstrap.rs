//! An interval for the mean of some values by bootstrap: bias-corrected and accelerated (BCa, Efron 1987).
//!
//! It stands beside Student's interval and assumes no normal distribution. With six or ten values it is a little too
//! narrow, as `compare/pairs.rs` measures, so no verdict rests on it.

use super::random::Random;

const RESAMPLES: usize = 10_000;
/// Always the same, so that results can be analysed again and come out the same.
const SEED: u64 = 2017;

/// The interval that leaves out this probability, half of it at each end. `None` if there are fewer than two values, or
/// all are the same.
pub fn interval(values: &[f64], outside: f64) -> Option<(f64, f64)> {
    let observed = mean(values.iter().copied(), values.len());
    let spread: f64 = values.iter().map(|value| (value - observed).powi(2)).sum();
    if values.len() < 2 || spread <= f64::EPSILON {
        return None;
    }
    let means = resampled(values);
    // How far the resampled means lie to one side of the observed one.
    let below = means.iter().filter(|mean| **mean < observed).count() as f64;
    let same = means.iter().filter(|mean| **mean == observed).count() as f64;
    let bias = normal_quantile((below + same / 2.0) / RESAMPLES as f64);
    // Skewness, by the means that lack one value each.
    let total: f64 = values.iter().sum();
    let lacking: Vec<f64> = values.iter().map(|value| (total - value) / (values.len() - 1) as f64).collect();
    let middle = mean(lacking.iter().copied(), lacking.len());
    let moment = |power| lacking.iter().map(|mean| (middle - mean).powi(power)).sum::<f64>();
    let acceleration = moment(3) / (6.0 * moment(2).powf(1.5));

    let place = |part: f64| {
        let shifted = bias + normal_quantile(part);
        let part = normal(bias + shifted / (1.0 - acceleration * shifted));
        let index = part * (RESAMPLES - 1) as f64;
        let (low, high) = (index.floor() as usize, index.ceil() as usize);
        means[low] + (means[high] - means[low]) * index.fract()
    };
    Some((place(outside / 2.0), place(1.0 - outside / 2.0)))
}

/// Sorted means of as many values, drawn with replacement.
fn resampled(values: &[f64]) -> Vec<f64> {
    let mut random = Random(SEED);
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|_| mean((0..values.len()).map(|_| values[random.below(values.len())]), values.len()))
        .collect();
    means.sort_by(f64::total_cmp);
    means
}

fn mean(values: impl Iterator<Item = f64>, count: usize) -> f64 {
    values.sum::<f64>() / count as f64
}

/// The normal distribution up to this value, by a series that all its terms are positive in.
fn normal(value: f64) -> f64 {
    if value < 0.0 {
        return 1.0 - normal(-value);
    }
    if value > 9.0 {
        return 1.0;
    }
    let (mut term, mut sum, mut divisor) = (value, value, 1.0);
    while term > sum * 1e-17 {
        divisor += 2.0;
        term *= value * value / divisor;
        sum += term;
    }
    0.5 + sum * (-value * value / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// The value that the normal distribution reaches this part at.
fn normal_quantile(part: f64) -> f64 {
    let (mut low, mut high) = (-9.0, 9.0);
    for _ in 0..80 {
        let middle = (low + high) / 2.0;
        if normal(middle) < part { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_distribution_is_the_one_of_the_tables() {
        for (value, part) in [(0.0, 0.5), (1.0, 0.841_344_746), (1.959_963_985, 0.975), (-3.0, 0.001_349_898)]
        {
            assert!((normal(value) - part).abs() < 1e-9, "{value}");
            assert!((normal_quantile(part) - value).abs() < 1e-6, "{part}");
        }
    }

    /// SciPy's interval, with 200,000 resamples: `python3 benches/historical/tests/reference/ratios.py`.
    #[test]
    fn the_interval_is_that_of_scipy() {
        let values = [0.80_f64, 0.81, 0.84, 0.98, 0.73, 0.76, 0.90, 0.79, 0.83, 1.10].map(f64::ln);
        for (outside, low, high) in [(0.05, -0.2243, -0.0739), (0.005, -0.2431, -0.0261)] {
            let interval = interval(&values, outside).expect("they differ");
            let width = high - low;
            assert!((interval.0 - low).abs() < 0.04 * width, "{interval:?} and {low}");
            assert!((interval.1 - high).abs() < 0.04 * width, "{interval:?} and {high}");
        }
    }

    #[test]
    fn values_that_do_not_differ_have_no_interval() {
        assert_eq!(interval(&[], 0.05), None);
        assert_eq!(interval(&[1.0], 0.05), None);
        assert_eq!(interval(&[2.0; 10], 0.05), None);
    }
}
