//! Lesson 5: four ways to return a chain from a function, in the Rust of 2017.

use futures::future::{self, Either, FutureResult, Map};
use futures::{Async, Future, Poll};

/// The error of an attempt.
pub type Reason = &'static str;

/// Way 1, a type that can be written down: twice the number.
pub fn doubled<F: Future<Item = u32>>(future: F) -> Map<F, fn(u32) -> u32> {
    fn double(number: u32) -> u32 {
        2 * number
    }
    future.map(double as fn(u32) -> u32)
}

/// Way 2, one of two types: the number or, if there is no future to ask, zero.
pub fn or_zero<F: Future<Item = u32>>(future: Option<F>) -> Either<F, FutureResult<u32, F::Error>> {
    match future {
        Some(future) => Either::A(future),
        None => Either::B(future::ok(0)),
    }
}

/// Way 3, a future of your own: the number plus another, which a function pointer could not hold.
pub fn plus<F: Future<Item = u32>>(future: F, more: u32) -> Plus<F> {
    Plus { future, more }
}

/// What [`plus`] returns.
pub struct Plus<F> {
    future: F,
    more: u32,
}

impl<F: Future<Item = u32>> Future for Plus<F> {
    type Item = u32;
    type Error = F::Error;

    fn poll(&mut self) -> Poll<u32, F::Error> {
        match self.future.poll()? {
            Async::Ready(number) => Ok(Async::Ready(number + self.more)),
            Async::NotReady => Ok(Async::NotReady),
        }
    }
}

/// Way 4, a box: attempts one after the other until one succeeds, `attempts` of them at most and at least one. The error
/// is that of the last attempt.
pub fn retry<A>(attempts: u32, mut attempt: A) -> Box<dyn Future<Item = u32, Error = Reason>>
where
    A: FnMut() -> Box<dyn Future<Item = u32, Error = Reason>> + 'static,
{
    // The type of this chain has that of the closure in it, and the closure returns a chain of this type: without the
    // box, the type would contain itself.
    Box::new(attempt().or_else(move |error| {
        if attempts > 1 {
            retry(attempts - 1, attempt)
        } else {
            Box::new(future::err(error))
        }
    }))
}
