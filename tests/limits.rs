//! Tests every limit on a connection: slow and idle clients, unread responses, hang-ups; and
//! that other clients do not suffer from them.

use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use memed::captioner::{Cancel, Format, Picture};
use memed::config::Config;
use memed::image_macro::ImageMacro;
use memed::server::Draw;
use net2::TcpStreamExt;

use util::{config, until, Client, Held, Program, Serve, BOOM, LONG};

const SHORT: Duration = Duration::from_millis(200);
const GET: &[u8] = b"GET /health HTTP/1.1\r\nHost: test\r\n\r\n";

fn counted(serve: &Serve, pointer: &str) -> u64 {
    serve.get("/stats").json().pointer(pointer).and_then(|count| count.as_u64()).unwrap()
}

/// Whether the server has no connection but the one that asks, and perhaps the last one that asked.
fn is_alone(serve: &Serve) -> bool {
    counted(serve, "/connections/open") <= 2
}

#[test]
fn a_head_that_takes_too_long_is_answered_with_408() {
    let serve = Serve::with(Config { header_timeout: SHORT, ..config() });
    for first in &[&b""[..], GET] {
        let mut client = serve.connect();
        client.send(first);
        if !first.is_empty() {
            assert_eq!(client.response().status, 200);
        }
        let start = Instant::now();
        client.send(b"GET /health HTTP/1.1\r\nX: ");
        // A byte now and then is no way to hold a connection.
        while client.try_send(b"x").is_ok() && start.elapsed() < 2 * SHORT {
            thread::sleep(SHORT / 10);
        }
        let response = client.response();
        assert_eq!(response.status, 408);
        assert_eq!(response.error(), "the head of the request took too long");
        assert_eq!(response.headers["connection"].to_lowercase(), "close");
        assert!(start.elapsed() >= SHORT);
    }
    assert_eq!(counted(&serve, "/connections/closed_late"), 2);
}

#[test]
fn a_connection_that_asks_nothing_is_closed_without_a_word() {
    let serve = Serve::with(Config { header_timeout: SHORT, keep_alive_timeout: 2 * SHORT, ..config() });
    let start = Instant::now();
    let mut silent = serve.connect();
    assert!(silent.is_closed());
    assert!(start.elapsed() >= SHORT);

    let mut idle = serve.connect();
    let start = Instant::now();
    assert_eq!(idle.get("/health").status, 200);
    assert!(idle.is_closed());
    let waited = start.elapsed();
    assert!(waited >= 2 * SHORT && waited < LONG / 2, "{:?}", waited);
    until(|| is_alone(&serve));
}

#[test]
fn those_who_came_together_are_not_closed_together() {
    let timeout = Duration::from_secs(2);
    let serve = Serve::with(Config { header_timeout: timeout, ..config() });
    let silent: Vec<_> = (0..8).map(|_| serve.connect()).collect();
    let start = Instant::now();
    let waiting: Vec<_> = silent
        .into_iter()
        .map(|mut client| {
            thread::spawn(move || {
                assert!(client.is_closed());
                start.elapsed()
            })
        })
        .collect();
    let waits: Vec<_> = waiting.into_iter().map(|client| client.join().unwrap()).collect();
    let apart = *waits.iter().max().unwrap() - *waits.iter().min().unwrap();
    // They may be as far apart as a tenth.
    assert!(apart > timeout / 10 / 4, "{:?}", waits);
}

#[test]
fn a_connection_that_asks_in_time_is_kept() {
    let serve = Serve::with(Config { header_timeout: 2 * SHORT, keep_alive_timeout: 2 * SHORT, ..config() });
    let mut client = serve.connect();
    let start = Instant::now();
    while start.elapsed() < 6 * SHORT {
        assert_eq!(client.get("/health").status, 200);
        thread::sleep(SHORT / 2);
    }
}

#[test]
fn a_drawing_may_take_longer_than_a_client_may() {
    let draw: Arc<Draw> = Arc::new(|_: &ImageMacro, _: &Cancel| {
        thread::sleep(4 * SHORT);
        Ok(drawn(vec![1, 2, 3]))
    });
    let times = Config { header_timeout: SHORT, keep_alive_timeout: SHORT, write_timeout: SHORT, ..config() };
    let serve = Serve::drawing(times, draw);
    assert_eq!(serve.get("/caption?template=cat&top_text=slow").picture("png"), [1, 2, 3]);
}

fn drawn(bytes: Vec<u8>) -> Picture {
    Picture { format: Format::Png, bytes, encode_time: Duration::default(), too_small: Vec::new() }
}

/// A client with a small receive buffer, that has asked for a large picture and reads nothing.
fn non_reader(serve: &Serve, buffer: usize) -> Client {
    let mut client = serve.connect();
    client.socket.set_recv_buffer_size(buffer).unwrap();
    client.send(b"GET /caption?template=cat&top_text=large HTTP/1.1\r\nHost: test\r\n\r\n");
    client
}

/// Pictures that no socket takes at once.
fn large() -> Arc<Draw> {
    Arc::new(|_: &ImageMacro, _: &Cancel| Ok(drawn(vec![7; 32 << 20])))
}

#[test]
fn a_client_that_does_not_read_is_cut_off() {
    let serve = Serve::drawing(Config { write_timeout: SHORT, ..config() }, large());
    let mut client = non_reader(&serve, 4 << 10);
    until(|| counted(&serve, "/connections/closed_late") == 1);
    until(|| is_alone(&serve));
    assert!(client.try_response("GET").is_none());
}

#[test]
fn a_client_that_reads_a_little_now_and_then_is_cut_off_too() {
    use std::io::Read;
    let serve = Serve::drawing(Config { write_timeout: SHORT, ..config() }, large());
    let mut client = non_reader(&serve, 4 << 10);
    let start = Instant::now();
    let mut some = [0; 16];
    while counted(&serve, "/connections/closed_late") == 0 {
        let _ = client.socket.read(&mut some);
        assert!(start.elapsed() < LONG);
        thread::sleep(SHORT / 20);
    }
}

#[test]
fn a_client_that_reads_slowly_but_steadily_gets_everything() {
    use std::io::Read;
    let serve = Serve::drawing(Config { write_timeout: 2 * SHORT, ..config() }, large());
    let mut client = non_reader(&serve, 64 << 10);
    let mut some = vec![0; 1 << 20];
    let mut read = 0;
    while read < 32 << 20 {
        let length = client.socket.read(&mut some).unwrap();
        assert!(length > 0, "cut off after {}", read);
        read += length;
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_get_with_a_body_gets_all_of_a_large_picture() {
    let serve = Serve::drawing(config(), large());
    let mut client = serve.connect();
    client.socket.set_recv_buffer_size(16 << 10).unwrap();
    client.send(
        b"GET /caption?template=cat&top_text=large HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\n{}",
    );
    thread::sleep(SHORT);
    assert_eq!(client.response().body.len(), 32 << 20);
    assert!(client.is_closed());
}

#[test]
fn blank_lines_without_end_keep_nobody_else_waiting() {
    let serve = Serve::with(Config { header_timeout: 2 * SHORT, ..config() });
    let address = serve.address;
    let floods: Vec<_> = (0..4)
        .map(|_| {
            thread::spawn(move || {
                let mut client = Client::connect(address);
                let lines = b"\r\n".repeat(32 << 10);
                let start = Instant::now();
                while client.try_send(&lines).is_ok() && start.elapsed() < LONG {}
                start.elapsed()
            })
        })
        .collect();
    thread::sleep(SHORT / 2);
    let start = Instant::now();
    assert_eq!(serve.get("/health").status, 200);
    assert!(start.elapsed() < LONG / 4, "{:?}", start.elapsed());
    // And they are over when their time is.
    floods.into_iter().for_each(|flood| assert!(flood.join().unwrap() < LONG));
}

#[test]
fn a_client_that_hangs_up_stops_its_drawing_within_ten_milliseconds() {
    let held = Held::with(Config { render_threads: 1, queue: 0, ..config() });
    let mut waits = Vec::new();
    for _ in 0..10 {
        let client = held.first();
        let hung_up = Instant::now();
        drop(client);
        waits.push(held.cancelled() - hung_up);
        until(|| counted(&held.serve, "/rendering") == 0 && counted(&held.serve, "/queue/waiting") == 0);
    }
    assert_eq!(counted(&held.serve, "/hung_up"), 10);
    waits.sort();
    // The middle one: other tests run beside this one.
    assert!(waits[5] < Duration::from_millis(10), "{:?}", waits);
}

#[test]
fn a_client_that_is_reset_while_it_waits_is_gone_too() {
    let held = Held::with(Config { render_threads: 1, ..config() });
    let mut client = held.serve.connect();
    // With the beginning of another request behind it, which is not read before the first is answered.
    client.send(format!("GET {} HTTP/1.1\r\nHost: t\r\n\r\nGET /health HT", BOOM).as_bytes());
    held.begun();
    client.reset();
    held.cancelled();
    until(|| is_alone(&held.serve));
}

#[test]
fn whoever_waits_in_the_queue_and_hangs_up_is_never_drawn() {
    let held = Held::with(Config { render_threads: 1, queue: 1, ..config() });
    let waiting = || counted(&held.serve, "/queue/waiting");
    let first = held.first();
    // Another text: it would share the drawing of the same one.
    let mut second = held.serve.connect();
    second.ask("GET", &format!("{}2", BOOM), &[]);
    until(|| waiting() == 1);
    drop(second);
    until(|| counted(&held.serve, "/hung_up") == 1);
    drop(first);
    held.cancelled();
    until(|| waiting() == 0 && counted(&held.serve, "/rendering") == 0);
    assert!(!held.has_begun());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_descriptor_table_is_survived() {
    let script = "ulimit -n 40; exec \"$0\" 127.0.0.1:0";
    let mut program =
        Program::run(Command::new("/bin/sh").env_clear().args(["-c", script, env!("CARGO_BIN_EXE_memed")]));
    program.collect_log();
    // There is room for twenty at once. Each is answered, and then makes room for another.
    let clients = (1..=80).map(|last| {
        let mut client = Client::from(last, program.address);
        client.send(GET);
        client
    });
    let clients: Vec<Client> = clients.collect();
    for mut client in clients {
        assert_eq!(client.response().status, 200);
    }
    program.connect().get("/caption?template=cat&top_text=ok").picture("png");
}
