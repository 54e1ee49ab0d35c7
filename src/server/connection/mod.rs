//! One connection, from the accepted socket to its end: everything below hyper.
//!
//! [`accept`] takes connections from the kernel, within the [`slots`] there are. [`serve`] makes a task of each:
//! hyper's connection future over a [`hyper_io::HyperIo`], wrapped in a `Connection` that closes on clients that are
//! late or gone and when the server [`drain`]s. The bytes pass through an [`intake::Intake`], where [`head`] and
//! [`chunks`] judge them; [`patience`] holds the rules of the timeouts, [`alarm`] the timer, [`state`] what all of
//! them share.

pub mod accept;
pub mod alarm;
pub mod caller;
pub mod chunks;
pub mod clock;
pub mod closing;
pub mod drain;
pub mod head;
pub mod hyper_io;
pub mod intake;
pub mod patience;
pub mod rejection;
pub mod rounds;
pub mod slots;
pub mod state;
pub mod target;

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod slots_tests;

use std::cell::RefCell;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Duration;

use futures::{Async, Future, Poll};
use hyper;
use hyper::server::Http;
use tokio_core::net::TcpStream;
use tokio_core::reactor::{Handle, Timeout};

use self::alarm::Alarm;
use self::clock::Clock;
use self::drain::Watch;
use self::hyper_io::HyperIo;
use self::intake::{Intake, Scratch};
use self::patience::Late;
use self::rejection::Rejection;
use self::rounds::Share;
use self::slots::Slot;
use self::state::ConnectionState;
use server::app::App;
use server::client::Client;
use server::future_ext::{yield_now, LocalFuture};
use server::http::access_log::Chunk;
use server::numbers::counters::{count, Counters};
use server::routes::ConnectionService;

/// Bytes that the kernel buffers for a client (it doubles the number, for its own needs). By itself it would take
/// megabytes, and report only every so many of them that the client reads: too seldom to tell who does.
const SEND_BUFFER: usize = 64 << 10;

/// How long a connection without a request may take to begin one while the server drains. A request that was sent
/// before its client could know is on its way, or in the kernel already. Its answer says that it is the last.
const LAST_CALL: Duration = Duration::from_millis(100);

/// What an accept loop gives to each of its connections.
pub struct Resources {
    watch: Watch,
    scratch: Scratch,
}

impl Resources {
    /// For one connection.
    pub fn new(watch: Watch, scratch: Scratch) -> Resources {
        Resources { watch, scratch }
    }
}

/// Serves one connection to its end. The future is a task of its own on the reactor and never fails.
pub fn serve(
    socket: TcpStream,
    peer: SocketAddr,
    app: &Rc<App>,
    resources: Resources,
    handle: &Handle,
) -> LocalFuture<(), ()> {
    let state = new_state(peer, app);
    let slot = app.slots.take(Client::from(peer.ip()), state.clone());
    let intake = Intake::new(socket, handle.clone(), state.clone(), resources.scratch);
    Connection::over(intake, state, slot, peer, app, resources.watch, handle)
}

/// Tells a client that there is no room for its connection, if there is room for that. Otherwise the connection is
/// closed without an answer.
pub fn refuse(socket: TcpStream, peer: SocketAddr, app: &Rc<App>, resources: Resources, handle: &Handle) {
    if let Some(slot) = app.slots.refuse() {
        let state = new_state(peer, app);
        let mut intake = Intake::new(socket, handle.clone(), state.clone(), resources.scratch);
        intake.refuse(Rejection::too_many_connections());
        handle.spawn(Connection::over(intake, state, slot, peer, app, resources.watch, handle));
    }
}

fn new_state(peer: SocketAddr, app: &App) -> Rc<ConnectionState> {
    let lease = app.budget.lease(Client::from(peer.ip()), 0);
    Rc::new(ConnectionState::new(app.timeouts.next(), app.clock.clone(), lease))
}

/// Outer panic guard. Handlers' panics are 500s already; what reaches this point came from hyper or our I/O code and
/// must cost only this connection.
///
/// Pitfall: tokio-core catches nothing. Without the guard, a panic in any task would end the process. Pinned by
/// `a_connection_that_panics_ends_alone` below.
///
/// `catch_unwind` polls the connection inside `std::panic::catch_unwind`, on the reactor, and turns a panic into an
/// error; `then` sees all three endings and logs them, because a task has no error to return. When a panic is caught,
/// the connection's future is dropped: the socket closes, and a drawing that only this client waited for is
/// cancelled.
fn catch_panics<F>(peer: SocketAddr, connection: F) -> LocalFuture<(), ()>
where
    F: Future<Item = (), Error = hyper::Error> + 'static,
{
    Box::new(AssertUnwindSafe(connection).catch_unwind().then(move |ended| {
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => debug!("{}: {}", peer, error),
            Err(_) => error!("{}: the connection panicked", peer),
        }
        Ok(())
    }))
}

/// hyper's connection future, ended when its client is late or gone, or when the server stops.
///
/// A future written by hand: it calls methods of the future that it polls (`disable_keep_alive`), and a combinator
/// gives no access to the future it has taken.
struct Connection {
    /// hyper's future. Reads and writes through a `HyperIo`.
    http: hyper::server::Connection<HyperIo, ConnectionService>,
    /// Shared with the `HyperIo`. Asked here whether the client has hung up.
    intake: Rc<RefCell<Intake>>,
    /// Shared with the intake, the service and the access log.
    state: Rc<ConnectionState>,
    counters: Rc<Counters>,
    /// Of the reactor's time.
    share: Share,
    clock: Clock,
    /// The one timer for all deadlines of the client.
    alarm: Alarm,
    handle: Handle,
    /// Tells when the server stops; its drop tells the server that the connection has ended.
    watch: Watch,
    phase: Phase,
    _slot: Slot,
}

/// How far the end of the connection has come.
enum Phase {
    /// The server is not stopping.
    Open,
    /// The server drains, and a request may be on its way until the timeout.
    LastCall(Timeout),
    /// The connection ends after the current request.
    Draining,
}

/// What is wrong with the client.
enum Fault {
    /// It hung up while its request was answered.
    Gone,
    /// It took too long.
    Late(Late),
    /// It asks for nothing, and another client needs the place of its connection.
    Idle,
}

impl Connection {
    /// A guarded connection over that intake.
    fn over(
        intake: Intake,
        state: Rc<ConnectionState>,
        slot: Slot,
        peer: SocketAddr,
        app: &Rc<App>,
        watch: Watch,
        handle: &Handle,
    ) -> LocalFuture<(), ()> {
        intake.prepare(SEND_BUFFER);
        let intake = Rc::new(RefCell::new(intake));
        let service = ConnectionService::new(app.clone(), state.clone(), intake.clone(), peer);
        // `pipeline` stays off: it would lift the limit on what is buffered for a client that does not read.
        let http = Http::<Chunk>::new().serve_connection(HyperIo(intake.clone()), service);
        let connection = Connection {
            http,
            intake,
            state,
            counters: app.counters.clone(),
            share: app.rounds.share(Client::from(peer.ip())),
            clock: app.clock.clone(),
            alarm: Alarm::new(handle.clone()),
            handle: handle.clone(),
            watch,
            phase: Phase::Open,
            _slot: slot,
        };
        catch_panics(peer, connection)
    }

    /// Ready when the client is late, gone while its request is being answered, or idle while its place is needed. hyper
    /// 0.11 looks at none of these.
    fn poll_client(&mut self) -> Poll<Fault, hyper::Error> {
        if self.poll_hang_up().is_ready() {
            return Ok(Async::Ready(Fault::Gone));
        }
        if self.state.makes_room() {
            let idle = self.state.patience().idle();
            match idle {
                Some(_) => return Ok(Async::Ready(Fault::Idle)),
                // A request has come in the meantime. Its answer is the last.
                None => self.http.disable_keep_alive(),
            }
        }
        loop {
            let deadline = match self.state.patience().deadline() {
                Some(deadline) => deadline,
                None => return Ok(Async::NotReady),
            };
            try_ready!(self.alarm.poll_at(self.clock.to_system(deadline)));
            if let Some(late) = self.state.patience().late() {
                return Ok(Async::Ready(Fault::Late(late)));
            }
        }
    }

    fn poll_hang_up(&mut self) -> Async<()> {
        {
            let patience = self.state.patience();
            // Only a drawing is worth giving up: any other answer is there in a moment, and a client that has closed
            // its half of the connection may still want it. A client that has bytes to read is not asked: a failed
            // write ends the connection by itself.
            if !self.state.is_drawing() || !patience.is_answering() || patience.is_blocked() {
                return Async::NotReady;
            }
        }
        // An error of the socket means the same as its end.
        self.intake.borrow_mut().poll_hang_up().unwrap_or(Async::Ready(()))
    }

    /// Decides what becomes of the connection of such a client. `true`: there is an answer to write first.
    fn give_up(&mut self, fault: Fault) -> bool {
        match fault {
            Fault::Gone => {
                count(&self.counters.hung_up);
                false
            }
            Fault::Late(late) => {
                count(&self.counters.late);
                match late {
                    Late::Head => self.intake.borrow_mut().refuse_head(Rejection::late()),
                    Late::Request => false,
                    Late::Reader => {
                        self.intake.borrow().reset_on_close();
                        false
                    }
                }
            }
            Fault::Idle => {
                count(&self.counters.made_room);
                self.intake.borrow_mut().refuse_head(Rejection::too_many_connections())
            }
        }
    }
}

impl Future for Connection {
    type Item = ();
    type Error = hyper::Error;

    /// Polls hyper first: what it reads and writes moves the client's deadline. Then the client. Then the end of the
    /// server, in phases. When `poll` returns `NotReady`, hyper's future has done so first and will wake the
    /// task; the alarm, a newcomer that needs the place and the stop may wake it earlier.
    fn poll(&mut self) -> Poll<(), hyper::Error> {
        let began = match self.share.begin_turn() {
            Some(began) => began,
            None => return yield_now(),
        };
        self.state.keep_task();
        self.intake.borrow_mut().begin_turn();
        let polled = self.poll_turn();
        self.share.end_turn(began);
        polled
    }
}

impl Connection {
    fn poll_turn(&mut self) -> Poll<(), hyper::Error> {
        loop {
            if self.http.poll()?.is_ready() {
                return Ok(Async::Ready(()));
            }
            if let Async::Ready(fault) = self.poll_client()? {
                if !self.give_up(fault) {
                    return Ok(Async::Ready(()));
                }
                continue;
            }
            self.phase = match self.phase {
                Phase::Open if !self.watch.poll_started().is_ready() => return Ok(Async::NotReady),
                Phase::Open => {
                    self.state.drain();
                    Phase::LastCall(Timeout::new(LAST_CALL, &self.handle)?)
                }
                Phase::LastCall(ref mut timeout) => {
                    try_ready!(timeout.poll());
                    // Pitfall: hyper takes a connection that has sent nothing yet for a busy one, and would wait for
                    // its first request for ever. Pinned by `a_connection_that_never_spoke_is_not_waited_for` in
                    // `tests/shutdown.rs`.
                    if !self.state.has_head() {
                        return Ok(Async::Ready(()));
                    }
                    self.http.disable_keep_alive();
                    Phase::Draining
                }
                Phase::Draining => return Ok(Async::NotReady),
            };
        }
    }
}

impl Drop for Connection {
    /// Runs before hyper's future is dropped, and with it the responses that have not been written: the access log
    /// then sees that they were cut off.
    fn drop(&mut self) {
        self.state.end();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::future;
    use hyper;
    use tokio_core::reactor::Core;

    use super::catch_panics;

    #[test]
    fn a_connection_that_panics_ends_alone() {
        let mut core = Core::new().unwrap();
        let peer = ([127, 0, 0, 1], 1).into();
        let panicking = future::lazy(|| -> Result<(), hyper::Error> { panic!("on purpose") });
        core.handle().spawn(catch_panics(peer, panicking));
        // The reactor polls it first, and lives.
        let lives = core.run(future::lazy(|| Ok::<_, ()>("it lives")));
        assert_eq!(lives, Ok("it lives"));
        core.turn(Some(Duration::from_millis(10)));
    }
}
