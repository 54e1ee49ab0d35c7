//! An open loop: requests are due at fixed times, whether or not the server keeps up.
//!
//! Latency counts from when a request was due. A server that stalls is charged for every request that should
//! have been sent meanwhile, and not only for the one that happened to be in flight.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{io, thread};

use hdrhistogram::Histogram;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::PATIENCE;
use super::answer::{Ask, Wrong};
use super::client::{Client, Reader};
use super::wrongs::Wrongs;
use crate::compare::reading::{Missing, quantile};

/// Requests that are due within the same tick are sent together: waking up for each of ten thousand per second
/// would take a processor away from the server.
const TICK: Duration = Duration::from_millis(1);
/// Connections that are being made at a time.
const CONNECTING: usize = 64;

/// Connections that take turns.
pub struct Paced {
    lanes: Arc<[Arc<Lane>]>,
    readers: JoinSet<()>,
    tally: Arc<Tally>,
}

/// What a run came to.
pub struct Measured {
    /// Microseconds.
    latencies: Histogram<u64>,
    pub wrongs: Wrongs,
    /// Requests that were due.
    pub due: u64,
}

impl Measured {
    /// The latency in milliseconds that this part of the answers (0 to 1) does not exceed; 1 for the maximum.
    ///
    /// # Errors
    /// If fewer than ten answers are beyond it, or too many requests failed.
    pub fn quantile(&self, part: f64) -> Result<f64, Missing> {
        if self.is_sound() { quantile(&self.latencies, part) } else { Err(Missing::GaveUp) }
    }

    /// All of them.
    pub fn latencies(&self) -> &Histogram<u64> {
        &self.latencies
    }

    /// Whether so few requests failed that the others tell how the server does: one of a hundred.
    pub fn is_sound(&self) -> bool {
        self.wrongs.count() * 100 <= self.due
    }
}

/// What all connections write to.
struct Tally {
    latencies: Mutex<Histogram<u64>>,
    wrongs: Wrongs,
}

impl Tally {
    fn latencies(&self) -> MutexGuard<'_, Histogram<u64>> {
        self.latencies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, due: Instant) {
        self.latencies().saturating_record(due.elapsed().as_micros() as u64);
    }

    /// A failure is no better than the slowest answer: otherwise who fails the slowest would look fast.
    fn fail(&self, wrong: Wrong) {
        self.wrongs.add(wrong);
        self.latencies().saturating_record(PATIENCE.as_micros() as u64);
    }
}

struct Lane {
    writer: OwnedWriteHalf,
    request: String,
    state: Mutex<State>,
    tally: Arc<Tally>,
}

#[derive(Default)]
struct State {
    /// When those that are not answered were due; the first one has been sent.
    due: VecDeque<Instant>,
    is_over: bool,
}

impl Lane {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request is due. It is sent unless one is in flight.
    fn push(&self, due: Instant) {
        let mut state = self.state();
        if state.is_over {
            return self.tally.fail(Wrong::Closed);
        }
        state.due.push_back(due);
        if state.due.len() == 1 {
            self.send();
        }
    }

    fn send(&self) {
        // It is the only thing in the socket's buffer, so there is room. Any other error the reader sees, too.
        let _ = self.writer.try_write(self.request.as_bytes());
    }

    /// Takes answers until the connection ends.
    async fn read(self: Arc<Self>, ask: Ask, mut reader: Reader) {
        let wrong = loop {
            let answer = reader.answer(ask).await;
            let mut state = self.state();
            match answer {
                Ok(answer) => {
                    let Some(due) = state.due.pop_front() else { break Wrong::Malformed };
                    match answer.wrong {
                        None => self.tally.record(due),
                        Some(wrong) => self.tally.fail(wrong),
                    }
                    if answer.is_last {
                        break Wrong::Closed;
                    }
                    if !state.due.is_empty() {
                        self.send();
                    }
                }
                Err(wrong) => break wrong,
            }
        };
        let mut state = self.state();
        state.is_over = true;
        while state.due.pop_front().is_some() {
            self.tally.fail(wrong);
        }
    }
}

impl Paced {
    /// Makes the connections, some at a time.
    ///
    /// # Errors
    /// If one cannot be made; then with how many could.
    pub async fn connect(address: SocketAddr, ask: Ask, connections: usize) -> io::Result<Paced> {
        let (mut connecting, mut lanes, mut readers) = (JoinSet::new(), Vec::new(), JoinSet::new());
        let tally = Arc::new(Tally { latencies: Mutex::new(empty()?), wrongs: Wrongs::default() });
        let number = AtomicU64::new(0);
        for wanted in 0..connections + CONNECTING {
            if wanted < connections {
                connecting.spawn(Client::connect(address));
            }
            if wanted >= CONNECTING.min(connections)
                && let Some(client) = connecting.join_next().await
            {
                let counted = |error| {
                    io::Error::other(format!(
                        "it accepted {} of {connections} connections: {error}",
                        lanes.len()
                    ))
                };
                let Client { reader, writer } =
                    client.map_err(io::Error::other).flatten().map_err(counted)?;
                let (state, tally) = (Mutex::default(), tally.clone());
                let lane = Arc::new(Lane { writer, request: ask.request(&number), state, tally });
                readers.spawn(lane.clone().read(ask, reader));
                lanes.push(lane);
            }
        }
        Ok(Paced { lanes: lanes.into(), readers, tally })
    }

    /// Sends `rate` requests per second, on the connections in turn. Ends when all are answered, or a while after
    /// the last was due.
    ///
    /// # Errors
    /// If the thread that keeps the time fails.
    pub async fn run(&self, rate: f64, length: Duration) -> io::Result<Measured> {
        let (lanes, due) = (self.lanes.clone(), (rate * length.as_secs_f64()) as u64);
        // A thread, because a task would be woken by a timer that is a millisecond or two late.
        tokio::task::spawn_blocking(move || keep_pace(&lanes, rate, due)).await?;
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end && self.lanes.iter().any(|lane| !lane.state().due.is_empty()) {
            sleep(TICK * 5).await;
        }
        self.take(due)
    }

    /// What all lanes have measured since the last time.
    fn take(&self, due: u64) -> io::Result<Measured> {
        for lane in self.lanes.iter() {
            let mut state = lane.state();
            // Their lane is of no more use.
            while state.due.pop_front().is_some() {
                self.tally.fail(Wrong::Late);
                state.is_over = true;
            }
        }
        let latencies = std::mem::replace(&mut *self.tally.latencies(), empty()?);
        Ok(Measured { latencies, wrongs: self.tally.wrongs.take(), due })
    }

    /// Connections that are still open.
    pub fn open(&mut self) -> usize {
        while self.readers.try_join_next().is_some() {}
        self.readers.len()
    }
}

/// Up to a minute, to three digits.
fn empty() -> io::Result<Histogram<u64>> {
    Histogram::new_with_bounds(1, 60_000_000, 3).map_err(io::Error::other)
}

fn keep_pace(lanes: &[Arc<Lane>], rate: f64, requests: u64) {
    let start = Instant::now() + TICK;
    for request in 0..requests {
        let due = start + due_after(request, rate);
        thread::sleep(due.saturating_duration_since(Instant::now()));
        lanes[request as usize % lanes.len()].push(due);
    }
}

/// When a request is due, from the first on.
fn due_after(request: u64, rate: f64) -> Duration {
    let exact = Duration::from_secs_f64(request as f64 / rate);
    if rate * TICK.as_secs_f64() <= 1.0 {
        return exact;
    }
    TICK * (exact.as_micros() / TICK.as_micros()) as u32
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    const HEALTH: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}";

    /// Answers requests on one connection, and stalls once before the tenth. Ends with its client.
    fn serve(stall: Duration) -> io::Result<(SocketAddr, thread::JoinHandle<()>)> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let serving = thread::spawn(move || {
            let Ok((mut socket, _)) = listener.accept() else { return };
            // Only there to stop the test from hanging.
            socket.set_read_timeout(Some(PATIENCE)).expect("it is not zero");
            let (mut request, mut answered) = ([0; 4096], 0);
            while socket.read(&mut request).is_ok_and(|length| length > 0) {
                answered += 1;
                if answered == 10 {
                    thread::sleep(stall);
                }
                if socket.write_all(HEALTH).is_err() {
                    return;
                }
            }
        });
        Ok((address, serving))
    }

    #[tokio::test]
    async fn one_stall_is_charged_to_every_request_that_was_due_meanwhile() -> io::Result<()> {
        let (address, serving) = serve(Duration::from_millis(400))?;
        let paced = Paced::connect(address, Ask::Health, 1).await?;
        let measured = paced.run(100.0, Duration::from_secs(1)).await?;
        let latency = |part| measured.quantile(part).expect("there are enough");
        drop(paced);
        // Off this thread: the connection ends where it runs.
        tokio::task::spawn_blocking(|| serving.join()).await?.expect("it has served");

        assert_eq!((measured.wrongs.count(), measured.due), (0, 100));
        assert_eq!(measured.latencies.len(), 100);
        // One in flight and about 39 in line; a client that only counts from sending would see a single one.
        assert!(latency(1.0) > 350.0, "maximum {}", latency(1.0));
        assert!(latency(0.85) > 200.0, "p85 {}", latency(0.85));
        assert!(latency(0.3) < 200.0, "p30 {}", latency(0.3));
        assert_eq!(measured.quantile(0.99), Err(Missing::TooFewSamples), "one answer is beyond it");
        Ok(())
    }

    #[tokio::test]
    async fn a_connection_that_ends_fails_what_is_due_on_it() -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let mut paced = Paced::connect(listener.local_addr()?, Ask::Health, 1).await?;
        drop(listener.accept()?);
        let measured = paced.run(1000.0, Duration::from_millis(50)).await?;
        assert_eq!((measured.wrongs.count(), measured.due), (50, 50));
        assert!(measured.latencies().min() >= 3_990_000, "a failure is the slowest there is");
        assert_eq!(measured.quantile(1.0), Err(Missing::GaveUp));
        assert_eq!(paced.open(), 0);
        Ok(())
    }

    #[test]
    fn many_requests_are_due_in_the_same_tick() {
        let due: Vec<_> = (0..30).map(|request| due_after(request, 10_000.0).as_millis()).collect();
        assert_eq!((due[0], due[9], due[10], due[29]), (0, 0, 1, 2));
        assert_eq!(due_after(1, 200.0), Duration::from_millis(5));
    }
}
