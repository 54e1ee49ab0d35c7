//! Lesson 11: a drain that counts.

use futures::future::Shared;
use futures::sync::oneshot;
use futures::{Async, Future};
use playground::server::future_ext::LocalFuture;

/// The server's end. Dropping it without [`Drain::start`] also means: stop.
pub struct Drain {
    start: oneshot::Sender<()>,
    started: Shared<oneshot::Receiver<()>>,
    // The server's own has a channel here. You need a counter, and the task that waits until it is zero. All of it is
    // on one thread.
}

/// A connection's end: reports when to stop, and by its drop that the connection has. A clone counts as well.
pub struct Watch {
    started: Shared<oneshot::Receiver<()>>,
}

impl Drain {
    /// Not started, without any connection.
    pub fn new() -> Drain {
        let (start, started) = oneshot::channel();
        Drain { start, started: started.shared() }
    }

    /// For one more connection.
    pub fn watch(&self) -> Watch {
        Watch { started: self.started.clone() }
    }

    /// Tells the connections to end. Resolves when all of them have.
    pub fn start(self) -> LocalFuture<(), ()> {
        // An error would mean that no connection is left to hear of it.
        let _ = self.start.send(());
        unimplemented!("a future that looks at the counter, and remembers its task if it is not zero")
    }
}

impl Watch {
    /// Ready when the server is stopping; otherwise the current task is notified when it is.
    pub fn poll_started(&mut self) -> Async<()> {
        match self.started.poll() {
            Ok(Async::NotReady) => Async::NotReady,
            Ok(Async::Ready(_)) | Err(_) => Async::Ready(()),
        }
    }
}

impl Clone for Watch {
    fn clone(&self) -> Watch {
        unimplemented!("one more")
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // One less. Was it the last?
    }
}
