//! The accept loop, and the life of a connection.

use std::cell::RefCell;
use std::io;
use std::mem;
use std::net::{self, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures::future::{self, Loop};
use futures::{task, Async, Future, Poll, Stream};
use hyper::server::{self, Http};
use tokio_core::net::{Incoming, TcpStream};
use tokio_core::reactor::{Handle, Timeout};

use super::access_log::Chunk;
use super::future_ext::{ready, BoxFuture};
use super::line::{self, Line, Scratch};
use super::pace::Late;
use super::service::Memed;
use super::shutdown::{Drain, Watch};
use super::slots::Slot;
use super::stats::{count, Counters};
use super::wire::{Wire, WireState};
use super::{App, BACKLOG};

/// How long to wait after an accept that failed for want of descriptors or memory: until some are free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Connections accepted in a row before those that are served get their turn.
const ACCEPTS_IN_A_ROW: u32 = 64;

/// Bytes that the kernel keeps for a client (it doubles them, for its own needs). By itself it would take
/// megabytes, and tell only every so many of them that the client reads: too seldom to know who does.
const SEND_BUFFER: usize = 64 << 10;

/// How long a connection without a request may take to begin one while the server drains. One that was sent
/// before its client could know is on its way, as a rule, or with the kernel; we will hear of it. The answer to
/// it says that it is the last.
const LAST_CALL: Duration = Duration::from_millis(100);

/// Accepts connections for ever, each a task of its own. Dropping the future ends it.
///
/// A turn of the loop waits for one connection. hyper's own loop would end at the first error, and
/// `for_each` would too; an error here is told, and the loop goes on.
pub fn accept(incoming: Incoming, app: Rc<App>, drain: &Drain, handle: &Handle) -> BoxFuture<(), ()> {
    let handle = handle.clone();
    let watch = drain.watch();
    let scratch = line::scratch();
    let mut turns = 0;
    Box::new(future::loop_fn(incoming, move |incoming| {
        let handle = handle.clone();
        let app = app.clone();
        let watch = watch.clone();
        let scratch = scratch.clone();
        let slots = app.slots.clone();
        // At the cap, the loop waits here. Nobody else takes places while it waits for a connection.
        turns += 1;
        let mut gives_way = turns % ACCEPTS_IN_A_ROW == 0;
        let is_free = future::poll_fn({
            let slots = slots.clone();
            move || {
                if mem::replace(&mut gives_way, false) {
                    // Come again at once, but after those who are served.
                    task::current().notify();
                    return Ok(Async::NotReady);
                }
                slots.poll_free()
            }
        });
        is_free.and_then(|()| {
            incoming.into_future().then(move |accepted| match accepted {
                Ok((Some((socket, peer)), incoming)) => {
                    let held = Held { slot: slots.take(), watch, scratch };
                    handle.spawn(serve(socket, peer, app, held, &handle));
                    ready(Loop::Continue(incoming))
                }
                // The stream of connections has no end; if it had, there would be nothing left to do.
                Ok((None, _)) => ready(Loop::Break(())),
                Err((error, incoming)) => pause(&error, &handle, Loop::Continue(incoming)),
            })
        })
    }))
}

/// What a connection holds for as long as it lives.
struct Held {
    slot: Slot,
    watch: Watch,
    scratch: Scratch,
}

/// Accepts what the kernel holds already, and closes the listener. Does not wait: the listener is in
/// non-blocking mode. Takes a backlog's worth at most: clients that go on connecting must not keep it open.
pub fn accept_rest(listener: net::TcpListener, app: &Rc<App>, drain: &Drain, handle: &Handle) {
    let scratch = line::scratch();
    for _ in 0..BACKLOG {
        let (socket, peer) = match listener.accept() {
            Ok(accepted) => accepted,
            Err(ref error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(ref error) if is_of_one_connection(error) => continue,
            Err(error) => {
                warn!("cannot accept what waits: {}", error);
                break;
            }
        };
        // Over the cap, if need be: there will be no other time to serve them.
        let slot = app.slots.take();
        let held = Held { slot, watch: drain.watch(), scratch: scratch.clone() };
        match TcpStream::from_stream(socket, handle) {
            Ok(socket) => handle.spawn(serve(socket, peer, app.clone(), held, handle)),
            Err(error) => warn!("cannot serve a connection: {}", error),
        }
    }
}

/// Goes on at once after an error of a single connection, which is over, and later after one of ours.
fn pause<T: 'static>(error: &io::Error, handle: &Handle, then: T) -> BoxFuture<T, ()> {
    if is_of_one_connection(error) {
        return ready(then);
    }
    warn!("cannot accept a connection: {}", error);
    match Timeout::new(ACCEPT_PAUSE, handle) {
        Ok(timeout) => Box::new(timeout.then(|_| Ok(then))),
        Err(_) => ready(then),
    }
}

/// Whether it is the connection that failed, and not the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Serves one connection to its end.
fn serve(
    socket: TcpStream,
    peer: SocketAddr,
    app: Rc<App>,
    held: Held,
    handle: &Handle,
) -> BoxFuture<(), ()> {
    if let Err(error) = socket.set_nodelay(true) {
        debug!("{}: cannot set TCP_NODELAY: {}", peer, error);
    }
    if let Err(error) = socket.set_send_buffer_size(SEND_BUFFER) {
        debug!("{}: cannot set SO_SNDBUF: {}", peer, error);
    }
    let state = Rc::new(WireState::new(app.timeouts.next()));
    let line = Line::new(socket, handle.clone(), state.clone(), held.scratch);
    let line = Rc::new(RefCell::new(line));
    let service = Memed::new(app.clone(), state.clone(), peer);
    // `pipeline` stays off: it would lift the cap on what is buffered for a client that does not read.
    let connection = Http::<Chunk>::new().serve_connection(Wire(line.clone()), service);
    let connection = Connection {
        connection,
        line,
        state,
        counters: app.counters.clone(),
        handle: handle.clone(),
        timer: None,
        watch: held.watch,
        phase: Phase::Open,
        _slot: held.slot,
    };
    ring(peer, connection)
}

/// The second ring against panics: what is not a handler's (that is the service's ring) is hyper's or ours,
/// and ends this connection only. Without it, a panic in any task would end the process: tokio-core catches
/// none.
fn ring<F>(peer: SocketAddr, connection: F) -> BoxFuture<(), ()>
where
    F: Future<Item = (), Error = ::hyper::Error> + 'static,
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

/// A connection that ends when its client is late or gone, or when the server ends. Written by hand: hyper's
/// future must be told things while it is being polled, and a combinator that has taken a future lets nobody
/// reach in.
struct Connection {
    connection: server::Connection<Wire, Memed>,
    line: Rc<RefCell<Line>>,
    state: Rc<WireState>,
    counters: Rc<Counters>,
    handle: Handle,
    /// When it is armed for, which may be earlier than the deadline has become since.
    timer: Option<(Timeout, Instant)>,
    watch: Watch,
    phase: Phase,
    _slot: Slot,
}

impl Connection {
    /// Whether the client is late, or gone while its request is being answered. hyper 0.11 looks at neither.
    fn poll_client(&mut self) -> Poll<Option<Late>, ::hyper::Error> {
        let (is_answering, is_blocked) = {
            let pace = self.state.pace();
            (pace.is_answering(), pace.is_blocked())
        };
        // An error of the socket is as good as an end. What is being written has its own way to fail.
        if is_answering
            && !is_blocked
            && self.line.borrow_mut().poll_hang_up().map_or(true, |poll| poll.is_ready())
        {
            count(&self.counters.hung_up);
            return Ok(Async::Ready(None));
        }
        loop {
            let deadline = match self.state.pace().deadline() {
                Some(deadline) => deadline,
                None => return Ok(Async::NotReady),
            };
            let is_late = match self.timer {
                // Armed early enough: when it fires, there is time to look again.
                Some((ref mut timer, armed_for)) if armed_for <= deadline => timer.poll()?.is_ready(),
                Some((ref mut timer, ref mut armed_for)) => {
                    timer.reset(deadline);
                    *armed_for = deadline;
                    timer.poll()?.is_ready()
                }
                None => {
                    let mut timer = Timeout::new_at(deadline, &self.handle)?;
                    let is_late = timer.poll()?.is_ready();
                    self.timer = Some((timer, deadline));
                    is_late
                }
            };
            if !is_late {
                return Ok(Async::NotReady);
            }
            self.timer = None;
            if let Some(late) = self.state.pace().late() {
                return Ok(Async::Ready(Some(late)));
            }
        }
    }

    /// Ends it for a client that is late. `true`: there is an answer to give first.
    fn refuse_late(&mut self, late: Late) -> bool {
        count(&self.counters.late);
        match late {
            Late::Head => self.line.borrow_mut().refuse_late_head(),
            Late::Request => false,
            Late::Reader => {
                self.line.borrow().reset();
                false
            }
        }
    }
}

/// How far its end has come.
enum Phase {
    /// The server is well.
    Open,
    /// The server drains. A request may be on its way.
    LastCall(Timeout),
    /// After the request that there is, the connection ends.
    Draining,
}

impl Future for Connection {
    type Item = ();
    type Error = ::hyper::Error;

    fn poll(&mut self) -> Poll<(), ::hyper::Error> {
        loop {
            if let Async::Ready(()) = self.connection.poll()? {
                return Ok(Async::Ready(()));
            }
            match self.poll_client()? {
                Async::NotReady => {}
                Async::Ready(Some(late)) if self.refuse_late(late) => continue,
                Async::Ready(_) => return Ok(Async::Ready(())),
            }
            self.phase = match self.phase {
                Phase::Open if !self.watch.poll_started().is_ready() => return Ok(Async::NotReady),
                Phase::Open => {
                    self.state.drain();
                    Phase::LastCall(Timeout::new(LAST_CALL, &self.handle)?)
                }
                Phase::LastCall(ref mut timeout) => match timeout.poll()? {
                    Async::NotReady => return Ok(Async::NotReady),
                    // Pitfall: hyper counts a connection that has sent nothing yet as busy, and would wait for
                    // its first request for ever. Pinned by `a_connection_that_never_spoke_is_not_waited_for` in
                    // `tests/shutdown.rs`.
                    Async::Ready(()) if !self.state.has_head() => return Ok(Async::Ready(())),
                    Async::Ready(()) => {
                        self.connection.disable_keep_alive();
                        Phase::Draining
                    }
                },
                Phase::Draining => return Ok(Async::NotReady),
            };
        }
    }
}

impl Drop for Connection {
    /// Runs before hyper's future is dropped, and with it what has not been written.
    fn drop(&mut self) {
        self.state.end();
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::{Duration, Instant};

    use futures::future;
    use tokio_core::reactor::Core;

    use super::{pause, ring, ACCEPT_PAUSE};

    #[test]
    fn a_connection_that_panics_ends_alone() {
        let mut core = Core::new().unwrap();
        let peer = ([127, 0, 0, 1], 1).into();
        core.handle()
            .spawn(ring(peer, future::lazy(|| -> Result<(), ::hyper::Error> { panic!("on purpose") })));
        // The reactor polls it first, and lives.
        let lives = core.run(future::lazy(|| Ok::<_, ()>("it lives")));
        assert_eq!(lives, Ok("it lives"));
        core.turn(Some(Duration::from_millis(10)));
    }

    #[test]
    fn accepting_goes_on_after_an_error_at_once_if_it_was_one_connection_s() {
        let mut core = Core::new().unwrap();
        let handle = core.handle();
        let aborted = io::ErrorKind::ConnectionAborted.into();
        let no_descriptor = io::Error::from_raw_os_error(24);
        let start = Instant::now();
        assert_eq!(core.run(pause(&aborted, &handle, "on")), Ok("on"));
        assert!(start.elapsed() < ACCEPT_PAUSE);
        assert_eq!(core.run(pause(&no_descriptor, &handle, "on")), Ok("on"));
        assert!(start.elapsed() >= ACCEPT_PAUSE);
    }
}
