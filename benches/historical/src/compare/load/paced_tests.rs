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

#[tokio::test]
async fn all_are_due_at_one_instant_and_a_lane_more_is_one_more() -> io::Result<()> {
    let (address, serving) = serve(Duration::ZERO)?;
    let mut paced = Paced::connect(address, Ask::Health, 0).await?;
    assert_eq!(paced.at_once().await?.due, 0);
    paced.grow(address, Ask::Health, 1).await?;
    let measured = paced.at_once().await?;
    assert_eq!((measured.due, measured.wrongs.count(), paced.open()), (1, 0, 1));
    drop(paced);
    tokio::task::spawn_blocking(|| serving.join()).await?.expect("it has served");
    Ok(())
}

#[test]
fn many_requests_are_due_in_the_same_tick() {
    let due: Vec<_> = (0..30).map(|request| due_after(request, 10_000.0).as_millis()).collect();
    assert_eq!((due[0], due[9], due[10], due[29]), (0, 0, 1, 2));
    assert_eq!(due_after(1, 200.0), Duration::from_millis(5));
}
