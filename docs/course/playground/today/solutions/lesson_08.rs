//! Lesson 8: `Limited` for the `Future` of today, twice.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

/// The time is over.
#[derive(Debug, PartialEq)]
pub struct Late;

/// A future with a deadline, as in the server: it is taken out of one state, polled, and put into the next.
pub struct Limited<F> {
    time: Duration,
    state: State<F>,
}

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
    Limited { time, state: State::Unpolled(future) }
}

impl<F: Future + Unpin> Future for Limited<F> {
    type Output = Result<F::Output, Late>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Allowed since F, and with it all of this, is Unpin.
        let this = self.get_mut();
        let (mut future, sleeping) = match mem::replace(&mut this.state, State::Done) {
            State::Unpolled(future) => (future, None),
            State::Timed(future, sleep) => (future, Some(sleep)),
            State::Done => panic!("a future with a deadline was polled after its end"),
        };
        if let Poll::Ready(output) = Pin::new(&mut future).poll(cx) {
            return Poll::Ready(Ok(output));
        }
        let mut sleeping = sleeping.unwrap_or_else(|| Box::pin(sleep(this.time)));
        match sleeping.as_mut().poll(cx) {
            Poll::Pending => {
                this.state = State::Timed(future, sleeping);
                Poll::Pending
            }
            Poll::Ready(()) => Poll::Ready(Err(Late)),
        }
    }
}

/// The same for any future, also for one that must not be moved: what changes is beside it.
///
/// With `future: Option<Pin<Box<F>>>` no unsafe code is needed: moving such a box does not move what is in it.
pub struct InPlace<F> {
    time: Duration,
    /// Pinned with the whole: it is never moved out. `None`: it has ended.
    future: Option<F>,
    /// In a box of its own, so it may be moved.
    sleep: Option<Pin<Box<Sleep>>>,
}

/// Limits a future, in the same way.
pub fn limit_in_place<F: Future>(future: F, time: Duration) -> InPlace<F> {
    InPlace { time, future: Some(future), sleep: None }
}

impl<F> InPlace<F> {
    /// From the pin of the whole to the pin of the future, and to plain references of the rest: a projection. The crate
    /// pin-project-lite writes it.
    fn project(self: Pin<&mut Self>) -> (Pin<&mut Option<F>>, &mut Option<Pin<Box<Sleep>>>) {
        // SAFETY: the future is reached through its pin only, here and everywhere. It is dropped in place. InPlace has
        // no Drop that could move it, and is Unpin only if F is.
        unsafe {
            let this = self.get_unchecked_mut();
            (Pin::new_unchecked(&mut this.future), &mut this.sleep)
        }
    }
}

// No more may be asked of F here.
impl<F: Future> Future for InPlace<F> {
    type Output = Result<F::Output, Late>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let time = self.time;
        let (mut future, sleeping) = self.project();
        let polled = future.as_mut().as_pin_mut().expect("it is not polled after its end").poll(cx);
        let ended = match polled {
            Poll::Ready(output) => Ok(output),
            Poll::Pending => {
                let sleeping = sleeping.get_or_insert_with(|| Box::pin(sleep(time)));
                std::task::ready!(sleeping.as_mut().poll(cx));
                Err(Late)
            }
        };
        // Drops the future where it is.
        future.set(None);
        *sleeping = None;
        Poll::Ready(ended)
    }
}
