//! Tests graceful shutdown: requests in flight are finished, and the server waits for nothing else.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use memed::config::Config;

use util::{config, until, End, Held, Serve};

/// No test has anything to wait for that takes as long.
const AT_ONCE: Duration = Duration::from_secs(5);

#[test]
fn a_caption_in_flight_is_delivered_while_an_idle_connection_is_closed() {
    let mut held = Held::with(config());
    let mut idle = held.serve.connect();
    assert_eq!(idle.get("/health").status, 200);
    let mut waiting = held.first();
    held.serve.stop();
    assert!(idle.is_closed());
    held.end(End::Well);
    let start = Instant::now();
    waiting.response().picture("png");
    assert!(waiting.is_closed());
    held.serve.join();
    assert!(start.elapsed() < AT_ONCE);
    assert!(TcpStream::connect(held.serve.address).is_err());
}

/// Pitfall: to hyper 0.11 a connection without a request yet is busy.
#[test]
fn a_connection_that_never_spoke_is_not_waited_for() {
    let mut serve = Serve::start();
    let silent = serve.connect();
    let mut half = serve.connect();
    half.send(b"GET /health HTT");
    // Both have been accepted when this one has: the listener hands them out in their order.
    serve.get("/health");
    let start = Instant::now();
    serve.stop();
    serve.join();
    assert!(start.elapsed() < AT_ONCE);
    drop((silent, half));
}

#[test]
fn a_connection_that_is_idle_after_an_error_is_not_waited_for() {
    let mut serve = Serve::start();
    let mut client = serve.connect();
    assert_eq!(client.get("/nothing").status, 404);
    let start = Instant::now();
    serve.stop();
    assert!(client.is_closed());
    serve.join();
    assert!(start.elapsed() < AT_ONCE);
}

#[test]
fn what_takes_longer_than_the_shutdown_timeout_is_cut_off() {
    let timeout = Duration::from_millis(200);
    let mut held = Held::with(Config { shutdown_timeout: timeout, ..config() });
    let mut waiting = held.first();
    let start = Instant::now();
    held.serve.stop();
    assert!(waiting.try_response("GET").is_none());
    assert!(start.elapsed() >= timeout);
    held.serve.join();
    assert!(start.elapsed() < AT_ONCE);
}

#[test]
fn a_body_on_its_way_is_waited_for() {
    let mut serve = Serve::start();
    let mut client = serve.connect();
    let body = br#"{"template": "cat", "captions": ["hi"]}"#;
    let head = format!("POST /caption HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len());
    client.send(head.as_bytes());
    client.send(&body[..10]);
    // It is in flight once the server counts it beside the one that asks.
    until(|| serve.get("/stats").json()["in_flight"] == 2);
    serve.stop();
    client.send(&body[10..]);
    client.response().picture("png");
    serve.join();
}

/// What was sent before the end is answered, though the server may not have seen it yet: the kernel has the
/// connection, and the request in it.
#[test]
fn a_stop_loses_no_request_that_was_sent() {
    for _ in 0..5 {
        let mut serve = Serve::start();
        let mut clients: Vec<_> = (0..200).map(|_| serve.connect()).collect();
        for client in &mut clients {
            client.send(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        serve.stop();
        for client in &mut clients {
            let response = client.try_response("GET").expect("no answer");
            // In good health, or stopping.
            assert!(response.status == 200 || response.status == 503);
        }
        serve.join();
    }
}

#[test]
fn the_last_answer_says_that_it_is_the_last() {
    let mut held = Held::with(config());
    let mut waiting = held.first();
    held.serve.stop();
    until(|| TcpStream::connect(held.serve.address).is_err());
    held.end(End::Well);
    assert_eq!(waiting.response().headers["connection"], "close");
}

#[test]
fn half_a_second_head_is_not_waited_for() {
    let mut serve = Serve::start();
    let mut client = serve.connect();
    assert_eq!(client.get("/health").status, 200);
    client.send(b"GET /health HTT");
    // Seen, once another request on another connection is answered.
    serve.get("/health");
    let start = Instant::now();
    serve.stop();
    serve.join();
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

#[test]
fn a_request_that_crosses_the_stop_on_a_kept_connection_is_answered() {
    let mut serve = Serve::start();
    let mut clients: Vec<_> = (0..50).map(|_| serve.connect()).collect();
    clients.iter_mut().for_each(|client| assert_eq!(client.get("/health").status, 200));
    serve.stop();
    // None of them can know yet.
    for client in &mut clients {
        client.send(b"GET /caption?template=cat&top_text=late HTTP/1.1\r\nHost: test\r\n\r\n");
    }
    for mut client in clients {
        let response = client.response();
        response.picture("png");
        assert_eq!(response.headers["connection"].to_lowercase(), "close");
        assert!(client.is_closed());
    }
    serve.join();
}
