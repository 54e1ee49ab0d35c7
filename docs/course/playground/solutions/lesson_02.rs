//! Lesson 2: a channel for one value, and `block_on`.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::{self, Thread};

use futures::executor::{self, Notify};
use futures::task::{self, Task};
use futures::{Async, Future, Poll};

/// The sender was dropped without a value.
#[derive(Debug, PartialEq)]
pub struct Gone;

struct Shared<T> {
    value: Option<T>,
    is_sender_gone: bool,
    waiting: Option<Task>,
}

/// The end that sends.
pub struct Sender<T>(Rc<RefCell<Shared<T>>>);

/// The end that waits.
pub struct Receiver<T>(Rc<RefCell<Shared<T>>>);

/// A channel for one value, for two tasks of one thread.
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let shared = Rc::new(RefCell::new(Shared { value: None, is_sender_gone: false, waiting: None }));
    (Sender(shared.clone()), Receiver(shared))
}

impl<T> Sender<T> {
    /// Gives the value to the receiver.
    pub fn send(self, value: T) {
        // The drop at the end of this function notifies.
        self.0.borrow_mut().value = Some(value);
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let waiting = {
            let mut shared = self.0.borrow_mut();
            shared.is_sender_gone = true;
            shared.waiting.take()
        };
        if let Some(task) = waiting {
            task.notify();
        }
    }
}

impl<T> Future for Receiver<T> {
    type Item = T;
    type Error = Gone;

    fn poll(&mut self) -> Poll<T, Gone> {
        let mut shared = self.0.borrow_mut();
        if let Some(value) = shared.value.take() {
            return Ok(Async::Ready(value));
        }
        if shared.is_sender_gone {
            return Err(Gone);
        }
        shared.waiting = Some(task::current());
        Ok(Async::NotReady)
    }
}

struct Unpark(Thread);

impl Notify for Unpark {
    fn notify(&self, _: usize) {
        self.0.unpark();
    }
}

/// Runs a future on this thread until it is resolved. While it is not ready, the thread sleeps.
pub fn block_on<F: Future>(future: F) -> Result<F::Item, F::Error> {
    let mut task = executor::spawn(future);
    let unpark = Arc::new(Unpark(thread::current()));
    loop {
        match task.poll_future_notify(&unpark, 0)? {
            Async::Ready(item) => return Ok(item),
            Async::NotReady => thread::park(),
        }
    }
}
