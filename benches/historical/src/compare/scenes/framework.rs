//! Measures the overhead of the framework: requests whose answers cost almost nothing.

use std::io;

use super::{Better, Description, Measure, Sample, Stage};
use crate::compare::cores::Cores;
use crate::compare::load::answer::Ask;
use crate::compare::load::closed::{Closed, Reuse, Window};
use crate::compare::program::Program;

const CONNECTIONS: usize = 64;
/// Of clients that make a new connection for each request.
const NEWCOMERS: usize = 16;
const RATE: &str = "requests per second";
const CPU: &str = "processor time per request";
const SWITCHES: &str = "context switches per request";
const INSTRUCTIONS: &str = "instructions per request, user mode";
const APART: &str = "server and clients on processors of their own";
const SHARED: &str = "server and clients on all processors";
const NEW: &str = "a new connection for each request";
const ALL: &[&str] = &[APART, SHARED, NEW];
const KEPT: &[&str] = &[APART, SHARED];

pub const DESCRIPTION: Description = Description {
    name: "framework",
    claim: "Futures in Rust are a zero-cost abstraction.",
    question: "What is the overhead per request when the answer costs almost nothing?",
    how: "64 keep-alive connections request /health, each again as soon as it has its answer: first with the server on \
          one half of the processors and the clients on the other, then with both on all of them. Between these, 16 \
          clients do the same with a new connection for each request, server and clients apart. Where both share the \
          processors, the clients take about as much time as the server, so the processor time per request says more \
          than the rate.",
    measures: &[
        Measure { name: RATE, unit: "/s", better: Better::Higher, variants: ALL, telling: ALL },
        Measure { name: CPU, unit: "µs", better: Better::Lower, variants: ALL, telling: &[APART, NEW] },
        Measure { name: SWITCHES, unit: "", better: Better::Lower, variants: ALL, telling: &[] },
        Measure { name: INSTRUCTIONS, unit: "", better: Better::Lower, variants: KEPT, telling: &[] },
    ],
    is_line: false,
};

pub async fn play(stage: &Stage<'_>, sample: &mut Sample) -> io::Result<()> {
    let mut has_played = false;
    for (cores, variant) in [(Cores::Apart, APART), (Cores::Shared, SHARED)] {
        if stage.placed.is_some_and(|placed| placed != cores) {
            continue;
        }
        let program = match stage.start_on(cores, &[]).await {
            Ok(program) => program,
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                sample.trouble(variant, format!("skipped: {error}"));
                continue;
            }
            Err(error) => return Err(error),
        };
        play_on(&program, stage, sample, variant, Reuse::Always).await?;
        if !has_played {
            has_played = true;
            play_on(&program, stage, sample, NEW, Reuse::Never).await?;
        }
        program.kill().await;
    }
    Ok(())
}

async fn play_on(
    program: &Program,
    stage: &Stage<'_>,
    sample: &mut Sample,
    variant: &'static str,
    reuse: Reuse,
) -> io::Result<()> {
    let connections = if reuse == Reuse::Always { CONNECTIONS } else { NEWCOMERS };
    let load = Closed::start_with(program.address, Ask::Health, connections, reuse).await?;
    load.window(program, stage.length(0.1, 0.2)).await;
    let length = stage.length(0.6, 0.9);
    let window: Window = if reuse == Reuse::Always {
        load.counted_window(program, length).await
    } else {
        load.window(program, length).await
    };
    sample.value(RATE, variant, window.rate);
    sample.value(CPU, variant, window.cpu().map(|seconds| seconds * 1e6));
    let switches = window.spent.switches.map(|switches| switches.voluntary + switches.involuntary);
    sample.value(SWITCHES, variant, window.each(switches));
    sample.value(INSTRUCTIONS, variant, window.each(window.spent.instructions));
    sample.troubles(variant, load.troubles());
    Ok(())
}
