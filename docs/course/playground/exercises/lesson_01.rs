//! Lesson 1: a future around another future.

use futures::{Future, Poll};

/// A future that doubles what another future resolves to.
pub struct Doubler<F> {
    // What is left of it after its end?
    _future: F,
}

/// Doubles what `future` resolves to.
pub fn doubler<F: Future<Item = u64>>(_future: F) -> Doubler<F> {
    unimplemented!("keep the future, and do nothing else")
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
        unimplemented!("poll what is inside once, and look at all three exits")
    }
}
