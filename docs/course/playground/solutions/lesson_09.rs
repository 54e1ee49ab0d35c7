//! Lesson 9: who catches a panic, and a net of your own.

use std::panic::AssertUnwindSafe;

use futures::future::{self, Shared};
use futures::Future;
use playground::server::future_ext::LocalFuture;
use playground::server::pool::message_of;

use nets::{Catcher, Site};

/// Who catches a panic at that site? The request is that of `examples/nets/mod.rs`.
pub fn catcher_of(site: Site) -> Catcher {
    match site {
        // There is no guard yet but the one around hyper, which calls `call`.
        Site::BeforeLazy => Catcher::Connection,
        // `lazy` has moved it into the future that `call` guards.
        Site::Page => Catcher::Request,
        // Behind the flight: each request has its own such closure, in its own task.
        Site::ReplyOfPicture => Catcher::Request,
        // Before the flight's guard, and on the reactor: the job is over.
        Site::KeepDrawing => Catcher::Flight,
        Site::Job => Catcher::Job,
        Site::OwnTask => Catcher::Nobody,
    }
}

/// Calls `start` at its first poll, and waits for the future that it returns. A panic of either is an error: the
/// message of the panic.
pub fn guarded<T, S, F>(start: S) -> LocalFuture<T, String>
where
    T: 'static,
    S: FnOnce() -> F + 'static,
    F: Future<Item = T, Error = String> + 'static,
{
    let caught = AssertUnwindSafe(future::lazy(start)).catch_unwind();
    Box::new(caught.then(|ended| ended.unwrap_or_else(|panic| Err(message_of(&*panic).to_string()))))
}

/// The same, for two that wait for one future, each in a task of its own. If it panics, both get the message.
pub fn for_two<T, S, F>(start: S) -> (LocalFuture<T, String>, LocalFuture<T, String>)
where
    T: Clone + 'static,
    S: FnOnce() -> F + 'static,
    F: Future<Item = T, Error = String> + 'static,
{
    let one = guarded(start).shared();
    (own(one.clone()), own(one))
}

/// A clone of the value or of the error, in place of a reference to it.
fn own<T: Clone + 'static>(one: Shared<LocalFuture<T, String>>) -> LocalFuture<T, String> {
    Box::new(one.map(|value| (*value).clone()).map_err(|error| (*error).clone()))
}
