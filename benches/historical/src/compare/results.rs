//! Everything that was measured, as `report/results.json` has it.

use serde::{Deserialize, Serialize};

use super::contestants::{Contestant, FLOOR};
use super::figures::{Figure, Side, Verdict};
use super::machine::Machine;
use super::neighbours::Neighbours;
use super::pairs::{Pair, hold_for_page};
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
    /// What the rest of the machine did; `None` where the system does not tell.
    pub neighbours: Option<Neighbours>,
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
    /// `samples` has a list for each contestant, with a sample for each round. [`FLOOR`] may be among them, and is compared
    /// with nobody.
    pub fn new(scene: &Description, contestants: &[&Contestant], samples: &[Vec<Sample>]) -> SceneResults {
        let mut figures = Vec::new();
        for measure in scene.measures {
            let figure = |variant: &&str| {
                let side = |(contestant, rounds): (&&Contestant, &Vec<Sample>)| {
                    side(contestant.name, measure.name, variant, rounds)
                };
                let (floor, sides): (Vec<Side>, Vec<Side>) =
                    contestants.iter().zip(samples).map(side).partition(|side| side.contestant == FLOOR.name);
                Figure {
                    measure: measure.name.to_string(),
                    unit: measure.unit.to_string(),
                    variant: named(variant),
                    better: measure.better,
                    telling: measure.telling.iter().position(|telling| telling == variant),
                    sides,
                    floor: floor.into_iter().next(),
                    verdict: Verdict::None { why: String::new() },
                }
            };
            figures.extend(measure.variants.iter().map(figure));
        }
        SceneResults {
            name: scene.name.to_string(),
            claim: scene.claim.to_string(),
            question: scene.question.to_string(),
            how: scene.how.to_string(),
            is_line: scene.is_line,
            figures,
            troubles: troubles(contestants, samples),
            verdict: Vec::new(),
        }
    }

    /// Whether it was also played on a server that does nothing.
    pub fn has_floor(&self) -> bool {
        self.figures.iter().any(|figure| figure.floor.is_some())
    }

    /// The figures that answer the question, the most telling first.
    pub fn telling(&self) -> Vec<&Figure> {
        let measures = self.figures.chunk_by(|one, other| one.measure == other.measure);
        measures
            .flat_map(|figures| {
                let mut telling: Vec<&Figure> =
                    figures.iter().filter(|figure| figure.telling.is_some() && figure.is_shown()).collect();
                telling.sort_by_key(|figure| figure.telling);
                telling
            })
            .collect()
    }
}

impl Results {
    /// Judges all figures, and says so in sentences. Everything here follows from the values.
    pub fn judge(&mut self) {
        let mut figures: Vec<&mut Figure> =
            self.scenes.iter_mut().flat_map(|scene| &mut scene.figures).collect();
        figures.iter_mut().for_each(|figure| figure.judge());
        hold_for_page(figures.into_iter().flat_map(|figure| figure.verdict.pairs_mut()));
        for scene in &mut self.scenes {
            scene.verdict = scene.telling().into_iter().map(Figure::sentence).collect();
        }
    }

    /// Why the figures should not be trusted, if they should not.
    pub fn warnings(&self) -> Vec<String> {
        self.neighbours.map_or(Vec::new(), |neighbours| neighbours.warnings())
    }

    /// All pairs of the page.
    pub fn pairs(&self) -> impl Iterator<Item = &Pair> {
        self.scenes.iter().flat_map(|scene| &scene.figures).flat_map(|figure| figure.verdict.pairs())
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
    Side::new(contestant, rounds.iter().map(number).collect())
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
mod tests {
    use super::super::figures::Spread;
    use super::super::made_up::{ROUNDS, made_up};
    use super::*;

    #[test]
    fn what_is_written_is_read_again() -> serde_json::Result<()> {
        let results = made_up();
        let text = serde_json::to_string(&results)?;
        assert_eq!(serde_json::from_str::<Results>(&text)?, results);
        Ok(())
    }

    #[test]
    fn the_floor_is_told_and_compared_with_nobody() {
        let results = made_up();
        for scene in &results.scenes {
            assert!(scene.has_floor());
            for figure in &scene.figures {
                assert!(figure.floor.as_ref().is_some_and(|floor| floor.contestant == FLOOR.name));
                assert!(figure.sides.iter().all(|side| side.contestant != FLOOR.name));
            }
        }
        assert!(results.pairs().all(|pair| pair.one != FLOOR.name && pair.other != FLOOR.name));
    }

    #[test]
    fn every_round_is_kept_in_its_place() {
        let results = made_up();
        let many = results.scenes.iter().find(|scene| scene.name == "many").expect("it is played");
        let threads =
            many.figures.iter().find(|figure| figure.measure.starts_with("threads")).expect("there are");
        let side = &threads.sides[1];
        assert_eq!(side.values.len(), ROUNDS);
        assert_eq!(side.spread, Spread::of(&side.numbers().collect::<Vec<_>>()));
        // The first contestant gives up where there is most to do.
        let last = many.figures.iter().find(|figure| figure.variant.as_deref() == Some("10,000 connections"));
        let last = last.expect("it is measured");
        assert_eq!(last.sides[0].values, [Reading::Missing(Missing::GaveUp); ROUNDS]);
        assert_eq!(last.sides[0].spread, None);
        assert_eq!((many.troubles[0].round, many.troubles[1].round), (1, 2));
    }

    #[test]
    fn sentences_are_about_what_is_telling_and_the_headline_comes_first() {
        let results = made_up();
        let many = results.scenes.iter().find(|scene| scene.name == "many").expect("it is played");
        assert!(many.verdict[0].contains("10,000 connections"), "{:?}", many.verdict);
        assert_eq!(many.verdict.len(), many.telling().len());
        assert!(many.verdict.iter().any(|sentence| sentence.contains("too few values: threads (gave up)")));
        let page_wide = results.pairs().filter(|pair| pair.holds_for_page).count();
        let all = results.pairs().filter(|pair| pair.is_difference()).count();
        assert!(page_wide > 0 && page_wide <= all, "{page_wide} of {all}");
    }
}
