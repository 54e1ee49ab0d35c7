//! The shape of every asynchronous function in this room: a boxed future.
//!
//! In 2017 the stable compiler had no `impl Trait`, and the type of a chain of combinators names every
//! closure in it: such a type cannot be written down. So a chain ends in a `Box`. One box at the end of a
//! chain; another in its middle only where two arms must become one type.

use futures::future;
use futures::Future;

/// What a function returns that cannot answer yet. Not `Send`: all of them live on the reactor's thread.
pub type BoxFuture<T, E> = Box<dyn Future<Item = T, Error = E>>;

/// A future that has its value already.
pub fn ready<T: 'static, E: 'static>(value: T) -> BoxFuture<T, E> {
    Box::new(future::ok(value))
}

/// A future that has failed already: how a function fails before its chain begins.
pub fn failed<T: 'static, E: 'static>(error: E) -> BoxFuture<T, E> {
    Box::new(future::err(error))
}
