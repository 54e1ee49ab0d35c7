//! A soak test: random good and bad requests at once, from clients that are slow, hang up, or send partial requests
//! or nonsense, twice as many as the server has room for. Every complete answer must be the right one, and nothing may
//! leak: no connection, no permit, no thread, no memory.
//!
//! The seed is printed. `SOAK_SEED` sets it, and `SOAK_SECONDS` sets the length of the long run:
//!
//! ```sh
//! SOAK_SECONDS=60 cargo test --release soak::soak -- --ignored --nocapture
//! ```

use std::env;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fastrand::Rng;

use self::process::Process;
use self::requests::{Asked, Pictures, ERRORS};
use util::{until, Client, Response};

/// The server as a process, and the resources that it holds.
pub mod process;
/// The requests, and their expected answers.
mod requests;

/// What the server has room for: two that are drawn, and so many that wait.
const QUEUE: usize = 4;
const CLIENTS: usize = 2 * (2 + QUEUE);
/// How much more memory there may be after it than before it: a tenth, and (KiB) what an allocator has in pieces
/// that it cannot give back. A short one gives it little time to have them before. A connection that leaked, or a
/// picture, would be seen: there are thousands.
const GROWTH: f64 = 1.1;
const PIECES: f64 = 12_288.0;

#[test]
fn a_short_soak() {
    // A debug build draws slowly: a few pictures are enough.
    soak_for(Duration::from_secs(20), &Pictures::few());
}

#[test]
#[ignore = "ten minutes"]
fn soak() {
    soak_for(Duration::from_secs(variable("SOAK_SECONDS").unwrap_or(600)), &Pictures::many());
}

fn variable(name: &str) -> Option<u64> {
    let value = env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{} must be a whole number, and is {:?}", name, value)))
}

fn soak_for(time: Duration, pictures: &Pictures) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = variable("SOAK_SEED").unwrap_or(now.as_nanos() as u64);
    println!("SOAK_SEED={}", seed);
    let server = Process::start(QUEUE);
    // Everything once, so that the caches are as full as they get; and then as it will be.
    let pictures = pictures.drawn(server.program.address);
    mix(server.program.address, &pictures, time / 4, !seed);
    let before = at_rest(&server);
    let seen = mix(server.program.address, &pictures, time, seed);
    let after = at_rest(&server);
    println!("{} answers, {} refused for want of room", seen.answers, seen.refused);
    println!("before: {:?}; after: {:?}", before, after);
    assert!(seen.refused < seen.answers / 10 * 9, "there is nearly never room");
    assert_eq!(after.threads, before.threads);
    assert_eq!(after.descriptors, before.descriptors);
    assert!(
        after.resident as f64 <= before.resident as f64 * GROWTH + PIECES,
        "memory grew from {} to {} KiB",
        before.resident,
        after.resident
    );
    assert_eq!(server.complaints(), Vec::<String>::new());
}

/// The resources that the server holds once all requests have ended.
fn at_rest(server: &Process) -> process::Holdings {
    let is_idle = || {
        let stats = Client::connect(server.program.address).get("/stats").json();
        // The one that asks is counted.
        let connections = stats["connections"].as_u64().unwrap_or(1);
        (stats["in_flight"] == 1)
            && stats["queue"]["waiting"] == 0
            && stats["rendering"] == 0
            && connections == 1
    };
    until(is_idle);
    // Those that were reset may be seen a little later; and what is free is given back.
    server.settled()
}

/// How many answers were complete, all of them right, and how many of them said that there was no room.
#[derive(Default)]
struct Seen {
    answers: u64,
    refused: u64,
}

/// Lets all clients do as they please for that long.
fn mix(address: SocketAddr, pictures: &Pictures, time: Duration, seed: u64) -> Seen {
    let end = Instant::now() + time;
    let has_failed = AtomicBool::new(false);
    let client = |index: u64| {
        let _guard = TellOnPanic(&has_failed);
        let mut one =
            One { address, pictures, rng: Rng::with_seed(seed ^ index), kept: None, seen: Seen::default() };
        while Instant::now() < end && !has_failed.load(Ordering::Relaxed) {
            one.act();
        }
        one.seen
    };
    thread::scope(|scope| {
        let client = &client;
        let threads: Vec<_> = (0..CLIENTS as u64).map(|index| scope.spawn(move || client(index))).collect();
        let seen = threads.into_iter().map(|thread| thread.join().expect("its message is above"));
        seen.fold(Seen::default(), |sum, seen| Seen {
            answers: sum.answers + seen.answers,
            refused: sum.refused + seen.refused,
        })
    })
}

/// The others need not go on for minutes when one has found something.
struct TellOnPanic<'a>(&'a AtomicBool);

impl<'a> Drop for TellOnPanic<'a> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

/// A client that does one thing after another.
struct One<'a> {
    address: SocketAddr,
    pictures: &'a Pictures,
    rng: Rng,
    /// A connection that can be used again.
    kept: Option<Client>,
    seen: Seen,
}

impl<'a> One<'a> {
    fn act(&mut self) {
        match self.rng.u32(0..12) {
            0..=3 => return (0..10).for_each(|_| self.ask()),
            4 => self.err(),
            5 => self.pipeline(),
            6 => self.send_half(),
            7 => self.hang_up_while_drawing(),
            8 => self.hang_up_while_reading(),
            9 => self.read_slowly(),
            10 => self.drip(),
            _ => self.babble(),
        }
        // All but the first leave a connection behind, and the ports of those that are over must not run out.
        thread::sleep(Duration::from_millis(self.rng.u64(0..20)));
    }

    fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// Any request for a picture, well-formed: GET, HEAD, POST, POST in chunks.
    fn asked(&mut self) -> Asked<'a> {
        let pictures = self.pictures;
        pictures.asked(&mut self.rng)
    }

    fn check(&mut self, asked: &Asked, response: &Response) {
        asked.check(response);
        self.seen.answers += 1;
        self.seen.refused += u64::from(response.status == 503);
    }

    /// As everybody does, on a connection that is used again and again.
    fn ask(&mut self) {
        let asked = self.asked();
        let mut client = self.kept.take().unwrap_or_else(|| self.connect());
        client.send(&asked.bytes);
        let response = client.try_response(asked.method).expect("there is a whole response");
        self.check(&asked, &response);
        if !response.headers.contains_key("connection") && self.rng.u32(0..8) > 0 {
            self.kept = Some(client);
        }
    }

    fn err(&mut self) {
        let error = self.rng.choice(ERRORS).expect("there are some");
        let mut client = self.connect();
        client.send(error.request.as_bytes());
        let response = client.response();
        let is_busy = error.is_drawn && response.status == 503;
        assert!(response.status == error.status || is_busy, "{:?}: {:?}", error.request, response.status);
        self.seen.answers += 1;
    }

    /// Several at once; the answers come in their order.
    fn pipeline(&mut self) {
        let asked: Vec<_> = (0..self.rng.usize(2..6)).map(|_| self.asked()).collect();
        let all: Vec<_> = asked.iter().flat_map(|asked| asked.bytes.iter().copied()).collect();
        let mut client = self.connect();
        client.send(&all);
        for asked in &asked {
            let response = client.try_response(asked.method).expect("there is a whole response");
            self.check(asked, &response);
        }
    }

    /// A part of a request, and then nothing: half of the connection is closed, or all, or it is reset.
    fn send_half(&mut self) {
        let asked = self.asked();
        let length = self.rng.usize(0..asked.bytes.len());
        let mut client = self.connect();
        client.send(&asked.bytes[..length]);
        match self.rng.u32(0..3) {
            0 => drop(client),
            1 => client.reset(),
            _ => {
                client.finish();
                if length == 0 {
                    assert!(client.is_closed());
                    return;
                }
                // A body that ends early is refused like a head that does.
                let response = client.try_response(asked.method).expect("there is a whole response");
                assert_eq!(response.status, 400, "{:?}", String::from_utf8_lossy(&asked.bytes[..length]));
                self.seen.answers += 1;
            }
        }
    }

    fn hang_up_while_drawing(&mut self) {
        let asked = self.asked();
        let mut client = self.connect();
        client.send(&asked.bytes);
        thread::sleep(Duration::from_millis(self.rng.u64(0..30)));
        if self.rng.bool() {
            client.reset();
        }
    }

    fn hang_up_while_reading(&mut self) {
        let asked = self.asked();
        let mut client = Client::slow(self.address);
        client.send(&asked.bytes);
        // Every answer is that long; of a picture, most is still on its way then.
        client.read_up_to(self.rng.usize(1..100));
        if self.rng.bool() {
            client.reset();
        }
    }

    fn read_slowly(&mut self) {
        let asked = self.asked();
        let mut client = Client::slow(self.address);
        client.send(&asked.bytes);
        let response = client.try_response(asked.method).expect("there is a whole response");
        self.check(&asked, &response);
    }

    /// A request in small pieces.
    fn drip(&mut self) {
        let asked = self.asked();
        let mut client = self.connect();
        for piece in asked.bytes.chunks(self.rng.usize(1..40)) {
            client.send(piece);
            thread::sleep(Duration::from_millis(1));
        }
        let response = client.try_response(asked.method).expect("there is a whole response");
        self.check(&asked, &response);
    }

    /// What is no HTTP, or begins like it.
    fn babble(&mut self) {
        let mut bytes: Vec<u8> = (0..self.rng.usize(1..2000)).map(|_| self.rng.u8(..)).collect();
        if self.rng.bool() {
            bytes.splice(..0, b"POST /caption HTTP/1.1\r\nHost: a\r\n".iter().copied());
        }
        bytes.extend(b"\r\n\r\n");
        let mut client = self.connect();
        // It may be refused before all of it is sent.
        let _ = client.try_send(&bytes);
        if let Some(response) = client.try_response("GET") {
            let is_refusal = (400..500).contains(&response.status) || response.status == 505;
            assert!(is_refusal, "{} for {:?}", response.status, bytes);
            self.seen.answers += 1;
        }
    }
}
