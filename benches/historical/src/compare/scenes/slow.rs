//! Measures whether deliberately slow clients delay the others.

use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::{Better, Description, Measure, Sample, Stage};
use crate::compare::load::answer::Ask;
use crate::compare::load::paced::Paced;

const SLOW: usize = 1_000;
/// The server's header timeout, in seconds.
const DEADLINE: &str = "1";
/// When the slow clients are counted: a second after that deadline.
const COUNTED: Duration = Duration::from_secs(2);
const NORMAL: usize = 8;
/// Requests per second: enough for a p99 while the slow clients are there.
const RATE: f64 = 1_000.0;
/// Between two bytes of a slow client.
const PAUSE: Duration = Duration::from_millis(200);
/// What a slow client sends, byte by byte: longer than the scene lasts.
const HEAD: &[u8] = b"GET /health HTTP/1.1\r\nHost: compare\r\n\r\n";

const WITH: &str = "beside 1,000 slow clients";
const P99: &str = "latency, p99";
const HELD: &str = "slow connections still open";

pub const DESCRIPTION: Description = Description {
    name: "slow",
    claim: "async Rust is currently an option only for the adventurous",
    question: "Do deliberately slow clients delay the others?",
    how: "/health is requested 1,000 times per second over 8 connections, while 1,000 more clients send a request at \
          five bytes per second, all from the same instant on. The header timeout is 1 s; 2 s after the slow clients \
          have connected, those that are still connected are counted. threads and futures-0.1 answer each with a 408, \
          async-await only closes the connection; futures-0.1 spreads their deadlines over up to 0.1 s. The latency \
          without slow clients is that of the scene mixed without drawing.",
    measures: &[
        Measure { name: P99, unit: "ms", better: Better::Lower, variants: &[WITH], telling: &[WITH] },
        Measure { name: HELD, unit: "of 1,000", better: Better::Lower, variants: &[WITH], telling: &[WITH] },
    ],
    is_line: false,
};

pub async fn play(stage: &Stage<'_>, sample: &mut Sample) -> io::Result<()> {
    let program = stage.start(&[("header-timeout", DEADLINE)]).await?;
    stage.warm(&program, &[]).await?;
    let normal = Paced::connect(program.address, Ask::Health, NORMAL).await?;
    normal.run(RATE, stage.length(0.2, 0.2)).await?;

    let slow = Slow::start(program.address)?;
    let measured = normal.run(RATE, COUNTED + Duration::from_millis(200)).await;
    let (held, strangers) = slow.count().await?;
    let measured = measured?;
    sample.value(P99, WITH, measured.quantile(0.99));
    sample.keep(WITH, &measured);
    if strangers > 0 {
        sample.trouble(WITH, format!("{strangers} of the slow clients were not accepted"));
    }
    sample.value(HELD, WITH, Some(f64::from(held)));
    program.kill().await;
    Ok(())
}

/// The slow clients. They run on a thread of their own, so that in this process no normal client waits behind a
/// thousand slow ones.
struct Slow(thread::JoinHandle<io::Result<Vec<io::Result<bool>>>>);

impl Slow {
    fn start(address: SocketAddr) -> io::Result<Slow> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Slow(thread::spawn(move || {
            runtime.block_on(async {
                let slow: JoinSet<_> = (0..SLOW).map(|_| be_slow(address)).collect();
                Ok(slow.join_all().await)
            })
        })))
    }

    /// How many connections the server still held at the end, and how many it never accepted.
    async fn count(self) -> io::Result<(u32, u32)> {
        let ends = spawn_blocking(|| self.0.join())
            .await?
            .map_err(|_| io::Error::other("the slow clients panicked"))??;
        let held = ends.iter().filter(|end| matches!(end, Ok(true))).count();
        let strangers = ends.iter().filter(|end| end.is_err()).count();
        Ok((held as u32, strangers as u32))
    }
}

/// Sends a byte now and then. Returns whether the server still holds the connection when it is counted.
async fn be_slow(address: SocketAddr) -> io::Result<bool> {
    let mut socket = timeout(COUNTED, TcpStream::connect(address)).await??;
    let begin = Instant::now();
    let (mut said, counted) = ([0; 512], begin + COUNTED);
    for (sent, byte) in HEAD.iter().enumerate() {
        let next = (begin + PAUSE * (sent as u32 + 1)).min(counted);
        if socket.write_all(&[*byte]).await.is_err() {
            return Ok(false);
        }
        // The server may answer before it closes; only the close counts.
        loop {
            match timeout_at(next, socket.read(&mut said)).await {
                Ok(Ok(0) | Err(_)) => return Ok(false),
                Ok(Ok(_)) => {}
                Err(_) => break,
            }
        }
        if next == counted {
            return Ok(true);
        }
    }
    sleep_until(counted).await;
    Ok(true)
}
