//! Measures how a server shuts down in the middle of its work.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::{Better, Description, Measure, ONLY, Sample, Stage};
use crate::compare::load::PATIENCE;
use crate::compare::load::answer::{Ask, Wrong};
use crate::compare::load::client::Client;

const CLIENTS: usize = 32;
/// How long the server may take to shut down, plus a second for clients that still read.
const LIMIT: Duration = Duration::from_secs(15);

const TIME: &str = "time from the signal to the exit";
const LOST: &str = "requests lost";
const REFUSED: &str = "requests refused";

pub const DESCRIPTION: Description = Description {
    name: "stop",
    claim: "async Rust is currently an option only for the adventurous",
    question: "How does it shut down in the middle of work?",
    how: "32 keep-alive connections request the GIF that takes longest to draw, again and again, and the server gets \
          a SIGTERM. A request is lost if it was sent before the signal, or sent whole and read by the server, and \
          got no complete answer; it is refused if it came too late to be read, or got a 503.",
    measures: &[
        Measure { name: TIME, unit: "ms", better: Better::Lower, variants: &[ONLY], telling: &[ONLY] },
        Measure { name: LOST, unit: "", better: Better::Lower, variants: &[ONLY], telling: &[ONLY] },
        Measure { name: REFUSED, unit: "", better: Better::Neither, variants: &[ONLY], telling: &[] },
    ],
    is_line: false,
};

/// What became of the requests of a client.
#[derive(Debug, Default, PartialEq, Eq)]
struct Fate {
    lost: u32,
    refused: u32,
    wrong: Option<Wrong>,
}

pub async fn play(stage: &Stage<'_>, sample: &mut Sample) -> io::Result<()> {
    let mut program = stage.start(&[("preload", "all"), ("shutdown-timeout", "10")]).await?;
    let (number, is_stopping) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        clients.spawn(ask_until_the_end(program.address, number.clone(), is_stopping.clone()));
    }
    sleep(stage.length(0.7, 2.0)).await;

    is_stopping.store(true, Ordering::SeqCst);
    let start = Instant::now();
    program.terminate()?;
    match program.ended(LIMIT).await {
        Ok(status) => {
            sample.value(TIME, ONLY, Some(start.elapsed().as_secs_f64() * 1e3));
            if !status.success() {
                sample.trouble(ONLY, format!("it exited with {status}"));
            }
        }
        Err(_) => sample.trouble(ONLY, format!("it had not exited {} s after the signal", LIMIT.as_secs())),
    }
    program.kill().await;

    let (mut lost, mut refused) = (0, 0);
    let all = timeout(PATIENCE, clients.join_all()).await?;
    for fate in all {
        let fate = fate?;
        lost += fate.lost;
        refused += fate.refused;
        if let Some(wrong) = fate.wrong {
            sample.trouble(ONLY, format!("a request {}", wrong.sentence()));
        }
    }
    sample.value(LOST, ONLY, Some(f64::from(lost)));
    sample.value(REFUSED, ONLY, Some(f64::from(refused)));
    Ok(())
}

async fn ask_until_the_end(
    address: SocketAddr,
    number: Arc<AtomicU64>,
    is_stopping: Arc<AtomicBool>,
) -> io::Result<Fate> {
    let mut client = Client::connect(address).await?;
    let mut fate = Fate::default();
    loop {
        let request = Ask::LongGif.request(&number);
        let was_stopping = is_stopping.load(Ordering::SeqCst);
        if client.writer.write_all(request.as_bytes()).await.is_err() {
            let count = if was_stopping { &mut fate.refused } else { &mut fate.lost };
            *count += 1;
            return Ok(fate);
        }
        match timeout(LIMIT, client.reader.answer(Ask::LongGif)).await.unwrap_or(Err(Wrong::Late)) {
            Ok(answer) => match answer.wrong {
                None if answer.is_last => return Ok(fate),
                None => {}
                Some(Wrong::Status(503)) if was_stopping => {
                    fate.refused += 1;
                    return Ok(fate);
                }
                wrong => {
                    fate.wrong = wrong;
                    return Ok(fate);
                }
            },
            Err(wrong) if was_stopping && client.reader.was_never_heard(wrong) => {
                fate.refused += 1;
                return Ok(fate);
            }
            Err(_) => {
                fate.lost += 1;
                return Ok(fate);
            }
        }
    }
}
