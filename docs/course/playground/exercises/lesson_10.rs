//! Lesson 10: work that many wait for.

use std::marker::PhantomData;

use playground::server::future_ext::LocalFuture;

/// Work in flight, by number, on one thread. Clones share it.
///
/// - Whoever asks for a number that is in flight waits for that work.
/// - When the work has ended, well or not, its number is free again.
/// - When the last that waits is dropped, the work is dropped, and its number is free again. Not before.
pub struct Flights<T> {
    // What has to be in it, and what must not keep the work alive?
    _of: PhantomData<T>,
}

impl<T> Clone for Flights<T> {
    fn clone(&self) -> Flights<T> {
        unimplemented!("clones share one map")
    }
}

impl<T: Clone + 'static> Flights<T> {
    /// With nothing in flight.
    pub fn new() -> Flights<T> {
        unimplemented!("an empty map")
    }

    /// How many numbers are taken.
    pub fn len(&self) -> usize {
        unimplemented!("those in the map")
    }

    /// Waits for the work of that number. If none is in flight, `start` makes it. The work does not panic.
    pub fn join_or_start<S>(&self, _number: u32, _start: S) -> LocalFuture<T, String>
    where
        S: FnOnce() -> LocalFuture<T, String>,
    {
        unimplemented!("one more that waits, for work that is there or is made now")
    }
}
