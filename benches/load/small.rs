//! Measures `/health`, `/stats` and a cached picture while every thread draws: the reactor must stay responsive.

use std::time::Duration;

use super::Options;
use drawers::{render_threads, settle, Drawers, CACHED};
use paced::{self, Measured, Paced};
use program::Program;
use report::{median_and_spread, Goal, Latencies, Table};

const ROUNDS: usize = 6;
const IDLE: Duration = Duration::from_secs(1);
const BUSY: Duration = Duration::from_secs(2);
/// In milliseconds.
const LIMIT: f64 = 5.0;
const WHAT: [&str; 4] = ["/health", "/stats", "a cached picture", "hyper alone, beside memed"];
/// What hyper alone answers: as much as `/health`.
const ANSWER: &[u8] = b"Content-Length: 16\r\nContent-Type: application/json\r\n\r\n{\"status\":\"ok\"}\n";

pub fn play(_: &Options) -> Vec<Goal> {
    let server = Program::memed(&[]);
    let keeps_pictures = server.keeps_pictures(CACHED);
    let clients = 2 * render_threads();
    // The baseline: a server with no other work on the same busy processors. Its latency is the system's.
    let bare = Program::bare_hyper(ANSWER);
    let connect = |server: &Program, target: &str, connections, rate| {
        Paced::connect(server.address, target, connections, rate).expect("the server accepts")
    };
    let mut groups = [
        connect(&server, "/health", 4, 100.0),
        connect(&server, "/stats", 4, 100.0),
        connect(&server, CACHED, 8, 50.0),
        connect(&bare, "/", 4, 100.0),
    ];

    let (mut idle, mut busy) = (vec![Measured::new(); WHAT.len()], vec![Measured::new(); WHAT.len()]);
    let mut rounds = vec![Vec::new(); WHAT.len()];
    let mut drawn = Vec::new();
    for _ in 0..ROUNDS {
        let measured = paced::run(&mut groups, IDLE);
        idle.iter_mut().zip(&measured).for_each(|(sum, measured)| sum.add(measured));
        let drawers = Drawers::start(server.address, clients, |_| "dramatic-raccoon");
        settle();
        let measured = paced::run(&mut groups, BUSY);
        drawn.push(drawers.stop());
        busy.iter_mut().zip(&measured).for_each(|(sum, measured)| sum.add(measured));
        rounds.iter_mut().zip(&measured).for_each(|(round, measured)| round.push(measured.latencies.p99()));
    }

    println!("Meanwhile {} clients get {} GIFs per second.\n", clients, median_and_spread(&drawn));
    let mut table = Table::new(&["what", "server", "requests", "p50", "p99", "max", "p99 of rounds, ms"]);
    let mut row = |what: &str, server: &str, latencies: &Latencies, rounds: String| {
        let mut cells = vec![what.to_string(), server.to_string(), latencies.count().to_string()];
        cells.extend(latencies.cells());
        cells.push(rounds);
        table.row(cells);
    };
    for (index, what) in WHAT.iter().enumerate() {
        row(what, "idle", &idle[index].latencies, String::new());
        row(what, "drawing", &busy[index].latencies, median_and_spread(&rounds[index]));
    }
    let mut wake_ups = Latencies::new();
    busy.iter().for_each(|measured| wake_ups.add(&measured.wake_ups));
    row("waking the client", "drawing", &wake_ups, String::new());
    table.print();

    let goals = WHAT.iter().zip(&busy).zip(&idle).take(3).map(|((what, busy), idle)| {
        let (p99, failed) = (busy.latencies.p99(), busy.failed + idle.failed);
        let measured = format!("{:.2} ms, {} failed", p99, failed);
        Goal::new(
            &format!("{}: p99 ≤ {} ms, none failed", what, LIMIT),
            measured,
            p99 <= LIMIT && failed == 0,
        )
    });
    let mut goals: Vec<_> = goals.collect();
    let reason = if keeps_pictures { None } else { Some("this version does not cache pictures") };
    let cached = goals.pop().map(|cached| cached.unless(reason));
    goals.extend(cached);
    goals
}
