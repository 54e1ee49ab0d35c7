//! Measures what a mostly idle connection costs.

use std::io;
use std::time::Duration;

use super::{Better, Description, Measure, Sample, Stage};
use crate::compare::load::answer::Ask;
use crate::compare::load::paced::Paced;
use crate::compare::program::Program;
use crate::compare::reading::processor_time;

const SIZES: &[&str] = &["10 connections", "100 connections", "1,000 connections", "10,000 connections"];
const COUNTS: [usize; 4] = [10, 100, 1_000, 10_000];
/// The one with enough requests for a p99 and for processor time.
const LARGEST: &[&str] = &["10,000 connections"];
/// The first is the headline.
const TELLING: &[&str] = &["10,000 connections", "1,000 connections", "10 connections"];
/// Requests on each connection before its memory is read. It grows over the first few: with a thread per connection, each
/// stack takes another page now and then until the eighth.
const WARM_UP: f64 = 8.0;
/// Of these, requests that come after the warm-up, where latency and processor time are measured: long enough for those
/// who need little.
const MEASURED: f64 = 3.0;
/// Requests per second of the warm-up, at most: what the slowest answers without falling behind.
const WARM_RATE: f64 = 26_000.0;
/// Descriptors that are kept free for everything but these connections.
const SPARE: u64 = 100;
const MEMORY: &str = "memory of the server";
const THREADS: &str = "threads of the server";
const P99: &str = "latency, p99";
const CPU: &str = "processor time per request";

const fn measure(
    name: &'static str,
    unit: &'static str,
    variants: &'static [&'static str],
    telling: &'static [&'static str],
) -> Measure {
    Measure { name, unit, better: Better::Lower, variants, telling }
}

pub const DESCRIPTION: Description = Description {
    name: "many",
    claim: "Futures in Rust are a zero-cost abstraction.",
    question: "What do mostly idle connections cost?",
    how: "A server without preloading gets 10 keep-alive connections, then more, until it has 100, 1,000 and 10,000. \
          Each sends eight requests for /health before memory and threads are read. With 10,000, \
          each connection requests /health once per second, on a fixed schedule that spreads them over the second, by \
          the millisecond. \
          With fewer there would be too few requests for a p99 and for processor time.",
    measures: &[
        measure(MEMORY, "MiB", SIZES, TELLING),
        measure(THREADS, "", SIZES, TELLING),
        measure(P99, "ms", LARGEST, LARGEST),
        measure(CPU, "µs", LARGEST, LARGEST),
    ],
    is_line: true,
};

pub async fn play(stage: &Stage<'_>, sample: &mut Sample) -> io::Result<()> {
    let program = stage.start(&[]).await?;
    let mut clients = Paced::connect(program.address, Ask::Health, 0).await?;
    for (size, count) in SIZES.iter().zip(COUNTS) {
        if stage.descriptors < count as u64 + SPARE {
            let limit = stage.descriptors;
            sample.trouble(size, format!("skipped: a process may open only {limit} files here (ulimit -n)"));
            break;
        }
        match play_one(&program, &mut clients, stage, sample, size, count).await {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                sample.trouble(size, error.to_string());
                break;
            }
        }
    }
    drop(clients);
    program.kill().await;
    Ok(())
}

/// Returns whether it makes sense to go on with more.
async fn play_one(
    program: &Program,
    clients: &mut Paced,
    stage: &Stage<'_>,
    sample: &mut Sample,
    size: &'static str,
    count: usize,
) -> io::Result<bool> {
    clients.grow(program.address, Ask::Health, count).await?;
    let warm_up = if LARGEST.contains(&size) { WARM_UP - MEASURED } else { WARM_UP };
    let requests = count as f64 * warm_up;
    let warmth = (requests / WARM_RATE).max(0.2);
    let first = clients.run(requests / warmth, Duration::from_secs_f64(warmth)).await?;
    sample.troubles(size, first.wrongs.sentences());
    if !first.is_sound() {
        sample.trouble(size, format!("gave up: {} of {} requests failed", first.wrongs.count(), first.due));
        return Ok(false);
    }
    if LARGEST.contains(&size) {
        let counters = program.counters();
        let measured = clients.run(count as f64, stage.length(2.0, MEASURED)).await?;
        let cpu = processor_time(counters.spent().await.cpu, measured.due);
        sample.keep(size, &measured);
        if !measured.is_sound() {
            sample.trouble(
                size,
                format!("gave up: {} of {} requests failed", measured.wrongs.count(), measured.due),
            );
            return Ok(false);
        }
        sample.value(P99, size, measured.quantile(0.99));
        sample.value(CPU, size, cpu.map(|seconds| seconds * 1e6));
    }
    let open = clients.open();
    if open * 100 < count * 99 {
        sample.trouble(size, format!("gave up: {open} of {count} connections were left at the end"));
        return Ok(false);
    }
    let (memory, threads) = program.memory_and_threads().unzip();
    sample.value(MEMORY, size, memory.map(|bytes| bytes / f64::from(1 << 20)));
    sample.value(THREADS, size, threads);
    Ok(true)
}
