//! Measures eight normal clients beside a thousand that send one byte per second and a thousand that never read. Each
//! slow client that the server drops is replaced by a new one.
//!
//! A client that does not read cannot see that it was dropped, because unread data comes before the end of the
//! stream. So the scene counts the server's descriptors instead.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use super::Options;
use client;
use drawers::CACHED;
use paced::{self, Measured, Paced};
use program::Program;
use report::{median, median_and_spread, Goal, Table};

const EACH: usize = 1_000;
/// Pictures that each one that does not read asks for.
const PICTURES: usize = 8;
const REFERENCE: Duration = Duration::from_secs(4);
const SECOND: Duration = Duration::from_secs(1);
/// Parts of a second in which some of the slow ones send their byte.
const TURNS: usize = 1_000;
const RATIO_LIMIT: f64 = 2.0;
/// The server's header, idle and write timeouts, in seconds.
const DEADLINE: u64 = 3;
const KNOBS: &[(&str, &str)] = &[
    ("header-timeout", "3"),
    ("keep-alive-timeout", "3"),
    ("write-timeout", "3"),
    ("max-connections", "8000"),
    ("max-connections-per-client", "8000"),
];
/// How long a slow client goes on, at most; a server with deadlines has dropped it by then. It is the deadline, which
/// the server stretches by up to a tenth, two seconds in which the server drains a connection that it has refused, and
/// some time for a busy machine.
const LONGEST: Duration = Duration::from_millis(DEADLINE * 1100 + 2_000 + 200);

/// Those that are there now. They have nothing to do with each other: each comes, and sends its bytes, when no
/// other does.
struct Attackers {
    address: SocketAddr,
    slow: VecDeque<(Instant, TcpStream)>,
    deaf: VecDeque<(Instant, Socket)>,
    /// Turns so far, and how many of each kind have come in them.
    turn: usize,
    sent: usize,
}

impl Attackers {
    fn slow(address: SocketAddr) -> io::Result<TcpStream> {
        let mut socket = TcpStream::connect_timeout(&address, client::LONG)?;
        socket.set_nonblocking(true)?;
        socket.write_all(b"GET /health HTTP/1.1\r\nX: ")?;
        Ok(socket)
    }

    fn deaf(address: SocketAddr) -> io::Result<Socket> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_recv_buffer_size(4 << 10)?;
        // Loopback has segments of 64 KiB, and from their size the kernel takes how much it buffers for the
        // server: megabytes. With those of a network it takes no more than there.
        socket.set_tcp_mss(1400)?;
        socket.connect_timeout(&address.into(), client::LONG)?;
        socket.set_nonblocking(true)?;
        (&socket).write_all(client::get(CACHED).repeat(PICTURES).as_bytes())?;
        Ok(socket)
    }

    /// Replaces the clients that were dropped, at the rate at which the deadlines drop them. A server without
    /// deadlines drops none, so none is replaced.
    fn come(&mut self, has_deadlines: bool) -> io::Result<()> {
        let due = self.turn * EACH / (TURNS * DEADLINE as usize);
        let due = if has_deadlines { due } else { due.min(EACH) };
        for _ in self.sent..due {
            self.slow.push_back((Instant::now(), Attackers::slow(self.address)?));
            self.deaf.push_back((Instant::now(), Attackers::deaf(self.address)?));
            self.sent += 1;
        }
        let is_over = |born: &Instant| has_deadlines && born.elapsed() > LONGEST;
        while self.deaf.pop_front_if(|first| is_over(&first.0)).is_some() {}
        Ok(())
    }

    /// Another byte from each whose turn it is. Those that were given up are let go.
    fn drip(&mut self) {
        let (mut index, turn) = (0, self.turn);
        self.slow.retain_mut(|(_, socket)| {
            index += 1;
            if index % TURNS != turn % TURNS {
                return true;
            }
            let is_open = |read: io::Result<usize>| match read {
                Ok(length) => length > 0,
                Err(error) => error.kind() == io::ErrorKind::WouldBlock,
            };
            socket.write(b"x").is_ok() && is_open(socket.read(&mut [0; 1024]))
        });
        self.turn += 1;
        thread::sleep(SECOND / TURNS as u32);
    }
}

/// The result for the slow clients.
struct Attack {
    sent: usize,
    /// Descriptors of the server for them, second by second.
    held: Vec<f64>,
    /// And when the last must be over.
    left: usize,
}

/// New ones again and again until it is stopped; and then, how many the server still has after its deadlines.
fn attack(server: &Program, stop: &AtomicBool, has_deadlines: bool) -> io::Result<Attack> {
    let before = server.descriptors();
    let held = || server.descriptors().saturating_sub(before);
    let (slow, deaf) = (VecDeque::new(), VecDeque::new());
    let mut attackers = Attackers { address: server.address, slow, deaf, turn: 0, sent: 0 };
    let mut seconds = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        attackers.come(has_deadlines)?;
        attackers.drip();
        if attackers.turn.is_multiple_of(TURNS) {
            seconds.push(held() as f64);
        }
    }
    // They go on for as long as the server lets them.
    let end = Instant::now() + LONGEST;
    while Instant::now() < end {
        attackers.drip();
    }
    Ok(Attack { sent: 2 * attackers.sent, held: seconds, left: held() })
}

/// The p99 of each second, and all of it.
fn seconds(groups: &mut [Paced], time: Duration, sum: &mut Measured) -> Vec<f64> {
    let seconds = (0..time.as_secs()).map(|_| {
        let mut second = Measured::new();
        paced::run(groups, SECOND).iter().for_each(|group| second.add(group));
        sum.add(&second);
        second.latencies.p99()
    });
    seconds.collect()
}

pub fn play(options: &Options) -> Vec<Goal> {
    let has_deadlines = Program::has_knob("header-timeout") && Program::has_knob("write-timeout");
    let server = Program::memed(KNOBS);
    let keeps_pictures = server.keeps_pictures(CACHED);
    let connect = |target| Paced::connect(server.address, target, 4, 100.0).expect("the server accepts");
    let mut normal = [connect("/health"), connect(CACHED)];
    seconds(&mut normal, SECOND, &mut Measured::new());

    let (mut without, mut with) = (Measured::new(), Measured::new());
    let mut p99_without = seconds(&mut normal, REFERENCE, &mut without);
    let stop = AtomicBool::new(false);
    let (p99_with, attack) = thread::scope(|scope| {
        let attacking = scope.spawn(|| attack(&server, &stop, has_deadlines));
        let p99_with = seconds(&mut normal, options.slow, &mut with);
        stop.store(true, Ordering::Relaxed);
        (p99_with, attacking.join().expect("it does not panic").expect("the server accepts all of them"))
    });
    // Idle for longer than the server allows, if it has deadlines.
    let mut normal = [connect("/health"), connect(CACHED)];
    p99_without.extend(seconds(&mut normal, REFERENCE, &mut without));

    println!(
        "{} slow clients connected; the server held {} at once (median of seconds).\n",
        attack.sent,
        median_and_spread(&attack.held)
    );
    let mut table = Table::new(&["slow clients", "requests", "p50", "p99", "max", "p99 of seconds, ms"]);
    for (name, measured, p99) in [("none", &without, &p99_without), ("2000", &with, &p99_with)].iter() {
        let mut cells = vec![name.to_string(), measured.latencies.count().to_string()];
        cells.extend(measured.latencies.cells());
        cells.push(median_and_spread(p99));
        table.row(cells);
    }
    table.print();
    let ratio = median(&p99_with) / median(&p99_without);
    let failed = without.failed + with.failed;
    let total = without.latencies.count() + with.latencies.count();
    let served = Goal::new("no normal client fails", format!("{} of {}", failed, total), failed == 0);
    let gone = Goal::new(
        "all slow clients are gone 2.2 seconds after their deadlines",
        format!("{} are left", attack.left),
        attack.left == 0,
    );
    vec![
        Goal::new(
            &format!("p99 of normal clients ≤ {} × without slow ones, median of seconds", RATIO_LIMIT),
            format!("{:.2} ×", ratio),
            ratio <= RATIO_LIMIT,
        ),
        served.unless(if keeps_pictures { None } else { Some("the slow clients' pictures fill the queue") }),
        gone.unless(if has_deadlines { None } else { Some("the server has no such deadlines") }),
    ]
}
