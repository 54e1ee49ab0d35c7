//! Limits the number of connections. At the limit nothing is accepted: new clients wait in the kernel's backlog,
//! and none is turned away.
//!
//! This is a semaphore, written by hand as it had to be in 2017: a task that finds no slot free stores its handle,
//! and the drop of a slot notifies it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures::task::{self, Task};
use futures::{Async, Poll};

/// The slots of all connections. Clones share them. Lives on the reactor's thread.
#[derive(Clone)]
pub struct Slots(Rc<State>);

struct State {
    limit: usize,
    /// Written by [`Slots::take`] and by the drop of a [`Slot`].
    taken: Cell<usize>,
    /// The task that waits for a free slot. There is one at most, the accept loop. Written by
    /// [`Slots::poll_free`], taken by the drop of a [`Slot`].
    waiting: RefCell<Option<Task>>,
}

impl Slots {
    /// `limit` slots, all free.
    pub fn new(limit: usize) -> Slots {
        Slots(Rc::new(State { limit, taken: Cell::new(0), waiting: RefCell::new(None) }))
    }

    /// Ready when a slot is free; otherwise registers the current task. At most one task may wait.
    pub fn poll_free(&self) -> Poll<(), ()> {
        if self.taken() < self.0.limit {
            return Ok(Async::Ready(()));
        }
        *self.0.waiting.borrow_mut() = Some(task::current());
        Ok(Async::NotReady)
    }

    /// Takes a slot, even if none is free: the caller has polled, or goes over the limit on purpose.
    pub fn take(&self) -> Slot {
        self.0.taken.set(self.taken() + 1);
        Slot(self.clone())
    }

    /// The number of slots taken.
    pub fn taken(&self) -> usize {
        self.0.taken.get()
    }
}

/// The slot of one connection. Dropping it gives it back and notifies the task that waits.
pub struct Slot(Slots);

impl Drop for Slot {
    fn drop(&mut self) {
        let Slot(Slots(ref state)) = *self;
        state.taken.set(state.taken.get() - 1);
        if let Some(task) = state.waiting.borrow_mut().take() {
            task.notify();
        }
    }
}
