//! Lesson 1: a future around another future.

use futures::{Async, Future, Poll};

/// A future that doubles what another future resolves to.
pub struct Doubler<F> {
    /// `None` after the end.
    future: Option<F>,
}

/// Doubles what `future` resolves to.
pub fn doubler<F: Future<Item = u64>>(future: F) -> Doubler<F> {
    Doubler { future: Some(future) }
}

impl<F: Future<Item = u64>> Future for Doubler<F> {
    type Item = u64;
    type Error = F::Error;

    /// As the future that it doubles: not ready while that is not ready, and an error if that is an error.
    ///
    /// At its end it drops that future.
    ///
    /// # Panics
    /// After its end, with "cannot poll Doubler twice".
    fn poll(&mut self) -> Poll<u64, F::Error> {
        let polled = self.future.as_mut().expect("cannot poll Doubler twice").poll();
        if let Ok(Async::NotReady) = polled {
            return Ok(Async::NotReady);
        }
        // Ready or an error: both are the end. `try_ready!` would have left above this line with the error.
        self.future = None;
        polled.map(|ready| ready.map(|number| number * 2))
    }
}
