//! Tells every connection that the server is stopping, and waits until the last one has ended.

use futures::future::Shared;
use futures::sync::{mpsc, oneshot};
use futures::{Async, Future, Stream};

use server::future_ext::LocalFuture;

/// The server's end. Dropping it without [`Drain::start`] also means: stop.
pub struct Drain {
    start: oneshot::Sender<()>,
    all_gone: mpsc::Receiver<()>,
    watch: Watch,
}

/// A connection's end: reports when to stop, and by its drop that the connection has.
#[derive(Clone)]
pub struct Watch {
    /// `Shared` makes a broadcast of a oneshot: every clone resolves when the one sender sends.
    started: Shared<oneshot::Receiver<()>>,
    /// Nothing is ever sent through it. It is here to be dropped.
    _alive: mpsc::Sender<()>,
}

impl Drain {
    /// Not started, without any connection.
    pub fn new() -> Drain {
        let (start, started) = oneshot::channel();
        let (alive, all_gone) = mpsc::channel(0);
        Drain { start, all_gone, watch: Watch { started: started.shared(), _alive: alive } }
    }

    /// For one more connection.
    pub fn watch(&self) -> Watch {
        self.watch.clone()
    }

    /// Tells the connections to end. Resolves when all of them have.
    ///
    /// The channel counts the connections: a receiver is a stream that ends when the last of its senders is dropped,
    /// and each [`Watch`] holds a sender. `for_each` waits for that end. It runs on the reactor; dropping it only
    /// stops the waiting.
    pub fn start(self) -> LocalFuture<(), ()> {
        let Drain { start, all_gone, watch } = self;
        // An error would mean that no connection is left to hear of it.
        let _ = start.send(());
        // Or the drain would wait for its own sender.
        drop(watch);
        Box::new(all_gone.for_each(|()| Ok(())))
    }
}

impl Watch {
    /// Ready when the server is stopping; otherwise the current task is notified when it is. Must not be polled again
    /// once it was ready.
    pub fn poll_started(&mut self) -> Async<()> {
        match self.started.poll() {
            Ok(Async::NotReady) => Async::NotReady,
            // A dropped sender also means: shut down.
            Ok(Async::Ready(_)) | Err(_) => Async::Ready(()),
        }
    }
}
