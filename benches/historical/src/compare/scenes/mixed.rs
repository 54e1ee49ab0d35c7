//! Measures the latency of small requests while every processor draws.

use std::io;

use super::{Better, Description, Measure, Sample, Stage};
use crate::compare::load::answer::Ask;
use crate::compare::load::closed::Closed;
use crate::compare::load::paced::{Measured, Paced};

const SMALL: usize = 8;
/// Requests per second.
const RATE: f64 = 200.0;
const DRAWERS: usize = 16;
const QUIET: &str = "no drawing";
const BUSY: &str = "all threads draw";
const BOTH: &[&str] = &[QUIET, BUSY];
const P50: &str = "latency, p50";
const P99: &str = "latency, p99";
const MAX: &str = "latency, maximum";

const fn latency(name: &'static str) -> Measure {
    Measure { name, unit: "ms", better: Better::Lower, variants: BOTH, telling: &[BUSY] }
}

pub const DESCRIPTION: Description = Description {
    name: "mixed",
    claim: "Captioning is work for a processor. It would hold up the event loop, so it goes to a CPU pool.",
    question: "Do small requests stay fast while every thread draws?",
    how: "/health is requested 200 times per second on a fixed schedule over 8 connections, first alone, then while \
          16 other connections keep all threads drawing GIFs; latency counts from when a request was due.",
    measures: &[latency(P99), latency(P50), latency(MAX)],
    is_line: false,
};

pub async fn play(stage: &Stage<'_>, sample: &mut Sample) -> io::Result<()> {
    let program = stage.start(&[("preload", "all")]).await?;
    let small = Paced::connect(program.address, Ask::Health, SMALL).await?;
    // Templates are decoded in the background; the first picture of each kind waits for that.
    small.run(RATE, stage.length(0.4, 0.5)).await?;
    add(sample, QUIET, &small.run(RATE, stage.length(0.6, 3.0)).await?);

    let drawers = Closed::start(program.address, Ask::Gif, DRAWERS).await?;
    small.run(RATE, stage.length(0.2, 0.5)).await?;
    add(sample, BUSY, &small.run(RATE, stage.length(1.2, 4.0)).await?);
    sample.troubles(BUSY, drawers.troubles());
    drop(drawers);
    program.kill().await;
    Ok(())
}

fn add(sample: &mut Sample, variant: &'static str, measured: &Measured) {
    for (name, part) in [(P50, 0.5), (P99, 0.99), (MAX, 1.0)] {
        sample.value(name, variant, measured.quantile(part));
    }
    sample.keep(variant, measured);
}
