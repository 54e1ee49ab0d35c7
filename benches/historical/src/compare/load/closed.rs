//! A closed loop: each client asks again as soon as it has its answer, so that the server is never without work.

use std::io;
use std::net::SocketAddr;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::answer::{Ask, Wrong};
use super::client::Client;
use super::wrongs::Wrongs;
use crate::compare::counters::{Counters, Spent};
use crate::compare::program::{self, Program};
use crate::compare::reading::{Missing, processor_time};

/// Clients that ask until this is dropped.
pub struct Closed {
    _clients: JoinSet<()>,
    connections: usize,
    tally: Arc<Tally>,
}

/// What a client does with its connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// Sends the next request.
    Always,
    /// Closes it, as it has announced, and makes another.
    Never,
}

/// The end of a request without a body, and the field that goes before it.
const END: &str = "\r\n";
const CLOSE: &str = "Connection: close\r\n";

/// What all clients write to.
#[derive(Default)]
struct Tally {
    answers: AtomicU64,
    /// Clients that have had an answer.
    served: AtomicUsize,
    wrongs: Wrongs,
    /// Of the next picture.
    number: AtomicU64,
}

/// What was answered during some time.
pub struct Window {
    pub seconds: f64,
    /// Correct answers per second.
    pub rate: Result<f64, Missing>,
    pub answers: u64,
    /// By the server, for all of them.
    pub spent: Spent,
    /// Seconds of processor time that this process, with all clients, took.
    clients: Option<f64>,
}

impl Window {
    /// Seconds of the server's processor time for each answer.
    ///
    /// # Errors
    /// If too little passed to say, or the system does not tell.
    pub fn cpu(&self) -> Result<f64, Missing> {
        processor_time(self.spent.cpu, self.answers)
    }

    /// How much of the time of so many processors the server had, from 0 to 1; `None` if the system does not tell.
    pub fn busy(&self, processors: usize) -> Option<f64> {
        self.spent.cpu.map(|cpu| cpu / self.seconds / processors as f64)
    }

    /// The same of the clients.
    pub fn clients_busy(&self, processors: usize) -> Option<f64> {
        self.clients.map(|cpu| cpu / self.seconds / processors as f64)
    }

    /// How much of a counter there was for each answer.
    pub fn each(&self, counter: Option<f64>) -> Option<f64> {
        counter.filter(|_| self.answers > 0).map(|counter| counter / self.answers as f64)
    }
}

impl Closed {
    /// Connects all clients, then lets them ask.
    ///
    /// # Errors
    /// If one of them cannot connect.
    pub async fn start(address: SocketAddr, ask: Ask, connections: usize) -> io::Result<Closed> {
        Closed::start_with(address, ask, connections, Reuse::Always).await
    }

    /// The same, from clients that may take a new connection for each request.
    ///
    /// # Errors
    /// As [`Closed::start`].
    pub async fn start_with(
        address: SocketAddr,
        ask: Ask,
        connections: usize,
        reuse: Reuse,
    ) -> io::Result<Closed> {
        let mut connected = Vec::with_capacity(connections);
        for _ in 0..connections {
            connected.push(Client::connect(address).await?);
        }
        let tally = Arc::<Tally>::default();
        let mut clients = JoinSet::new();
        for client in connected {
            clients.spawn(ask_on(client, address, ask, reuse, tally.clone()));
        }
        Ok(Closed { _clients: clients, connections, tally })
    }

    /// Watches for a while. What is in flight at its begin makes up for what is in flight at its end.
    pub async fn window(&self, program: &Program, length: Duration) -> Window {
        self.watch(program.counters(), length).await
    }

    /// The same, with the server's instructions, if they can be counted.
    pub async fn counted_window(&self, program: &Program, length: Duration) -> Window {
        self.watch(program.all_counters(), length).await
    }

    async fn watch(&self, counters: Counters, length: Duration) -> Window {
        let of_clients = || program::cpu(process::id());
        let (start, answers) = (Instant::now(), self.tally.answers.load(Ordering::Relaxed));
        let clients = of_clients();
        sleep(length).await;
        let clients = of_clients().zip(clients).map(|(now, then)| now - then);
        let seconds = start.elapsed().as_secs_f64();
        let answers = self.tally.answers.load(Ordering::Relaxed) - answers;
        let spent = counters.spent().await;
        let rate = if answers > 0 { Ok(answers as f64 / seconds) } else { Err(Missing::GaveUp) };
        Window { seconds, rate, answers, spent, clients }
    }

    /// What has gone wrong so far, in sentences, including clients that were never answered.
    pub fn troubles(&self) -> Vec<String> {
        let mut troubles = self.tally.wrongs.sentences();
        let served = self.tally.served.load(Ordering::Relaxed);
        if served < self.connections {
            troubles.push(format!("only {served} of {} connections were ever answered", self.connections));
        }
        troubles
    }
}

/// The life of one client.
async fn ask_on(mut client: Client, address: SocketAddr, ask: Ask, reuse: Reuse, tally: Arc<Tally>) {
    let mut was_served = false;
    let next_request = || {
        let mut request = ask.request(&tally.number);
        if reuse == Reuse::Never {
            debug_assert!(request.ends_with(b"\r\n\r\n"), "it has no body");
            let end = request.len() - END.len();
            request.splice(end..end, CLOSE.bytes());
        }
        request
    };
    let mut request = next_request();
    loop {
        let is_over = match client.ask(ask, &request).await {
            Ok(answer) => {
                if !was_served {
                    was_served = true;
                    tally.served.fetch_add(1, Ordering::Relaxed);
                }
                match answer.wrong {
                    None => drop(tally.answers.fetch_add(1, Ordering::Relaxed)),
                    Some(wrong) => tally.wrongs.add(wrong),
                }
                answer.is_last || reuse == Reuse::Never
            }
            Err(wrong) => {
                tally.wrongs.add(wrong);
                true
            }
        };
        if !ask.has_one_request() {
            request = next_request();
        }
        if is_over {
            match Client::connect(address).await {
                Ok(fresh) => client = fresh,
                Err(_) => return tally.wrongs.add(Wrong::Closed),
            }
        }
    }
}
