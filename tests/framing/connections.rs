//! Tests pipelining and the end of a connection: regular, on the client's request, after an unread body, or because
//! the client has gone.

use std::io::Read;
use std::net::Shutdown;
use std::time::{Duration, Instant};

use super::{assert_last, post, BODY, CHUNKED, CHUNKS, GET, POST};
use memed::config::Config;
use util::{config, Serve, LONG};

/// Waits until no request but the one that asks is being answered.
fn assert_idle(serve: &Serve) {
    let start = Instant::now();
    let mut client = serve.connect();
    loop {
        let stats = client.get("/stats").json();
        if stats["in_flight"] == 1 && stats["rendering"] == 0 && stats["queue"]["waiting"] == 0 {
            return;
        }
        assert!(start.elapsed() < LONG, "{}", stats);
    }
}

// ===== One request after another =====

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let get = |target: &str| format!("GET {} HTTP/1.1\r\nHost: test\r\n\r\n", target);
    client.send((get("/caption?template=cat") + &get("/x") + GET + &get("/templates")).as_bytes());
    client.response().picture("png");
    assert!(client.response().error().contains("\"/x\""));
    assert_eq!(client.response().json()["status"], "ok");
    assert!(client.response().json().is_array());

    let chunked = format!("{}{}", CHUNKED, CHUNKS);
    client.send((post() + GET + &chunked + GET + &post()).as_bytes());
    client.response().picture("png");
    assert_eq!(client.response().json()["status"], "ok");
    client.response().picture("png");
    assert_eq!(client.response().json()["status"], "ok");
    client.response().picture("png");

    // An empty line between requests is skipped, as some old clients send one after a body.
    client.send((post() + "\r\n" + GET).as_bytes());
    client.response().picture("png");
    assert_eq!(client.response().json()["status"], "ok");

    client.send((GET.to_string() + "garbage\r\n\r\n" + GET).as_bytes());
    assert_eq!(client.response().json()["status"], "ok");
    assert_last(&mut client, 400, "the first line must be a method", "garbage");
    serve.get("/caption?template=cat&top_text=ok").picture("png");
}

#[test]
fn many_requests_fit_on_one_connection() {
    let serve = Serve::start();
    let mut client = serve.connect();
    for _ in 0..300 {
        let response = client.get("/health");
        assert_eq!((response.status, response.headers.get("connection")), (200, None));
    }
    client.send(GET.repeat(300).as_bytes());
    for _ in 0..300 {
        assert_eq!(client.response().status, 200);
    }
    client.get("/caption?template=cat&top_text=ok").picture("png");
}

#[test]
fn a_connection_ends_where_the_client_wants_it_to() {
    let serve = Serve::start();
    let head = |version: &str, fields: &str| format!("GET /health HTTP/{}\r\n{}\r\n", version, fields);
    for request in &[
        head("1.1", "Host: test\r\nConnection: close\r\n"),
        head("1.1", "Host: test\r\nConnection: Keep-Alive, Close\r\n"),
        head("1.0", ""),
        head("1.0", "Host: test\r\nConnection: close\r\n"),
    ] {
        let mut client = serve.connect();
        client.send(request.as_bytes());
        assert_eq!(client.response().status, 200, "{:?}", request);
        assert!(client.is_closed(), "{:?}", request);
    }
    let mut client = serve.connect();
    client.send(head("1.0", "Connection: keep-alive\r\n").as_bytes());
    assert_eq!(client.response().headers["connection"].to_lowercase(), "keep-alive");
    client.get("/caption?template=cat&top_text=ok").picture("png");
    // One that sends nothing more still gets what is there to be had at once.
    client.send(GET.as_bytes());
    client.finish();
    assert_eq!(client.response().status, 200);
    assert!(client.is_closed());
}

#[test]
fn a_connection_that_ends_after_an_unread_body_says_so() {
    let serve = Serve::start();
    for head in &[
        "POST /x HTTP/1.1\r\n",
        "POST /templates HTTP/1.1\r\n",
        "POST /caption HTTP/1.1\r\nContent-Type: text/html\r\n",
        "POST /caption?template=cat HTTP/1.1\r\n",
        "GET /health HTTP/1.1\r\n",
    ] {
        let mut client = serve.connect();
        client.send(format!("{}Host: test\r\nContent-Length: 5\r\n\r\nhello", head).as_bytes());
        let response = client.response();
        if response.headers.get("connection").is_some_and(|value| value == "close") {
            assert!(client.is_closed(), "{:?}", head);
        } else {
            // The connection must still be usable.
            let start = client.try_send(GET.as_bytes()).ok();
            let next = start.and_then(|()| client.try_response("GET")).map(|response| response.status);
            assert_eq!(next, Some(200), "{:?}", head);
        }
    }
}

#[test]
fn a_response_is_read_whole_though_its_request_was_not() {
    let serve = Serve::start();
    let body = vec![b' '; 8 << 20];
    for &(head, status, part) in &[
        ("POST /x HTTP/1.1\r\n", 404, "there is nothing at"),
        ("POST /templates HTTP/1.1\r\n", 405, "POST is not possible here"),
        ("POST /caption HTTP/1.1\r\nContent-Type: application/json\r\n", 413, "the body is larger than"),
        ("POST /caption HTTP/1.1\r\nContent-Type: text/html\r\n", 415, "the body must be JSON"),
        ("POST /caption?template=cat HTTP/1.1\r\n", 400, "contradicts the picture"),
        (
            "POST /caption?template=cat HTTP/1.1\r\nContent-Type: application/json\r\n",
            400,
            "leave the query string empty",
        ),
        ("POST /caption HTTP/1.1\r\nHost: two\r\n", 400, "one Host field"),
    ] {
        let mut client = serve.connect();
        client.send(format!("{}Host: test\r\nContent-Length: {}\r\n\r\n", head, body.len()).as_bytes());
        // Sends everything before reading. A server that closed at once would reset the connection and lose the answer.
        let _ = client.try_send(&body);
        let response = client.response();
        assert_eq!(response.status, status, "{:?}", head);
        assert!(response.error().contains(part), "{:?}: {}", head, response.error());
        assert!(client.is_closed());
        assert_eq!(serve.get("/health").status, 200);
    }
    serve.get("/caption?template=cat&top_text=ok").picture("png");
}

#[test]
fn a_get_may_have_a_body_that_nobody_reads() {
    let serve = Serve::start();
    for body in
        &["Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"]
    {
        let mut client = serve.connect();
        client.send(format!("GET /health HTTP/1.1\r\nHost: test\r\n{}", body).as_bytes());
        assert_eq!(client.response().status, 200);
        // What comes behind the body is a request or nothing; never is the body taken for one.
        if client.try_send(GET.as_bytes()).is_ok() {
            assert!(client.try_response("GET").is_none_or(|response| response.status == 200));
        }
        assert_eq!(serve.get("/health").status, 200);
    }
}

#[test]
fn a_head_request_gets_the_length_and_no_body() {
    let serve = Serve::start();
    let mut client = serve.connect();
    for target in &["/caption?template=cat&top_text=ok", "/caption", "/templates", "/x", "/health"] {
        let got = client.get(target);
        let response = client.request("HEAD", target);
        assert_eq!((response.status, response.body.len()), (got.status, 0), "{}", target);
        for name in &["content-length", "content-type"] {
            assert_eq!(response.headers[*name], got.headers[*name], "{}", target);
        }
    }
    assert_eq!(client.request("HEAD", "/x").status, 404);
    assert_eq!(client.get("/health").json()["status"], "ok");
}

#[test]
fn a_head_request_gets_no_body_when_it_is_refused_either() {
    let serve = Serve::start();
    let mut client = serve.connect();
    client.send(b"HEAD / HTTP/1.1\r\n\r\n");
    assert_eq!(client.try_response("HEAD").map(|response| response.status), Some(400));
    assert!(client.is_closed(), "there is a body");
}

#[test]
fn a_client_that_waits_for_100_continue_is_told_to() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let head = format!("{}Expect: 100-continue\r\nContent-Length: {}\r\n\r\n", POST, BODY.len());
    for _ in 0..2 {
        client.send(head.as_bytes());
        let mut told = [0; 25];
        client.socket.read_exact(&mut told).unwrap();
        assert_eq!(&told[..], &b"HTTP/1.1 100 Continue\r\n\r\n"[..]);
        client.send(BODY.as_bytes());
        client.response().picture("png");
    }
    // One that does not wait.
    client.send((head.clone() + BODY + GET).as_bytes());
    client.response().picture("png");
    assert_eq!(client.response().status, 200);
}

// ===== Clients that go =====

#[test]
fn a_request_that_ends_early_is_refused() {
    let serve = Serve::start();
    let head = "the request ended before its head was complete";
    let body = "the body ended before it was complete";
    let post = post();
    for &(sent, part) in &[
        ("G", head),
        ("GET /health HTT", head),
        ("GET /health HTTP/1.1\r\nHost: test\r\n", head),
        (&post[..post.len() - 1], body),
        (&post[..post.len() - BODY.len()], body),
        (CHUNKED, body),
        (&format!("{}5\r\nhel", CHUNKED), body),
        (&format!("{}{}", CHUNKED, &CHUNKS[..CHUNKS.len() - 1]), body),
    ] {
        let mut client = serve.connect();
        client.send(sent.as_bytes());
        client.finish();
        assert_last(&mut client, 400, part, sent);
        assert_eq!(serve.get("/health").status, 200);
    }
    // Nothing was asked, so nothing is answered.
    let mut client = serve.connect();
    client.finish();
    assert!(client.is_closed());
    serve.get("/caption?template=cat&top_text=ok").picture("png");
}

#[test]
fn a_client_that_vanishes_leaves_nothing_behind() {
    let serve = Serve::start();
    let post = post();
    let caption = "GET /caption?template=cat&top_text=ok HTTP/1.1\r\nHost: test\r\n\r\n";
    for sent in &[
        "",
        "GET /health HTT",
        &post[..post.len() - 1],
        &format!("{}5\r\nhel", CHUNKED),
        &format!("{}Content-Length: 1000000\r\n\r\n{}", POST, " ".repeat(500_000)),
        GET,
        caption,
        &caption.repeat(50),
        "garbage\r\n\r\n",
    ] {
        for _ in 0..5 {
            serve.connect().send(sent.as_bytes());
        }
        // With the response in its hands, unread: its end of the connection is then reset, not closed.
        let mut client = serve.connect();
        client.send(sent.as_bytes());
        if sent.ends_with("\r\n\r\n") {
            client.socket.peek(&mut [0]).unwrap();
        }
        drop(client);
        // Neither reads nor sends.
        let mut client = serve.connect();
        client.send(sent.as_bytes());
        let _ = client.socket.shutdown(Shutdown::Both);
        assert_eq!(serve.get("/health").status, 200);
    }
    assert_idle(&serve);
    serve.get("/caption?template=cat&top_text=ok").picture("png");
}

#[test]
fn a_body_that_takes_too_long_is_a_408() {
    let serve = Serve::with(Config { request_timeout: Duration::from_millis(100), ..config() });
    let mut client = serve.connect();
    client.send(b"POST /caption HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\n{\"template\"");
    let start = Instant::now();
    let response = client.response();
    assert_eq!((response.status, &*response.error()), (408, "the body took too long"));
    assert!(start.elapsed() >= Duration::from_millis(100));
    assert_eq!(response.headers["connection"], "close");
    assert!(client.is_closed());
    assert_eq!(serve.get("/health").status, 200);
}
