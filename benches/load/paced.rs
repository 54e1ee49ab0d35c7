//! Sends requests at a fixed rate. Latency counts from when a request was due: a server that stalls for a second at a
//! hundred requests per second then has a hundred slow answers, not one. (Counting from when a request was sent hides
//! such stalls; that error is called coordinated omission.)

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use client::{self, Answer, Client, Route};
use drawers::new_caption;
use report::Latencies;

/// Some connections that ask for the same, each in its turn.
pub struct Paced {
    plan: Plan,
    /// `None` before a connection is made, or after it broke.
    clients: Vec<Option<Client>>,
}

/// What each of the connections does.
struct Plan {
    wanted: Wanted,
    /// How a connection is made, and made again after it broke.
    route: Route,
    /// Whether each request comes on a new connection.
    is_fresh: bool,
    /// Between two requests of one connection.
    interval: Duration,
}

/// What is asked for.
pub enum Wanted {
    /// This target, again and again.
    Same(String),
    /// Each time a caption on that template that has not been requested yet.
    New(&'static str),
}

impl Wanted {
    fn request(&self) -> String {
        match *self {
            Wanted::Same(ref target) => client::get(target),
            Wanted::New(template) => client::get(&new_caption(template)),
        }
    }
}

/// What became of the requests.
#[derive(Clone)]
pub struct Measured {
    /// From when each was due to the last byte of its answer.
    pub latencies: Latencies,
    /// From when each was due to when it was sent, for requests that waited only for the clock: how late the system
    /// wakes this client.
    pub wake_ups: Latencies,
    /// How long the drawings among them waited for a thread, as the server says.
    pub waits: Latencies,
    /// Without an answer, or with another one than 200.
    pub failed: u64,
    /// Those of the failed ones that were answered with a 503.
    pub refused: u64,
}

impl Measured {
    pub fn new() -> Measured {
        let [latencies, wake_ups, waits] = [Latencies::new(), Latencies::new(), Latencies::new()];
        Measured { latencies, wake_ups, waits, failed: 0, refused: 0 }
    }

    pub fn add(&mut self, other: &Measured) {
        self.latencies.add(&other.latencies);
        self.wake_ups.add(&other.wake_ups);
        self.waits.add(&other.waits);
        self.failed += other.failed;
        self.refused += other.refused;
    }

    fn count(&mut self, answer: io::Result<Answer<'_>>) {
        let status = answer.as_ref().map_or(0, |answer| answer.status);
        self.failed += u64::from(status != 200);
        self.refused += u64::from(status == 503);
        if let Some(wait) = answer.ok().and_then(|answer| answer.timing("queue")) {
            self.waits.record(wait);
        }
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
        let route = Route { from: Ipv4Addr::LOCALHOST, to: address, patience: client::LONG };
        let mut paced = Paced::new(Wanted::Same(target.to_string()), route, connections, per_second);
        for client in &mut paced.clients {
            *client = Some(route.connect()?);
        }
        Ok(paced)
    }

    /// Its connections are made when their first requests are due.
    pub fn new(wanted: Wanted, route: Route, connections: usize, per_second: f64) -> Paced {
        let clients = (0..connections).map(|_| None).collect();
        let interval = Duration::from_secs_f64(connections as f64 / per_second);
        Paced { plan: Plan { wanted, route, is_fresh: false, interval }, clients }
    }

    /// The same, with a new connection for each request.
    pub fn fresh(mut self) -> Paced {
        self.plan.is_fresh = true;
        self
    }
}

/// Lets all of them ask for that long. What one group measured is where the group is.
pub fn run(groups: &mut [Paced], time: Duration) -> Vec<Measured> {
    let start = Instant::now();
    let end = start + time;
    thread::scope(|scope| {
        let started = groups.iter_mut().map(|group| {
            let (plan, connections) = (&group.plan, group.clients.len() as u32);
            let clients = group.clients.iter_mut().enumerate();
            let threads = clients.map(|(index, client)| {
                let first = start + plan.interval * index as u32 / connections;
                scope.spawn(move || plan.run(client, first, end))
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

impl Plan {
    fn run(&self, client: &mut Option<Client>, first: Instant, end: Instant) -> Measured {
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
                self.ask(client, &mut measured);
                measured.latencies.record(due.elapsed());
            }
            due += self.interval;
        }
        measured
    }

    /// One request, on a new connection if the last one is over.
    fn ask(&self, client: &mut Option<Client>, measured: &mut Measured) {
        let connected = client.take().map_or_else(|| self.route.connect(), Ok);
        let sent = connected.and_then(|mut client| client.send(self.wanted.request()).map(|()| client));
        match sent {
            Ok(mut sent) => {
                let answer = sent.skip_answer();
                let is_open = answer.as_ref().is_ok_and(|answer| !answer.is_last());
                measured.count(answer);
                *client = Some(sent).filter(|_| is_open && !self.is_fresh);
            }
            Err(error) => measured.count(Err(error)),
        }
    }
}
