//! Measures what ten thousand idle keep-alive connections cost a few busy ones. Two servers, one with the idle
//! connections and one without, are measured in turns.

use std::time::Duration;

use super::Options;
use client::Client;
use drawers::CACHED;
use paced::{self, Measured, Paced};
use program::Program;
use report::{median, median_and_spread, Goal, Table};

/// Idle connections: each sends one request at the beginning and one at the end.
pub const IDLE: usize = 10_000;
/// Descriptors that are kept free for everything but idle connections.
const SPARE: u64 = 200;
const ROUNDS: usize = 12;
const ROUND: Duration = Duration::from_secs(1);
/// Busy connections for each of the two targets, and their requests per second together: a few per cent of a
/// processor.
const BUSY: usize = 8;
const RATE: f64 = 200.0;
/// KiB.
const MEMORY_LIMIT: f64 = 12.0;
const RATIO_LIMIT: f64 = 1.5;
/// Enough that no idle connection is closed; all of them have the same address.
const KNOBS: &[(&str, &str)] =
    &[("keep-alive-timeout", "60"), ("max-connections", "11000"), ("max-connections-per-client", "11000")];

struct Side {
    server: Program,
    busy: [Paced; 2],
    measured: Measured,
    p99: Vec<f64>,
}

impl Side {
    fn start() -> Side {
        let server = Program::memed(KNOBS);
        let connect =
            |target| Paced::connect(server.address, target, BUSY, RATE).expect("the server accepts");
        let busy = [connect("/health"), connect(CACHED)];
        let mut side = Side { server, busy, measured: Measured::new(), p99: Vec::new() };
        // A warm-up.
        paced::run(&mut side.busy, ROUND);
        side
    }

    fn play_round(&mut self) {
        let mut round = Measured::new();
        paced::run(&mut self.busy, ROUND).iter().for_each(|group| round.add(group));
        self.p99.push(round.latencies.p99());
        self.measured.add(&round);
    }

    fn row(&self, name: String) -> Vec<String> {
        let mut cells = vec![name, self.measured.latencies.count().to_string()];
        cells.extend(self.measured.latencies.cells());
        cells.push(median_and_spread(&self.p99));
        cells
    }
}

/// How many of the connections get their answer.
fn served(clients: &mut [Client]) -> usize {
    clients
        .iter_mut()
        .filter_map(|client| client.get("/health").ok().map(|answer| answer.status == 200))
        .count()
}

pub fn play(options: &Options) -> Vec<Goal> {
    let wanted = IDLE.min(options.descriptors.saturating_sub(SPARE) as usize);
    let (mut with, mut without) = (Side::start(), Side::start());

    let before = with.server.resident();
    let connect = |_| Client::with_buffer(with.server.address, 512).ok();
    let mut idle: Vec<_> = (0..wanted).map_while(connect).collect();
    let served_first = served(&mut idle);
    let memory = (with.server.resident() - before) / wanted as f64;

    for round in 0..ROUNDS {
        // Now one first, now the other.
        let mut sides = [&mut with, &mut without];
        sides.rotate_left(round % 2);
        sides.iter_mut().for_each(|side| side.play_round());
    }
    let served_last = served(&mut idle);

    let mut table = Table::new(&["idle connections", "requests", "p50", "p99", "max", "p99 of rounds, ms"]);
    table.row(without.row("none".to_string()));
    table.row(with.row(wanted.to_string()));
    table.print();
    let ratios: Vec<_> = with.p99.iter().zip(&without.p99).map(|(with, without)| with / without).collect();
    let failed = with.measured.failed + without.measured.failed;
    vec![
        Goal::new(
            &format!("all {} idle connections are served, at the beginning and at the end", IDLE),
            format!("{} and {}, and {} of the busy ones failed", served_first, served_last, failed),
            served_first.min(served_last) == IDLE && failed == 0,
        ),
        Goal::new(
            &format!("memory per idle connection ≤ {} KiB", MEMORY_LIMIT),
            format!("{:.1} KiB", memory),
            memory <= MEMORY_LIMIT,
        ),
        Goal::new(
            &format!("p99 of busy connections ≤ {} × without idle ones, median of rounds", RATIO_LIMIT),
            format!("{} ×", median_and_spread(&ratios)),
            median(&ratios) <= RATIO_LIMIT,
        ),
    ]
}
