//! Measures the overhead of the framework: requests whose answers cost almost nothing.

use std::io;

use super::{Better, Description, Measure, ONLY, Sample, Stage};
use crate::compare::load::answer::Ask;
use crate::compare::load::closed::Closed;

const CONNECTIONS: usize = 64;
const RATE: &str = "requests per second";
const CPU: &str = "processor time per request";

pub const DESCRIPTION: Description = Description {
    name: "framework",
    claim: "Futures in Rust are a zero-cost abstraction.",
    question: "What is the overhead per request when the answer costs almost nothing?",
    how: "64 keep-alive connections request /health, each again as soon as it has its answer. The clients use \
          about as much processor time as the server, so the processor time per request says more than the rate.",
    measures: &[
        Measure { name: RATE, unit: "/s", better: Better::Higher, variants: &[ONLY], telling: &[ONLY] },
        Measure { name: CPU, unit: "µs", better: Better::Lower, variants: &[ONLY], telling: &[ONLY] },
    ],
    is_line: false,
};

pub async fn play(stage: &Stage<'_>, sample: &mut Sample) -> io::Result<()> {
    let program = stage.start(&[]).await?;
    let load = Closed::start(program.address, Ask::Health, CONNECTIONS).await?;
    load.window(&program, stage.length(0.2, 0.5)).await;
    let window = load.window(&program, stage.length(1.0, 4.0)).await;
    sample.value(RATE, ONLY, window.rate);
    sample.value(CPU, ONLY, window.cpu.map(|seconds| seconds * 1e6));
    sample.troubles(ONLY, load.troubles());
    drop(load);
    program.kill().await;
    Ok(())
}
