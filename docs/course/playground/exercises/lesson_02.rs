//! Lesson 2: a channel for one value, and `block_on`.

use futures::{Future, Poll};

/// The sender was dropped without a value.
#[derive(Debug, PartialEq)]
pub struct Gone;

/// The end that sends.
pub struct Sender<T> {
    // What do both ends look at? They are on one thread: no lock is needed.
    _value: Option<T>,
}

/// The end that waits.
pub struct Receiver<T> {
    _value: Option<T>,
}

/// A channel for one value, for two tasks of one thread.
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    unimplemented!("what do both ends share?")
}

impl<T> Sender<T> {
    /// Gives the value to the receiver.
    pub fn send(self, _value: T) {
        unimplemented!("keep the value, then do the sender's duty")
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // A receiver that waits for a sender that is gone would wait for ever.
    }
}

impl<T> Future for Receiver<T> {
    type Item = T;
    type Error = Gone;

    fn poll(&mut self) -> Poll<T, Gone> {
        unimplemented!("there are three cases; one of them has a duty")
    }
}

/// Runs a future on this thread until it is resolved. While it is not ready, the thread sleeps.
///
/// You need `futures::executor::{spawn, Notify}`, `Spawn::poll_future_notify`, `thread::park` and `Thread::unpark`.
pub fn block_on<F: Future>(_future: F) -> Result<F::Item, F::Error> {
    unimplemented!("poll; while it is not ready, park; whatever is notified unparks")
}
