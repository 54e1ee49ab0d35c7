//! Measures whether the concurrency model matters when nearly all of the work is drawing.

use std::io;

use super::{Better, Description, Measure, Sample, Stage};
use crate::compare::load::answer::Ask;
use crate::compare::load::closed::Closed;

const CONNECTIONS: usize = 16;
const RATE: &str = "pictures per second";
const CPU: &str = "processor time per picture";
const SWITCHES: &str = "context switches per picture";
const ENERGY: &str = "energy of the machine per picture";
const KINDS: &[&str] = &["JPEG, one picture", "GIF, 15 frames", "JPEG of the client's own"];
const ASKS: [Ask; 3] = [Ask::Jpeg, Ask::Gif, Ask::Own];

pub const DESCRIPTION: Description = Description {
    name: "drawing",
    claim: "Captioning is work for a processor. It would hold up the event loop, so it goes to a CPU pool.",
    question: "Does the concurrency model matter when nearly all of the work is drawing?",
    how: "16 keep-alive connections request captions as fast as they are answered, each with a different text, so \
          that no cache helps: first JPEGs of the template raccoon, then GIFs of deal-with-it. Then each sends that \
          raccoon as a picture of its own, a JPEG of 213 kB that the server receives and decodes each time. The energy, \
          where the processors tell it, is that of server and clients.",
    measures: &[
        Measure { name: RATE, unit: "/s", better: Better::Higher, variants: KINDS, telling: KINDS },
        Measure { name: CPU, unit: "ms", better: Better::Lower, variants: KINDS, telling: KINDS },
        Measure { name: SWITCHES, unit: "", better: Better::Lower, variants: KINDS, telling: &[] },
        Measure { name: ENERGY, unit: "mJ", better: Better::Lower, variants: KINDS, telling: &[] },
    ],
    is_line: false,
};

pub async fn play(stage: &Stage<'_>, sample: &mut Sample) -> io::Result<()> {
    let program = stage.start(&[]).await?;
    stage.warm(&program, &ASKS).await?;
    for (ask, &kind) in ASKS.into_iter().zip(KINDS) {
        let load = Closed::start(program.address, ask, CONNECTIONS).await?;
        load.window(&program, stage.length(0.2, 0.2)).await;
        let window = load.window(&program, stage.length(0.6, 0.7)).await;
        sample.value(RATE, kind, window.rate);
        sample.value(CPU, kind, window.cpu().map(|seconds| seconds * 1e3));
        let switches = window.spent.switches.map(|switches| switches.voluntary + switches.involuntary);
        sample.value(SWITCHES, kind, window.each(switches));
        sample.value(ENERGY, kind, window.each(window.spent.energy).map(|joules| joules * 1e3));
        sample.troubles(kind, load.troubles());
    }
    program.kill().await;
    Ok(())
}
