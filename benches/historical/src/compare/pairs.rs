//! Judges two contestants by the ratio of their values in each round.
//!
//! A round plays all contestants one after the other, so what disturbs it disturbs them alike, and their ratio varies
//! less than their values do. The interval of the geometric mean of these ratios is Student's, on their logarithms. It
//! is as wide as the number of pairs in the figure demands (Bonferroni), so that all intervals of a figure hold together.
//!
//! A percentile bootstrap would be too narrow: what it calls 95 % holds in 90 % with ten rounds and in 86 % with six, and
//! BCa does little better. Student's holds in 95 % whatever the number of rounds if the logarithms are normal, in more if
//! their tails are heavy, and in less if they are skewed: in 90 % if they are exponential
//! (`benches/historical/tests/reference/ratios.py --coverage`). BCa's interval is kept beside it.

use serde::{Deserialize, Serialize};

use super::bootstrap;
use super::figures::{Better, Side};
use super::student::{critical, two_sided};

/// The probability that any of the intervals of a figure is wrong.
pub const ERROR: f64 = 0.05;
/// Ratios between 1 / 1.05 and 1.05 make no difference that matters here.
pub const MARGIN: f64 = 0.05;
/// Rounds that a verdict needs. With fewer, not even one contestant that is ahead in all of them is ahead at 95 % by the
/// signs alone: 2 / 2⁶ is 3 %.
pub const ENOUGH: usize = 6;

/// The geometric mean of the ratios of all rounds, and the interval that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    pub mean: f64,
    pub low: f64,
    pub high: f64,
    /// The interval at the same level by bootstrap; `None` if all rounds have the same ratio.
    pub bootstrap: Option<(f64, f64)>,
}

/// What is known about two contestants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// The ratio is beyond the margin, and its interval does not contain 1.
    Ahead,
    /// The same, for the other one.
    Behind,
    /// The whole interval is within the margin: two one-sided tests (TOST), at half the error that those allow.
    Equal,
    /// Neither: the interval is too wide, or it only proves a difference that may be below the margin.
    CannotTell,
}

/// Two contestants in a figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    pub one: String,
    pub other: String,
    /// In which both have a value.
    pub rounds: usize,
    /// In which the first has the better value.
    pub ahead: usize,
    pub behind: usize,
    /// Of the first one's values to the other's; `None` if one of them is 0 and the other is not.
    pub ratio: Option<Ratio>,
    /// How probable it is that equal contestants differ so much: by Student's t, or without a ratio by the signs.
    pub probability: f64,
    /// Of the first one.
    pub judgement: Judgement,
    /// Whether the difference holds even if all comparisons of the page are one family.
    pub holds_for_page: bool,
}

impl Pair {
    /// `pairs` is the number of them in the figure.
    pub fn new(better: Better, one: &Side, other: &Side, pairs: usize) -> Pair {
        let values: Vec<(f64, f64)> = one
            .values
            .iter()
            .zip(&other.values)
            .filter_map(|(one, other)| Some((one.number()?, other.number()?)))
            .collect();
        let higher = values.iter().filter(|(one, other)| one > other).count();
        let lower = values.iter().filter(|(one, other)| one < other).count();
        let (ahead, behind) = if better == Better::Lower { (lower, higher) } else { (higher, lower) };
        let error = ERROR / pairs.max(1) as f64;
        let (ratio, probability) = match logs(&values) {
            Some(logs) => of_logs(&logs, error),
            None => (None, signs(ahead, behind)),
        };
        let mut pair = Pair {
            one: one.contestant.clone(),
            other: other.contestant.clone(),
            rounds: values.len(),
            ahead,
            behind,
            ratio,
            probability,
            judgement: Judgement::CannotTell,
            holds_for_page: false,
        };
        pair.judgement = pair.judge(better, error);
        pair
    }

    fn judge(&self, better: Better, error: f64) -> Judgement {
        if self.rounds < ENOUGH {
            return Judgement::CannotTell;
        }
        let is_ahead = match self.ratio {
            Some(Ratio { low, high, .. }) if low >= 1.0 / (1.0 + MARGIN) && high <= 1.0 + MARGIN => {
                return Judgement::Equal;
            }
            // The mean, too: a contestant that is called equal is never further away than one that is called behind.
            Some(Ratio { mean, high, .. }) if high < 1.0 && mean < 1.0 / (1.0 + MARGIN) => {
                better == Better::Lower
            }
            Some(Ratio { mean, low, .. }) if low > 1.0 && mean > 1.0 + MARGIN => better == Better::Higher,
            None if self.probability <= error => self.ahead > self.behind,
            _ => return Judgement::CannotTell,
        };
        if is_ahead { Judgement::Ahead } else { Judgement::Behind }
    }

    /// Whether one of the two is ahead.
    pub fn is_difference(&self) -> bool {
        matches!(self.judgement, Judgement::Ahead | Judgement::Behind)
    }

    /// The same, seen from the other one.
    pub fn exchanged(&self) -> Pair {
        let invert = |(low, high): (f64, f64)| (1.0 / high, 1.0 / low);
        Pair {
            one: self.other.clone(),
            other: self.one.clone(),
            ahead: self.behind,
            behind: self.ahead,
            ratio: self.ratio.map(|Ratio { mean, low, high, bootstrap }| Ratio {
                mean: 1.0 / mean,
                low: 1.0 / high,
                high: 1.0 / low,
                bootstrap: bootstrap.map(invert),
            }),
            judgement: match self.judgement {
                Judgement::Ahead => Judgement::Behind,
                Judgement::Behind => Judgement::Ahead,
                same => same,
            },
            ..self.clone()
        }
    }
}

/// The logarithm of the ratio in each round; two that are both 0 are the same. `None` if there is a round without a ratio,
/// or no round.
fn logs(values: &[(f64, f64)]) -> Option<Vec<f64>> {
    let log = |&(one, other): &(f64, f64)| match (one > 0.0, other > 0.0) {
        // A difference, so that exchanging the two changes nothing but the sign.
        (true, true) => Some(one.ln() - other.ln()),
        _ => (one == other).then_some(0.0),
    };
    values.iter().map(log).collect::<Option<Vec<f64>>>().filter(|logs| !logs.is_empty())
}

/// The ratio with its interval, and the probability of such a mean if the true one is 0. One round has no interval.
fn of_logs(logs: &[f64], error: f64) -> (Option<Ratio>, f64) {
    let Some((mean, half, probability)) = student(logs, error) else { return (None, 1.0) };
    let ratio = Ratio {
        mean: mean.exp(),
        low: (mean - half).exp(),
        high: (mean + half).exp(),
        bootstrap: bootstrap::interval(logs, error).map(|(low, high)| (low.exp(), high.exp())),
    };
    (Some(ratio), probability)
}

/// The mean, half of the length of its interval, and the probability of such a mean if the true one is 0.
fn student(logs: &[f64], error: f64) -> Option<(f64, f64, f64)> {
    let count = logs.len() as f64;
    let freedom = logs.len().checked_sub(1).filter(|freedom| *freedom > 0)?;
    let mean = logs.iter().sum::<f64>() / count;
    let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let deviation = (variance / count).sqrt();
    let probability = match (deviation > 0.0, mean == 0.0) {
        (true, _) => two_sided(mean / deviation, freedom),
        // Always the same ratio.
        (false, is_one) => f64::from(u8::from(is_one)),
    };
    Some((mean, critical(error, freedom) * deviation, probability))
}

/// How probable it is that of two equal contestants one is ahead this often or more often, by the signs alone.
fn signs(ahead: usize, behind: usize) -> f64 {
    let (count, most) = (ahead + behind, ahead.max(behind));
    // The number of ways to choose, from one to the next.
    let mut ways = 1.0;
    let mut sum = 0.0;
    for chosen in 0..=count - most {
        sum += ways;
        ways *= (count - chosen) as f64 / (chosen + 1) as f64;
    }
    (2.0 * sum / 2.0_f64.powi(count as i32)).min(1.0)
}

/// Marks the differences that hold if all pairs of a page are one family (Holm's steps).
pub fn hold_for_page<'a>(pairs: impl Iterator<Item = &'a mut Pair>) {
    let mut pairs: Vec<&mut Pair> = pairs.filter(|pair| pair.rounds >= ENOUGH).collect();
    pairs.sort_by(|one, other| one.probability.total_cmp(&other.probability));
    let count = pairs.len();
    let mut holds = true;
    for (index, pair) in pairs.into_iter().enumerate() {
        holds &= pair.probability <= ERROR / (count - index) as f64;
        pair.holds_for_page = holds && pair.is_difference();
    }
}

#[cfg(test)]
#[path = "pairs_tests.rs"]
mod tests;
