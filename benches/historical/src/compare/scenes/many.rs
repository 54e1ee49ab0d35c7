//! Measures what a mostly idle connection costs.

use std::io;
use std::time::Duration;

use super::{Better, Description, Measure, Sample, Stage};
use crate::compare::load::answer::Ask;
use crate::compare::load::paced::Paced;
use crate::compare::reading::processor_time;

const SIZES: &[&str] = &["10 connections", "100 connections", "1,000 connections", "10,000 connections"];
const COUNTS: [usize; 4] = [10, 100, 1_000, 10_000];
/// The first is the headline.
const TELLING: &[&str] = &["10,000 connections", "1,000 connections", "10 connections"];
/// Requests on each connection before anything is measured. The server's memory grows over the first few: with a
/// thread per connection, each stack takes another page now and then until the eighth.
const WARM_UP: f64 = 8.0;
/// Descriptors that are kept free for everything but these connections.
const SPARE: u64 = 100;
const MEMORY: &str = "memory of the server";
const THREADS: &str = "threads of the server";
const P99: &str = "latency, p99";
const CPU: &str = "processor time per request";

const fn measure(name: &'static str, unit: &'static str) -> Measure {
    Measure { name, unit, better: Better::Lower, variants: SIZES, telling: TELLING }
}

pub const DESCRIPTION: Description = Description {
    name: "many",
    claim: "Futures in Rust are a zero-cost abstraction.",
    question: "What do mostly idle connections cost?",
    how: "10, 100, 1,000 and 10,000 keep-alive connections request /health once per second each, on a fixed \
          schedule that spreads them over the second. For each number of connections the server is started anew \
          without preloading, and each connection first sends eight requests as a warm-up.",
    measures: &[measure(MEMORY, "MiB"), measure(THREADS, ""), measure(P99, "ms"), measure(CPU, "µs")],
    is_line: true,
};

pub async fn play(stage: &Stage<'_>, sample: &mut Sample) -> io::Result<()> {
    for (size, count) in SIZES.iter().zip(COUNTS) {
        if stage.descriptors < count as u64 + SPARE {
            let limit = stage.descriptors;
            sample.trouble(size, format!("skipped: a process may open only {limit} files here (ulimit -n)"));
        } else if let Err(error) = play_one(stage, sample, size, count).await {
            sample.trouble(size, error.to_string());
        }
    }
    Ok(())
}

async fn play_one(
    stage: &Stage<'_>,
    sample: &mut Sample,
    size: &'static str,
    count: usize,
) -> io::Result<()> {
    let program = stage.start(&[]).await?;
    let mut clients = Paced::connect(program.address, Ask::Health, count).await?;
    let rate = count as f64;
    let warmth = if count > 1_000 { 3.0 } else { 0.4 };
    let first = clients.run(rate * WARM_UP / warmth, Duration::from_secs_f64(warmth)).await?;
    sample.troubles(size, first.wrongs.sentences());
    if !first.is_sound() {
        sample.trouble(size, format!("gave up: {} of {} requests failed", first.wrongs.count(), first.due));
        program.kill().await;
        return Ok(());
    }

    let before = program.cpu();
    let measured = clients.run(rate, stage.length(1.0, 3.5)).await?;
    let cpu = program.cpu().zip(before).map(|(after, before)| after - before);
    let (memory, threads) = program.memory_and_threads().unzip();
    sample.keep(size, &measured);
    let open = clients.open();
    if measured.is_sound() && open * 100 >= count * 99 {
        sample.value(MEMORY, size, memory.map(|bytes| bytes / f64::from(1 << 20)));
        sample.value(THREADS, size, threads);
        sample.value(P99, size, measured.quantile(0.99));
        sample.value(CPU, size, processor_time(cpu, measured.due).map(|seconds| seconds * 1e6));
    } else {
        sample.trouble(size, format!("gave up: {open} of {count} connections were left at the end"));
    }
    drop(clients);
    program.kill().await;
    Ok(())
}
