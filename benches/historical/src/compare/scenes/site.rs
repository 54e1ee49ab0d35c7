//! Measures a site's mix of requests, most of which are for pictures that the server has kept.

use std::io;
use std::time::Duration;

use super::{Better, Description, Measure, ONLY, Sample, Stage};
use crate::compare::load::client::Client;
use crate::compare::load::paced::Paced;
use crate::compare::load::site::Site;
use crate::compare::reading::processor_time;

const VISITORS: u64 = 64;
/// Requests per second: a fraction of what the slowest can answer, so that what is measured is not a queue.
const RATE: f64 = 2_000.0;
/// Before it is measured.
const SETTLED: Duration = Duration::from_millis(200);
const P50: &str = "latency, p50";
const P99: &str = "latency, p99";
const CPU: &str = "processor time per request";

const fn lower(name: &'static str, unit: &'static str) -> Measure {
    Measure { name, unit, better: Better::Lower, variants: &[ONLY], telling: &[ONLY] }
}

pub const DESCRIPTION: Description = Description {
    name: "site",
    claim: "Caches are global mutable state, and in Rust that is `lazy_static` with a `Mutex`.",
    question: "What does a site's mix of requests cost?",
    how: "64 keep-alive connections make 2,000 requests per second on a fixed schedule: 92 % are for 27 pictures of 20 to \
          221 kB that the server has kept (by Zipf's law, so the first is asked for 27 times as often as the last), \
          and 30 % of these come with If-None-Match and get a 304; 2.5 % are for new JPEGs, 0.5 % the same as a POST of \
          JSON, 3 % for /health and 2 % for /templates. Each visitor's sequence is the same in every round.",
    measures: &[lower(CPU, "µs"), lower(P99, "ms"), lower(P50, "ms")],
    is_line: false,
};

pub async fn play(stage: &Stage<'_>, sample: &mut Sample) -> io::Result<()> {
    let program = stage.start(&[("result-cache", "64")]).await?;
    stage.warm(&program, &[]).await?;
    let site = Site::fill(program.address).await?;
    let mut clients = Vec::new();
    for visitor in 0..VISITORS {
        clients.push((Client::connect(program.address).await?, site.visitor(visitor)));
    }
    let visitors = Paced::over(clients)?;
    visitors.run(RATE, SETTLED).await?;
    let counters = program.counters();
    let measured = visitors.run(RATE, stage.length(1.2, 1.3)).await?;
    let cpu = processor_time(counters.spent().await.cpu, measured.due);
    sample.value(CPU, ONLY, cpu.map(|seconds| seconds * 1e6));
    sample.value(P99, ONLY, measured.quantile(0.99));
    sample.value(P50, ONLY, measured.quantile(0.5));
    sample.keep(ONLY, &measured);
    drop(visitors);
    program.kill().await;
    Ok(())
}
