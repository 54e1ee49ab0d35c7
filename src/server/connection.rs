//! The accept loop, and the life of a connection.

use std::io;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Duration;

use futures::future::{self, Loop};
use futures::{Async, Future, Poll, Stream};
use hyper::server::{self, Http};
use tokio_core::net::{TcpListener, TcpStream};
use tokio_core::reactor::{Handle, Timeout};

use super::future_ext::{ready, BoxFuture};
use super::response::Chunk;
use super::service::Memed;
use super::shutdown::{Drain, Watch};
use super::wire::{Seen, Wire};
use super::App;

/// How long to wait after an accept that failed for want of descriptors or memory: until some are free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections for ever, each a task of its own. Dropping the future closes the listener.
///
/// A turn of the loop waits for one connection. hyper's own loop would end at the first error, and
/// `for_each` would too; an error here is told, and the loop goes on.
pub fn accept(listener: TcpListener, app: Rc<App>, drain: &Drain, handle: &Handle) -> BoxFuture<(), ()> {
    let handle = handle.clone();
    let watch = drain.watch();
    Box::new(future::loop_fn(listener.incoming(), move |incoming| {
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
    let seen = Rc::new(Seen::default());
    let wire = Wire::new(socket, handle.clone(), seen.clone());
    let service = Memed::new(app, seen.clone(), peer);
    // `pipeline` stays off: it would lift the cap on what is buffered for a client that does not read.
    let connection = Http::<Chunk>::new().serve_connection(wire, service);
    let connection = Connection { connection, seen, watch, is_draining: false };
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
    seen: Rc<Seen>,
    watch: Watch,
    is_draining: bool,
}

impl Future for Connection {
    type Item = ();
    type Error = ::hyper::Error;

    fn poll(&mut self) -> Poll<(), ::hyper::Error> {
        if let Async::Ready(()) = self.connection.poll()? {
            return Ok(Async::Ready(()));
        }
        if self.is_draining || !self.watch.poll_started().is_ready() {
            return Ok(Async::NotReady);
        }
        self.is_draining = true;
        // Pitfall: hyper counts a connection that has sent nothing yet as busy, and would wait for its
        // first request for ever. Pinned by `a_connection_that_never_spoke` in `tests/shutdown.rs`.
        if !self.seen.has_head() {
            return Ok(Async::Ready(()));
        }
        self.connection.disable_keep_alive();
        // An idle connection has ended by that; only a poll will find out.
        self.connection.poll()
    }
}
