//! A closed loop: each client asks again as soon as it has its answer, so that the server is never without work.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::answer::{Ask, Wrong};
use super::client::Client;
use super::wrongs::Wrongs;
use crate::compare::program::Program;
use crate::compare::reading::{Missing, processor_time};

/// Clients that ask until this is dropped.
pub struct Closed {
    _clients: JoinSet<()>,
    connections: usize,
    tally: Arc<Tally>,
}

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
    /// Correct answers per second.
    pub rate: Result<f64, Missing>,
    /// Seconds of the server's processor time for each of them.
    pub cpu: Result<f64, Missing>,
}

impl Closed {
    /// Connects all clients, then lets them ask.
    ///
    /// # Errors
    /// If one of them cannot connect.
    pub async fn start(address: SocketAddr, ask: Ask, connections: usize) -> io::Result<Closed> {
        let mut connected = Vec::with_capacity(connections);
        for _ in 0..connections {
            connected.push(Client::connect(address).await?);
        }
        let tally = Arc::<Tally>::default();
        let mut clients = JoinSet::new();
        for client in connected {
            clients.spawn(ask_on(client, address, ask, tally.clone()));
        }
        Ok(Closed { _clients: clients, connections, tally })
    }

    /// Watches for a while. What is in flight at its begin makes up for what is in flight at its end.
    pub async fn window(&self, program: &Program, length: Duration) -> Window {
        let (start, cpu, answers) =
            (Instant::now(), program.cpu(), self.tally.answers.load(Ordering::Relaxed));
        sleep(length).await;
        let seconds = start.elapsed().as_secs_f64();
        let answers = self.tally.answers.load(Ordering::Relaxed) - answers;
        let cpu = program.cpu().zip(cpu).map(|(after, before)| after - before);
        let rate = if answers > 0 { Ok(answers as f64 / seconds) } else { Err(Missing::GaveUp) };
        Window { rate, cpu: processor_time(cpu, answers) }
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
async fn ask_on(mut client: Client, address: SocketAddr, ask: Ask, tally: Arc<Tally>) {
    let mut was_served = false;
    loop {
        let is_over = match client.ask(ask, &ask.request(&tally.number)).await {
            Ok(answer) => {
                if !was_served {
                    was_served = true;
                    tally.served.fetch_add(1, Ordering::Relaxed);
                }
                match answer.wrong {
                    None => drop(tally.answers.fetch_add(1, Ordering::Relaxed)),
                    Some(wrong) => tally.wrongs.add(wrong),
                }
                answer.is_last
            }
            Err(wrong) => {
                tally.wrongs.add(wrong);
                true
            }
        };
        if is_over {
            match Client::connect(address).await {
                Ok(fresh) => client = fresh,
                Err(_) => return tally.wrongs.add(Wrong::Closed),
            }
        }
    }
}
