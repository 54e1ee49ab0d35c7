//! Measures the server under load, one scene at a time. Each scene prints a table and checks its goals.
//!
//! `cargo bench --bench load` plays all of them, in about five minutes; `cargo bench --bench load -- c10k` plays
//! one, `-- --list` lists them, `-- slow --long` takes a minute for the slow clients, `-- hostile --long` for the timers,
//! and `-- day --quick` a quarter of a minute for the day. The exit code is 1 if a goal is missed.
//!
//! The server runs in a process of its own, and so does what it is compared with: each has its own descriptors and
//! memory. What is compared is measured in turns, round after round. Everything happens on loopback, so the clients
//! take a share of the same processors.

extern crate bytes;
extern crate fastrand;
extern crate futures;
extern crate hdrhistogram;
extern crate hyper;
extern crate image;
extern crate libc;
extern crate memed;
extern crate serde_json;
extern crate socket2;
extern crate tokio_core;

/// Hostile clients at work.
#[path = "load/attackers.rs"]
mod attackers;
/// What hostile clients do.
#[path = "load/attacks.rs"]
mod attacks;
/// A server that is nothing but hyper, for comparison.
#[path = "load/bare_hyper.rs"]
mod bare_hyper;
/// Ten thousand idle connections.
#[path = "load/c10k.rs"]
mod c10k;
/// An HTTP client that uses little processor time.
#[path = "load/client.rs"]
mod client;
/// An hour of ordinary use, in a minute.
#[path = "load/day.rs"]
mod day;
/// Clients that keep every drawing thread busy.
#[path = "load/drawers.rs"]
mod drawers;
/// The throughput of one cached picture.
#[path = "load/hits.rs"]
mod hits;
/// A client beside those that attack.
#[path = "load/hostile.rs"]
mod hostile;
/// Four times the captions that the server can draw.
#[path = "load/overload.rs"]
mod overload;
/// Requests at a fixed rate.
#[path = "load/paced.rs"]
mod paced;
/// The processes that are measured.
#[path = "load/program.rs"]
mod program;
/// Tables, goals, medians.
#[path = "load/report.rs"]
mod report;
/// Clients that send or read very slowly.
#[path = "load/slow.rs"]
mod slow;
/// The latency of small requests while every thread draws.
#[path = "load/small.rs"]
mod small;
/// Shutting down a busy server.
#[path = "load/stop.rs"]
mod stop;
/// The measurements and the goals of the scene `hostile`.
#[path = "load/verdict.rs"]
mod verdict;
/// Well-behaved clients that ask for a mix.
#[path = "load/visitors.rs"]
mod visitors;

use std::env;
use std::process::exit;
use std::time::{Duration, Instant};

use memed::descriptors;
use report::Goal;

/// A scene: its name, what it shows, and how to play it.
struct Scene {
    name: &'static str,
    shows: &'static str,
    play: fn(&Options) -> Vec<Goal>,
}

const SCENES: &[Scene] = &[
    Scene { name: "small", shows: "small requests while every thread draws", play: small::play },
    Scene { name: "c10k", shows: "ten thousand idle connections", play: c10k::play },
    Scene { name: "hits", shows: "a cached picture against hyper alone", play: hits::play },
    Scene { name: "slow", shows: "two thousand slow clients", play: slow::play },
    Scene { name: "stop", shows: "SIGTERM among 200 busy clients", play: stop::play },
    Scene { name: "overload", shows: "four times the captions that can be drawn", play: overload::play },
    Scene { name: "hostile", shows: "a client beside those that attack", play: hostile::play },
    Scene { name: "day", shows: "an hour's mix in a minute, at 80 % of capacity", play: day::play },
];

/// What the command line sets for all scenes.
pub struct Options {
    /// How long the scene with slow clients takes.
    pub slow: Duration,
    /// How long the attack with timers takes.
    pub timers: Duration,
    /// How long the day takes.
    pub day: Duration,
    /// The limit of descriptors of each process.
    pub descriptors: u64,
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == bare_hyper::ARGUMENT) {
        return bare_hyper::serve();
    }
    // Cargo itself adds `--bench`.
    let (flags, names): (Vec<_>, Vec<_>) =
        arguments.iter().filter(|argument| *argument != "--bench").partition(|name| name.starts_with("--"));
    if flags.iter().any(|flag| *flag == "--list") {
        SCENES.iter().for_each(|scene| println!("{}: {}", scene.name, scene.shows));
        return;
    }
    let unknown_flags = flags.iter().filter(|flag| !["--long", "--quick"].contains(&flag.as_str()));
    let unknown_names = names.iter().filter(|name| !SCENES.iter().any(|scene| scene.name == name.as_str()));
    let unknown: Vec<_> = unknown_flags.chain(unknown_names).collect();
    if !unknown.is_empty() {
        eprintln!(
            "load: unknown argument {:?}: --list lists the scenes, --long makes slow and hostile longer, --quick makes \
             day shorter",
            unknown
        );
        exit(64);
    }
    // Both processes need a descriptor for each connection; a child has the limits of its parent.
    let descriptors = descriptors::prepare(c10k::IDLE).unwrap_or_else(|error| {
        eprintln!("load: cannot raise the limit of open files: {}", error);
        1024
    });
    println!("Each process may open {} files.", descriptors);
    let has = |name: &str| flags.iter().any(|flag| *flag == name);
    let seconds = |flag, with, without| Duration::from_secs(if has(flag) { with } else { without });
    let options = Options {
        slow: seconds("--long", 60, 12),
        timers: seconds("--long", 60, 10),
        day: seconds("--quick", 15, 60),
        descriptors,
    };
    let mut missed = Vec::new();
    for scene in
        SCENES.iter().filter(|scene| names.is_empty() || names.iter().any(|name| *name == scene.name))
    {
        let start = Instant::now();
        println!("\n## {}: {}\n", scene.name, scene.shows);
        let goals = (scene.play)(&options);
        report::print_goals(&goals);
        println!("\n({:.0} s)", start.elapsed().as_secs_f64());
        missed.extend(
            goals
                .iter()
                .filter(|goal| goal.is_missed())
                .map(|goal| format!("{}: {}", scene.name, goal.sentence())),
        );
    }
    if !missed.is_empty() {
        println!();
        missed.iter().for_each(|sentence| println!("Missed: {}", sentence));
        exit(1);
    }
    println!("\nEvery goal that could be measured is met.");
}
