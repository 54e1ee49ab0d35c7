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
    pub latencies: Histogram<u64>,
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
    state: Mutex<State>,
    tally: Arc<Tally>,
}

/// What is asked, and the bytes that ask it.
#[derive(Clone)]
pub struct Asked {
    pub ask: Ask,
    pub request: Arc<[u8]>,
}

/// What a connection asks, one request after the other.
pub enum Asks {
    /// The same each time.
    Same(Asked),
    /// Another each time.
    Other(Box<dyn FnMut() -> Asked + Send>),
}

impl Asks {
    fn next(&mut self) -> Asked {
        match self {
            Asks::Same(asked) => asked.clone(),
            Asks::Other(next) => next(),
        }
    }
}

struct State {
    asks: Asks,
    /// Those that are not answered, with when they were due; the first one has been sent.
    due: VecDeque<(Instant, Asked)>,
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
        let asked = state.asks.next();
        state.due.push_back((due, asked));
        if state.due.len() == 1 {
            self.send(&state);
        }
    }

    /// Sends the first of those that are due.
    fn send(&self, state: &State) {
        if let Some((_, asked)) = state.due.front() {
            // It is the only thing in the socket's buffer, so there is room for any request but one with a picture, which
            // no scene paces. Any other error the reader sees, too.
            let _ = self.writer.try_write(&asked.request);
        }
    }

    /// Takes answers until the connection ends.
    async fn read(self: Arc<Self>, mut reader: Reader) {
        let wrong = loop {
            let answer = reader.answer_to(|| self.state().due.front().map(|(_, asked)| asked.ask)).await;
            let mut state = self.state();
            match answer {
                Ok(answer) => {
                    let Some((due, _)) = state.due.pop_front() else { break Wrong::Malformed };
                    match answer.wrong {
                        None => self.tally.record(due),
                        Some(wrong) => self.tally.fail(wrong),
                    }
                    if answer.is_last {
                        break Wrong::Closed;
                    }
                    self.send(&state);
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
    /// Makes the connections, some at a time, each of which always asks the same.
    ///
    /// # Errors
    /// If one cannot be made; then with how many could.
    pub async fn connect(address: SocketAddr, ask: Ask, connections: usize) -> io::Result<Paced> {
        let mut paced = Paced::new()?;
        paced.grow(address, ask, connections).await?;
        Ok(paced)
    }

    /// Without connections.
    fn new() -> io::Result<Paced> {
        let tally = Arc::new(Tally { latencies: Mutex::new(empty()?), wrongs: Wrongs::default() });
        Ok(Paced { lanes: Arc::new([]), readers: JoinSet::new(), tally })
    }

    /// Over connections that have been made, each of which asks what its `Asks` say.
    ///
    /// # Errors
    /// If there is no memory for what is measured.
    pub fn over(clients: Vec<(Client, Asks)>) -> io::Result<Paced> {
        let mut paced = Paced::new()?;
        let lanes = clients.into_iter().map(|(client, asks)| paced.lane(client, asks)).collect();
        paced.lanes = lanes;
        Ok(paced)
    }

    /// Makes as many more connections as there must be for `connections`, some at a time.
    ///
    /// # Errors
    /// As [`Paced::connect`].
    pub async fn grow(&mut self, address: SocketAddr, ask: Ask, connections: usize) -> io::Result<()> {
        let (mut connecting, mut lanes) = (JoinSet::new(), self.lanes.to_vec());
        let request = Arc::from(ask.request(&AtomicU64::new(0)));
        let asked = Asked { ask, request };
        let missing = connections.saturating_sub(lanes.len());
        for wanted in 0..missing + CONNECTING {
            if wanted < missing {
                connecting.spawn(Client::connect(address));
            }
            if wanted >= CONNECTING.min(missing)
                && let Some(client) = connecting.join_next().await
            {
                let counted = |error| {
                    io::Error::other(format!(
                        "it accepted {} of {connections} connections: {error}",
                        lanes.len()
                    ))
                };
                let client = client.map_err(io::Error::other).flatten().map_err(counted)?;
                lanes.push(self.lane(client, Asks::Same(asked.clone())));
            }
        }
        self.lanes = lanes.into();
        Ok(())
    }

    fn lane(&mut self, client: Client, asks: Asks) -> Arc<Lane> {
        let Client { reader, writer } = client;
        let state = Mutex::new(State { asks, due: VecDeque::new(), is_over: false });
        let lane = Arc::new(Lane { writer, state, tally: self.tally.clone() });
        self.readers.spawn(lane.clone().read(reader));
        lane
    }

    /// Sends a request on each connection, all of them at this instant. Ends as [`Paced::run`] does.
    ///
    /// # Errors
    /// If the thread that sends them fails.
    pub async fn at_once(&self) -> io::Result<Measured> {
        let lanes = self.lanes.clone();
        tokio::task::spawn_blocking(move || {
            let now = Instant::now();
            lanes.iter().for_each(|lane| lane.push(now));
        })
        .await?;
        self.end(self.lanes.len() as u64).await
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
        self.end(due).await
    }

    /// Waits for the answers.
    async fn end(&self, due: u64) -> io::Result<Measured> {
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
#[path = "paced_tests.rs"]
mod tests;
