//! Tests that the buffers of one client take no room from another.

use std::time::Duration;

use memed::config::Config;

use super::counted;
use util::{config, until, Client, Serve};

/// A POST with the body that is announced, or with less of it.
fn post(last: u8, serve: &Serve, announced: usize, sent: usize) -> Client {
    let mut client = Client::from(last, serve.address);
    let head = format!("POST /caption HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n", announced);
    client.send(head.as_bytes());
    let _ = client.try_send(&vec![b' '; sent]);
    client
}

#[test]
fn bodies_that_never_end_fill_one_budget_and_keep_nobody_from_sending_one() {
    const BODY: usize = 120_000;
    let serve = Serve::with(Config { buffers: 1 << 20, result_cache: 0, ..config() });
    let mut open: Vec<_> = (0..7).map(|_| post(2, &serve, BODY, BODY - 1)).collect();
    until(|| counted(&serve, "/buffers/used") > 7 * 110_000);
    // Of the next ones, some have no room.
    open.extend((0..5).map(|_| post(2, &serve, BODY, BODY - 1)));
    let refused = open.pop().unwrap().response();
    assert_eq!((refused.status, refused.headers["retry-after"].as_str()), (503, "1"));
    assert!(refused.error().contains("no room"), "{}", refused.error());
    assert!(counted(&serve, "/buffers/used") <= 1 << 20);
    // But for another client there is.
    let body = format!("{{\"template\":\"cat\",\"top_text\":\"ok\"}}{}", " ".repeat(BODY));
    Client::from(3, serve.address).post("/caption", "application/json", body.as_bytes()).picture("png");
    // And small requests cost nothing.
    let mut small = Client::from(2, serve.address);
    small
        .post("/caption", "application/json", b"{\"template\":\"cat\",\"top_text\":\"small\"}")
        .picture("png");
    drop(open);
    until(|| counted(&serve, "/buffers/used") == 0);
}

#[test]
fn heads_that_never_end_are_in_the_budget_too() {
    const HEAD: usize = 60_000;
    // Longer than even a busy machine takes to send them: at the timeout, a head is given up and leaves the budget.
    let header_timeout = Duration::from_secs(60);
    let serve = Serve::with(Config { buffers: 1 << 20, result_cache: 0, header_timeout, ..config() });
    let head = format!("GET /health HTTP/1.1\r\nHost: test\r\nX: {}", "x".repeat(HEAD));
    let open: Vec<_> = (0..16)
        .map(|_| {
            let mut client = Client::from(2, serve.address);
            client.send(head.as_bytes());
            client
        })
        .collect();
    until(|| counted(&serve, "/buffers/used") > 14 * HEAD as u64);
    let mut more: Vec<_> = (0..4).map(|_| Client::from(2, serve.address)).collect();
    more.iter_mut().for_each(|client| client.try_send(head.as_bytes()).unwrap_or(()));
    assert_eq!(more.pop().unwrap().response().status, 503);
    let whole = format!("{}\r\n\r\n", head);
    let mut other = Client::from(3, serve.address);
    other.send(whole.as_bytes());
    assert_eq!(other.response().status, 200);
    drop((open, more));
    until(|| counted(&serve, "/buffers/used") == 0);
}

#[test]
fn pictures_that_are_not_read_count_until_they_are_sent_or_given_up() {
    let serve = Serve::with(Config { buffers: 1 << 20, result_cache: 0, ..config() });
    let large = |last, text: usize| {
        let mut client = Client::from(last, serve.address);
        client.ask("GET", &format!("/caption?template=dramatic-raccoon&top_text={}", text), &[]);
        client
    };
    let deaf: Vec<_> = (0..3).map(|text| large(2, text)).collect();
    until(|| counted(&serve, "/buffers/used") > 1 << 20);
    let refused = large(2, 3).response();
    assert_eq!(refused.status, 503);
    assert!(refused.error().contains("still being sent"), "{}", refused.error());
    large(3, 4).response().picture("gif");
    drop(deaf);
    until(|| counted(&serve, "/buffers/used") == 0);
    large(2, 5).response().picture("gif");
}

#[test]
fn what_is_not_read_counts_for_who_does_not_read_it() {
    let serve = Serve::with(Config { buffers: 1 << 20, ..config() });
    let target = |text: usize| format!("/caption?template=dramatic-raccoon&top_text={}", text);
    let mut reader = Client::from(2, serve.address);
    let deaf: Vec<_> = (0..3)
        .map(|text| {
            reader.get(&target(text)).picture("gif");
            let mut client = Client::from(3, serve.address);
            client.ask("GET", &target(text), &[]);
            client
        })
        .collect();
    until(|| counted(&serve, "/buffers/used") > 3 << 20);
    // It has read all that it has asked for, and all of that is still in the cache.
    reader.get(&target(3)).picture("gif");
    let mut deaf_again = Client::from(3, serve.address);
    assert_eq!(deaf_again.get(&target(4)).status, 503);
    drop(deaf);
}

#[test]
fn behind_a_proxy_bytes_count_for_who_the_proxy_says() {
    const BODY: usize = 120_000;
    let config = Config { buffers: 1 << 20, result_cache: 0, trust_forwarded: 1, ..config() };
    let serve = Serve::with(config);
    let post = |client: &str, sent: usize| {
        let mut connection = serve.connect();
        let head = format!(
            "POST /caption HTTP/1.1\r\nHost: test\r\nX-Forwarded-For: {}\r\nContent-Length: {}\r\n\r\n",
            client, BODY
        );
        connection.send(head.as_bytes());
        let body = format!("{{\"template\":\"cat\"}}{}", " ".repeat(BODY));
        let _ = connection.try_send(&body.as_bytes()[..sent]);
        connection
    };
    let _open: Vec<_> = (0..12).map(|_| post("192.0.2.1", BODY - 1)).collect();
    until(|| counted(&serve, "/buffers/used") > 900_000);
    post("192.0.2.2", BODY).response().picture("png");
}

#[test]
fn a_connection_with_a_large_head_is_not_kept() {
    let serve = Serve::start();
    let mut client = serve.connect();
    for (length, is_last) in [(4_000, false), (20_000, true)] {
        let response = client.request_with("GET", "/health", &[&format!("X: {}", "x".repeat(length))]);
        assert_eq!(response.status, 200);
        assert_eq!(response.headers.contains_key("connection"), is_last);
    }
    assert!(client.is_closed());
}
