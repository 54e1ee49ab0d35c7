//! Lesson 6: one accept loop, written three times.
//!
//! All three do the same. An item of `incoming` is a connection, here a number. `serve` makes a future of it, and the next
//! connection is accepted when that future has ended, well or not. `OfOne` is skipped, `OfListener` ends the loop and is
//! its error. The end of the stream ends it as well.

use futures::future::{self, Loop};
use futures::{Async, Future, Poll, Stream};
use playground::server::future_ext::yield_now;

/// What can go wrong when a connection is accepted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trouble {
    /// This connection was reset before it could be accepted. The next one may be fine.
    OfOne,
    /// The listener is broken.
    OfListener,
}

/// Connections, as tokio-core's `Incoming`: after an error, the stream goes on.
pub type Incoming = Box<dyn Stream<Item = u32, Error = Trouble>>;

/// Serves one connection. Its error is its own affair.
pub type Served = Box<dyn Future<Item = (), Error = ()>>;

/// The loop with `for_each`, which ends at the first error that it sees.
pub fn with_for_each<F>(incoming: Incoming, mut serve: F) -> Box<dyn Future<Item = (), Error = Trouble>>
where
    F: FnMut(u32) -> Served + 'static,
{
    let accepted = incoming.then(|accepted| match accepted {
        Ok(connection) => Ok(Some(connection)),
        Err(Trouble::OfOne) => Ok(None),
        Err(Trouble::OfListener) => Err(Trouble::OfListener),
    });
    let connections = accepted.filter_map(|connection| connection);
    Box::new(connections.for_each(move |connection| serve(connection).then(|_| Ok(()))))
}

/// The loop with `loop_fn` and `Stream::into_future`. When it ends, it hands the stream back: it may be polled on.
pub fn with_loop_fn<F>(
    incoming: Incoming,
    serve: F,
) -> Box<dyn Future<Item = Incoming, Error = (Trouble, Incoming)>>
where
    F: FnMut(u32) -> Served + 'static,
{
    type Turn<F> = Box<dyn Future<Item = Loop<Incoming, (Incoming, F)>, Error = (Trouble, Incoming)>>;
    Box::new(future::loop_fn((incoming, serve), |(incoming, mut serve)| {
        incoming.into_future().then(move |accepted| -> Turn<F> {
            match accepted {
                Ok((Some(connection), incoming)) => {
                    Box::new(serve(connection).then(move |_| Ok(Loop::Continue((incoming, serve)))))
                }
                Ok((None, incoming)) => Box::new(future::ok(Loop::Break(incoming))),
                Err((Trouble::OfOne, incoming)) => Box::new(future::ok(Loop::Continue((incoming, serve)))),
                Err(error) => Box::new(future::err(error)),
            }
        })
    }))
}

/// The loop by hand. It gives way to other tasks when it was busy with this many connections in one poll.
pub const IN_A_ROW: u32 = 4;

/// A future that accepts and serves.
pub struct ByHand<F> {
    incoming: Incoming,
    serve: F,
    in_service: Option<Served>,
}

impl<F: FnMut(u32) -> Served> ByHand<F> {
    /// Accepts from `incoming` once it is polled.
    pub fn new(incoming: Incoming, serve: F) -> ByHand<F> {
        ByHand { incoming, serve, in_service: None }
    }

    /// Ends the accepting. The connection that is being served is returned, to be served to its end.
    pub fn finish(self) -> Option<Served> {
        self.in_service
    }
}

impl<F: FnMut(u32) -> Served> Future for ByHand<F> {
    type Item = ();
    type Error = Trouble;

    fn poll(&mut self) -> Poll<(), Trouble> {
        for _ in 0..IN_A_ROW {
            if let Some(ref mut served) = self.in_service {
                if let Ok(Async::NotReady) = served.poll() {
                    return Ok(Async::NotReady);
                }
            }
            self.in_service = None;
            match self.incoming.poll() {
                Ok(Async::NotReady) => return Ok(Async::NotReady),
                Ok(Async::Ready(Some(connection))) => self.in_service = Some((self.serve)(connection)),
                Ok(Async::Ready(None)) => return Ok(Async::Ready(())),
                Err(Trouble::OfOne) => {}
                Err(Trouble::OfListener) => return Err(Trouble::OfListener),
            }
        }
        yield_now()
    }
}
