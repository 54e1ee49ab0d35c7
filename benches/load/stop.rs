//! Sends SIGTERM to a server with 200 busy clients. A request is lost if it was sent completely and its connection
//! ended without a complete answer.

use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use super::Options;
use client::{self, Client};
use drawers::new_caption;
use program::Program;
use report::{milliseconds, Goal, Table};

const ROUNDS: usize = 5;
const CLIENTS: usize = 200;
/// Until the signal.
const MIDDLE: Duration = Duration::from_millis(700);
const SLACK: Duration = Duration::from_secs(1);

/// What a client, or all of them, saw.
#[derive(Default)]
struct Seen {
    sent: u64,
    /// Lost, and no byte of an answer came; that is, the connection was closed or reset.
    lost: u64,
    /// Answered with a status other than 200 and 503.
    odd: u64,
    /// The longest time from a caption's request to its picture, its place in the queue included.
    longest: Duration,
}

/// Asks until the server ends the connection, or says that it will.
fn ask_until_the_end(address: SocketAddr, index: usize) -> io::Result<Seen> {
    let mut client = Client::connect(address)?;
    let mut seen = Seen::default();
    for turn in index.. {
        let is_caption = turn % 2 == 0;
        let target = if is_caption { new_caption("raccoon") } else { "/health".to_string() };
        let start = Instant::now();
        if client.send(client::get(&target)).is_err() {
            break;
        }
        seen.sent += 1;
        match client.answer() {
            Ok(answer) => {
                if is_caption && answer.status == 200 {
                    seen.longest = seen.longest.max(start.elapsed());
                }
                seen.odd += u64::from(answer.status != 200 && answer.status != 503);
                if answer.is_last() {
                    break;
                }
            }
            Err(_) => {
                seen.lost += 1;
                break;
            }
        }
    }
    Ok(seen)
}

pub fn play(_: &Options) -> Vec<Goal> {
    let mut table =
        Table::new(&["round", "sent", "lost", "unexpected", "longest caption", "to the exit", "exit code"]);
    let mut sum = Seen::default();
    let mut are_in_time = true;
    let mut worst = Duration::from_secs(0);
    for round in 1..ROUNDS + 1 {
        let mut server = Program::memed(&[]);
        let address = server.address;
        let clients: Vec<_> =
            (0..CLIENTS).map(|index| thread::spawn(move || ask_until_the_end(address, index))).collect();
        thread::sleep(MIDDLE);
        server.terminate();
        let ended = server.wait(client::LONG);
        let mut seen = Seen::default();
        for client in clients {
            let client = client.join().expect("a client does not panic").expect("the server accepts");
            seen.sent += client.sent;
            seen.lost += client.lost;
            seen.odd += client.odd;
            seen.longest = seen.longest.max(client.longest);
        }
        let (code, time) = ended.map_or((None, client::LONG), |(status, time)| (status.code(), time));
        are_in_time &= code == Some(0) && time <= seen.longest + SLACK;
        worst = worst.max(time);
        sum.sent += seen.sent;
        sum.lost += seen.lost;
        sum.odd += seen.odd;
        table.row(vec![
            round.to_string(),
            seen.sent.to_string(),
            seen.lost.to_string(),
            seen.odd.to_string(),
            milliseconds(seen.longest.as_secs_f64() * 1e3),
            milliseconds(time.as_secs_f64() * 1e3),
            code.map_or("none".to_string(), |code| code.to_string()),
        ]);
    }
    table.print();
    vec![
        Goal::new(
            "no request is lost or gets an unexpected status",
            format!("{} lost, {} unexpected, of {}", sum.lost, sum.odd, sum.sent),
            sum.lost + sum.odd == 0,
        ),
        Goal::new(
            "exit code 0 within the longest caption + 1 s",
            format!("at worst {:.2} s", worst.as_secs_f64()),
            are_in_time,
        ),
    ]
}
