//! Offers four times the captions that the server can draw: it must draw what it can, refuse the rest with a 503, and
//! otherwise behave as before.

use std::io::Cursor;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use image::codecs::gif::GifDecoder;
use image::AnimationDecoder;

use super::Options;
use client::Client;
use drawers::{new_caption, render_threads, Drawers};
use paced::{self, Paced};
use program::Program;
use report::{milliseconds, Goal, Latencies, Table};

/// To find out how many can be drawn.
const TRIAL: Duration = Duration::from_secs(3);
/// Clients for each drawing thread: enough to keep the queue from running empty.
const TRIAL_CLIENTS: usize = 6;
const TIME: Duration = Duration::from_secs(10);
const TIMES: f64 = 4.0;
/// More than are ever inside: two that are drawn and 64 that wait.
const CONNECTIONS: usize = 128;
/// What is asked for, in turns: a format each, with its size and frames. Small files, as all are kept until they are
/// checked: on a fast machine still more than a gigabyte.
const TEMPLATES: [(&str, u32, u32, usize); 3] =
    [("deal-with-it", 451, 300, 15), ("raccoon", 1024, 768, 1), ("cat", 451, 300, 1)];

#[derive(Default)]
struct Seen {
    /// Which template, and the bytes.
    pictures: Vec<(usize, Vec<u8>)>,
    /// The longest that a client waited for one, from when it asked.
    longest: Duration,
    refused: u64,
    refused_without_retry_after: u64,
    others: u64,
    failed: u64,
}

/// Asks for a new caption whenever one is due; for those that became due while it waited, at once.
fn ask(address: SocketAddr, first: Instant, interval: Duration, end: Instant) -> (Seen, Latencies) {
    let mut client = Client::connect(address).expect("the server accepts");
    let (mut seen, mut latencies) = (Seen::default(), Latencies::new());
    let (mut due, mut turn) = (first, 0);
    while due < end {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        turn = (turn + 1) % TEMPLATES.len();
        let sent = Instant::now();
        match client.get(&new_caption(TEMPLATES[turn].0)) {
            Ok(answer) if answer.status == 200 => {
                seen.longest = seen.longest.max(sent.elapsed());
                seen.pictures.push((turn, answer.body.to_vec()));
            }
            Ok(answer) if answer.status == 503 => {
                seen.refused += 1;
                seen.refused_without_retry_after += u64::from(answer.header("retry-after").is_none());
            }
            Ok(_) => seen.others += 1,
            Err(_) => {
                seen.failed += 1;
                client = Client::connect(address).expect("the server accepts");
            }
        }
        latencies.record(due.elapsed());
        due += interval;
    }
    (seen, latencies)
}

/// Whether it is a whole picture of that template's size.
fn is_right(template: usize, bytes: &[u8]) -> bool {
    let (_, width, height, frames) = TEMPLATES[template];
    if frames == 1 {
        let picture = image::load_from_memory(bytes);
        return picture.is_ok_and(|picture| (picture.width(), picture.height()) == (width, height));
    }
    let decoder = GifDecoder::new(Cursor::new(bytes));
    let decoded = decoder.and_then(|decoder| decoder.into_frames().collect_frames());
    decoded.is_ok_and(|decoded| {
        decoded.len() == frames && decoded.iter().all(|frame| frame.buffer().dimensions() == (width, height))
    })
}

pub fn play(_: &Options) -> Vec<Goal> {
    let server = Program::memed(&[]);
    let mut client = Client::connect(server.address).expect("the server accepts");
    for template in &TEMPLATES {
        // The first drawing of a template is slower.
        client.get(&new_caption(template.0)).expect("the server answers");
    }
    let clients = TRIAL_CLIENTS * render_threads();
    let trial = Drawers::start(server.address, clients, |turn| TEMPLATES[turn as usize % TEMPLATES.len()].0);
    thread::sleep(TRIAL);
    let capacity = trial.stop();
    let before = server.resident();

    let start = Instant::now();
    let end = start + TIME;
    let interval = Duration::from_secs_f64(CONNECTIONS as f64 / (TIMES * capacity));
    let address = server.address;
    let mut health = [Paced::connect(address, "/health", 4, 100.0).expect("the server accepts")];
    let clients = (0..CONNECTIONS as u32).map(|index| {
        let first = start + interval * index / CONNECTIONS as u32;
        thread::spawn(move || ask(address, first, interval, end))
    });
    let clients: Vec<_> = clients.collect();
    let health = paced::run(&mut health, TIME).remove(0);
    let (mut seen, mut latencies) = (Seen::default(), Latencies::new());
    for client in clients {
        let (one, times) = client.join().expect("a client does not panic");
        latencies.add(&times);
        seen.pictures.extend(one.pictures);
        seen.longest = seen.longest.max(one.longest);
        seen.refused += one.refused;
        seen.refused_without_retry_after += one.refused_without_retry_after;
        seen.others += one.others;
        seen.failed += one.failed;
    }
    let seconds = start.elapsed().as_secs_f64();
    thread::sleep(Duration::from_secs(1));
    let after = server.resident();
    let wrong = seen.pictures.iter().filter(|(template, bytes)| !is_right(*template, bytes)).count();

    println!(
        "The server can draw {:.0} captions per second; the clients request {:.0}.\n",
        capacity,
        TIMES * capacity
    );
    let mut table = Table::new(&["what", "how many"]);
    let mut row = |what: &str, value: String| table.row(vec![what.to_string(), value]);
    row("requests", latencies.count().to_string());
    row("200", format!("{} ({:.0} per second)", seen.pictures.len(), seen.pictures.len() as f64 / seconds));
    row("503", seen.refused.to_string());
    row("other answers", seen.others.to_string());
    row("no answer", seen.failed.to_string());
    row("p50, p99, max of all requests, from when due", latencies.cells().join(", "));
    row("the slowest 200, from when sent", milliseconds(seen.longest.as_secs_f64() * 1e3));
    row("p50, p99, max of /health", health.latencies.cells().join(", "));
    row("memory before and after", format!("{:.1} MiB, {:.1} MiB", before / 1024.0, after / 1024.0));
    table.print();
    let bad = seen.others + seen.failed + seen.refused_without_retry_after + health.failed;
    vec![
        Goal::new(
            "every answer is a picture, or a 503 with Retry-After",
            format!("{} are neither", bad),
            bad == 0,
        ),
        Goal::new(
            "every picture is complete and of the right size",
            format!("{} of {} are not", wrong, seen.pictures.len()),
            wrong == 0 && !seen.pictures.is_empty(),
        ),
    ]
}
