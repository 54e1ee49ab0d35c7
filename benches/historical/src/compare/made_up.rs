//! Results that no server has had a part in, for tests.

use super::contestants::{self, Contestant};
use super::figures::{Better, Figure, Side, Verdict};
use super::machine::Machine;
use super::neighbours::Neighbours;
use super::random::Random;
use super::results::{Named, Results, SceneResults};
use super::scenes::{ONLY, Sample, Scene, Trouble, Value};

/// Enough for verdicts.
pub const ROUNDS: usize = 10;
/// What the first contestants have more than the last, in the order of their list.
const LEVELS: [f64; 7] = [1.3, 1.0, 1.02, 1.6, 2.4, 1.1, 0.9];

/// Results of three scenes with the first three contestants, with troubles that a page must escape.
pub fn made_up() -> Results {
    made_up_of(&[Scene::Framework, Scene::Mixed, Scene::Many], 3)
}

/// The same of these scenes and so many contestants.
pub fn made_up_of(scenes: &[Scene], count: usize) -> Results {
    let all: Vec<&Contestant> = contestants::ALL.iter().take(count).collect();
    let with_floor: Vec<&Contestant> = all.iter().copied().chain([contestants::FLOOR]).collect();
    let mut random = Random(1);
    let named = |one: &&Contestant| Named {
        name: one.name.to_string(),
        what: one.what.to_string(),
        versions: one.versions(""),
    };
    let mut results = Results {
        taken: "2026-01-01T00:00:00Z".to_string(),
        quick: false,
        rounds: ROUNDS,
        seconds: 61,
        machine: Machine::look(),
        neighbours: Some(Neighbours { stolen: 0.031, others: 0.004, interrupts: 0.05, load_before: 0.21 }),
        contestants: all.iter().map(named).collect(),
        scenes: scenes.iter().map(|scene| play(*scene, &with_floor, &mut random)).collect(),
    };
    results.judge();
    results
}

/// A figure of these, with its verdict.
pub fn figure(better: Better, sides: Vec<Side>) -> Figure {
    let mut figure = Figure {
        measure: "time".to_string(),
        unit: "ms".to_string(),
        variant: None,
        better,
        telling: None,
        sides,
        floor: None,
        verdict: Verdict::None { why: String::new() },
    };
    figure.judge();
    figure
}

fn play(scene: Scene, all: &[&Contestant], random: &mut Random) -> SceneResults {
    let description = scene.description();
    let mut sample = |contestant: usize| {
        let mut sample = Sample::default();
        for (number, measure) in description.measures.iter().enumerate() {
            // The first contestant gives up where there is most to do.
            let left = usize::from(contestant == 0 && measure.variants.len() > 2);
            for (step, variant) in measure.variants.iter().enumerate().take(measure.variants.len() - left) {
                let level = LEVELS[(contestant + number) % LEVELS.len()] * 3.0 * 4.0_f64.powi(step as i32);
                let reading = (level * (0.02 * random.normal()).exp()).into();
                sample.values.push(Value { measure: measure.name, variant, reading });
            }
        }
        sample.troubles.push(Trouble { variant: ONLY, what: "<b>it's \"wrong\" & more</b>".to_string() });
        sample
    };
    let samples: Vec<Vec<Sample>> =
        (0..all.len()).map(|one| (0..ROUNDS).map(|_| sample(one)).collect()).collect();
    SceneResults::new(description, all, &samples)
}
