//! Lesson 9: who catches a panic, and a net of your own.

use futures::Future;
use playground::server::future_ext::LocalFuture;

use nets::{Catcher, Site};

/// Who catches a panic at that site? The request is that of `examples/nets/mod.rs`.
pub fn catcher_of(site: Site) -> Catcher {
    match site {
        Site::BeforeLazy => unimplemented!("hyper calls `call` while it is polled, and who polls hyper?"),
        Site::Page => unimplemented!("is there a future around this code already?"),
        Site::ReplyOfPicture => {
            unimplemented!("whose chain is it in: that of the flight, or of the request?")
        }
        Site::KeepDrawing => unimplemented!("on which thread does it run, and whose chain is it in?"),
        Site::Job => unimplemented!("who runs the job?"),
        Site::OwnTask => unimplemented!("who polls that task, and what is around it?"),
    }
}

/// Calls `start` at its first poll, and waits for the future that it returns. A panic of either is an error: the
/// message of the panic.
///
/// You need `future::lazy`, `AssertUnwindSafe`, `Future::catch_unwind` and `playground::server::pool::message_of`.
pub fn guarded<T, S, F>(_start: S) -> LocalFuture<T, String>
where
    T: 'static,
    S: FnOnce() -> F + 'static,
    F: Future<Item = T, Error = String> + 'static,
{
    unimplemented!("what has to be inside of the guard?")
}

/// The same, for two that wait for one future, each in a task of its own. If it panics, both get the message.
///
/// You need `Future::shared`.
pub fn for_two<T, S, F>(_start: S) -> (LocalFuture<T, String>, LocalFuture<T, String>)
where
    T: Clone + 'static,
    S: FnOnce() -> F + 'static,
    F: Future<Item = T, Error = String> + 'static,
{
    unimplemented!("guard it and share it: in which order?")
}
