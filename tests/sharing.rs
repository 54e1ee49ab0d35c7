//! Tests that what one client asks for takes nothing from another: places in the queue, threads, connections, memory,
//! the reactor's time. Clients are addresses of loopback.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use memed::config::Config;

use util::{config, until, Client, End, Held, Serve, BOOM, LONG};

/// Buffers and what is in them.
mod memory;

const GET: &[u8] = b"GET /health HTTP/1.1\r\nHost: test\r\n\r\n";

fn counted(serve: &Serve, pointer: &str) -> u64 {
    serve.get("/stats").json().pointer(pointer).and_then(|count| count.as_u64()).unwrap()
}

/// A held drawing of that client's own, asked for and not waited for.
fn boom(held: &Held, last: u8, number: usize) -> Client {
    let mut client = Client::from(last, held.serve.address);
    client.ask("GET", &format!("{}%20{}%20{}", BOOM, last, number), &[]);
    client
}

// ===== The queue =====

#[test]
fn a_client_that_fills_the_queue_takes_no_place_and_no_turn_from_another() {
    let held = Held::with(Config { render_threads: 1, queue: 8, queue_per_client: 8, ..config() });
    let waiting = || counted(&held.serve, "/queue/waiting");
    let mut greedy = vec![boom(&held, 2, 0)];
    held.begun();
    // One after another: connections that come at the same instant are taken in any order.
    for number in 1..=8 {
        greedy.push(boom(&held, 2, number));
        until(|| waiting() == number as u64);
    }
    // One more of its own is refused; one of another client is not, and is next.
    assert_eq!(boom(&held, 2, 9).response().status, 503);
    let mut modest = boom(&held, 3, 0);
    until(|| counted(&held.serve, "/refused") == 2);
    assert_eq!(waiting(), 8);
    held.end(End::Well);
    held.begun();
    held.end(End::Well);
    modest.response().picture("png");
    // The one that lost its place is the last that came, and knows when to come again.
    let lost = greedy.pop().unwrap().response();
    assert_eq!((lost.status, lost.headers["retry-after"].as_str()), (503, "1"));
    for _ in 1..greedy.len() {
        held.begun();
        held.end(End::Well);
    }
    greedy.iter_mut().for_each(|client| assert!(!client.response().picture("png").is_empty()));
}

#[test]
fn a_client_has_so_many_places_in_the_queue() {
    let held = Held::with(Config { render_threads: 1, queue: 8, queue_per_client: 2, ..config() });
    let _drawn = boom(&held, 2, 0);
    held.begun();
    let _waiting = [boom(&held, 2, 1), boom(&held, 2, 2)];
    until(|| counted(&held.serve, "/queue/waiting") == 2);
    assert_eq!(boom(&held, 2, 3).response().status, 503);
    let _of_another = boom(&held, 3, 0);
    until(|| counted(&held.serve, "/queue/waiting") == 3);
}

#[test]
fn behind_a_trusted_proxy_a_client_is_who_the_proxy_says() {
    let config = Config { render_threads: 1, queue: 8, queue_per_client: 1, trust_forwarded: 1, ..config() };
    let held = Held::with(config);
    let ask = |number: usize, forwarded: &str| {
        let mut client = held.serve.connect();
        client.ask("GET", &format!("{}{}", BOOM, number), &[&format!("X-Forwarded-For: {}", forwarded)]);
        client
    };
    let _drawn = ask(0, "192.0.2.1");
    held.begun();
    let _waits = ask(1, "192.0.2.1");
    until(|| counted(&held.serve, "/queue/waiting") == 1);
    // What stands before the proxy's own entry is made up.
    assert_eq!(ask(2, "198.51.100.7, 192.0.2.1").response().status, 503);
    let _of_another = ask(3, "192.0.2.2");
    until(|| counted(&held.serve, "/queue/waiting") == 2);
}

#[test]
fn without_trust_the_header_says_nothing() {
    let held = Held::with(Config { render_threads: 1, queue: 8, queue_per_client: 1, ..config() });
    let ask = |number: usize| {
        let mut client = held.serve.connect();
        let forwarded = format!("X-Forwarded-For: 192.0.2.{}", number);
        client.ask("GET", &format!("{}{}", BOOM, number), &[&forwarded]);
        client
    };
    let _drawn = ask(0);
    held.begun();
    let _waits = ask(1);
    until(|| counted(&held.serve, "/queue/waiting") == 1);
    assert_eq!(ask(2).response().status, 503);
}

// ===== Connections =====

#[test]
fn at_the_cap_the_connection_that_is_idle_longest_makes_room() {
    let serve = Serve::with(Config { max_connections: 3, ..config() });
    let mut kept: Vec<Client> = (0..3).map(|_| serve.connect()).collect();
    kept.iter_mut().for_each(|client| assert_eq!(client.get("/health").status, 200));
    assert_eq!(kept[0].get("/health").status, 200);
    assert_eq!(serve.get("/health").status, 200);
    assert!(kept[1].is_closed());
    // The one before has gone, and left its place.
    assert_eq!(kept[0].get("/health").status, 200);
    assert_eq!(kept[2].get("/stats").json()["connections"]["made_room"], 1);
}

#[test]
fn a_client_with_all_connections_keeps_nobody_out_and_gives_up_only_its_own() {
    let serve = Serve::with(Config { max_connections: 8, ..config() });
    let address = serve.address;
    let mut modest = Client::from(3, address);
    assert_eq!(modest.get("/health").status, 200);
    let mut greedy: Vec<_> = (0..7).map(|_| Client::from(2, address)).collect();
    greedy.iter_mut().for_each(|client| assert_eq!(client.get("/health").status, 200));
    // It is the connection that is idle longest, but its client has less than its share.
    for _ in 0..20 {
        let mut more = Client::from(2, address);
        assert_eq!(more.get("/health").status, 200);
        greedy.push(more);
        assert_eq!(Client::from(4, address).get("/health").status, 200);
    }
    assert_eq!(modest.get("/health").status, 200);
}

#[test]
fn a_client_has_so_many_connections() {
    let held = Held::with(Config { max_connections_per_client: 2, ..config() });
    let mut busy = [boom(&held, 2, 0), boom(&held, 2, 1)];
    held.begun();
    until(|| counted(&held.serve, "/connections/open") >= 3);
    // None of them is idle, so there is no room for another.
    let mut refused = Client::from(2, held.serve.address).response();
    assert_eq!((refused.status, refused.headers["retry-after"].as_str()), (503, "1"));
    assert!(refused.error().contains("too many connections"), "{}", refused.error());
    assert_eq!(refused.headers.remove("connection").unwrap(), "close");
    assert_eq!(Client::from(3, held.serve.address).get("/health").status, 200);
    assert_eq!(counted(&held.serve, "/connections/turned_away"), 1);
    held.end(End::Well);
    held.begun();
    held.end(End::Well);
    busy.iter_mut().for_each(|client| assert!(!client.response().picture("png").is_empty()));
    // Now they are idle, and one of them makes room.
    assert_eq!(Client::from(2, held.serve.address).get("/health").status, 200);
}

#[test]
fn a_head_that_does_not_end_makes_room_too() {
    let serve = Serve::with(Config { max_connections: 2, ..config() });
    let mut half: Vec<_> = (0..2).map(|_| serve.connect()).collect();
    half.iter_mut().for_each(|client| client.send(b"GET /health HTTP/1.1\r\nX: "));
    assert_eq!(serve.get("/health").status, 200);
    let refused = half[0].response();
    assert_eq!(refused.status, 503);
}

#[test]
fn a_connection_that_is_closing_makes_room_at_once() {
    let serve = Serve::with(Config { max_connections: 2, ..config() });
    let mut closing: Vec<_> = (0..2).map(|_| serve.connect()).collect();
    for client in &mut closing {
        // What is announced and never sent would be waited for, for two seconds.
        client.send(b"POST /health HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\n");
        assert_eq!(client.response().status, 405);
    }
    let start = Instant::now();
    assert_eq!(serve.get("/health").status, 200);
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

#[test]
fn at_the_cap_a_connection_waits_if_none_is_idle() {
    let held = Held::with(Config { max_connections: 2, render_threads: 1, ..config() });
    let mut busy = [held.first(), held.ask()];
    let mut waiting: Vec<Client> = (0..5).map(|_| Client::from(3, held.serve.address)).collect();
    waiting.iter_mut().for_each(|client| client.send(GET));
    waiting[0].socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert!(waiting[0].socket.peek(&mut [0]).is_err());
    waiting[0].socket.set_read_timeout(Some(LONG)).unwrap();
    held.end(End::Well);
    busy.iter_mut().for_each(|client| assert!(!client.response().picture("png").is_empty()));
    for client in &mut waiting {
        assert_eq!(client.response().status, 200);
    }
}

#[test]
fn at_the_cap_a_client_with_more_than_its_share_is_refused_so_that_another_need_not_wait_for_it() {
    let held = Held::with(Config { max_connections: 4, render_threads: 1, ..config() });
    let _busy: Vec<_> = (0..4).map(|number| boom(&held, 2, number)).collect();
    held.begun();
    let mut more: Vec<_> = (0..20).map(|_| Client::from(2, held.serve.address)).collect();
    more.iter_mut().for_each(|client| assert_eq!(client.response().status, 503));
    // Another waits for one place only.
    let mut modest = Client::from(3, held.serve.address);
    modest.send(GET);
    held.end(End::Well);
    assert_eq!(modest.response().status, 200);
}

#[test]
fn at_the_cap_a_stop_still_answers_those_who_wait() {
    let mut held = Held::with(Config { max_connections: 1, ..config() });
    let mut busy = held.first();
    let mut waiting: Vec<Client> = (0..5).map(|_| Client::from(3, held.serve.address)).collect();
    waiting.iter_mut().for_each(|client| client.send(GET));
    held.serve.stop();
    for client in &mut waiting {
        assert_eq!(client.response().status, 503, "it is stopping, and says so");
    }
    held.end(End::Well);
    busy.response().picture("png");
    held.serve.join();
}

// ===== The reactor's time =====

#[test]
fn a_client_with_many_busy_connections_keeps_nobody_waiting() {
    let serve = Serve::start();
    let alone = median_health(&serve);
    let address = serve.address;
    let stop = Arc::new(AtomicBool::new(false));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let stop = stop.clone();
            thread::spawn(move || {
                let mut clients: Vec<_> = (0..50).map(|_| Client::from(2, address)).collect();
                while !stop.load(Ordering::Relaxed) {
                    for client in &mut clients {
                        client.send(&GET.repeat(20));
                    }
                    for client in &mut clients {
                        (0..20).for_each(|_| assert_eq!(client.response().status, 200));
                    }
                }
            })
        })
        .collect();
    let beside = median_health(&serve);
    stop.store(true, Ordering::Relaxed);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    // Without rounds, it is the time of four thousand requests.
    assert!(beside < alone * 10 + Duration::from_millis(20), "{:?} against {:?}", beside, alone);
}

/// The longest that `/health` takes while `attack` goes on, of many looks: the middle one, because other tests run
/// beside this one.
fn median_health(serve: &Serve) -> Duration {
    let mut other = Client::from(3, serve.address);
    let mut waits: Vec<_> = (0..200)
        .map(|_| {
            let start = Instant::now();
            assert_eq!(other.get("/health").status, 200);
            start.elapsed()
        })
        .collect();
    waits.sort();
    waits[100]
}

#[test]
fn a_body_in_chunks_of_one_byte_is_understood_and_holds_nobody_up() {
    let serve = Serve::start();
    let json = format!("{{\"template\":\"cat\",\"top_text\":\"ok\"}}{}", " ".repeat(100_000));
    let mut sent = b"POST /caption HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for byte in json.bytes() {
        sent.extend_from_slice(&[b'1', b'\r', b'\n', byte, b'\r', b'\n']);
    }
    sent.extend_from_slice(b"0\r\n\r\n");
    let alone = median_health(&serve);
    let address = serve.address;
    let attack = thread::spawn(move || {
        let mut client = Client::from(2, address);
        for _ in 0..10 {
            client.send(&sent);
            client.response().picture("png");
        }
    });
    let beside = median_health(&serve);
    attack.join().unwrap();
    assert!(beside < alone * 10 + Duration::from_millis(5), "{:?} against {:?}", beside, alone);
}
