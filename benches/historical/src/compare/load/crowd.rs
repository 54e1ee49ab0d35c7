//! More clients than can be served: each asks for pictures, and when it is refused comes again a little later.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::answer::{Ask, Wrong};
use super::client::Client;
use super::wrongs::Wrongs;

/// Addresses that the clients share: a server may hold one address to a part of its queue.
const ADDRESSES: usize = 8;

/// Clients that ask until this is dropped.
pub struct Crowd {
    _clients: JoinSet<()>,
    tally: Arc<Tally>,
}

/// What came of the requests during some time.
pub struct Crowded {
    pub answered: u64,
    /// Microseconds until a 503.
    pub refusals: Histogram<u64>,
    /// All else.
    pub wrongs: Wrongs,
}

struct Tally {
    answered: AtomicU64,
    refusals: Mutex<Histogram<u64>>,
    wrongs: Wrongs,
    number: AtomicU64,
}

impl Crowd {
    /// Lets so many clients ask, each of which waits for `pause` after it was refused.
    ///
    /// # Errors
    /// If one cannot connect.
    pub async fn start(address: SocketAddr, ask: Ask, clients: usize, pause: Duration) -> io::Result<Crowd> {
        let tally = Arc::new(Tally {
            answered: AtomicU64::new(0),
            refusals: Mutex::new(empty()?),
            wrongs: Wrongs::default(),
            number: AtomicU64::new(0),
        });
        let mut connected = Vec::with_capacity(clients);
        for client in 0..clients {
            connected.push(connect(client, address).await?);
        }
        let mut asking = JoinSet::new();
        for (number, client) in connected.into_iter().enumerate() {
            asking.spawn(ask_on(client, number, address, ask, pause, tally.clone()));
        }
        Ok(Crowd { _clients: asking, tally })
    }

    /// Watches for a while.
    ///
    /// # Errors
    /// If there is no memory for what is measured.
    pub async fn window(&self, length: Duration) -> io::Result<Crowded> {
        self.take()?;
        sleep(length).await;
        self.take()
    }

    fn take(&self) -> io::Result<Crowded> {
        let mut refusals = self.tally.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Crowded {
            answered: self.tally.answered.swap(0, Ordering::Relaxed),
            refusals: std::mem::replace(&mut *refusals, empty()?),
            wrongs: self.tally.wrongs.take(),
        })
    }
}

fn empty() -> io::Result<Histogram<u64>> {
    Histogram::new_with_bounds(1, 60_000_000, 3).map_err(io::Error::other)
}

/// From one of several addresses, where the loopback has them all: on Linux.
async fn connect(client: usize, address: SocketAddr) -> io::Result<Client> {
    if !cfg!(target_os = "linux") {
        return Client::connect(address).await;
    }
    let source = Ipv4Addr::new(127, 0, 1, 1 + (client % ADDRESSES) as u8);
    Client::connect_from(IpAddr::V4(source), address).await
}

async fn ask_on(
    mut client: Client,
    number: usize,
    address: SocketAddr,
    ask: Ask,
    pause: Duration,
    tally: Arc<Tally>,
) {
    loop {
        let start = Instant::now();
        let (is_over, is_refused) = match client.ask(ask, &ask.request(&tally.number)).await {
            Ok(answer) => {
                match answer.wrong {
                    None => drop(tally.answered.fetch_add(1, Ordering::Relaxed)),
                    Some(Wrong::Status(503)) => {
                        let mut refusals = tally.refusals.lock().unwrap_or_else(PoisonError::into_inner);
                        refusals.saturating_record(start.elapsed().as_micros() as u64);
                    }
                    Some(wrong) => tally.wrongs.add(wrong),
                }
                (answer.is_last, answer.wrong.is_some())
            }
            Err(wrong) => {
                tally.wrongs.add(wrong);
                (true, true)
            }
        };
        if is_refused {
            sleep(pause).await;
        }
        if is_over {
            match connect(number, address).await {
                Ok(fresh) => client = fresh,
                Err(_) => return tally.wrongs.add(Wrong::Closed),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[tokio::test]
    async fn refusals_are_timed_and_answers_are_counted() -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let serving = thread::spawn(move || {
            let Ok((mut socket, _)) = listener.accept() else { return };
            let mut answers = 0;
            while socket.read(&mut [0; 512]).is_ok_and(|length| length > 0) {
                answers += 1;
                let answer: &[u8] = match answers % 3 {
                    0 => b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}",
                    1 => b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
                    _ => b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
                };
                if socket.write_all(answer).is_err() {
                    return;
                }
            }
        });
        let crowd = Crowd::start(address, Ask::Health, 1, Duration::from_millis(1)).await?;
        let crowded = crowd.window(Duration::from_millis(300)).await?;
        drop(crowd);
        tokio::task::spawn_blocking(|| serving.join()).await?.expect("it has served");
        assert!(crowded.answered > 3, "{}", crowded.answered);
        let near = |count: u64| count.abs_diff(crowded.answered) <= 1;
        assert!(near(crowded.refusals.len()) && near(crowded.wrongs.count()));
        Ok(())
    }
}
