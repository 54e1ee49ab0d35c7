//! The accept loop, and the life of a connection.

use std::io;
use std::net::{self, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Duration;

use futures::future::{self, Loop};
use futures::{Async, Future, Poll, Stream};
use hyper::server::{self, Http};
use tokio_core::net::{Incoming, TcpStream};
use tokio_core::reactor::{Handle, Timeout};

use super::access_log::Chunk;
use super::future_ext::{ready, BoxFuture};
use super::service::Memed;
use super::shutdown::{Drain, Watch};
use super::wire::{Wire, WireState};
use super::{App, BACKLOG};

/// How long to wait after an accept that failed for want of descriptors or memory: until some are free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long a connection without a request yet may take to begin one while the server drains. Whoever has
/// just connected has sent one, as a rule; the kernel has it, and we will hear of it.
const LAST_CALL: Duration = Duration::from_millis(100);

/// Accepts connections for ever, each a task of its own. Dropping the future ends it.
///
/// A turn of the loop waits for one connection. hyper's own loop would end at the first error, and
/// `for_each` would too; an error here is told, and the loop goes on.
pub fn accept(incoming: Incoming, app: Rc<App>, drain: &Drain, handle: &Handle) -> BoxFuture<(), ()> {
    let handle = handle.clone();
    let watch = drain.watch();
    Box::new(future::loop_fn(incoming, move |incoming| {
        let handle = handle.clone();
        let app = app.clone();
        let watch = watch.clone();
        incoming.into_future().then(move |accepted| match accepted {
            Ok((Some((socket, peer)), incoming)) => {
                handle.spawn(serve(socket, peer, app, watch, &handle));
                ready(Loop::Continue(incoming))
            }
            // The stream of connections has no end; if it had, there would be nothing left to do.
            Ok((None, _)) => ready(Loop::Break(())),
            Err((error, incoming)) => pause(&error, &handle, Loop::Continue(incoming)),
        })
    }))
}

/// Accepts what the kernel holds already, and closes the listener. Does not wait: the listener is in
/// non-blocking mode. Takes a backlog's worth at most: clients that go on connecting must not keep it open.
pub fn accept_rest(listener: net::TcpListener, app: &Rc<App>, drain: &Drain, handle: &Handle) {
    let waiting = (0..BACKLOG).map(|_| listener.accept()).take_while(Result::is_ok);
    for (socket, peer) in waiting.flatten() {
        match TcpStream::from_stream(socket, handle) {
            Ok(socket) => handle.spawn(serve(socket, peer, app.clone(), drain.watch(), handle)),
            Err(error) => warn!("cannot serve a connection: {}", error),
        }
    }
}

/// Goes on at once after an error of a single connection, which is over, and later after one of ours.
fn pause<T: 'static>(error: &io::Error, handle: &Handle, then: T) -> BoxFuture<T, ()> {
    match error.kind() {
        io::ErrorKind::ConnectionAborted
        | io::ErrorKind::ConnectionRefused
        | io::ErrorKind::ConnectionReset => return ready(then),
        _ => warn!("cannot accept a connection: {}", error),
    }
    match Timeout::new(ACCEPT_PAUSE, handle) {
        Ok(timeout) => Box::new(timeout.then(|_| Ok(then))),
        Err(_) => ready(then),
    }
}

/// Serves one connection to its end.
///
/// The second ring against panics: what is not a handler's (that is the service's ring) is hyper's or ours,
/// and ends this connection only. Without it, a panic in any task would end the process: tokio-core catches
/// none.
fn serve(
    socket: TcpStream,
    peer: SocketAddr,
    app: Rc<App>,
    watch: Watch,
    handle: &Handle,
) -> BoxFuture<(), ()> {
    if let Err(error) = socket.set_nodelay(true) {
        debug!("{}: cannot set TCP_NODELAY: {}", peer, error);
    }
    let state = Rc::new(WireState::default());
    let wire = Wire::new(socket, handle.clone(), state.clone());
    let service = Memed::new(app, state.clone(), peer);
    // `pipeline` stays off: it would lift the cap on what is buffered for a client that does not read.
    let connection = Http::<Chunk>::new().serve_connection(wire, service);
    let handle = handle.clone();
    let connection = Connection { connection, state, handle, watch, phase: Phase::Open };
    Box::new(AssertUnwindSafe(connection).catch_unwind().then(move |ended| {
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => debug!("{}: {}", peer, error),
            Err(_) => error!("{}: the connection panicked", peer),
        }
        Ok(())
    }))
}

/// A connection that ends when the server does. Written by hand: `disable_keep_alive` must be called on
/// hyper's future while it is being polled, and a combinator that has taken a future lets nobody reach in.
struct Connection {
    connection: server::Connection<Wire, Memed>,
    state: Rc<WireState>,
    handle: Handle,
    watch: Watch,
    phase: Phase,
}

/// How far its end has come.
enum Phase {
    /// The server is well.
    Open,
    /// The server drains, and this connection has not had a request yet. One may be on its way.
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
            self.phase = match self.phase {
                Phase::Open if !self.watch.poll_started().is_ready() => return Ok(Async::NotReady),
                Phase::Open => {
                    self.state.drain();
                    Phase::LastCall(Timeout::new(LAST_CALL, &self.handle)?)
                }
                // Pitfall: hyper counts a connection that has sent nothing yet as busy, and would wait for
                // its first request for ever. Pinned by `a_connection_that_never_spoke_is_not_waited_for` in
                // `tests/shutdown.rs`.
                Phase::LastCall(ref mut timeout) if !self.state.has_head() => match timeout.poll()? {
                    Async::Ready(()) => return Ok(Async::Ready(())),
                    Async::NotReady => return Ok(Async::NotReady),
                },
                Phase::LastCall(_) => {
                    self.connection.disable_keep_alive();
                    Phase::Draining
                }
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
