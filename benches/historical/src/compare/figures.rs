//! Turns the measurements of all rounds into medians and spreads, and ranks contestants by what `pairs.rs` says of two.

use serde::{Deserialize, Serialize};

use super::pairs::{ENOUGH, Judgement, Pair};
use super::reading::{Missing, Reading};
use super::words::list;

/// Which values are good ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// The higher the better.
    Higher,
    /// The lower the better.
    Lower,
    /// Neither: it only describes what happened.
    Neither,
}

/// The median of some rounds, and the range they are in.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    /// `None` if there are no values. The median of an even number of them is the mean of the two in the middle.
    pub fn of(values: &[f64]) -> Option<Spread> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
        Some(Spread { median: (low + high) / 2.0, min, max })
    }
}

/// One contestant's part of a figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Side {
    pub contestant: String,
    /// One for each round.
    pub values: Vec<Reading>,
    /// Of the rounds that have a value.
    pub spread: Option<Spread>,
}

impl Side {
    pub fn new(contestant: &str, values: Vec<Reading>) -> Side {
        let mut side = Side { contestant: contestant.to_string(), values, spread: None };
        side.spread_again();
        side
    }

    /// The spread follows from the values.
    pub fn spread_again(&mut self) {
        self.spread = Spread::of(&self.numbers().collect::<Vec<_>>());
    }

    /// Rounds that have a value.
    pub fn count(&self) -> usize {
        self.numbers().count()
    }

    /// The values of the rounds that have one.
    pub fn numbers(&self) -> impl Iterator<Item = f64> {
        self.values.iter().filter_map(|reading| reading.number())
    }

    /// Why values are missing, each reason once.
    pub fn reasons(&self) -> Vec<Missing> {
        let mut reasons: Vec<Missing> = self.values.iter().filter_map(|reading| reading.missing()).collect();
        reasons.sort();
        reasons.dedup();
        reasons
    }

    /// Whether the clients were too slow for it in more than one of five rounds. Without these rounds it would look slower
    /// than it is.
    fn is_limited(&self) -> bool {
        let limited = self.values.iter().filter(|reading| reading.missing() == Some(Missing::OfClients));
        limited.count() * 5 > self.values.len()
    }

    /// What contestants are ranked by: the ratio of two of these is the mean of the ratios of their rounds. With a round of
    /// 0, the median.
    fn rank(&self) -> Option<f64> {
        let logs: Vec<f64> = self.numbers().map(f64::ln).collect();
        let mean = logs.iter().sum::<f64>() / logs.len() as f64;
        if mean.is_finite() { Some(mean.exp()) } else { self.spread.map(|spread| spread.median) }
    }
}

/// One thing that was measured, of all contestants that play in the scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    pub measure: String,
    pub unit: String,
    /// Under which circumstances, if the scene has several.
    pub variant: Option<String>,
    pub better: Better,
    /// Its place among those of its measure that answer the question of the scene.
    pub telling: Option<usize>,
    pub sides: Vec<Side>,
    /// What a server that does nothing has, where that is known.
    #[serde(default)]
    pub floor: Option<Side>,
    pub verdict: Verdict,
}

/// Who is ahead in a figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Verdict {
    /// There is nothing to be ahead in, or too little was measured.
    None { why: String },
    /// The one with the best values, and what is known about each pair.
    Ranked { best: String, pairs: Vec<Pair> },
}

impl Verdict {
    /// None, if there is no verdict.
    pub fn pairs(&self) -> &[Pair] {
        match self {
            Verdict::Ranked { pairs, .. } => pairs,
            Verdict::None { .. } => &[],
        }
    }

    pub fn pairs_mut(&mut self) -> &mut [Pair] {
        match self {
            Verdict::Ranked { pairs, .. } => pairs,
            Verdict::None { .. } => &mut [],
        }
    }
}

impl Figure {
    /// The verdict follows from the sides.
    pub fn judge(&mut self) {
        self.verdict = verdict(self.better, &self.sides);
    }

    /// Whether the system tells this of nobody.
    pub fn is_unknown(&self) -> bool {
        self.is_missing(Missing::Unknown)
    }

    /// Whether it is to be shown: it was asked for, and the system tells it of somebody.
    pub fn is_shown(&self) -> bool {
        !self.is_unknown() && !self.is_missing(Missing::NotPlayed)
    }

    fn is_missing(&self, reason: Missing) -> bool {
        self.sides.iter().all(|side| side.spread.is_none() && side.reasons() == [reason])
    }

    /// Two contestants, the first seen from.
    pub fn pair(&self, one: &str, other: &str) -> Option<Pair> {
        self.verdict.pairs().iter().find_map(|pair| {
            let is = |left: &str, right: &str| pair.one == left && pair.other == right;
            if is(one, other) { Some(pair.clone()) } else { is(other, one).then(|| pair.exchanged()) }
        })
    }

    /// The best one, and all of whom the rounds do not show that they are behind.
    pub fn leaders(&self) -> Vec<&str> {
        let Verdict::Ranked { best, .. } = &self.verdict else { return Vec::new() };
        let is_with_it = |side: &&Side| {
            let pair = self.pair(&side.contestant, best);
            side.contestant == *best || pair.is_some_and(|pair| pair.judgement == Judgement::Equal)
        };
        self.sides.iter().filter(is_with_it).map(|side| side.contestant.as_str()).collect()
    }
}

fn verdict(better: Better, sides: &[Side]) -> Verdict {
    let none = |why: &str| Verdict::None { why: why.to_string() };
    if better == Better::Neither {
        return none("neither more nor less of it is better");
    }
    if sides.iter().all(|side| side.values.len() < ENOUGH) {
        return none("a verdict needs six rounds");
    }
    let limited: Vec<String> =
        sides.iter().filter(|side| side.is_limited()).map(|side| side.contestant.clone()).collect();
    if !limited.is_empty() {
        return none(&format!("the clients were the limit of {}", list(&limited)));
    }
    let sound: Vec<&Side> = sides.iter().filter(|side| side.count() >= ENOUGH).collect();
    let rank = |side: &&&Side| side.rank().unwrap_or(f64::NAN);
    let best = match better {
        Better::Higher => sound.iter().max_by(|one, other| rank(one).total_cmp(&rank(other))),
        _ => sound.iter().min_by(|one, other| rank(one).total_cmp(&rank(other))),
    };
    let Some(best) = best else { return none("no contestant has values from six rounds") };
    if sound.len() < 2 {
        return none("there is nothing to compare with");
    }
    // The family is as large as the scene makes it, whoever fails.
    let count = sides.len() * (sides.len() - 1) / 2;
    let pair = |(index, one): (usize, &Side)| {
        sides[index + 1..].iter().map(|other| Pair::new(better, one, other, count)).collect::<Vec<_>>()
    };
    let pairs = sides.iter().enumerate().flat_map(pair).collect();
    Verdict::Ranked { best: best.contestant.clone(), pairs }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::made_up;

    fn figure(better: Better, sides: &[(&str, &[f64])]) -> Figure {
        let side = |&(name, values): &(&str, &[f64])| {
            Side::new(name, values.iter().copied().map(Reading::from).collect())
        };
        made_up::figure(better, sides.iter().map(side).collect())
    }

    fn why(figure: &Figure) -> &str {
        match &figure.verdict {
            Verdict::None { why } => why,
            Verdict::Ranked { .. } => panic!("there is a verdict: {figure:?}"),
        }
    }

    #[test]
    fn the_median_is_the_middle_one_or_the_mean_of_the_two() {
        assert_eq!(Spread::of(&[]), None);
        assert_eq!(Spread::of(&[9.0, 1.0, 2.0]), Some(Spread { median: 2.0, min: 1.0, max: 9.0 }));
        assert_eq!(Spread::of(&[4.0, 1.0, 2.0, 9.0]), Some(Spread { median: 3.0, min: 1.0, max: 9.0 }));
    }

    #[test]
    fn the_best_one_leads_with_those_that_are_equal() {
        let (a, b) = ([2.0, 2.02, 1.99, 2.0, 2.01, 2.0], [2.01, 2.0, 2.0, 2.01, 2.02, 2.0]);
        let sides = [("a", &a[..]), ("b", &b[..]), ("c", &[6.0, 6.1, 5.9, 6.0, 6.0, 6.2][..])];
        let lower = figure(Better::Lower, &sides);
        assert_eq!(lower.leaders(), ["a", "b"]);
        assert_eq!(lower.pair("c", "a").map(|pair| pair.judgement), Some(Judgement::Behind));
        assert_eq!(lower.pair("a", "c").map(|pair| pair.judgement), Some(Judgement::Ahead));
        assert_eq!(figure(Better::Higher, &sides).leaders(), ["c"]);
        assert_eq!(lower.pair("a", "d"), None);
    }

    #[test]
    fn whom_the_rounds_do_not_tell_apart_does_not_lead() {
        let wide = [1.0, 3.0, 2.0, 1.5, 2.5, 4.0];
        let figure = figure(Better::Lower, &[("a", &[2.0; 6]), ("b", &wide)]);
        assert_eq!(figure.leaders().len(), 1);
        assert_eq!(figure.pair("a", "b").map(|pair| pair.judgement), Some(Judgement::CannotTell));
    }

    #[test]
    fn there_is_no_verdict_without_enough_rounds_or_anything_to_compare() {
        assert_eq!(
            why(&figure(Better::Lower, &[("a", &[1.0; 5]), ("b", &[9.0; 5])])),
            "a verdict needs six rounds"
        );
        assert_eq!(
            why(&figure(Better::Neither, &[("a", &[1.0; 6])])),
            "neither more nor less of it is better"
        );
        assert_eq!(why(&figure(Better::Lower, &[("a", &[1.0; 6])])), "there is nothing to compare with");
        assert!(why(&figure(Better::Lower, &[])).contains("six rounds"));
    }

    #[test]
    fn where_the_clients_were_too_slow_for_one_nobody_is_ahead() {
        let mut figure = figure(Better::Higher, &[("a", &[1.0; 10]), ("b", &[2.0; 10])]);
        figure.sides[1].values[..2].fill(Reading::Missing(Missing::OfClients));
        figure.judge();
        assert_eq!(figure.leaders(), ["b"]);
        figure.sides[1].values[2] = Reading::Missing(Missing::OfClients);
        figure.judge();
        assert_eq!(why(&figure), "the clients were the limit of b");
    }

    #[test]
    fn one_that_gave_up_in_a_round_is_compared_in_the_others() {
        let mut figure = figure(Better::Lower, &[("a", &[1.0; 8]), ("b", &[2.0; 8]), ("c", &[3.0; 8])]);
        figure.sides[0].values[3] = Reading::Missing(Missing::GaveUp);
        figure.sides[2] = Side::new("c", vec![Reading::Missing(Missing::TooFewSamples); 8]);
        figure.judge();
        let pair = figure.pair("a", "b").expect("both have values");
        assert_eq!((pair.rounds, pair.judgement), (7, Judgement::Ahead));
        assert_eq!(figure.pair("c", "a").map(|pair| pair.judgement), Some(Judgement::CannotTell));
        assert_eq!(figure.sides[2].reasons(), [Missing::TooFewSamples]);
        assert_eq!(figure.leaders(), ["a"]);
        assert!(!figure.is_unknown());
        for side in &mut figure.sides {
            *side = Side::new("a", vec![Reading::Missing(Missing::Unknown); 8]);
        }
        assert!(figure.is_unknown());
        figure.sides[0] = Side::new("a", vec![Reading::Missing(Missing::Unknown), Reading::Number(1.0)]);
        assert!(!figure.is_unknown() && figure.is_shown());
        figure.sides = vec![Side::new("a", vec![Reading::Missing(Missing::NotPlayed); 8])];
        assert!(!figure.is_unknown() && !figure.is_shown());
    }
}
