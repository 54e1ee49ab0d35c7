//! Plays an hour of a popular service in a minute: visitors from twenty addresses ask for 200 memes, some of which are
//! far more popular than others, at 80 % of what the server can answer. A few of the clients are slow, fewer hostile.
//!
//! What the server can answer is measured first, in the same run and beside the same slow and hostile clients, with the
//! same mix from visitors who ask again as soon as they are answered. All 200 pictures are a little more than the cache holds, so there are always some to draw.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;

use super::Options;
use attackers::{Attackers, Seen};
use attacks::ATTACKS;
use client::{self, content_length, Route};
use program::Program;
use report::{median_and_spread, milliseconds, Goal, Table};
use visitors::{Mix, Slice, Visitor};

const CLIENTS: usize = 200;
const SLOW: usize = CLIENTS * 2 / 100;
const HOSTILE: usize = CLIENTS / 100;
const VISITORS: usize = CLIENTS - SLOW - HOSTILE;
/// Addresses that the visitors share, and the slow ones.
const ADDRESSES: usize = 20;
/// Visitors who find out what the server can do.
const CLOSED: usize = 32;
const LOAD: f64 = 0.8;
/// Parts of the day whose latencies are compared.
const SLICES: u32 = 6;
/// What a slow client sends or reads at a time, and its pause after that: it takes a second for a request, or five
/// for a picture of 180 kB.
const SLOW_SENT: usize = 4;
const SLOW_READ: usize = 2 << 10;
/// The meme that it asks for. Its picture does not fit into the buffers on the way.
const SLOW_MEME: usize = 2;
const SLOW_PAUSE: Duration = Duration::from_millis(50);
/// How long a hostile client goes on with one attack, and its pause after each answer.
const ATTACK: Duration = Duration::from_secs(1);
const ATTACK_PAUSE: Duration = Duration::from_millis(500);

/// What was measured.
struct Day {
    /// Requests per second.
    capacity: f64,
    /// The server's look-ups of pictures before the day.
    before: (u64, u64),
    slices: Vec<Slice>,
    seconds: f64,
    /// Requests of the slow clients, and those of them that failed.
    slow: (u64, u64),
    hostile: Seen,
}

fn route(index: usize, server: SocketAddr) -> Route {
    let from = Ipv4Addr::new(127, 0, 1, (1 + index % ADDRESSES) as u8);
    Route { from, to: server, patience: client::LONG }
}

/// How many requests per second the first visitors get answered, each of whom asks again at once.
fn capacity(visitors: &mut [Visitor], mix: &Mix, time: Duration) -> f64 {
    let (slices, start) = (Mutex::new(vec![Slice::new()]), Instant::now());
    thread::scope(|scope| {
        for visitor in visitors.iter_mut().take(CLOSED) {
            let slices = &slices;
            scope.spawn(move || {
                while start.elapsed() < time {
                    visitor.ask(mix, Instant::now(), slices, 0);
                }
            });
        }
    });
    let slice = slices.into_inner().expect("no thread panics with it").remove(0);
    (slice.latencies.count() - slice.errors()) as f64 / start.elapsed().as_secs_f64()
}

/// Each visitor asks when it is due; for what became due while it waited, at once. Also returns how many seconds that
/// took.
fn open(visitors: &mut [Visitor], mix: &Mix, rate: f64, time: Duration) -> (Vec<Slice>, f64) {
    let slices = Mutex::new(vec![Slice::new(); SLICES as usize]);
    let (start, interval) = (Instant::now(), Duration::from_secs_f64(visitors.len() as f64 / rate));
    let count = visitors.len() as u32;
    thread::scope(|scope| {
        for (index, visitor) in visitors.iter_mut().enumerate() {
            let slices = &slices;
            scope.spawn(move || {
                let mut due = interval * index as u32 / count;
                while due < time {
                    thread::sleep((start + due).saturating_duration_since(Instant::now()));
                    let slice = (due.as_secs_f64() / time.as_secs_f64() * f64::from(SLICES)) as usize;
                    visitor.ask(mix, start + due, slices, slice.min(SLICES as usize - 1));
                    due += interval;
                }
            });
        }
    });
    (slices.into_inner().expect("no thread panics with it"), start.elapsed().as_secs_f64())
}

/// One request of a client that sends or reads slowly, but fast enough for the server's deadlines. Returns whether it
/// got all of its answer.
fn ask_slowly(route: &Route, target: &str, reads: bool) -> io::Result<bool> {
    if !reads {
        let mut client = route.connect()?;
        for part in client::get(target).as_bytes().chunks(SLOW_SENT) {
            client.send(part)?;
            thread::sleep(SLOW_PAUSE);
        }
        return Ok(client.skip_answer()?.status == 200);
    }
    let mut socket = route.connect_bare(true)?;
    socket.write_all(client::get(target).as_bytes())?;
    let (mut buffer, mut start, mut whole) = ([0; SLOW_READ], Vec::new(), 0);
    loop {
        let read = socket.read(&mut buffer)?;
        start.extend_from_slice(&buffer[..read]);
        let head = start.windows(4).position(|four| four == b"\r\n\r\n");
        if let (0, Some(head)) = (whole, head) {
            whole = head + 4 + content_length(&start[..head]).unwrap_or(0);
        }
        if read == 0 || (whole > 0 && start.len() >= whole) {
            return Ok(start.len() == whole && start.starts_with(b"HTTP/1.1 200"));
        }
        thread::sleep(SLOW_PAUSE);
    }
}

/// Requests of a slow client, and those of them that failed.
fn be_slow(index: usize, server: SocketAddr, mix: &Mix, is_over: &AtomicBool) -> (u64, u64) {
    let (mut asked, mut failed) = (0, 0);
    while !is_over.load(Ordering::Relaxed) {
        asked += 1;
        let answer = ask_slowly(&route(index, server), mix.target(SLOW_MEME), index.is_multiple_of(2));
        failed += u64::from(!answer.unwrap_or(false));
    }
    (asked, failed)
}

/// One attack after the other, each from one connection.
fn be_hostile(index: usize, server: SocketAddr, is_over: &AtomicBool) -> Seen {
    let mut random = Rng::with_seed(index as u64);
    let from = Ipv4Addr::new(127, 0, 0, 10 + index as u8);
    let (route, mut seen) = (Route { from, to: server, patience: client::LONG }, Seen::new());
    while !is_over.load(Ordering::Relaxed) {
        let attack = &ATTACKS[random.usize(..ATTACKS.len())];
        let attackers = Attackers::start(attack.way, 1, route, ATTACK_PAUSE);
        thread::sleep(ATTACK);
        seen.add(&attackers.stop());
    }
    seen
}

pub fn play(options: &Options) -> Vec<Goal> {
    let (server, mix) = (Program::memed(&[]), Mix::new());
    let address = server.address;
    let mut visitors: Vec<_> =
        (0..VISITORS).map(|index| Visitor::new(index as u64, route(index, address))).collect();
    let trial = options.day / 6;
    // The first round decodes the templates and fills the cache.
    capacity(&mut visitors, &mix, trial / 2);

    let is_over = AtomicBool::new(false);
    let day = thread::scope(|scope| {
        let (is_over, mix) = (&is_over, &mix);
        let slow = (0..SLOW).map(|index| scope.spawn(move || be_slow(index, address, mix, is_over)));
        let slow: Vec<_> = slow.collect();
        let hostile = (0..HOSTILE).map(|index| scope.spawn(move || be_hostile(index, address, is_over)));
        let hostile: Vec<_> = hostile.collect();
        let capacity = capacity(&mut visitors, mix, trial);
        let before = server.picture_look_ups();
        let (slices, seconds) = open(&mut visitors, mix, LOAD * capacity, options.day);
        is_over.store(true, Ordering::Relaxed);
        let slow = slow.into_iter().map(|client| client.join().expect("a client does not panic"));
        let slow = slow.fold((0, 0), |sum, (asked, failed)| (sum.0 + asked, sum.1 + failed));
        let mut seen = Seen::new();
        hostile.into_iter().for_each(|client| seen.add(&client.join().expect("a client does not panic")));
        Day { capacity, before, slices, seconds, slow, hostile: seen }
    });
    let Day { capacity, before, slices, seconds, slow, hostile } = day;
    let after = server.picture_look_ups();
    let (hits, misses) = (after.0 - before.0, after.1 - before.1);

    let mut sum = Slice::new();
    slices.iter().for_each(|slice| sum.add(slice));
    let within = |share| milliseconds(sum.latencies.within(share));
    let mut table = Table::new(&["what", "how many"]);
    let mut row = |what: &str, value: String| table.row(vec![what.to_string(), value]);
    row("capacity, requests per second", format!("{:.0}", capacity));
    let answered = (sum.latencies.count() - sum.errors()) as f64 / seconds;
    row("offered and answered, requests per second", format!("{:.0}, {:.0}", LOAD * capacity, answered));
    row("pictures, 304s, other answers", format!("{}, {}, {}", sum.pictures, sum.not_modified, sum.others));
    row("p50, p99", format!("{}, {}", within(0.5), within(0.99)));
    row("p99.9, max", format!("{}, {}", within(0.999), within(1.0)));
    let parts: Vec<_> = slices.iter().map(|slice| slice.latencies.within(0.999)).collect();
    let slice = options.day.as_secs_f64() / f64::from(SLICES);
    row(&format!("p99.9 of each {:.1} s, ms", slice), median_and_spread(&parts));
    row("pictures from the cache", format!("{:.1} %", 100.0 * hits as f64 / (hits + misses).max(1) as f64));
    row("requests of slow clients, failed", format!("{}, {}", slow.0, slow.1));
    row("answers to hostile clients, 503, dropped", {
        format!("{}, {}, {}", hostile.answers, hostile.refused, hostile.dropped)
    });
    table.print();
    vec![Goal::new(
        "every visitor's answer is a 200, or a 304 if it was asked for",
        format!("{} are 503, {} something else, {} missing", sum.refused, sum.odd, sum.broken),
        sum.errors() == 0,
    )]
}
