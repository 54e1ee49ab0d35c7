//! Tests that wrong, huge, slow or hostile input gets its status and its sentence, and that the next request is
//! served.

use std::io::Write;
use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};

use memed::config::Config;
use util::{config, Client, Response, Serve};

/// Drawings that go wrong, and templates that are damaged.
mod drawing;
/// Requests that are refused before all of them is read.
mod early;
/// Fields that mean nothing.
mod fields;

const JSON: &str = "application/json";

/// Fails unless it is an error of that status whose sentence has every part that stands between the bars.
fn assert_error(response: &Response, status: u16, parts: &str, asked: &str) {
    let asked: String = asked.chars().take(100).collect();
    assert_eq!(response.status, status, "{}: {}", asked, String::from_utf8_lossy(&response.body));
    let sentence = response.error();
    for part in parts.split('|') {
        assert!(sentence.contains(part), "{}: {:?} does not say {:?}", asked, sentence, part);
    }
}

/// Fails unless a caption is drawn, on a connection of its own.
fn assert_serves(serve: &Serve) {
    serve.get("/caption?template=cat&top_text=ok").picture("png");
}

/// Writes until the server takes no more or `limit` bytes are gone, while the test goes on.
fn flood(client: &Client, piece: Vec<u8>, limit: usize) -> thread::JoinHandle<()> {
    let mut socket = client.socket.try_clone().unwrap();
    thread::spawn(move || {
        let mut sent = 0;
        while sent < limit && socket.write_all(&piece).is_ok() {
            sent += piece.len();
        }
    })
}

// ===== Bodies =====

#[test]
fn a_body_that_is_not_a_json_object_is_refused() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    let deep_value = format!("{{\"captions\": {}}}", deep("[", "]"));
    let not_json = "the body is not the JSON that is needed";
    let not_an_object = "the body must be a JSON object, as in {\"template\": \"cat\"}";
    let serve = Serve::with(Config { max_body: 1 << 20, ..config() });
    let mut client = serve.connect();
    for &(body, parts) in &[
        (&b""[..], not_json),
        (b" ", not_json),
        (b"{\"template\": \"cat\"", not_json),
        (b"{\"template\": \"ca", not_json),
        (b"{\"template\": \"cat\"} {}", not_json),
        (b"{\"template\": \"cat\",}", not_json),
        (b"{template: \"cat\"}", not_json),
        (b"template=cat", not_json),
        (b"{\"template\": \"\xff\"}", not_json),
        (b"{\"template\": \"\\ud800\"}", not_json),
        (b"{\"template\": NaN}", not_json),
        (b"\xef\xbb\xbf\xef\xbb\xbf{\"template\": \"cat\"}", not_json),
        (b"[]", not_an_object),
        (b"[{\"template\": \"cat\"}]", not_an_object),
        (b"\"cat\"", not_an_object),
        (b"7", not_an_object),
        (b"null", not_an_object),
        (deep("[", "]").as_bytes(), not_an_object),
        (deep("{\"a\":", "}").as_bytes(), "\"a\" is not a field"),
        (deep_value.as_bytes(), "\"captions[0]\" must be a string or an object"),
        ("[".repeat(100_000).as_bytes(), not_an_object),
    ] {
        let shown = String::from_utf8_lossy(body);
        assert_error(&client.post("/caption", JSON, body), 400, parts, &shown);
        assert_eq!(client.get("/health").status, 200, "{}", shown);
        assert_eq!(serve.get("/health").status, 200, "{}", shown);
    }
    client.get("/caption?template=cat&top_text=ok").picture("png");
}

#[test]
fn a_body_of_another_type_is_refused_and_json_is_called_many_things() {
    let serve = Serve::start();
    let body = "{\"template\": \"cat\"}";
    let post = |field: &str| {
        let mut client = serve.connect();
        let head = "POST /caption HTTP/1.1\r\nHost: test\r\n";
        client.send(format!("{}{}Content-Length: {}\r\n\r\n{}", head, field, body.len(), body).as_bytes());
        client.response()
    };
    for mime in &["text/html", "multipart/mixed; boundary=x", "application/xml", "audio/json"] {
        let response = post(&format!("Content-Type: {}\r\n", mime));
        assert_error(&response, 415, "the body must be JSON|application/json", mime);
        assert_eq!(serve.get("/health").status, 200, "{}", mime);
    }
    for mime in &["", "json", "*", "application/jsonx", "application/json\r\nContent-Type: text/plain"] {
        let response = post(&format!("Content-Type: {}\r\n", mime));
        assert_error(&response, 415, "the body must be JSON", mime);
    }
    for mime in &[
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/problem+json",
        "text/json",
        "text/plain",
        "text/plain; charset=us-ascii",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
    ] {
        post(&format!("content-type: {}\r\n", mime)).picture("png");
    }
    post("").picture("png");
}

#[test]
fn a_post_with_a_query_string_is_refused() {
    let serve = Serve::start();
    for query in &["?template=cat", "?top_text=ok", "?x", "?v=1&x"] {
        let target = format!("/caption{}", query);
        let response = serve.connect().post(&target, JSON, b"{\"template\": \"cat\"}");
        assert_error(&response, 400, "leave the query string empty, or send a GET", query);
        assert_eq!(serve.get("/health").status, 200);
    }
    for query in &["?", "?utm_source=chat&_=1&fbclid"] {
        let target = format!("/caption{}", query);
        serve.connect().post(&target, JSON, b"{\"template\": \"cat\"}").picture("png");
    }
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let serve = Serve::start();
    let head = b"POST /caption HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n\
                 Content-Length: 104857600\r\n\r\n";
    let sentence = "the body is larger than 131072 bytes";
    // Not a byte of the body is sent.
    let mut client = serve.connect();
    client.send(head);
    assert_error(&client.response(), 413, sentence, "100 MB announced");
    assert!(client.is_closed());
    // All of it is sent, and the answer read after that.
    let mut client = serve.connect();
    client.send(head);
    flood(&client, vec![b' '; 1 << 16], 100 << 20).join().unwrap();
    let response = client.response();
    assert_error(&response, 413, sentence, "100 MB sent");
    assert_eq!(response.headers["connection"], "close");
    assert!(client.is_closed());
    assert_serves(&serve);
}

#[test]
fn a_chunked_body_without_end_is_refused_when_it_is_too_large() {
    let serve = Serve::start();
    let mut client = serve.connect();
    client.send(b"POST /caption HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n");
    let mut chunk = b"10000\r\n".to_vec();
    chunk.resize(chunk.len() + 0x10000, b' ');
    chunk.extend_from_slice(b"\r\n");
    let flood = flood(&client, chunk, 200 << 20);
    let response = client.response();
    assert_error(&response, 413, "the body is larger than 131072 bytes", "chunks");
    assert_eq!(response.headers["connection"], "close");
    assert!(client.is_closed());
    // Ends the flood.
    let _ = client.socket.shutdown(Shutdown::Both);
    flood.join().unwrap();
    assert_serves(&serve);
}

#[test]
fn a_body_is_fine_up_to_the_limit() {
    let serve = Serve::with(Config { max_body: 100, ..config() });
    let body = |length: usize| format!("{:1$}", "{\"template\": \"cat\"}", length).into_bytes();
    let mut client = serve.connect();
    client.post("/caption", JSON, &body(100)).picture("png");
    assert_error(&client.post("/caption", JSON, &body(101)), 413, "larger than 100 bytes", "101 bytes");
    assert!(client.is_closed());
    for &(more, status) in &[("", 200), ("1\r\n \r\n", 413)] {
        let mut client = serve.connect();
        client.send(b"POST /caption HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n");
        client.send(&body(100));
        client.send(format!("\r\n{}0\r\n\r\n", more).as_bytes());
        assert_eq!(client.response().status, status);
    }
}

#[test]
fn a_body_of_very_many_fields_is_answered_soon() {
    let serve = Serve::with(Config { max_body: 1 << 20, ..config() });
    let fields: Vec<_> = (0..60_000).map(|i| format!("\"{}\":0", i)).collect();
    let body = format!("{{{}}}", fields.join(","));
    let start = Instant::now();
    assert_error(&serve.post(&body), 400, "\"0\" is not a field", "60,000 fields");
    assert!(start.elapsed() < Duration::from_secs(2), "it took {:?}", start.elapsed());
}

// ===== URLs =====

#[test]
fn a_url_that_is_too_long_and_a_head_that_is_too_large_are_refused() {
    let serve = Serve::start();
    let url = |length: usize| format!("GET /{} HTTP/1.1\r\nHost: test\r\n\r\n", "a".repeat(length));
    let fields = format!("GET / HTTP/1.1\r\nHost: test\r\n{}\r\n", "A: 0123456789\r\n".repeat(7_000));
    let field = format!("GET / HTTP/1.1\r\nHost: test\r\nA: {}\r\n\r\n", "a".repeat(100_000));
    for &(head, status, parts) in &[
        (&url(33_000), 414, "the URL is longer than 32768 bytes: POST"),
        (&url(1_000_000), 414, "the URL is longer than 32768 bytes: POST"),
        (&fields, 431, "larger than 65536 bytes"),
        (&field, 431, "larger than 65536 bytes"),
    ] {
        let mut client = serve.connect();
        let flood = flood(&client, head.clone().into_bytes(), 1);
        let response = client.response();
        assert_error(&response, status, parts, head);
        assert_eq!(response.headers["connection"], "close");
        assert!(client.is_closed());
        flood.join().unwrap();
        assert_eq!(serve.get("/health").status, 200);
    }
    let long = format!("/caption?template=cat&top_text={}", "%61".repeat(10_000));
    assert_error(&serve.get(&long), 400, "10000 characters", "a long one that is allowed");
    assert_serves(&serve);
}

#[test]
fn a_url_is_too_long_wherever_its_line_ends() {
    let serve = Serve::start();
    for length in &[40_000, 65_000, 66_000, 70_000, 80_000, 90_000] {
        let mut client = serve.connect();
        let head = format!("GET /{} HTTP/1.1\r\nHost: test\r\n\r\n", "a".repeat(*length));
        let _ = client.try_send(head.as_bytes());
        assert_error(&client.response(), 414, "the URL is longer than", &length.to_string());
        assert_eq!(serve.get("/health").status, 200);
    }
}

#[test]
fn the_bytes_of_a_url_are_utf_8_escaped_or_not() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let picture = |client: &mut Client, text: &str| {
        let target = format!("/caption?template=cat&top_text={}", text);
        client.get(&target).picture("png").to_vec()
    };
    for &(written, meant) in &[
        ("é😀", "%C3%A9%F0%9F%98%80"),
        // A % that escapes nothing is a %.
        ("%zz", "%25zz"),
        ("100%", "100%25"),
        ("%", "%25"),
        ("%4", "%254"),
        ("%%41", "%25A"),
        ("a+b", "a%20b"),
    ] {
        assert_eq!(picture(&mut client, written), picture(&mut client, meant), "{}", written);
    }
    assert!(picture(&mut client, "%25zz") != picture(&mut client, "zz"));
    for query in &["top_text=%ff", "%ff=a", "top_text=%C3", "top_text=%ED%A0%80", "top_text=%C0%80"] {
        let response = client.get(&format!("/caption?template=cat&{}", query));
        assert_error(&response, 400, "in the query string is not UTF-8 once unescaped", query);
    }
    client.send(b"GET /caption?template=cat&top_text=\xff HTTP/1.1\r\nHost: test\r\n\r\n");
    let response = client.response();
    assert_error(&response, 400, "the URL percent-escaped or UTF-8", "a raw ff");
    assert!(client.is_closed());
    assert_serves(&serve);
}

#[test]
fn unknown_paths_are_404_and_wrong_methods_are_405_with_those_allowed() {
    let serve = Serve::start();
    let mut client = serve.connect();
    for path in
        &["/x", "/captions", "/caption/", "//caption", "/Caption", "/fonts/Anton", "/caption%2F", "/é"]
    {
        let parts = format!("there is nothing at {:?}|the paths are /, /caption", path);
        assert_error(&client.get(path), 404, &parts, path);
        assert_error(&client.request("DELETE", path), 404, &parts, path);
    }
    for &(path, allowed) in &[
        ("/caption", "GET, HEAD, POST, OPTIONS"),
        ("/templates", "GET, HEAD, OPTIONS"),
        ("/templates/cat", "GET, HEAD, OPTIONS"),
        ("/fonts", "GET, HEAD, OPTIONS"),
        ("/stats", "GET, HEAD, OPTIONS"),
        ("/health", "GET, HEAD, OPTIONS"),
    ] {
        for method in &["PUT", "DELETE", "PATCH", "TRACE", "POST"] {
            if path == "/caption" && *method == "POST" {
                continue;
            }
            let response = client.request(method, path);
            assert_error(&response, 405, &format!("{} is not possible here|{}", method, allowed), path);
            assert_eq!(response.headers["allow"], allowed);
            assert_eq!(client.get("/health").status, 200);
        }
    }
    for method in &["BREW", "get", "PROPFIND"] {
        let sentence = format!("{:?} is not a method that this server knows", method);
        assert_error(&client.request(method, "/caption"), 501, &sentence, method);
    }
    assert_serves(&serve);
}
