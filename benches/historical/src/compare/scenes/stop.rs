//! Measures how a server shuts down in the middle of its work, and how long clients are without one until the next
//! process has taken its place.

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
const GAP: &str = "longest time without an answer";
/// Between two requests of the one who watches.
const WATCH: Duration = Duration::from_millis(2);

pub const DESCRIPTION: Description = Description {
    name: "stop",
    claim: "async Rust is currently an option only for the adventurous",
    question: "How does it shut down in the middle of work, and how long until the next process answers?",
    how: "32 keep-alive connections request the GIF that takes longest to draw, again and again, and the server gets \
          a SIGTERM. A request is lost if it was sent before the signal, or sent whole and read by the server, and \
          got no complete answer; it is refused if it came too late to be read, or got a 503. When the process has \
          ended, the same program is started again on the same port, as a supervisor would; not all contestants can \
          take over a socket that listens, so none does. Meanwhile another client requests /health every 2 ms, each \
          time on a new connection, and the longest time between two of its answers is that without a server.",
    measures: &[
        Measure { name: TIME, unit: "ms", better: Better::Lower, variants: &[ONLY], telling: &[ONLY] },
        Measure { name: LOST, unit: "", better: Better::Lower, variants: &[ONLY], telling: &[ONLY] },
        Measure { name: GAP, unit: "ms", better: Better::Lower, variants: &[ONLY], telling: &[ONLY] },
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
    let mut program = stage.start(&[("shutdown-timeout", "10")]).await?;
    let (number, is_stopping) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        clients.spawn(ask_until_the_end(program.address, number.clone(), is_stopping.clone()));
    }
    let has_next = Arc::<AtomicBool>::default();
    let watching = tokio::spawn(longest_gap(program.address, has_next.clone()));
    sleep(stage.length(0.6, 0.7)).await;

    is_stopping.store(true, Ordering::SeqCst);
    let start = Instant::now();
    program.terminate()?;
    match program.ended(LIMIT).await {
        Ok(status) => {
            sample.value(TIME, ONLY, Some(start.elapsed().as_secs_f64() * 1e3));
            if !status.success() {
                sample.trouble(ONLY, format!("it exited with {status}"));
            }
            program.start_again().await?;
            has_next.store(true, Ordering::SeqCst);
            match watching.await? {
                Some(gap) => sample.value(GAP, ONLY, Some(gap.as_secs_f64() * 1e3)),
                None => sample.trouble(ONLY, "the next process did not answer".to_string()),
            }
        }
        Err(_) => {
            watching.abort();
            sample.trouble(ONLY, format!("it had not exited {} s after the signal", LIMIT.as_secs()));
        }
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

/// Requests /health again and again, until the next process has answered. Returns the longest time between the ends of
/// two right answers; `None` if the next process gave none.
async fn longest_gap(address: SocketAddr, has_next: Arc<AtomicBool>) -> Option<Duration> {
    let (mut last, mut longest) = (Instant::now(), Duration::ZERO);
    let request = Ask::Health.request(&AtomicU64::new(0));
    loop {
        let is_next = has_next.load(Ordering::SeqCst);
        let answered = async {
            let mut client = Client::connect(address).await.ok()?;
            client.ask(Ask::Health, &request).await.ok().filter(|answer| answer.wrong.is_none())
        };
        let is_right = answered.await.is_some();
        if is_right {
            longest = longest.max(last.elapsed());
            last = Instant::now();
            if is_next {
                return Some(longest);
            }
        } else if is_next && last.elapsed() > LIMIT {
            return None;
        }
        sleep(WATCH).await;
    }
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
        if client.writer.write_all(&request).await.is_err() {
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
