//! Measures a thousand requests that come at one instant.

use std::io;

use tokio::time::sleep;

use super::{Better, Description, Measure, Sample, Stage};
use crate::compare::load::answer::Ask;
use crate::compare::load::arrival::arrive;
use crate::compare::load::paced::{Asked, Asks, Measured, Paced};

const CLIENTS: usize = 1_000;
const P99: &str = "latency, p99";
const LAST: &str = "until all are answered";
const NEW: &str = "1,000 new connections";
const SILENT: &str = "1,000 connections after a silence";
const BOTH: &[&str] = &[NEW, SILENT];

const fn lower(name: &'static str, telling: &'static [&'static str]) -> Measure {
    Measure { name, unit: "ms", better: Better::Lower, variants: BOTH, telling }
}

pub const DESCRIPTION: Description = Description {
    name: "burst",
    claim: "async Rust is currently an option only for the adventurous",
    question: "What happens when a thousand requests come at one instant?",
    how: "1,000 clients connect at one instant, and each requests /health as soon as it is connected: the first \
          requests that the process gets. They keep their \
          connections, are silent for a second, and then all request /health again at one instant. Latency counts from \
          that instant, so it includes the time that the clients need to send a thousand requests.",
    measures: &[lower(LAST, BOTH), lower(P99, &[])],
    is_line: false,
};

pub async fn play(stage: &Stage<'_>, sample: &mut Sample) -> io::Result<()> {
    let program = stage.start(&[]).await?;
    let (arrived, clients) = arrive(program.address, Ask::Health, CLIENTS).await?;
    add(sample, NEW, &arrived);

    let asked = Asked { ask: Ask::Health, request: Ask::Health.request(&Default::default()).into() };
    let clients: Vec<_> = clients.into_iter().map(|client| (client, Asks::Same(asked.clone()))).collect();
    if clients.len() < CLIENTS {
        sample.trouble(SILENT, format!("{} of {CLIENTS} connections are left", clients.len()));
    }
    let clients = Paced::over(clients)?;
    sleep(stage.length(0.5, 1.0)).await;
    add(sample, SILENT, &clients.at_once().await?);
    drop(clients);
    program.kill().await;
    Ok(())
}

fn add(sample: &mut Sample, variant: &'static str, measured: &Measured) {
    sample.value(LAST, variant, measured.quantile(1.0));
    sample.value(P99, variant, measured.quantile(0.99));
    sample.keep(variant, measured);
}
