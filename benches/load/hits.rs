//! Measures the throughput of a cached picture, against hyper alone with the same bytes.

use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use super::Options;
use client::{self, Client};
use drawers::CACHED;
use program::Program;
use report::{median, median_and_spread, Goal, Table};

const ROUNDS: usize = 8;
const ROUND: Duration = Duration::from_secs(1);
const THREADS: usize = 2;
/// Connections of each thread.
const CONNECTIONS: usize = 8;
const LIMIT: f64 = 0.8;

/// The result of a round.
struct Round {
    /// Requests per second.
    rate: f64,
    /// The server's share of one processor.
    processor: f64,
    /// Processor time per request, in microseconds.
    each: f64,
}

fn play_round(server: &Program, target: &str) -> Round {
    let (start, processor) = (Instant::now(), server.processor_time());
    let end = start + ROUND;
    let address = server.address;
    let answers: u64 = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..THREADS).map(|_| scope.spawn(move || hammer(address, target, end))).collect();
        let answers = threads.into_iter().map(|thread| thread.join().expect("a client does not panic"));
        answers.sum::<io::Result<u64>>().expect("every request is answered with 200")
    });
    let seconds = start.elapsed().as_secs_f64();
    let processor = (server.processor_time() - processor).as_secs_f64() / seconds;
    let rate = answers as f64 / seconds;
    Round { rate, processor, each: processor / rate * 1e6 }
}

/// Keeps one request in flight on each of its connections, and reads the answers in turn.
fn hammer(address: SocketAddr, target: &str, end: Instant) -> io::Result<u64> {
    let request = client::get(target);
    let mut clients = (0..CONNECTIONS).map(|_| Client::connect(address)).collect::<io::Result<Vec<_>>>()?;
    clients.iter_mut().try_for_each(|client| client.send(&request))?;
    let mut answers = 0;
    while Instant::now() < end {
        for client in &mut clients {
            if client.skip_answer()?.status != 200 {
                return Err(io::ErrorKind::Other.into());
            }
            answers += 1;
            client.send(&request)?;
        }
    }
    Ok(answers)
}

pub fn play(_: &Options) -> Vec<Goal> {
    let memed = Program::memed(&[]);
    let keeps_pictures = memed.keeps_pictures(CACHED);
    let mut client = Client::connect(memed.address).expect("the server accepts");
    let answer = client.get(CACHED).expect("the server answers");
    // hyper adds a date by itself.
    let headers: Vec<_> = answer.headers().filter(|header| header.0 != "Date").collect();
    let mut same: Vec<u8> = Vec::new();
    headers.iter().for_each(|(name, value)| same.extend(format!("{}: {}\r\n", name, value).bytes()));
    same.extend(b"\r\n");
    same.extend(answer.body);
    println!("{} bytes and {} header fields.\n", answer.body.len(), headers.len() + 1);
    let bare = Program::bare_hyper(&same);

    let mut rounds = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        rounds[0].push(play_round(&memed, CACHED));
        rounds[1].push(play_round(&bare, CACHED));
    }
    let column = |of: &[Round], value: fn(&Round) -> f64| of.iter().map(value).collect::<Vec<_>>();
    let mut table = Table::new(&[
        "server",
        "requests per second",
        "share of a processor",
        "processor time per request, µs",
    ]);
    for (name, rounds) in ["memed", "hyper alone"].iter().zip(&rounds) {
        let rates = column(rounds, |round| round.rate.round());
        let processors = column(rounds, |round| round.processor);
        let each = column(rounds, |round| round.each);
        let columns = [rates, processors, each];
        let cells = columns.iter().map(|column| median_and_spread(column));
        table.row(::std::iter::once(name.to_string()).chain(cells).collect());
    }
    table.print();
    let compare = |value: fn(&Round) -> f64| -> Vec<f64> {
        rounds[0].iter().zip(&rounds[1]).map(|(memed, bare)| value(memed) / value(bare)).collect()
    };
    let (rates, each) = (compare(|round| round.rate), compare(|round| round.each));
    let reason = if keeps_pictures { None } else { Some("this version does not cache pictures") };
    let rate = Goal::new(
        &format!("requests per second ≥ {} × hyper alone, median of rounds", LIMIT),
        format!("{} ×", median_and_spread(&rates)),
        median(&rates) >= LIMIT,
    );
    // Meaningful even if the clients are the bottleneck.
    let each = Goal::new(
        &format!("processor time per request ≤ {} × hyper alone, median of rounds", 1.0 / LIMIT),
        format!("{} ×", median_and_spread(&each)),
        median(&each) <= 1.0 / LIMIT,
    );
    vec![rate.unless(reason), each.unless(reason)]
}
