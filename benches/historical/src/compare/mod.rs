//! Runs the same load against every contestant, in turns, and reports the results.
//!
//! `contestants` lists the programs and [`scenes`] the loads; `program` starts and stops a server, `load` has the
//! clients. `figures` computes medians and verdicts, `results` is the JSON file, `report` the table and the page.

pub mod contestants;
mod figures;
mod load;
mod machine;
mod program;
mod report;
mod results;
mod scenes;
pub mod toolchains;
mod words;

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;
use std::{fs, io};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::runtime;

use contestants::Contestant;
use machine::Machine;
use results::{Named, Results, SceneResults};
use scenes::{Sample, Scene, Stage};

/// The command line of `compare`.
#[derive(clap::Args)]
pub struct Options {
    /// Three minutes instead of twelve; spreads are wider
    #[arg(long)]
    quick: bool,
    /// The folder for index.html and results.json
    #[arg(long, value_name = "FOLDER", default_value = "report")]
    pub out: PathBuf,
    /// Play only this scene; can be given several times
    #[arg(long, value_name = "NAME")]
    scene: Vec<Scene>,
    /// Compare only this contestant; can be given several times
    #[arg(long, value_name = "NAME", value_parser = contestants::ALL.iter().map(|one| one.name).collect::<Vec<_>>())]
    only: Vec<String>,
    /// How often everything is measured; 3 with --quick, otherwise 5
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: Option<u16>,
}

impl Options {
    /// Whether every scene is played with every contestant.
    pub fn is_whole(&self) -> bool {
        self.scene.is_empty() && self.only.is_empty()
    }
}

/// Builds the contestants, plays the scenes, and writes the results.
///
/// # Errors
/// If they cannot be built, the folder cannot be written to, or the run is interrupted.
pub fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let machine = Machine::look();
    let contestants = contestants::wanted(&options.only)?;
    let scenes: Vec<Scene> = Scene::value_variants()
        .iter()
        .copied()
        .filter(|scene| options.scene.is_empty() || options.scene.contains(scene))
        .collect();
    let rounds = options.rounds.map_or(if options.quick { 3 } else { 5 }, usize::from);
    contestants::build(&contestants)?;

    let runtime =
        runtime::Builder::new_multi_thread().worker_threads(machine.cores.min(4)).enable_all().build()?;
    let start = Instant::now();
    // Whatever ends it, the programs that run are dropped, and with that killed.
    let played = runtime.block_on(async {
        tokio::select! {
            played = play(&machine, options.quick, rounds, &scenes, &contestants) => Ok(played),
            stopped = stopped() => Err(stopped),
        }
    });
    runtime.shutdown_background();
    let samples = played?;

    let lock = fs::read_to_string(contestants::workspace().join("Cargo.lock")).unwrap_or_default();
    let named = |one: &&Contestant| Named {
        name: one.name.to_string(),
        what: one.what.to_string(),
        versions: one.versions(&lock),
    };
    let results = Results {
        taken: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        quick: options.quick,
        rounds,
        seconds: start.elapsed().as_secs(),
        machine,
        contestants: contestants.iter().map(named).collect(),
        scenes: scenes
            .iter()
            .zip(&samples)
            .map(|(scene, samples)| SceneResults::new(scene.description(), &contestants, samples))
            .collect(),
    };
    println!("{}", report::table::text(&results));
    report::write(&results, &options.out)?;
    println!("The page is {}.", options.out.join("index.html").display());
    Ok(())
}

/// Plays every scene with every contestant in each round, each time in another [`order`].
///
/// Returns one sample for each scene, contestant and round.
async fn play(
    machine: &Machine,
    is_quick: bool,
    rounds: usize,
    scenes: &[Scene],
    contestants: &[&Contestant],
) -> Vec<Vec<Vec<Sample>>> {
    let progress = progress((rounds * scenes.len() * contestants.len()) as u64);
    let mut samples: Vec<Vec<Vec<Sample>>> =
        scenes.iter().map(|_| contestants.iter().map(|_| Vec::with_capacity(rounds)).collect()).collect();
    for round in 0..rounds {
        for (number, (scene, samples)) in scenes.iter().zip(&mut samples).enumerate() {
            let name = scene.description().name;
            let start = Instant::now();
            for index in order(round + number, contestants.len()) {
                let contestant = contestants[index];
                progress.set_message(format!("{name}: {}", contestant.name));
                let Machine { cores, descriptors, .. } = *machine;
                let sample = scene.play(&Stage { contestant, is_quick, cores, descriptors }).await;
                samples[index].push(sample);
                progress.inc(1);
            }
            if progress.is_hidden() {
                eprintln!("round {} of {rounds}, {name}: {:.1} s", round + 1, start.elapsed().as_secs_f64());
            }
        }
    }
    progress.finish_and_clear();
    samples
}

/// All contestants, with a different one first each time and in reverse every second time, so that none always
/// runs after the same other one.
fn order(time: usize, contestants: usize) -> impl Iterator<Item = usize> {
    (0..contestants).map(move |turn| {
        let step = if time.is_multiple_of(2) { turn } else { contestants - turn };
        (time + step) % contestants
    })
}

/// Hidden if standard error is not a terminal.
fn progress(length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} (another {eta})");
    ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Resolves when this program is asked to stop.
#[cfg(unix)]
async fn stopped() -> io::Error {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            io::Error::new(io::ErrorKind::Interrupted, "interrupted; nothing was written")
        }
        Err(error) => error,
    }
}

#[cfg(not(unix))]
async fn stopped() -> io::Error {
    tokio::signal::ctrl_c().await.err().unwrap_or_else(|| io::ErrorKind::Interrupted.into())
}

#[cfg(test)]
mod tests {
    use super::order;

    #[test]
    fn all_orders_come_and_each_has_everybody() {
        let mut orders: Vec<Vec<usize>> = (0..6).map(|time| order(time, 3).collect()).collect();
        orders.sort();
        let all = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        assert_eq!(orders, all);
        assert_eq!(order(5, 1).collect::<Vec<_>>(), [0]);
    }
}
