//! Hostile clients at work: plays an attack until it is stopped.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use attacks::{Request, Then, Way};
use client::{Client, Route};
use report::Latencies;

/// How long a connection waits after it was refused, or could not be made.
const PAUSE: Duration = Duration::from_millis(100);
/// Between two turns of the thread that holds connections, and turns in which it visits each of them.
const TURN: Duration = Duration::from_millis(10);
const TURNS: usize = 50;
/// Connections replaced in a turn, at most. They are 200 per second: with bodies of 128 KiB, as much as a network of
/// 200 megabits carries.
const REPLACED: usize = 2;
/// The longest time to wait until all connections are held.
const FILL: Duration = Duration::from_secs(2);
/// How much nicer the threads of other clients are than the victim's, of 19 at most. Elsewhere they would be other
/// machines; here they must not take the processor from the victim when its answer is there.
const NICENESS: i32 = 10;
/// What a slow reader reads at a time.
const SIP: usize = 1 << 10;

/// What attackers got.
#[derive(Clone)]
pub struct Seen {
    /// Answers.
    pub answers: u64,
    /// 503s among them.
    pub refused: u64,
    /// Connections that ended without the answer, or that the server did not let be held.
    pub dropped: u64,
    /// How long each of their drawings took on its thread.
    pub drawings: Latencies,
}

impl Seen {
    pub fn new() -> Seen {
        Seen { answers: 0, refused: 0, dropped: 0, drawings: Latencies::new() }
    }

    pub fn add(&mut self, other: &Seen) {
        self.answers += other.answers;
        self.refused += other.refused;
        self.dropped += other.dropped;
        self.drawings.add(&other.drawings);
    }
}

/// Some of them, at work.
pub struct Attackers {
    stop: Arc<Stop>,
    threads: Vec<JoinHandle<Seen>>,
}

/// Ends the connections of those that loop, which may be waiting for an answer.
struct Stop {
    is_over: AtomicBool,
    sockets: Mutex<Vec<Option<TcpStream>>>,
}

impl Stop {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// A connection for that thread; `None` when all is over.
    fn connect(&self, index: usize, route: &Route) -> Option<Client> {
        loop {
            if self.is_over() {
                return None;
            }
            let connected = route.connect().and_then(|client| client.handle().map(|handle| (client, handle)));
            if let Ok((client, handle)) = connected {
                let mut sockets = self.sockets.lock().expect("no thread panics with it");
                sockets[index] = Some(handle);
                // The flag is set before the sockets are looked at: either it is seen here, or this one is there.
                return Some(client).filter(|_| !self.is_over());
            }
            thread::sleep(PAUSE);
        }
    }
}

impl Attackers {
    /// Starts that many connections. Those that loop pause that long after each answer. Returns when connections
    /// that are held have sent what they have to send.
    pub fn start(way: Way, connections: usize, route: Route, pause: Duration) -> Attackers {
        let looping = if let Way::Loops(_) = way { connections } else { 0 };
        let sockets = Mutex::new((0..looping).map(|_| None).collect());
        let stop = Arc::new(Stop { is_over: AtomicBool::new(false), sockets });
        let threads = match way {
            Way::Loops(request) => {
                let threads = (0..connections).map(|index| {
                    let stop = stop.clone();
                    spawn_nicer(move || ask(&stop, index, &route, request, pause))
                });
                threads.collect()
            }
            Way::Holds(request, then) => {
                let (held, is_held) = mpsc::channel();
                let thread = {
                    let stop = stop.clone();
                    spawn_nicer(move || Holder::new(route, request, then, connections).hold(&stop, &held))
                };
                let _ = is_held.recv_timeout(FILL);
                vec![thread]
            }
        };
        Attackers { stop, threads }
    }

    pub fn stop(self) -> Seen {
        self.stop.is_over.store(true, Ordering::Relaxed);
        for socket in self.stop.sockets.lock().expect("no thread panics with it").iter().flatten() {
            let _ = socket.shutdown(Shutdown::Both);
        }
        let mut sum = Seen::new();
        for thread in self.threads {
            sum.add(&thread.join().expect("an attacker does not panic"));
        }
        sum
    }
}

fn spawn_nicer(work: impl FnOnce() -> Seen + Send + 'static) -> JoinHandle<Seen> {
    thread::spawn(|| {
        // On Linux this is about the calling thread alone.
        rustix::process::nice(NICENESS).expect("everybody may be nicer");
        work()
    })
}

/// A number that no other request has.
fn number() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

fn ask(stop: &Stop, index: usize, route: &Route, request: Request, pause: Duration) -> Seen {
    let mut seen = Seen::new();
    while let Some(mut client) = stop.connect(index, route) {
        let mut is_open = true;
        while is_open && !stop.is_over() {
            let sent = client.send(request(number()));
            // A refusal may come before all is sent.
            let answer = client.skip_answer();
            is_open = sent.is_ok() && answer.as_ref().is_ok_and(|answer| !answer.is_last());
            let mut is_welcome = true;
            match answer {
                Ok(answer) => {
                    seen.answers += 1;
                    is_welcome = answer.status != 503;
                    seen.refused += u64::from(!is_welcome);
                    if let (Some(draw), Some(encode)) = (answer.timing("draw"), answer.timing("encode")) {
                        seen.drawings.record(draw + encode);
                    }
                }
                Err(_) if stop.is_over() => {}
                Err(_) => {
                    seen.dropped += 1;
                    is_welcome = false;
                }
            }
            let pause = if is_welcome { pause } else { PAUSE.max(pause) };
            if !pause.is_zero() {
                thread::sleep(pause);
            }
        }
    }
    seen
}

/// Many connections in one thread, which never waits for one of them.
struct Holder {
    route: Route,
    request: Request,
    then: Then,
    /// `None` if it was dropped.
    held: Vec<Option<Held>>,
    seen: Seen,
}

struct Held {
    socket: TcpStream,
    /// What is still to be sent.
    pending: Vec<u8>,
}

impl Holder {
    fn new(route: Route, request: Request, then: Then, connections: usize) -> Holder {
        Holder { route, request, then, held: (0..connections).map(|_| None).collect(), seen: Seen::new() }
    }

    fn hold(mut self, stop: &Stop, is_held: &Sender<()>) -> Seen {
        for place in 0..self.held.len() {
            if stop.is_over() {
                return self.seen;
            }
            self.held[place] = self.open().ok();
        }
        let is_sent = |held: &Option<Held>| held.as_ref().is_none_or(|held| held.pending.is_empty());
        let (mut turn, mut is_ready) = (0, false);
        while !stop.is_over() {
            let mut may_replace = REPLACED;
            for place in (turn % TURNS..self.held.len()).step_by(TURNS) {
                self.visit(place, &mut may_replace);
            }
            if !is_ready && self.held.iter().all(is_sent) {
                is_ready = true;
                // Nothing listens any more if this took too long.
                let _ = is_held.send(());
            }
            turn += 1;
            thread::sleep(TURN);
        }
        self.seen
    }

    fn open(&self) -> io::Result<Held> {
        let socket = self.route.connect_bare(self.then == Then::Reads)?;
        socket.set_nonblocking(true)?;
        let mut held = Held { socket, pending: (self.request)(number()) };
        held.send()?;
        Ok(held)
    }

    fn visit(&mut self, place: usize, may_replace: &mut usize) {
        let then = self.then;
        match self.held[place] {
            Some(ref mut held) => {
                if then == Then::Again && held.pending.is_empty() {
                    held.pending = (self.request)(number());
                }
                if held.send().and_then(|()| held.read(then)).is_err() {
                    self.held[place] = None;
                    self.seen.dropped += 1;
                }
            }
            None if *may_replace > 0 => {
                *may_replace -= 1;
                self.held[place] = self.open().ok();
            }
            None => {}
        }
    }
}

impl Held {
    fn send(&mut self) -> io::Result<()> {
        while !self.pending.is_empty() {
            match self.socket.write(&self.pending) {
                Ok(sent) => drop(self.pending.drain(..sent)),
                Err(ref error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        // A thousand of these would be the bench's memory.
        if self.pending.is_empty() {
            self.pending = Vec::new();
        }
        Ok(())
    }

    /// Some of the answers, or the end of the connection.
    fn read(&mut self, then: Then) -> io::Result<()> {
        let mut buffer = [0; 4 * SIP];
        let most = if then == Then::Reads { SIP } else { buffer.len() };
        match self.socket.read(&mut buffer[..most]) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Err(ref error) if error.kind() != io::ErrorKind::WouldBlock => Err(io::ErrorKind::Other.into()),
            _ => Ok(()),
        }
    }
}
