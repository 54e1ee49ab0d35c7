//! Sends requests at a fixed rate. Latency counts from when a request was due: a server that stalls for a second at a
//! hundred requests per second then has a hundred slow answers, not one. (Counting from when a request was sent hides
//! such stalls; that error is called coordinated omission.)

use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use client::{self, Client};
use report::Latencies;

/// Some connections that ask for the same, each in its turn.
pub struct Paced {
    request: String,
    /// Between two requests of one connection.
    interval: Duration,
    clients: Vec<Client>,
}

/// What became of the requests.
#[derive(Clone)]
pub struct Measured {
    /// From when each was due to the last byte of its answer.
    pub latencies: Latencies,
    /// From when each was due to when it was sent, for requests that waited only for the clock: how late the system
    /// wakes this client.
    pub wake_ups: Latencies,
    /// Without an answer, or with another one than 200.
    pub failed: u64,
}

impl Measured {
    pub fn new() -> Measured {
        Measured { latencies: Latencies::new(), wake_ups: Latencies::new(), failed: 0 }
    }

    pub fn add(&mut self, other: &Measured) {
        self.latencies.add(&other.latencies);
        self.wake_ups.add(&other.wake_ups);
        self.failed += other.failed;
    }
}

impl Paced {
    /// `per_second` is of all connections together.
    pub fn connect(
        address: SocketAddr,
        target: &str,
        connections: usize,
        per_second: f64,
    ) -> io::Result<Paced> {
        let clients = (0..connections).map(|_| Client::connect(address)).collect::<io::Result<_>>()?;
        let interval = Duration::from_secs_f64(connections as f64 / per_second);
        Ok(Paced { request: client::get(target), interval, clients })
    }
}

/// Lets all of them ask for that long. What one group measured is where the group is.
pub fn run(groups: &mut [Paced], time: Duration) -> Vec<Measured> {
    let start = Instant::now();
    let end = start + time;
    thread::scope(|scope| {
        let started = groups.iter_mut().map(|group| {
            let (request, interval) = (&group.request, group.interval);
            let connections = group.clients.len() as u32;
            let clients = group.clients.iter_mut().enumerate();
            let threads = clients.map(|(index, client)| {
                let first = start + interval * index as u32 / connections;
                scope.spawn(move || ask(client, request, first, interval, end))
            });
            threads.collect::<Vec<_>>()
        });
        let started: Vec<_> = started.collect();
        let measured = started.into_iter().map(|threads| {
            let mut sum = Measured::new();
            threads.into_iter().for_each(|thread| sum.add(&thread.join().expect("a client does not panic")));
            sum
        });
        measured.collect()
    })
}

fn ask(client: &mut Client, request: &str, first: Instant, interval: Duration, end: Instant) -> Measured {
    let mut measured = Measured::new();
    let mut due = first;
    while due < end {
        let now = Instant::now();
        if now >= end {
            // Never sent, because the last answer took so long: it waits still.
            measured.latencies.record(now - due);
        } else {
            if now < due {
                thread::sleep(due - now);
                measured.wake_ups.record(due.elapsed());
            }
            let is_served =
                client.send(request).and_then(|()| client.answer().map(|answer| answer.status == 200));
            measured.latencies.record(due.elapsed());
            match is_served {
                Ok(true) => {}
                Ok(false) => measured.failed += 1,
                Err(_) => {
                    measured.failed += 1;
                    return measured;
                }
            }
        }
        due += interval;
    }
    measured
}
