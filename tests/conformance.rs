//! Tests what RFC 9110 and RFC 9112 ask of a server, beyond where a request ends: hosts, targets, versions, methods,
//! conditions, expectations; and what browsers ask of it before a page of another origin may use an answer.

use std::io::Read;
use std::thread;
use std::time::Duration;

use memed::config::{Config, Cors};

use util::{config, until, Client, End, Folder, Held, Response, Serve};

const PICTURE: &str = "/caption?template=cat&top_text=conditions";
const JSON: &str = "{\"template\":\"cat\",\"top_text\":\"ok\"}";

/// The response to bytes on a connection of their own.
fn response_to(serve: &Serve, sent: &[u8]) -> Response {
    let mut client = serve.connect();
    client.send(sent);
    client.response()
}

fn status(serve: &Serve, sent: &str) -> u16 {
    response_to(serve, sent.as_bytes()).status
}

// ===== Heads =====

#[test]
fn a_host_must_be_one() {
    let serve = Serve::start();
    let get = |host: &[u8]| [b"GET /health HTTP/1.1\r\nHost: ", host, b"\r\n\r\n"].concat();
    for host in [&b"a b"[..], b"a/b", b"a:xx", b"\xff", b"a@b", b"[::1", b"a,b", b"<a>"].iter() {
        // A comma may be in a name, by the letter of RFC 3986.
        let expected = if *host == b"a,b" { 200 } else { 400 };
        assert_eq!(response_to(&serve, &get(host)).status, expected, "{:?}", String::from_utf8_lossy(host));
    }
    for host in [&b"a"[..], b"a:80", b"[::1]:1337", b""].iter() {
        assert_eq!(response_to(&serve, &get(host)).status, 200, "{:?}", String::from_utf8_lossy(host));
    }
}

#[test]
fn a_number_sign_in_the_target_is_refused_and_not_cut_off() {
    let serve = Serve::start();
    let get = |target: &str| format!("GET {} HTTP/1.1\r\nHost: test\r\n\r\n", target);
    let refused = response_to(&serve, get("/caption?template=cat&top_text=number#1").as_bytes());
    assert_eq!(refused.status, 400);
    assert!(refused.error().contains("%23"), "{}", refused.error());
    assert_eq!(status(&serve, &get("/caption?template=cat&top_text=number%231")), 200);
}

#[test]
fn a_target_with_a_user_name_is_refused() {
    let serve = Serve::start();
    for (target, expected) in
        [("http://user@test/health", 400), ("http://u:p@test/health", 400), ("http://test/health", 200)]
    {
        let get = format!("GET {} HTTP/1.1\r\nHost: test\r\n\r\n", target);
        assert_eq!(status(&serve, &get), expected, "{}", target);
    }
}

#[test]
fn a_higher_minor_version_is_served_and_anything_else_is_refused() {
    let serve = Serve::start();
    for (version, expected) in
        [("1.1", 200), ("1.2", 200), ("1.9", 200), ("x", 400), ("1.10", 400), ("2.0", 505), ("1", 400)]
    {
        let get = format!("GET /health HTTP/{}\r\nHost: test\r\n\r\n", version);
        assert_eq!(status(&serve, &get), expected, "{}", version);
    }
}

#[test]
fn unknown_methods_and_codings_are_501_and_known_methods_are_405() {
    let serve = Serve::start();
    let ask = |line: &str, fields: &str| {
        status(&serve, &format!("{} HTTP/1.1\r\nHost: test\r\n{}\r\n", line, fields))
    };
    assert_eq!(ask("BREW /health", ""), 501);
    assert_eq!(ask("get /health", ""), 501);
    assert_eq!(ask("CONNECT test:80", ""), 501);
    assert_eq!(ask("PATCH /health", ""), 405);
    assert_eq!(ask("OPTIONS *", ""), 200);
    assert_eq!(ask("POST /caption", "Transfer-Encoding: gzip, chunked\r\n"), 501);
    assert_eq!(ask("POST /caption", "Transfer-Encoding: gzip\r\n"), 400);
}

// ===== Bodies =====

#[test]
fn trailers_are_dropped() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let post = format!(
        "POST /caption HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n\
         {:x}\r\n{}\r\n0\r\nX-Sum: 1\r\nContent-Length: 7\r\n\r\n",
        JSON.len(),
        JSON
    );
    // The connection goes on after them.
    for _ in 0..2 {
        client.send(post.as_bytes());
        client.response().picture("png");
    }
}

#[test]
fn only_json_in_utf_8_that_is_not_compressed_is_taken() {
    let serve = Serve::start();
    let post = |fields: &str| {
        let head = format!("POST /caption HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n", JSON.len());
        status(&serve, &format!("{}{}\r\n\r\n{}", head, fields, JSON))
    };
    assert_eq!(post("Content-Type: application/json; charset=utf-8"), 200);
    assert_eq!(post("Content-Type: application/json; charset=\"UTF-8\""), 200);
    assert_eq!(post("Content-Encoding: identity"), 200);
    assert_eq!(post("Content-Type: application/json; charset=latin1"), 415);
    assert_eq!(post("Content-Encoding: gzip"), 415);
    assert_eq!(post("Content-Encoding: identity, gzip"), 415);
}

/// What the server sends before a client has sent its body.
fn told(serve: &Serve, method: &str, path: &str, fields: &str) -> String {
    let mut client = serve.connect();
    let head = format!(
        "{} {} HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: {}\r\n{}\r\n",
        method,
        path,
        JSON.len(),
        fields
    );
    client.send(head.as_bytes());
    let mut first = [0; 12];
    client.socket.read_exact(&mut first).unwrap();
    String::from_utf8(first.to_vec()).unwrap()
}

#[test]
fn a_body_is_asked_for_only_if_it_is_wanted() {
    let serve = Serve::with(Config { max_body: 1000, ..config() });
    assert_eq!(told(&serve, "POST", "/caption", ""), "HTTP/1.1 100");
    assert_eq!(told(&serve, "POST", "/caption", "Content-Type: text/plain\r\n"), "HTTP/1.1 100");
    assert_eq!(told(&serve, "POST", "/caption", "Content-Type: text/html\r\n"), "HTTP/1.1 415");
    assert_eq!(told(&serve, "POST", "/caption?a=b", ""), "HTTP/1.1 400");
    assert_eq!(told(&serve, "POST", "/health", ""), "HTTP/1.1 405");
    assert_eq!(told(&serve, "GET", "/health", ""), "HTTP/1.1 200");
    let large = "POST /caption HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n\
                 Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n";
    assert_eq!(status(&serve, large), 413);
    let mut client = serve.connect();
    client.send(large.as_bytes());
    let mut first = [0; 12];
    client.socket.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 413");
}

#[test]
fn a_100_never_comes_before_the_answer_to_an_earlier_request() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let get = format!("GET {} HTTP/1.1\r\nHost: t\r\n\r\n", PICTURE);
    let post = format!(
        "POST /caption HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        JSON.len()
    );
    client.send((get.repeat(3) + &post).as_bytes());
    for _ in 0..3 {
        client.response().picture("png");
    }
    let mut told = [0; 25];
    client.read_raw(&mut told);
    assert_eq!(&told[..], &b"HTTP/1.1 100 Continue\r\n\r\n"[..]);
    client.send(JSON.as_bytes());
    client.response().picture("png");
}

// ===== Conditions =====

#[test]
fn if_match_comes_before_if_none_match_and_compares_strongly() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let tag = client.get(PICTURE).headers["etag"].clone();
    let status = |client: &mut Client, fields: &[&str]| client.request_with("GET", PICTURE, fields).status;
    let (same, other) = (format!("If-Match: {}", tag), "If-Match: \"other\"");
    let listed = format!("If-Match: \"a\", \"b,c\" , {}", tag);
    let weak = format!("If-Match: W/{}", tag);
    let has = format!("If-None-Match: W/{}", tag);
    // Both where the picture is known by its query, and where it is not.
    for _ in 0..2 {
        assert_eq!(status(&mut client, &[&same]), 200);
        assert_eq!(status(&mut client, &[&listed]), 200);
        assert_eq!(status(&mut client, &["If-Match: *"]), 200);
        assert_eq!(status(&mut client, &[other]), 412);
        assert_eq!(status(&mut client, &[&weak]), 412);
        assert_eq!(status(&mut client, &["If-Match: "]), 412);
        assert_eq!(status(&mut client, &[&has]), 304);
        assert_eq!(status(&mut client, &[&same, &has]), 304);
        assert_eq!(status(&mut client, &[other, &has]), 412);
        assert_eq!(status(&mut client, &["If-None-Match: *"]), 304);
    }
    let fresh = "/caption?template=cat&top_text=never%20drawn";
    let failed = client.request_with("GET", fresh, &[other]);
    assert_eq!(failed.status, 412);
    assert!(failed.error().contains("If-Match"), "{}", failed.error());
    // A list of thousands costs no more than reading it.
    let long = format!("If-None-Match: {}{}", "\"x\",".repeat(10_000), tag);
    assert_eq!(status(&mut client, &[&long]), 304);
}

// ===== Clients that close their half =====

#[test]
fn a_client_that_has_closed_its_half_gets_what_needs_no_drawing() {
    // With a folder, each request looks at its files on another thread.
    let folder = Folder::new();
    let serve = folder.serve();
    let cached = PICTURE;
    serve.get(cached).picture("png");
    for target in ["/health", "/stats", "/templates", cached] {
        for _ in 0..5 {
            let mut client = serve.connect();
            client.ask("GET", target, &[]);
            client.finish();
            assert_eq!(client.response().status, 200, "{}", target);
        }
    }
}

#[test]
fn a_client_that_has_closed_its_half_is_taken_to_be_gone_while_a_picture_is_drawn() {
    let held = Held::with(config());
    let mut client = held.first();
    client.finish();
    held.cancelled();
    assert!(client.is_closed());
    until(|| held.serve.get("/stats").json()["hung_up"] == 1);
    // One that waits for it is not.
    let mut client = held.first();
    thread::sleep(Duration::from_millis(20));
    held.end(End::Well);
    client.response().picture("png");
}

// ===== Other origins =====

#[test]
fn pages_of_other_origins_may_use_pictures_and_not_the_numbers() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let shared = |response: &Response| {
        let policy = response.headers["cross-origin-resource-policy"].as_str();
        let is_shared =
            response.headers.get("access-control-allow-origin").is_some_and(|origin| origin == "*");
        assert_eq!(policy, if is_shared { "cross-origin" } else { "same-origin" });
        is_shared
    };
    for target in [PICTURE, "/templates", "/fonts", "/templates/cat", "/health", "/nothing", "/caption"] {
        assert!(shared(&client.get(target)), "{}", target);
        assert!(shared(&client.request("OPTIONS", target)), "{}", target);
    }
    for target in ["/stats", "/metrics"] {
        for method in ["GET", "HEAD", "OPTIONS", "POST", "BREW"] {
            let response = client.request(method, target);
            assert!(!shared(&response), "{} {}", method, target);
            let about = response.headers.keys().filter(|name| name.starts_with("access-control-"));
            assert_eq!(about.count(), 0, "{} {}", method, target);
        }
    }
    assert!(client.request("OPTIONS", "/caption").headers.contains_key("access-control-allow-methods"));
}

#[test]
fn with_cors_none_they_may_use_nothing() {
    let serve = Serve::with(Config { cors: Cors::None, ..config() });
    let mut client = serve.connect();
    for target in [PICTURE, "/templates", "/nothing", "/caption"] {
        for method in ["GET", "OPTIONS"] {
            let response = client.request(method, target);
            assert_eq!(response.headers["cross-origin-resource-policy"], "same-origin");
            let about = response.headers.keys().filter(|name| name.starts_with("access-control-"));
            assert_eq!(about.count(), 0, "{} {}", method, target);
        }
    }
}
