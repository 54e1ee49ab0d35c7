//! Lesson 5: four ways to return a chain from a function, in the Rust of 2017.

use futures::future::{Either, FutureResult, Map};
use futures::{Future, Poll};

/// The error of an attempt.
pub type Reason = &'static str;

/// Way 1, a type that can be written down: twice the number.
///
/// A closure has no name. A function pointer has: `fn(u32) -> u32`.
pub fn doubled<F: Future<Item = u32>>(_future: F) -> Map<F, fn(u32) -> u32> {
    unimplemented!("a function, and `as` to make a pointer of it")
}

/// Way 2, one of two types: the number or, if there is no future to ask, zero.
pub fn or_zero<F: Future<Item = u32>>(_future: Option<F>) -> Either<F, FutureResult<u32, F::Error>> {
    unimplemented!("a match with two arms, and not a box in it")
}

/// Way 3, a future of your own: the number plus another, which a function pointer could not hold.
pub fn plus<F: Future<Item = u32>>(_future: F, _more: u32) -> Plus<F> {
    unimplemented!("what does `poll` need?")
}

/// What [`plus`] returns.
pub struct Plus<F> {
    _future: F,
}

impl<F: Future<Item = u32>> Future for Plus<F> {
    type Item = u32;
    type Error = F::Error;

    fn poll(&mut self) -> Poll<u32, F::Error> {
        unimplemented!("poll what is inside; `try_ready!` needs a macro_use, a `match` or `?` does not")
    }
}

/// Way 4, a box: attempts one after the other until one succeeds, `attempts` of them at most and at least one. The error
/// is that of the last attempt.
///
/// Written as a function that calls itself within `or_else`. Why is there no way to name its type without a box?
pub fn retry<A>(_attempts: u32, _attempt: A) -> Box<dyn Future<Item = u32, Error = Reason>>
where
    A: FnMut() -> Box<dyn Future<Item = u32, Error = Reason>> + 'static,
{
    unimplemented!("the attempt, and in its `or_else` the others")
}
