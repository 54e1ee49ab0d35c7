//! Measures the overhead of the framework: requests whose answers cost almost nothing.

use std::io;

use super::{Better, Description, Measure, Sample, Stage};
use crate::compare::cores::Cores;
use crate::compare::counters::can_count_instructions;
use crate::compare::load::answer::Ask;
use crate::compare::load::closed::{Closed, Reuse};
use crate::compare::program::Program;
use crate::compare::reading::{Missing, Reading};

const CONNECTIONS: usize = 64;
/// Of clients that make a new connection for each request.
const NEWCOMERS: usize = 16;
const RATE: &str = "requests per second";
const CPU: &str = "processor time per request";
/// Of what it may have, where clients have processors of their own.
const BUSY: &str = "processors of the server, busy";
/// Where the server has less of its processors and the clients have all of theirs, a rate tells how fast these are.
const SATURATED: f64 = 0.93;
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
          than the rate. Where they are apart, there is no rate if the clients' processors were busy for 93 % of the time \
          or more and the server's were not: the clients were the limit then. With new connections they always are, because \
          to make one costs more than to take it.",
    measures: &[
        Measure { name: RATE, unit: "/s", better: Better::Higher, variants: KEPT, telling: KEPT },
        Measure { name: CPU, unit: "µs", better: Better::Lower, variants: ALL, telling: &[APART, NEW] },
        Measure { name: BUSY, unit: "%", better: Better::Neither, variants: &[APART], telling: &[] },
        // A thread that has ended takes its count with it, so not where each connection may have had one.
        Measure { name: SWITCHES, unit: "", better: Better::Lower, variants: KEPT, telling: &[] },
        Measure { name: INSTRUCTIONS, unit: "", better: Better::Lower, variants: KEPT, telling: &[] },
    ],
    is_line: false,
};

pub async fn play(stage: &Stage<'_>, sample: &mut Sample) -> io::Result<()> {
    let mut has_played = false;
    for (cores, variant) in [(Cores::Apart, APART), (Cores::Shared, SHARED)] {
        if stage.placed.is_some_and(|placed| placed != cores) {
            not_played(sample, variant);
            continue;
        }
        let program = match stage.start_on(cores, &[]).await {
            Ok(program) => program,
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                sample.trouble(variant, format!("skipped: {error}"));
                not_played(sample, variant);
                continue;
            }
            Err(error) => return Err(error),
        };
        // The server's, and the clients'.
        let processors = (cores == Cores::Apart).then(|| {
            let of_server = program.processors(stage.cores);
            (of_server, stage.cores - of_server)
        });
        play_on(&program, processors, stage, sample, variant, Reuse::Always).await?;
        if !has_played {
            has_played = true;
            play_on(&program, processors, stage, sample, NEW, Reuse::Never).await?;
        }
        program.kill().await;
    }
    Ok(())
}

fn not_played(sample: &mut Sample, variant: &'static str) {
    let measures = DESCRIPTION.measures.iter().filter(|measure| measure.variants.contains(&variant));
    measures.for_each(|measure| sample.value(measure.name, variant, Reading::Missing(Missing::NotPlayed)));
}

/// `processors` is how many the server has for itself and how many the clients have, if they are apart.
async fn play_on(
    program: &Program,
    processors: Option<(usize, usize)>,
    stage: &Stage<'_>,
    sample: &mut Sample,
    variant: &'static str,
    reuse: Reuse,
) -> io::Result<()> {
    let connections = if reuse == Reuse::Always { CONNECTIONS } else { NEWCOMERS };
    let load = Closed::start_with(program.address, Ask::Health, connections, reuse).await?;
    // V8 compiles while it runs, and the second kind of load finds it warm; it has no rate to measure, either.
    let (warm_up, length) = match reuse {
        Reuse::Always => (stage.length(0.3, 0.6), stage.length(0.6, 0.7)),
        Reuse::Never => (stage.length(0.1, 0.2), stage.length(0.5, 0.5)),
    };
    load.window(program, warm_up).await;
    let window = load.window(program, length).await;
    let busy = processors.and_then(|(of_server, _)| window.busy(of_server));
    let clients = processors.and_then(|(_, of_clients)| window.clients_busy(of_clients));
    // A server of one thread has no use for more than one processor, so its own time says little there.
    let is_limited =
        busy.is_some_and(|busy| busy < SATURATED) && clients.is_none_or(|busy| busy >= SATURATED);
    let rate = if is_limited { Reading::Missing(Missing::OfClients) } else { window.rate.into() };
    sample.value(RATE, variant, rate);
    sample.value(BUSY, variant, busy.map(|part| part * 100.0));
    sample.value(CPU, variant, window.cpu().map(|seconds| seconds * 1e6));
    let switches = window.spent.switches.map(|switches| switches.voluntary + switches.involuntary);
    sample.value(SWITCHES, variant, window.each(switches));
    let instructions = if reuse == Reuse::Always && can_count_instructions() {
        // On its own, because perf takes time to start.
        let window = load.counted_window(program, stage.length(0.3, 0.4)).await;
        window.each(window.spent.instructions)
    } else {
        None
    };
    sample.value(INSTRUCTIONS, variant, instructions);
    sample.troubles(variant, load.troubles());
    Ok(())
}
