//! Tests what ties a request to the logs of other programs: JSON lines, `traceparent`, `X-Request-Id`.

use std::collections::HashSet;
use std::env;
use std::process::Command;
use std::thread;

use serde_json::{self, Value};

use memed::config::{Config, LogFormat, LogLevel};
use memed::logging;
use util::{config, Client, Program, Response, Serve};

const PICTURE: &str = "/caption?template=cat&top_text=traced";
/// The slowest there is: every frame is scaled and its colors chosen.
const SLOW: &str = "/caption?template=dramatic-raccoon&top_text=hi&width=399";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

fn parent() -> String {
    format!("traceparent: 00-{}-{}-01", TRACE, PARENT)
}

fn start(arguments: &[&str]) -> Program {
    Program::start(&[&["--log-format", "json"], arguments].concat())
}

/// All lines of its log after the first, when it has ended. Each must be one object.
fn objects(mut program: Program) -> Vec<Value> {
    program.signal(libc::SIGTERM);
    let log = program.rest_of_log();
    let object = |line: &str| -> Value {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{}: {}", line, error));
        assert!(value.is_object(), "{}", line);
        value
    };
    log.lines().map(object).collect()
}

/// The lines of requests among them.
fn requests(program: Program) -> Vec<Value> {
    objects(program).into_iter().filter(|object| object["target"] == "memed::access").collect()
}

/// Whether the text is a time as RFC 3339 has it, in UTC and with milliseconds.
fn is_time(text: &str) -> bool {
    let digits = text.replace(|character: char| character.is_ascii_digit(), "0");
    digits == "0000-00-00T00:00:00.000Z"
}

#[test]
fn every_line_is_an_object_with_time_level_and_target() {
    let program = start(&["-v", "--preload", "fonts"]);
    let mut client = program.connect();
    client.get(PICTURE).picture("png");
    assert_eq!(client.get("/nothing\u{202e}").status, 404);
    client.send(b"BAD\r\n\r\n");
    assert_eq!(client.response().status, 400);
    let objects = objects(program);
    for object in &objects {
        assert!(is_time(object["time"].as_str().unwrap()), "{}", object);
        assert!(
            ["error", "warn", "info", "debug"].contains(&object["level"].as_str().unwrap()),
            "{}",
            object
        );
        assert!(object["target"].is_string(), "{}", object);
        assert_eq!(object["message"].is_string(), object["target"] != "memed::access", "{}", object);
    }
    let events: Vec<_> = objects.iter().filter_map(|object| object["message"].as_str()).collect();
    assert!(events.iter().any(|event| event.starts_with("stopping: ")), "{:?}", events);
    // A failure has the identifier of its request, whose line follows it.
    let failures: Vec<_> = objects.iter().filter(|object| object["target"] == "memed::requests").collect();
    assert_eq!(failures.len(), 2, "{:?}", failures);
    for failure in failures {
        let same = |object: &&Value| object["request_id"] == failure["request_id"];
        assert_eq!(objects.iter().filter(same).count(), 2, "{}", failure);
    }
}

#[test]
fn the_line_of_a_picture_says_who_asked_what_it_took_and_what_the_cache_did() {
    let program = start(&["--trust-forwarded", "1"]);
    let mut client = program.connect();
    let from = ["X-Forwarded-For: 192.0.2.7", "User-Agent: a \"browser\"", "X-Request-Id: mine-1", &parent()];
    let drawn = client.request_with("GET", PICTURE, &from);
    let length = drawn.picture("png").len();
    client.request_with("GET", PICTURE, &[&format!("If-None-Match: {}", drawn.headers["etag"])]);
    client.get(PICTURE);
    client.request("HEAD", PICTURE);
    let sent = client.post("/caption?top_text=hi", "image/png", drawn.picture("png"));
    assert_eq!(sent.status, 200);
    let peer = client.socket.local_addr().unwrap().to_string();
    let lines = requests(program);
    assert_eq!(lines.len(), 5);
    let line = &lines[0];
    let expected = json!({
        "level": "info", "client": "192.0.2.7", "peer": peer, "method": "GET", "path": PICTURE,
        "protocol": "HTTP/1.1", "status": 200, "bytes": length, "cache": "miss", "cut_off": false,
        "request_id": "mine-1", "trace_id": TRACE, "parent_id": PARENT, "trace_flags": "01",
        "user_agent": "a \"browser\"",
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&line[name], value, "{}", name);
    }
    let milliseconds = |name: &str| line[name].as_f64().unwrap_or_else(|| panic!("{} of {}", name, line));
    let parts: f64 = ["queue_ms", "draw_ms", "encode_ms"].iter().map(|name| milliseconds(name)).sum();
    assert!(parts > 0.0 && parts <= milliseconds("duration_ms") + 0.002, "{}", line);
    // Names in their order, for those who read them.
    let caches: Vec<_> = lines.iter().map(|line| line["cache"].as_str().unwrap_or("-")).collect();
    assert_eq!(caches, ["miss", "-", "hit", "hit", "bypass"]);
    let seen: Vec<_> = lines.iter().map(|line| (&line["status"], &line["bytes"])).collect();
    let (none, all) = (Value::from(0), Value::from(length));
    let bypassed = Value::from(sent.body.len());
    assert_eq!(
        seen[1..],
        [(&304.into(), &none), (&200.into(), &all), (&200.into(), &none), (&200.into(), &bypassed)]
    );
    // What is not known is not there.
    for name in &["queue_ms", "trace_id", "parent_id", "user_agent"] {
        assert!(lines[2].get(name).is_none(), "{}", lines[2]);
    }
    assert_eq!(lines[2]["client"], "127.0.0.1");
}

#[test]
fn a_target_is_logged_as_it_was_sent() {
    let program = start(&[]);
    let targets = ["/a%22b%ff", "/\"quoted\\", "/kätzchen?q=\u{7f}\u{2028}", "/<script>'"];
    let mut sent = Vec::new();
    for target in targets {
        // Some of them are refused below hyper, and then there is no target.
        let mut client = program.connect();
        if client.get(target).status == 404 {
            sent.push(target);
        }
    }
    assert!(sent.len() >= 2, "{:?}", sent);
    let lines = requests(program);
    assert_eq!(lines.len(), targets.len());
    let paths: Vec<_> = lines.iter().filter_map(|line| line["path"].as_str()).collect();
    assert_eq!(paths, sent);
}

#[test]
fn a_refused_head_has_a_line_without_a_request_and_with_an_identifier() {
    let program = start(&["--header-timeout", "0.2"]);
    let heads: [&[u8]; 5] = [
        b"BAD\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX-Request-Id: a\r\nHost: a b\r\n\r\n",
        b"GET / HTTP/3.0\r\nHost: a\r\n\r\n",
        b"GET / HT",
    ];
    let mut ids = Vec::new();
    for head in heads {
        let mut client = program.connect();
        client.send(head);
        let response = client.response();
        ids.push((response.status, response.headers["x-request-id"].clone()));
    }
    let statuses: Vec<_> = ids.iter().map(|&(status, _)| status).collect();
    assert_eq!(statuses, [400, 400, 400, 505, 408]);
    let lines = requests(program);
    let logged: Vec<_> = lines
        .iter()
        .map(|line| {
            (line["status"].as_u64().unwrap() as u16, line["request_id"].as_str().unwrap().to_string())
        })
        .collect();
    assert_eq!(logged, ids);
    for line in &lines {
        assert!(line.get("path").is_none() && line.get("method").is_none(), "{}", line);
    }
}

#[test]
fn a_request_whose_client_hangs_up_is_logged_as_cut_off() {
    let mut program = start(&[]);
    let mut client = program.connect();
    client.ask("GET", SLOW, &["X-Request-Id: gone"]);
    // It has been read when the next one is answered.
    assert_eq!(program.connect().get("/health").status, 200);
    client.reset();
    let line: Value = serde_json::from_str(&program.line_with("\"gone\"")).unwrap();
    assert_eq!((&line["cut_off"], &line["bytes"]), (&true.into(), &0.into()), "{}", line);
    assert!(line.get("status").is_none(), "{}", line);
}

/// Nothing in the program panics on demand, so this test runs itself as a process with the program's log.
#[test]
fn a_panic_is_an_object_too() {
    const RUNS_ITSELF: &str = "TEST_OF_A_PANIC";
    if env::var_os(RUNS_ITSELF).is_some() {
        logging::start(LogLevel::Requests, LogFormat::Json);
        assert!(thread::spawn(|| panic!("on \"purpose\"\nin two lines")).join().is_err());
        return;
    }
    let output = Command::new(env::current_exe().unwrap())
        .args(["tracing::a_panic_is_an_object_too", "--exact", "--nocapture"])
        .env(RUNS_ITSELF, "yes")
        .env_remove("RUST_LOG")
        .output()
        .unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && log.lines().count() == 1, "{}", log);
    let object: Value = serde_json::from_str(&log).unwrap();
    let message = object["message"].as_str().unwrap();
    assert_eq!(object["level"], "error");
    assert!(
        message.contains("tests/tracing.rs") && message.ends_with("on \"purpose\"\nin two lines"),
        "{}",
        message
    );
}

#[test]
fn only_a_valid_traceparent_is_logged_and_none_that_comes_twice() {
    let program = start(&[]);
    let mut client = program.connect();
    let valid = parent();
    let invalid = [
        valid.to_uppercase(),
        valid.replace("00-4", "ff-4"),
        format!("{}-more", valid),
        format!("traceparent: 00-{}-{}-01", "0".repeat(32), PARENT),
        format!("traceparent: {}", "a".repeat(10_000)),
        "traceparent: \u{e4}\" }\\".to_string(),
        "traceparent:".to_string(),
    ];
    client.request_with("GET", "/health", &[&valid, &valid]);
    for field in &invalid {
        assert_eq!(client.request_with("GET", "/health", &[field]).status, 200, "{}", field);
    }
    client.request_with("GET", "/health", &[&valid.replace("00-4", "01-4"), "tracestate: a=b"]);
    let lines = requests(program);
    assert_eq!(lines.len(), invalid.len() + 2);
    let (last, others) = lines.split_last().unwrap();
    assert_eq!(last["trace_id"], TRACE);
    for line in others {
        assert!(line.get("trace_id").is_none() && line.get("parent_id").is_none(), "{}", line);
    }
}

#[test]
fn in_the_common_format_a_trace_changes_nothing() {
    let mut program = Program::start(&["--log-format", "common"]);
    let mut client = program.connect();
    client.request_with("GET", "/health", &[&parent(), "X-Request-Id: mine"]);
    let line = program.line();
    assert!(line.starts_with("127.0.0.1 - - ["), "{}", line);
    assert!(line.contains("] \"GET /health HTTP/1.1\" 200 ") && line.ends_with("ms\n"), "{}", line);
    assert!(!line.contains("mine") && !line.contains(TRACE), "{}", line);
}

// ===== X-Request-Id =====

fn id(response: &Response) -> &str {
    &response.headers["x-request-id"]
}

#[test]
fn every_response_has_an_identifier_of_its_own() {
    let serve = Serve::with(Config { max_body: 100, ..config() });
    let mut client = serve.connect();
    let mut ids = HashSet::new();
    let mut expect = |status: u16, response: Response| {
        assert_eq!(response.status, status);
        assert!(ids.insert(id(&response).to_string()), "{} was there before", id(&response));
    };
    let picture = client.get(PICTURE);
    let tag = format!("If-None-Match: {}", picture.headers["etag"]);
    expect(200, picture);
    expect(200, client.get(PICTURE));
    expect(304, client.request_with("GET", PICTURE, &[&tag]));
    expect(206, client.request_with("GET", PICTURE, &["Range: bytes=0-9"]));
    expect(416, client.request_with("GET", PICTURE, &["Range: bytes=9999999-"]));
    expect(412, client.request_with("GET", PICTURE, &["If-Match: \"other\""]));
    expect(301, client.get("/images/cat/a%20b.png"));
    expect(200, client.request("HEAD", "/health"));
    expect(200, client.get("/"));
    expect(200, client.get("/metrics"));
    expect(204, client.request("OPTIONS", "/caption"));
    expect(404, client.get("/nothing"));
    expect(405, client.request("DELETE", "/health"));
    expect(501, client.request("BREW", "/health"));
    expect(400, client.get("/caption?template=cat&size=huge"));
    expect(415, serve.connect().post("/caption", "text/css", b"{"));
    expect(413, serve.connect().post("/caption", "application/json", &[b' '; 200]));
    for (status, head) in [
        (400, "GET / HTTP/1.1\r\n\r\n".to_string()),
        (414, format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(40_000))),
        (431, format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "A: b\r\n".repeat(101))),
        (505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n".to_string()),
    ] {
        let mut client = serve.connect();
        client.send(head.as_bytes());
        expect(status, client.response());
    }
    let panics = Serve::drawing(config(), ::std::sync::Arc::new(|_: &_, _: &_| panic!("on purpose")));
    expect(500, panics.get(PICTURE));
    let few = Serve::with(Config { max_connections_per_client: 1, ..config() });
    let mut first = few.connect();
    first.send(b"GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
    let mut refused = few.connect();
    if let Some(response) = refused.try_response("GET") {
        expect(503, response);
    }
}

#[test]
fn a_valid_identifier_comes_back_and_a_rude_one_is_replaced() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let longest = "x".repeat(128);
    for own in ["a", "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0", "AZaz09._:+/=@-", &longest] {
        let field = format!("X-Request-Id: {}", own);
        assert_eq!(id(&client.request_with("GET", "/health", &[&field])), own);
        assert_eq!(id(&client.request_with("GET", "/nothing", &[&field.to_lowercase()])), own.to_lowercase());
    }
    let made = id(&client.get("/health")).split('-').next().unwrap().to_string();
    assert_eq!(made.len(), 16);
    let huge = "x".repeat(10_000);
    for rude in [
        "",
        " ",
        "a b",
        "a, b",
        "a\tb",
        "\"a\"",
        "a;b",
        "<b>",
        "a%0d%0aEvil:%201",
        "\u{e4}",
        &longest[..0],
        &huge,
    ] {
        for field in [format!("X-Request-Id: {}", rude), format!("x-request-id:{}x!", rude)] {
            let response = client.request_with("GET", "/health", &[&field]);
            assert!(id(&response).starts_with(&made), "{:?} became {:?}", field, id(&response));
        }
    }
    let twice = client.request_with("GET", "/health", &["X-Request-Id: a", "X-Request-Id: b"]);
    assert!(id(&twice).starts_with(&made), "{}", id(&twice));
    // A line end ends the field, so what follows is another field of the request, and no header of the response.
    let response = client.request_with("GET", "/health", &["X-Request-Id: a\r\nEvil: 1"]);
    assert_eq!((id(&response), response.headers.get("evil")), ("a", None));
}

#[test]
fn an_identifier_is_no_part_of_a_picture_that_is_kept() {
    let serve = Serve::start();
    let ask = |own: &str| {
        let field = format!("X-Request-Id: {}", own);
        serve.connect().request_with("GET", PICTURE, &[&field])
    };
    let (first, second, third) = (ask("one"), ask("two"), serve.get(PICTURE));
    assert_eq!((id(&first), id(&second)), ("one", "two"));
    assert!(!["one", "two"].contains(&id(&third)));
    assert_eq!(second.headers["server-timing"], "cache;desc=\"hit\"");
    assert_eq!((&first.headers["etag"], &first.body), (&third.headers["etag"], &third.body));
}

#[test]
fn a_page_of_another_origin_may_read_and_send_the_identifier() {
    let serve = Serve::start();
    let response = serve.get(PICTURE);
    assert!(response.headers["access-control-expose-headers"].ends_with(", X-Request-Id"));
    let hidden = Serve::with(Config { log_format: LogFormat::Json, ..config() });
    assert_eq!(id(&hidden.connect().request_with("GET", "/health", &["X-Request-Id: a"])), "a");
}

/// The first parts differ, so that all do, whatever each has counted.
#[test]
fn no_two_servers_give_the_same_identifier() {
    let first_part = |mut client: Client| {
        let response = client.get("/health");
        id(&response).split('-').next().unwrap().to_string()
    };
    let programs: Vec<_> = (0..3).map(|_| Program::start(&[])).collect();
    let mut parts: HashSet<_> = programs.iter().map(|program| first_part(program.connect())).collect();
    parts.insert(first_part(Serve::start().connect()));
    parts.insert(first_part(Serve::start().connect()));
    assert_eq!(parts.len(), 5, "{:?}", parts);
}
