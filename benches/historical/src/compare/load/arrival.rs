//! Clients that come at one instant, each with a connection of its own and one request.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::task::JoinSet;

use super::PATIENCE;
use super::answer::{Ask, Wrong};
use super::client::Client;
use super::paced::Measured;
use super::wrongs::Wrongs;

/// Connects so many clients at once; each sends its request as soon as it is connected. Latency counts from the instant
/// at which all of them came, and a failure counts as the slowest answer there is.
///
/// Returns those whose connections are still open, too.
///
/// # Errors
/// If there is no memory for what is measured.
pub async fn arrive(address: SocketAddr, ask: Ask, clients: usize) -> io::Result<(Measured, Vec<Client>)> {
    let request: Arc<[u8]> = ask.request(&AtomicU64::new(0)).into();
    let mut latencies = Histogram::new_with_bounds(1, 60_000_000, 3).map_err(io::Error::other)?;
    let (wrongs, mut open, mut arriving) = (Wrongs::default(), Vec::with_capacity(clients), JoinSet::new());
    let start = Instant::now();
    for _ in 0..clients {
        arriving.spawn(one(address, ask, request.clone(), start));
    }
    while let Some(arrived) = arriving.join_next().await {
        let latency = match arrived.map_err(io::Error::other)? {
            Ok((client, latency)) => {
                open.extend(client);
                latency
            }
            Err(wrong) => {
                wrongs.add(wrong);
                PATIENCE
            }
        };
        latencies.saturating_record(latency.as_micros() as u64);
    }
    Ok((Measured { latencies, wrongs, due: clients as u64 }, open))
}

async fn one(
    address: SocketAddr,
    ask: Ask,
    request: Arc<[u8]>,
    start: Instant,
) -> Result<(Option<Client>, Duration), Wrong> {
    let mut client = Client::connect(address).await.map_err(|_| Wrong::Closed)?;
    let answer = client.ask(ask, &request).await?;
    let latency = start.elapsed();
    match answer.wrong {
        None => Ok(((!answer.is_last).then_some(client), latency)),
        Some(wrong) => Err(wrong),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;
    use crate::compare::reading::Missing;

    #[tokio::test]
    async fn one_that_is_not_answered_counts_as_the_slowest() -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let serving = thread::spawn(move || {
            let mut kept = Vec::new();
            for number in 0..4 {
                let Ok((mut socket, _)) = listener.accept() else { return };
                let _ = socket.read(&mut [0; 512]);
                if number > 0 {
                    let _ =
                        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}");
                    kept.push(socket);
                }
            }
        });
        let (measured, open) = arrive(address, Ask::Health, 4).await?;
        tokio::task::spawn_blocking(|| serving.join()).await?.expect("it has served");
        assert_eq!((measured.wrongs.count(), measured.due, open.len()), (1, 4, 3));
        let latencies = measured.latencies();
        assert!(latencies.max() >= 3_990_000 && latencies.value_at_quantile(0.5) < 3_990_000);
        assert_eq!(measured.quantile(1.0), Err(Missing::GaveUp), "one of four failed");
        Ok(())
    }
}
