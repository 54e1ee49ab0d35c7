//! Tests of what `compare` does besides playing.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::made_up::made_up;
use super::random::Random;
use super::reading::{Reading, part, quantile};
use super::samples::Latencies;
use super::*;

#[test]
fn all_orders_come_and_each_has_everybody() {
    let mut orders: Vec<Vec<usize>> = (0..6).map(|time| order(time, 3).collect()).collect();
    orders.sort();
    let all = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    assert_eq!(orders, all);
    assert_eq!(order(5, 1).collect::<Vec<_>>(), [0]);
}

/// Gives all quantiles of the scene mixed samples, and writes those.
fn with_samples(results: &mut Results, folder: &Path) -> Result<usize, Box<dyn Error>> {
    let (mut random, mut count) = (Random(5), 0);
    let mixed = results.scenes.iter_mut().find(|scene| scene.name == "mixed").expect("it is played");
    let contestants: Vec<String> =
        mixed.figures[0].sides.iter().map(|side| side.contestant.clone()).collect();
    for (index, contestant) in contestants.iter().enumerate() {
        for round in 0..results.rounds {
            let mut all: Vec<Latencies> = Vec::new();
            for figure in &mut mixed.figures {
                let Some(part) = part(&figure.measure) else { continue };
                let variant = figure.variant.clone().unwrap_or_default();
                if !all.iter().any(|latencies| latencies.variant == variant) {
                    let mut histogram = Histogram::new_with_bounds(1, 60_000_000, 3)?;
                    (0..2_000).for_each(|_| histogram.saturating_record(300 + random.below(5_000) as u64));
                    let variant = &*variant.leak();
                    all.push(Latencies { variant, ended: Duration::from_secs(round as u64), histogram });
                }
                let variant = figure.variant.as_deref().unwrap_or_default();
                let of_variant =
                    all.iter().find(|latencies| latencies.variant == variant).expect("it is made");
                figure.sides[index].values[round] = quantile(&of_variant.histogram, part).into();
                count += 1;
            }
            samples::write(folder, "mixed", contestant, round + 1, &all)?;
        }
    }
    for figure in &mut mixed.figures {
        figure.sides.iter_mut().for_each(|side| side.spread_again());
    }
    results.judge();
    Ok(count)
}

#[test]
fn what_is_analysed_again_has_the_same_bytes() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut results = made_up();
    let count = with_samples(&mut results, folder.path())?;
    assert!(count > 100, "{count}");
    report::write(&results, folder.path())?;
    let read = |name: &str| fs::read(folder.path().join(name));
    let (json, page) = (read("results.json")?, read("index.html")?);

    // All that follows from something else is taken away, and quantiles are changed.
    for figure in results.scenes.iter_mut().flat_map(|scene| &mut scene.figures) {
        figure.verdict = figures::Verdict::None { why: "forgotten".to_string() };
        figure
            .sides
            .iter_mut()
            .filter(|_| part(&figure.measure).is_some())
            .for_each(|side| side.spread = None);
    }
    let mixed = results.scenes.iter_mut().find(|scene| scene.name == "mixed").expect("it is played");
    for side in mixed.figures.iter_mut().flat_map(|figure| &mut figure.sides) {
        side.values.fill(Reading::Number(4711.0));
    }
    results.scenes.iter_mut().for_each(|scene| scene.verdict.clear());
    report::write(&results, folder.path())?;
    assert_ne!(read("results.json")?, json);

    let again = reanalyzed(folder.path())?;
    report::write(&again, folder.path())?;
    assert!(read("results.json")? == json, "results.json differs");
    assert!(read("index.html")? == page, "the page differs");
    Ok(())
}

#[test]
fn a_folder_without_results_cannot_be_analysed_again() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let error = reanalyzed(folder.path()).expect_err("there is nothing");
    assert!(error.to_string().contains("results.json"), "{error}");
    Ok(())
}
