//! Student's t distribution, for intervals of means of few values.

use std::f64::consts::PI;

/// How probable it is that |t| is at least this large with so many degrees of freedom.
pub fn two_sided(t: f64, freedom: usize) -> f64 {
    if freedom == 0 {
        return 1.0;
    }
    // Abramowitz and Stegun, 26.7.3 and 26.7.4: a finite sum for each whole number of degrees.
    let angle = (t.abs() / (freedom as f64).sqrt()).atan();
    let (sine, cosine) = angle.sin_cos();
    let is_odd = freedom % 2 == 1;
    let mut term = if is_odd { cosine } else { 1.0 };
    let mut sum = if freedom == 1 { 0.0 } else { term };
    let mut factor = if is_odd { 2.0 } else { 1.0 };
    while factor + 1.0 < freedom as f64 {
        term *= cosine * cosine * factor / (factor + 1.0);
        sum += term;
        factor += 2.0;
    }
    let inside = if is_odd { (angle + sine * sum) * 2.0 / PI } else { sine * sum };
    (1.0 - inside).clamp(0.0, 1.0)
}

/// The |t| that is exceeded with this probability.
pub fn critical(probability: f64, freedom: usize) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while two_sided(high, freedom) > probability && high < 1e12 {
        high *= 2.0;
    }
    // Each step gives one bit.
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if two_sided(middle, freedom) > probability { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_near(one: f64, other: f64) {
        assert!((one - other).abs() <= 1e-6 * other.abs().max(1e-3), "{one} and {other}");
    }

    /// The numbers are SciPy's: `python3 benches/historical/tests/reference/ratios.py`.
    #[test]
    fn probabilities_and_critical_values_are_those_of_scipy() {
        is_near(two_sided(2.0, 9), 0.076_552_823_77);
        is_near(two_sided(-2.0, 9), 0.076_552_823_77);
        is_near(two_sided(12.0, 5), 7.089_492_517e-5);
        is_near(two_sided(1.0, 1), 0.5);
        is_near(critical(0.05, 9), 2.262_157_163);
        is_near(critical(0.05, 5), 2.570_581_836);
        is_near(critical(0.005, 9), 3.689_662_392);
        is_near(critical(0.05 / 3.0, 5), 3.534_110_704);
        is_near(critical(0.05, 2), 4.302_652_73);
        is_near(critical(0.05, 1), 12.706_204_736);
        assert_eq!(two_sided(3.0, 0), 1.0);
    }
}
