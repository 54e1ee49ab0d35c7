//! Turns the measurements of all rounds into medians, spreads and verdicts.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::reading::{Missing, Reading};

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

    fn overlaps(&self, other: &Spread) -> bool {
        self.min <= other.max && other.min <= self.max
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
}

/// One thing that was measured, of all contestants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    pub measure: String,
    pub unit: String,
    /// Under which circumstances, if the scene has several.
    pub variant: Option<String>,
    pub better: Better,
    pub sides: Vec<Side>,
    pub verdict: Verdict,
}

/// Who is ahead in a figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Verdict {
    /// There is nothing to be ahead in, or too little was measured.
    None { why: String },
    /// The one with the best median, and all whose spread overlaps its spread. Missing are those that gave too few
    /// values.
    Ahead { leaders: Vec<String>, behind: Vec<Behind>, missing: Vec<String> },
}

/// One that is clearly behind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Behind {
    pub contestant: String,
    /// Its median divided by the leader's; `None` if that is 0.
    pub ratio: Option<f64>,
}

/// Rounds that a verdict needs. See [`by_chance`].
pub const ENOUGH: usize = 3;

/// How probable it is that the spreads of two equal contestants do not overlap after so many rounds: of all
/// orders that the values of both can have, two keep them apart. With 2 rounds 1 in 3, with 3 one in 10, with 5
/// one in 126.
pub fn by_chance(rounds: usize) -> f64 {
    (1..=rounds).map(|round| round as f64 / (rounds + round) as f64).product::<f64>() * 2.0
}

/// Decides which contestant is ahead. Spreads that overlap are a tie.
pub fn verdict(better: Better, sides: &[Side]) -> Verdict {
    let none = |why: &str| Verdict::None { why: why.to_string() };
    if better == Better::Neither {
        return none("neither more nor less of it is better");
    }
    if sides.iter().any(|side| side.values.len() < ENOUGH) {
        return none("three rounds are needed");
    }
    // One that gave a value in one round only has no spread either.
    let (sound, unsound): (Vec<&Side>, Vec<&Side>) = sides.iter().partition(|side| side.count() >= ENOUGH);
    let mut ranked: Vec<(&str, Spread)> =
        sound.iter().filter_map(|side| Some((side.contestant.as_str(), side.spread?))).collect();
    ranked.sort_by(|(_, a), (_, b)| rank(better, a.median, b.median));
    let Some(&(_, best)) = ranked.first() else { return none("no contestant has values from three rounds") };

    let (leaders, behind): (Vec<_>, Vec<_>) =
        ranked.into_iter().partition(|(_, spread)| spread.overlaps(&best));
    let ratio = |spread: Spread| (best.median != 0.0).then(|| spread.median / best.median);
    Verdict::Ahead {
        leaders: leaders.into_iter().map(|(name, _)| name.to_string()).collect(),
        behind: behind
            .into_iter()
            .map(|(name, spread)| Behind { contestant: name.to_string(), ratio: ratio(spread) })
            .collect(),
        missing: unsound.into_iter().map(|side| side.contestant.clone()).collect(),
    }
}

fn rank(better: Better, a: f64, b: f64) -> Ordering {
    match better {
        Better::Higher => b.total_cmp(&a),
        _ => a.total_cmp(&b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(contestant: &str, values: &[f64]) -> Side {
        Side {
            contestant: contestant.to_string(),
            values: values.iter().copied().map(Reading::from).collect(),
            spread: Spread::of(values),
        }
    }

    fn leaders(verdict: Verdict) -> Vec<String> {
        match verdict {
            Verdict::Ahead { leaders, .. } => leaders,
            Verdict::None { why } => panic!("there is a verdict, but: {why}"),
        }
    }

    #[test]
    fn the_median_is_the_middle_one_or_the_mean_of_the_two() {
        assert_eq!(Spread::of(&[]), None);
        assert_eq!(Spread::of(&[9.0, 1.0, 2.0]), Some(Spread { median: 2.0, min: 1.0, max: 9.0 }));
        assert_eq!(Spread::of(&[4.0, 1.0, 2.0, 9.0]), Some(Spread { median: 3.0, min: 1.0, max: 9.0 }));
    }

    #[test]
    fn chance_keeps_two_equal_ones_apart_in_two_of_all_orders() {
        // Two values each: of the six orders aabb, abab, abba, baab, baba, bbaa the first and the last.
        assert_eq!([1, 2, 3, 5].map(|rounds| (1.0 / by_chance(rounds)).round()), [1.0, 3.0, 10.0, 126.0]);
    }

    #[test]
    fn spreads_that_overlap_or_touch_are_a_tie() {
        let sides =
            [side("a", &[10.0, 11.0, 12.0]), side("b", &[12.0, 13.0, 14.0]), side("c", &[1.0, 2.0, 9.0])];
        assert_eq!(leaders(verdict(Better::Higher, &sides)), ["b", "a"]);
        assert_eq!(leaders(verdict(Better::Lower, &sides)), ["c"]);
        assert_eq!(leaders(verdict(Better::Lower, &[side("a", &[0.0; 3]), side("b", &[0.0; 3])])).len(), 2);
    }

    #[test]
    fn a_tie_is_with_the_leader_and_not_from_neighbour_to_neighbour() {
        let sides = [side("a", &[1.0, 2.0, 3.0]), side("b", &[2.5, 4.0, 5.0]), side("c", &[4.0, 6.0, 7.0])];
        assert_eq!(leaders(verdict(Better::Lower, &sides)), ["a", "b"]);
    }

    #[test]
    fn those_behind_have_a_ratio_unless_the_leader_has_none_of_it() {
        let behind = |sides: &[Side]| match verdict(Better::Lower, sides) {
            Verdict::Ahead { behind, .. } => behind,
            Verdict::None { why } => panic!("{why}"),
        };
        let ratio = behind(&[side("a", &[2.0; 3]), side("b", &[6.0; 3])])[0].ratio;
        assert_eq!(ratio, Some(3.0));
        assert_eq!(behind(&[side("a", &[0.0; 3]), side("b", &[6.0; 3])])[0].ratio, None);
    }

    #[test]
    fn one_that_gave_up_is_missing_and_two_rounds_are_no_verdict() {
        let gave_up = Side {
            contestant: "b".to_string(),
            values: vec![Reading::Missing(Missing::GaveUp); 3],
            spread: None,
        };
        match verdict(Better::Higher, &[side("a", &[1.0, 2.0, 3.0]), gave_up]) {
            Verdict::Ahead { missing, .. } => assert_eq!(missing, ["b"]),
            Verdict::None { why } => panic!("{why}"),
        }
        let twice = [side("a", &[1.0; 2]), side("b", &[2.0; 2])];
        assert!(matches!(verdict(Better::Higher, &twice), Verdict::None { .. }));
        let told = [side("a", &[1.0; 3]), side("b", &[2.0; 3])];
        assert!(matches!(verdict(Better::Neither, &told), Verdict::None { .. }));
    }
}
