//! Measures the latency of small requests while every processor draws.

use std::io;
use std::time::Duration;

use super::{Better, Description, Measure, Sample, Stage};
use crate::compare::cores::Cores;
use crate::compare::load::answer::Ask;
use crate::compare::load::closed::Closed;
use crate::compare::load::paced::{Measured, Paced};

const SMALL: usize = 8;
/// Requests per second: enough for a p99 in little more than a second.
const RATE: f64 = 1_000.0;
const DRAWERS: usize = 16;
/// After a change of the load.
const SETTLED: Duration = Duration::from_millis(200);
const QUIET: &str = "no drawing";
const BUSY: &str = "all threads draw";
const BOTH: &[&str] = &[QUIET, BUSY];
const P50: &str = "latency, p50";
const P99: &str = "latency, p99";
const MAX: &str = "latency, maximum";

const fn latency(name: &'static str, better: Better, telling: &'static [&'static str]) -> Measure {
    Measure { name, unit: "ms", better, variants: BOTH, telling }
}

pub const DESCRIPTION: Description = Description {
    name: "mixed",
    claim: "Captioning is work for a processor. It would hold up the event loop, so it goes to a CPU pool.",
    question: "Do small requests stay fast while every thread draws?",
    how: "/health is requested 1,000 times per second on a fixed schedule over 8 connections, first alone, then while \
          16 other connections keep all threads drawing GIFs; latency counts from when a request was due. The server has \
          one half of the processors and the clients the other: a client that shared them would wait for the threads \
          that draw longer than the server does.",
    // The slowest of a thousand is told, and not compared: it does not repeat.
    measures: &[
        latency(P99, Better::Lower, &[BUSY]),
        latency(P50, Better::Lower, &[BUSY]),
        latency(MAX, Better::Neither, &[]),
    ],
    is_line: false,
};

pub async fn play(stage: &Stage<'_>, sample: &mut Sample) -> io::Result<()> {
    // Where clients share processors with threads that draw, the clients wait for these longer than the server does, and
    // that would be measured.
    let placed = stage.placed.unwrap_or(Cores::Apart);
    let program = match stage.start_on(placed, &[]).await {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {
            sample.trouble(BUSY, format!("the clients share its processors: {error}"));
            stage.start_on(Cores::Shared, &[]).await?
        }
        started => started?,
    };
    stage.warm(&program, &[Ask::Gif]).await?;
    let small = Paced::connect(program.address, Ask::Health, SMALL).await?;
    small.run(RATE, SETTLED).await?;
    add(sample, QUIET, &small.run(RATE, stage.length(1.0, 1.1)).await?);

    let drawers = Closed::start(program.address, Ask::Gif, DRAWERS).await?;
    small.run(RATE, SETTLED).await?;
    add(sample, BUSY, &small.run(RATE, stage.length(1.2, 1.3)).await?);
    sample.troubles(BUSY, drawers.troubles());
    drop(drawers);
    program.kill().await;
    Ok(())
}

fn add(sample: &mut Sample, variant: &'static str, measured: &Measured) {
    sample.value(P50, variant, measured.quantile(0.5));
    sample.value(P99, variant, measured.quantile(0.99));
    sample.value(MAX, variant, measured.quantile(1.0));
    sample.keep(variant, measured);
}
