//! Lesson 8: `Limited` for the `Future` of today, twice.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Sleep;

/// The time is over.
#[derive(Debug, PartialEq)]
pub struct Late;

/// A future with a deadline, as in the server: it is taken out of one state, polled, and put into the next.
pub struct Limited<F> {
    _time: Duration,
    _state: State<F>,
}

#[allow(dead_code, reason = "you will use them")]
enum State<F> {
    /// Not polled yet.
    Unpolled(F),
    /// Was not ready at its first poll.
    Timed(F, Pin<Box<Sleep>>),
    /// Has returned its result.
    Done,
}

/// Limits a future. Its time runs from the first poll at which it is not ready. Past it, the future is dropped.
///
/// A future that is ready at its first poll needs no timer, and so no runtime.
pub fn limit<F>(future: F, time: Duration) -> Limited<F> {
    Limited { _time: time, _state: State::Unpolled(future) }
}

impl<F: Future> Future for Limited<F> {
    type Output = Result<F::Output, Late>;

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Self::Output> {
        unimplemented!("translate the server's poll line by line, and read what the compiler says about F")
    }
}

/// The same for any future, also for one that must not be moved: what changes is beside it.
pub struct InPlace<F> {
    _time: Duration,
    _future: F,
}

/// Limits a future, in the same way.
pub fn limit_in_place<F: Future>(future: F, time: Duration) -> InPlace<F> {
    InPlace { _time: time, _future: future }
}

// No more may be asked of F here.
impl<F: Future> Future for InPlace<F> {
    type Output = Result<F::Output, Late>;

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Self::Output> {
        unimplemented!("poll the future where it is; how is it dropped there, when the time is over?")
    }
}
