//! Lesson 6: one accept loop, written three times.
//!
//! All three do the same. An item of `incoming` is a connection, here a number. `serve` makes a future of it, and the next
//! connection is accepted when that future has ended, well or not. `OfOne` is skipped, `OfListener` ends the loop and is
//! its error. The end of the stream ends it as well.

use futures::{Future, Poll, Stream};

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
pub fn with_for_each<F>(_incoming: Incoming, _serve: F) -> Box<dyn Future<Item = (), Error = Trouble>>
where
    F: FnMut(u32) -> Served + 'static,
{
    unimplemented!("which errors may `for_each` see? Make something else of the others before")
}

/// The loop with `loop_fn` and `Stream::into_future`. When it ends, it hands the stream back: it may be polled on.
pub fn with_loop_fn<F>(
    _incoming: Incoming,
    _serve: F,
) -> Box<dyn Future<Item = Incoming, Error = (Trouble, Incoming)>>
where
    F: FnMut(u32) -> Served + 'static,
{
    unimplemented!("the state that moves from turn to turn: the stream, and `serve`")
}

/// The loop by hand. It gives way to other tasks when it was busy with this many connections in one poll.
pub const IN_A_ROW: u32 = 4;

/// A future that accepts and serves.
pub struct ByHand<F> {
    _incoming: Incoming,
    _serve: F,
}

impl<F: FnMut(u32) -> Served> ByHand<F> {
    /// Accepts from `incoming` once it is polled.
    pub fn new(incoming: Incoming, serve: F) -> ByHand<F> {
        ByHand { _incoming: incoming, _serve: serve }
    }

    /// Ends the accepting. The connection that is being served is returned, to be served to its end.
    pub fn finish(self) -> Option<Served> {
        unimplemented!("neither of the other two can do this")
    }
}

impl<F: FnMut(u32) -> Served> Future for ByHand<F> {
    type Item = ();
    type Error = Trouble;

    fn poll(&mut self) -> Poll<(), Trouble> {
        unimplemented!("serve, accept, serve, …; return only when one of them is not ready, or to give way")
    }
}
