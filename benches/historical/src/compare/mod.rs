//! Runs the same load against every contestant, in turns, and reports the results.
//!
//! `contestants` lists the programs and [`scenes`] the loads; `program` starts and stops a server, `load` has the
//! clients. `cores` gives both their processors, `counters` reads what a server spends, `neighbours` what the rest of the
//! machine does. A `reading` is a number or the reason why there is none; `samples` keeps all latencies. `figures`
//! computes medians and verdicts, out of `pairs` of contestants, with the statistics of `student` and `bootstrap`;
//! `results` is the JSON file, `report` the table and the page.

mod bootstrap;
pub mod contestants;
mod cores;
mod counters;
mod figures;
mod load;
mod machine;
#[cfg(test)]
mod made_up;
mod neighbours;
mod pairs;
mod program;
mod random;
mod reading;
mod report;
mod results;
mod samples;
mod scenes;
mod student;
pub mod toolchains;
mod words;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;
use std::{fs, io};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::runtime;

use contestants::{Contestant, Group};
use cores::Cores;
use machine::Machine;
pub use neighbours::Clocks;
use results::{Named, Results, SceneResults};
use scenes::{Sample, Scene, Stage};

/// The scenes that contestants beside the main group play in without being asked for, and that have a floor.
const BESIDE: [Scene; 1] = [Scene::Framework];

/// The command line of `compare`.
#[derive(clap::Args)]
pub struct Options {
    /// A few minutes and no verdicts: three short rounds, to see that everything runs
    #[arg(long)]
    quick: bool,
    /// The folder for index.html, results.json and samples/
    #[arg(long, value_name = "FOLDER", default_value = "report")]
    out: PathBuf,
    /// Play nothing: make the table and the page again, of the results.json and the samples in this folder
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["quick", "out", "scene", "only", "cores", "rounds"])]
    reanalyze: Option<PathBuf>,
    /// Play only this scene; can be given several times
    #[arg(long, value_name = "NAME")]
    scene: Vec<Scene>,
    /// Compare only this contestant; can be given several times
    #[arg(long, value_name = "NAME", value_parser = contestants::ALL.iter().map(|one| one.name).collect::<Vec<_>>())]
    only: Vec<String>,
    /// Have server and clients on separate processors, or share all; without it, each scene has its own
    #[arg(long, value_name = "HOW")]
    cores: Option<Cores>,
    /// How often everything is measured; 3 with --quick, otherwise 10. A verdict needs 6
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: Option<u16>,
}

impl Options {
    /// Whether every scene is played with every contestant.
    pub fn is_whole(&self) -> bool {
        self.scene.is_empty() && self.only.is_empty() && self.reanalyze.is_none()
    }

    /// The folder of a run, which need not be there yet.
    pub fn new_folder(&self) -> Option<&Path> {
        self.reanalyze.is_none().then_some(&self.out)
    }

    /// Where everything is written to.
    pub fn folder(&self) -> &Path {
        self.reanalyze.as_deref().unwrap_or(&self.out)
    }
}

/// Builds the contestants, plays the scenes, and writes the results; or only writes those that there are again.
///
/// `before` was taken before anything was built.
///
/// # Errors
/// If they cannot be built, the folder cannot be read or written to, or the run is interrupted.
pub fn run(options: &Options, before: Option<Clocks>) -> Result<(), Box<dyn Error>> {
    let results = match &options.reanalyze {
        Some(folder) => reanalyzed(folder)?,
        None => played(options, before)?,
    };
    println!("{}", report::table::text(&results));
    report::write(&results, options.folder())?;
    results.warnings().iter().for_each(|warning| eprintln!("warning: {warning}"));
    println!("The page is {}.", options.folder().join("index.html").display());
    Ok(())
}

/// The results of an earlier run: quantiles from its samples, verdicts from its values.
fn reanalyzed(folder: &Path) -> Result<Results, Box<dyn Error>> {
    let file = folder.join("results.json");
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut results: Results =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    let found = samples::find_again(&mut results, folder)?;
    eprintln!("{found} quantiles were found in samples; all other values are those of {}", file.display());
    results.judge();
    Ok(results)
}

/// The results of a run.
fn played(options: &Options, before: Option<Clocks>) -> Result<Results, Box<dyn Error>> {
    let machine = Machine::look();
    let has_names = !options.only.is_empty();
    let contestants = if has_names { contestants::wanted(&options.only)? } else { contestants::all() };
    let plays_in =
        |scene: Scene, one: &Contestant| has_names || one.group == Group::Main || BESIDE.contains(&scene);
    let scenes = Scene::value_variants().iter().copied();
    let plays: Vec<Play> = scenes
        .filter(|scene| options.scene.is_empty() || options.scene.contains(scene))
        .map(|scene| {
            let contestants = contestants.iter().copied().filter(|one| plays_in(scene, one));
            let floor = (BESIDE.contains(&scene) && cfg!(target_os = "linux")).then_some(contestants::FLOOR);
            Play { scene, contestants: contestants.chain(floor).collect() }
        })
        .collect();
    let rounds = options.rounds.map_or(if options.quick { 3 } else { 10 }, usize::from);
    let begin = Instant::now();
    eprintln!("building the contestants");
    contestants::build(&[&contestants[..], &[contestants::FLOOR]].concat())?;
    eprintln!("built in {} s", begin.elapsed().as_secs());

    // What another run has left would be taken for a part of this one.
    let samples = options.out.join(samples::FOLDER);
    if samples.exists() {
        fs::remove_dir_all(samples)?;
    }
    let runtime =
        runtime::Builder::new_multi_thread().worker_threads(machine.cores.min(4)).enable_all().build()?;
    let (start, clocks) = (Instant::now(), Clocks::now());
    let clocks = clocks.zip(before).map(|(now, before)| now.with_load_of(&before));
    // Whatever ends it, the programs that run are dropped, and with that killed.
    let played = runtime.block_on(async {
        tokio::select! {
            played = play(&machine, options, rounds, &plays) => played,
            stopped = stopped() => Err(stopped.into()),
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
    let of_scene = |(play, samples): (&Play, &Vec<Vec<Sample>>)| {
        SceneResults::new(play.scene.description(), &play.contestants, samples)
    };
    let mut results = Results {
        taken: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        quick: options.quick,
        rounds,
        seconds: start.elapsed().as_secs(),
        machine,
        neighbours: clocks.zip(Clocks::now()).and_then(|(start, end)| start.until(&end)),
        contestants: contestants.iter().map(named).collect(),
        scenes: plays.iter().zip(&samples).map(of_scene).collect(),
    };
    results.judge();
    Ok(results)
}

/// A scene and those who play in it, the floor last if it has one.
struct Play {
    scene: Scene,
    contestants: Vec<&'static Contestant>,
}

/// Plays every scene with every contestant in each round, each time in another [`order`], and writes the samples.
///
/// Returns one sample for each scene, contestant and round.
async fn play(
    machine: &Machine,
    options: &Options,
    rounds: usize,
    plays: &[Play],
) -> Result<Vec<Vec<Vec<Sample>>>, Box<dyn Error>> {
    let in_a_round: usize = plays.iter().map(|play| play.contestants.len()).sum();
    let progress = progress((rounds * in_a_round) as u64);
    let mut samples: Vec<Vec<Vec<Sample>>> = plays
        .iter()
        .map(|play| play.contestants.iter().map(|_| Vec::with_capacity(rounds)).collect())
        .collect();
    for round in 0..rounds {
        for (number, (Play { scene, contestants }, samples)) in plays.iter().zip(&mut samples).enumerate() {
            let name = scene.description().name;
            let start = Instant::now();
            for index in order(round + number, contestants.len()) {
                let contestant = contestants[index];
                progress.set_message(format!("{name}: {}", contestant.name));
                let Machine { cores, descriptors, .. } = *machine;
                let (is_quick, placed) = (options.quick, options.cores);
                let stage = Stage { contestant, is_quick, cores, descriptors, placed };
                let mut sample = scene.play(&stage).await;
                let latencies = std::mem::take(&mut sample.latencies);
                samples::write(&options.out, name, contestant.name, round + 1, &latencies)?;
                samples[index].push(sample);
                progress.inc(1);
            }
            if progress.is_hidden() {
                eprintln!("round {} of {rounds}, {name}: {:.1} s", round + 1, start.elapsed().as_secs_f64());
            }
        }
    }
    progress.finish_and_clear();
    Ok(samples)
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
#[path = "compare_tests.rs"]
mod tests;
