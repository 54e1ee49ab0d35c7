//! Measures the latency of small requests while every processor draws.

use std::io;

use super::{Better, Description, Measure, Sample, Stage};
use crate::compare::load::answer::Ask;
use crate::compare::load::closed::Closed;
use crate::compare::load::paced::{Measured, Paced};

const SMALL: usize = 8;
/// Requests per second: enough for a p99 in little more than a second.
const RATE: f64 = 1_000.0;
const DRAWERS: usize = 16;
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
          16 other connections keep all threads drawing GIFs; latency counts from when a request was due.",
    // The slowest of a thousand is told, and not compared: it does not repeat.
    measures: &[
        latency(P99, Better::Lower, &[BUSY]),
        latency(P50, Better::Lower, &[BUSY]),
        latency(MAX, Better::Neither, &[]),
    ],
    is_line: false,
};

pub async fn play(stage: &Stage<'_>, sample: &mut Sample) -> io::Result<()> {
    let program = stage.start(&[("preload", "all")]).await?;
    let small = Paced::connect(program.address, Ask::Health, SMALL).await?;
    // Templates are decoded in the background; the first picture of each kind waits for that.
    small.run(RATE, stage.length(0.4, 0.4)).await?;
    add(sample, QUIET, &small.run(RATE, stage.length(1.0, 1.1)).await?);

    let drawers = Closed::start(program.address, Ask::Gif, DRAWERS).await?;
    small.run(RATE, stage.length(0.2, 0.3)).await?;
    add(sample, BUSY, &small.run(RATE, stage.length(1.2, 1.6)).await?);
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
