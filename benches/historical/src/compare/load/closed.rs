//! A closed loop: each client asks again as soon as it has its answer, so that the server is never without work.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::answer::{Ask, Wrong};
use super::client::Client;
use super::wrongs::Wrongs;
use crate::compare::program::Program;

/// Clients that ask until this is dropped.
pub struct Closed {
    _clients: JoinSet<()>,
    answers: Arc<AtomicU64>,
    pub wrongs: Wrongs,
}

/// What was answered during some time.
pub struct Window {
    /// Right answers in a second; `None` if there was none.
    pub rate: Option<f64>,
    /// Seconds of the server's processor time for each of them.
    pub cpu: Option<f64>,
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
        let (answers, wrongs) = (Arc::<AtomicU64>::default(), Wrongs::default());
        let number = Arc::<AtomicU64>::default();
        let mut clients = JoinSet::new();
        for client in connected {
            let loop_of_one = ask_on(client, address, ask, number.clone(), answers.clone(), wrongs.clone());
            clients.spawn(loop_of_one);
        }
        Ok(Closed { _clients: clients, answers, wrongs })
    }

    /// Watches for a while. What is in flight at its begin makes up for what is in flight at its end.
    pub async fn window(&self, program: &Program, length: Duration) -> Window {
        let (start, cpu, answers) = (Instant::now(), program.cpu(), self.answers.load(Ordering::Relaxed));
        sleep(length).await;
        let seconds = start.elapsed().as_secs_f64();
        let answers = (self.answers.load(Ordering::Relaxed) - answers) as f64;
        let cpu = program.cpu().zip(cpu).map(|(after, before)| (after - before) / answers);
        let rate = (answers > 0.0).then_some(answers / seconds);
        Window { rate, cpu: cpu.filter(|cpu| cpu.is_finite()) }
    }
}

/// The life of one client.
async fn ask_on(
    mut client: Client,
    address: SocketAddr,
    ask: Ask,
    number: Arc<AtomicU64>,
    answers: Arc<AtomicU64>,
    wrongs: Wrongs,
) {
    loop {
        let is_over = match client.ask(ask, &ask.request(&number)).await {
            Ok(answer) => {
                match answer.wrong {
                    None => drop(answers.fetch_add(1, Ordering::Relaxed)),
                    Some(wrong) => wrongs.add(wrong),
                }
                answer.is_last
            }
            Err(wrong) => {
                wrongs.add(wrong);
                true
            }
        };
        if is_over {
            match Client::connect(address).await {
                Ok(fresh) => client = fresh,
                Err(_) => return wrongs.add(Wrong::Closed),
            }
        }
    }
}
