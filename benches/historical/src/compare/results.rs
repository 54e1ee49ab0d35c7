//! Everything that was measured, as `report/results.json` has it.

use serde::{Deserialize, Serialize};

use super::contestants::Contestant;
use super::figures::{Figure, Side, Spread, verdict};
use super::machine::Machine;
use super::reading::{Missing, Reading};
use super::scenes::{Description, ONLY, Sample};

/// The whole file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// When the last round ended, as RFC 3339 has it.
    pub taken: String,
    /// Whether it was the short version, whose spreads are wider.
    pub quick: bool,
    pub rounds: usize,
    pub seconds: u64,
    pub machine: Machine,
    pub contestants: Vec<Named>,
    pub scenes: Vec<SceneResults>,
}

/// Who was compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Named {
    pub name: String,
    pub what: String,
    /// The crates that it is built on, with their versions.
    pub versions: String,
}

/// The results of a scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SceneResults {
    pub name: String,
    /// The sentence of the article that it is about.
    pub claim: String,
    pub question: String,
    pub how: String,
    pub is_line: bool,
    pub figures: Vec<Figure>,
    pub troubles: Vec<Told>,
    /// Who is ahead, in sentences made of the numbers.
    pub verdict: Vec<String>,
}

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    pub contestant: String,
    pub variant: Option<String>,
    pub what: String,
    /// From 1.
    pub round: usize,
}

impl SceneResults {
    /// `samples` has a list for each contestant, with a sample for each round.
    pub fn new(scene: &Description, contestants: &[&Contestant], samples: &[Vec<Sample>]) -> SceneResults {
        let (mut figures, mut verdict_sentences) = (Vec::new(), Vec::new());
        for measure in scene.measures {
            let figure = |variant: &&str| {
                let side = |(contestant, rounds): (&&Contestant, &Vec<Sample>)| {
                    side(contestant.name, measure.name, variant, rounds)
                };
                let sides: Vec<Side> = contestants.iter().zip(samples).map(side).collect();
                Figure {
                    measure: measure.name.to_string(),
                    unit: measure.unit.to_string(),
                    variant: named(variant),
                    better: measure.better,
                    verdict: verdict(measure.better, &sides),
                    sides,
                }
            };
            figures.extend(measure.variants.iter().map(figure));
            verdict_sentences.extend(measure.telling.iter().map(|variant| figure(variant).sentence()));
        }
        SceneResults {
            name: scene.name.to_string(),
            claim: scene.claim.to_string(),
            question: scene.question.to_string(),
            how: scene.how.to_string(),
            is_line: scene.is_line,
            figures,
            troubles: troubles(contestants, samples),
            verdict: verdict_sentences,
        }
    }
}

fn named(variant: &str) -> Option<String> {
    (variant != ONLY).then(|| variant.to_string())
}

fn side(contestant: &str, measure: &str, variant: &str, rounds: &[Sample]) -> Side {
    let number = |sample: &Sample| {
        let value = sample.values.iter().find(|value| value.measure == measure && value.variant == variant);
        value.map_or(Reading::Missing(Missing::GaveUp), |value| value.reading)
    };
    let values: Vec<Reading> = rounds.iter().map(number).collect();
    let spread = Spread::of(&values.iter().filter_map(|reading| reading.number()).collect::<Vec<_>>());
    Side { contestant: contestant.to_string(), values, spread }
}

fn troubles(contestants: &[&Contestant], samples: &[Vec<Sample>]) -> Vec<Told> {
    let mut all = Vec::new();
    for (contestant, rounds) in contestants.iter().zip(samples) {
        for (round, sample) in rounds.iter().enumerate() {
            all.extend(sample.troubles.iter().map(|trouble| Told {
                contestant: contestant.name.to_string(),
                variant: named(trouble.variant),
                what: trouble.what.clone(),
                round: round + 1,
            }));
        }
    }
    all
}

#[cfg(test)]
pub mod tests {
    use super::super::contestants;
    use super::super::scenes::{Scene, Trouble, Value};
    use super::*;

    /// Results of two scenes and three rounds, with a trouble that a page must escape.
    pub fn made_up() -> Results {
        let all: Vec<&Contestant> = contestants::ALL.iter().collect();
        let scene = |scene: Scene| {
            let description = scene.description();
            let sample = |contestant: usize, round: usize| {
                let mut sample = Sample::default();
                for measure in description.measures {
                    // Their medians have ratios that JSON keeps to the last bit.
                    let number = ([1, 7, 15][contestant] + round) as f64;
                    let value = |variant: &&'static str| Value {
                        measure: measure.name,
                        variant,
                        reading: number.into(),
                    };
                    // The first contestant gives up where there is most to do.
                    let variants =
                        if contestant == 0 { measure.variants.len() - 1 } else { measure.variants.len() };
                    sample.values.extend(measure.variants.iter().take(variants.max(1)).map(value));
                }
                sample
                    .troubles
                    .push(Trouble { variant: ONLY, what: "<b>it's \"wrong\" & more</b>".to_string() });
                sample
            };
            let samples: Vec<Vec<Sample>> =
                (0..all.len()).map(|one| (0..3).map(|round| sample(one, round)).collect()).collect();
            SceneResults::new(description, &all, &samples)
        };
        let named = |one: &&Contestant| Named {
            name: one.name.to_string(),
            what: one.what.to_string(),
            versions: one.versions(""),
        };
        Results {
            taken: "2026-01-01T00:00:00Z".to_string(),
            quick: true,
            rounds: 3,
            seconds: 61,
            machine: Machine::look(),
            contestants: all.iter().map(named).collect(),
            scenes: vec![scene(Scene::Framework), scene(Scene::Many)],
        }
    }

    #[test]
    fn what_is_written_is_read_again() -> serde_json::Result<()> {
        let results = made_up();
        let text = serde_json::to_string(&results)?;
        assert_eq!(serde_json::from_str::<Results>(&text)?, results);
        Ok(())
    }

    #[test]
    fn every_round_is_kept_in_its_place() {
        let many = &made_up().scenes[1];
        let figure =
            many.figures.iter().find(|figure| figure.variant.as_deref() == Some("10,000 connections"));
        let figure = figure.expect("its memory is measured");
        assert_eq!(figure.sides[0].values, [Reading::Missing(Missing::GaveUp); 3]);
        assert_eq!(figure.sides[0].spread, None);
        assert_eq!(figure.sides[2].values, [15.0, 16.0, 17.0].map(Reading::from));
        assert_eq!(figure.sides[2].spread, Some(Spread { median: 16.0, min: 15.0, max: 17.0 }));
        // The most telling first, and of the last measure it is the one that threads did not reach.
        assert!(many.verdict[0].contains("10,000 connections"), "{:?}", many.verdict);
        let gave_up = many.verdict.iter().filter(|sentence| sentence.contains("threads gave too few values"));
        assert!(gave_up.clone().all(|sentence| sentence.contains("10,000 connections")));
        assert!(gave_up.count() > 0);
        assert_eq!((many.troubles.len(), many.troubles[8].round), (9, 3));
    }
}
