//! What `threads` makes of the bytes of a connection: it has no HTTP library that sees to it.

mod util;

use util::{Contestant, THREADS};

const GET: &str = "GET /health HTTP/1.1\r\nHost: a\r\n";
const POST: &str = "POST /caption HTTP/1.1\r\nHost: a\r\n";

fn start() -> Contestant {
    Contestant::start(THREADS, &["--max-body", "1000", "--header-timeout", "5"])
}

/// Each is answered, and then the connection ends; and the server lives.
#[test]
fn hostile_requests_are_refused() {
    let contestant = start();
    let cases = [
        (400, "\x16\x03\x01\r\n\r\n".to_string()),
        (400, "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n".to_string()),
        (400, "GET /health HTTP/1.1\r\n\r\n".to_string()),
        (400, format!("{GET}Host: b\r\n\r\n")),
        (400, format!("{GET}A : b\r\n\r\n")),
        (400, format!("{POST}Content-Length: +5\r\n\r\n12345")),
        (400, format!("{POST}Content-Length:\r\n\r\n")),
        (400, format!("{POST}Content-Length: 5\r\nContent-Length: 5\r\n\r\n12345")),
        (400, format!("{POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")),
        (400, format!("{POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")),
        (400, "POST /caption HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_string()),
        (400, format!("{POST}Transfer-Encoding: chunked\r\n\r\n\r\n\r\n")),
        (400, format!("{POST}Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\n")),
        (400, format!("{POST}Transfer-Encoding: chunked\r\n\r\n1;{}", "a".repeat(1000))),
        (400, format!("{POST}Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n")),
        (400, format!("{POST}Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n")),
        (413, format!("{POST}Content-Length: 100000000000000\r\n\r\n")),
        (413, format!("{POST}Content-Length: 99999999999999999999999\r\n\r\n")),
        (413, format!("{POST}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n")),
        (414, format!("GET /{}", "a".repeat(70 << 10))),
        (431, format!("{GET}A: {}", "a".repeat(70 << 10))),
        (431, format!("{GET}{}\r\n", "A: b\r\n".repeat(101))),
    ];
    for (status, request) in cases {
        let mut client = contestant.connect();
        client.send_raw(request.as_bytes());
        let response = client.response("GET");
        let start: String = request.chars().take(120).collect();
        assert_eq!((response.status, response.header("connection")), (status, Some("close")), "{start:?}");
        assert!(response.json()["error"].is_string());
        assert!(client.is_closed(), "{start:?}");
        assert_eq!(contestant.get("/health").status, 200);
    }
}

#[test]
fn requests_that_are_sent_together_are_answered_in_order() {
    let contestant = start();
    let mut client = contestant.connect();
    let json = "{\"template\": \"no-such\"}";
    let post = format!("{POST}Content-Length: {}\r\n\r\n{json}", json.len());
    let chunked = format!("{POST}Transfer-Encoding: Chunked\r\n\r\n{:x}\r\n{json}\r\n0\r\n\r\n", json.len());
    let nothing = "HEAD /nothing HTTP/1.1\r\nHost: a\r\n\r\n";
    let last = format!("{GET}Connection: Close\r\n\r\n");
    client.send_raw(format!("\r\n{GET}\r\n{post}{chunked}{nothing}{last}").as_bytes());
    for (method, status) in [("GET", 200), ("POST", 404), ("POST", 404), ("HEAD", 404), ("GET", 200)] {
        assert_eq!(client.response(method).status, status);
    }
    assert!(client.is_closed());
}

#[test]
fn http_1_0_is_kept_alive_if_it_asks_for_it() {
    let contestant = start();
    let mut client = contestant.connect();
    client.send_raw(b"GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_eq!(client.response("GET").header("connection"), Some("keep-alive"));
    client.send_raw(b"GET http://a/health HTTP/1.0\r\n\r\n");
    let response = client.response("GET");
    assert_eq!((response.status, response.header("connection")), (200, Some("close")));
    assert!(client.is_closed());
}

#[test]
fn a_body_that_is_awaited_is_asked_for_unless_it_is_too_large() {
    let contestant = start();
    let mut client = contestant.connect();
    client.send_raw(format!("{POST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n").as_bytes());
    assert_eq!(client.response("POST").status, 100);
    client.send_raw(b"{}");
    assert_eq!(client.response("POST").status, 400);
    client.send_raw(format!("{POST}Expect: 100-continue\r\nContent-Length: 2000\r\n\r\n").as_bytes());
    assert_eq!(client.response("POST").status, 413);
}

/// As deep as JSON may be nested, and deeper: the stack of a connection's thread is enough for it.
#[test]
fn deep_json_is_no_matter() {
    let contestant = Contestant::start(THREADS, &[]);
    for depth in [100, 127, 50_000] {
        let json = format!("{{\"template\": {}{}}}", "[".repeat(depth), "]".repeat(depth));
        let response = contestant.connect().request("POST", "/caption", &[], json.as_bytes());
        assert_eq!(response.status, 400);
    }
}
