//! Lesson 11: a drain that counts.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures::future::{self, Shared};
use futures::sync::oneshot;
use futures::task::{self, Task};
use futures::{Async, Future};
use playground::server::future_ext::LocalFuture;

/// The server's end. Dropping it without [`Drain::start`] also means: stop.
pub struct Drain {
    start: oneshot::Sender<()>,
    started: Shared<oneshot::Receiver<()>>,
    open: Rc<Open>,
}

/// A connection's end: reports when to stop, and by its drop that the connection has. A clone counts as well.
pub struct Watch {
    started: Shared<oneshot::Receiver<()>>,
    open: Rc<Open>,
}

#[derive(Default)]
struct Open {
    /// Written by [`Watch::new`] and by the drop of a [`Watch`].
    count: Cell<usize>,
    /// The task that waits for the last of them. Written by its poll, taken by the last drop.
    waiting: RefCell<Option<Task>>,
}

impl Drain {
    /// Not started, without any connection.
    pub fn new() -> Drain {
        let (start, started) = oneshot::channel();
        Drain { start, started: started.shared(), open: Rc::default() }
    }

    /// For one more connection.
    pub fn watch(&self) -> Watch {
        Watch::new(self.started.clone(), self.open.clone())
    }

    /// Tells the connections to end. Resolves when all of them have.
    pub fn start(self) -> LocalFuture<(), ()> {
        let Drain { start, open, .. } = self;
        // An error would mean that no connection is left to hear of it.
        let _ = start.send(());
        Box::new(future::poll_fn(move || {
            if open.count.get() == 0 {
                return Ok(Async::Ready(()));
            }
            // At each poll: the future may have been moved to another task.
            *open.waiting.borrow_mut() = Some(task::current());
            Ok(Async::NotReady)
        }))
    }
}

impl Watch {
    fn new(started: Shared<oneshot::Receiver<()>>, open: Rc<Open>) -> Watch {
        open.count.set(open.count.get() + 1);
        Watch { started, open }
    }

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
        Watch::new(self.started.clone(), self.open.clone())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let count = self.open.count.get() - 1;
        self.open.count.set(count);
        if count > 0 {
            return;
        }
        let waiting = self.open.waiting.borrow_mut().take();
        if let Some(task) = waiting {
            task.notify();
        }
    }
}
