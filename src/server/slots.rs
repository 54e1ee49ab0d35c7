//! How many connections there may be. At the cap nothing is accepted: new clients wait in the kernel's backlog,
//! and none is turned away.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures::task::{self, Task};
use futures::{Async, Poll};

/// The places for connections. Clones share them; all of it lives on the reactor's thread.
#[derive(Clone)]
pub struct Slots(Rc<Places>);

struct Places {
    taken: Cell<usize>,
    all: usize,
    /// Who waits for a free one: the accept loop, and nobody else.
    waiting: RefCell<Option<Task>>,
}

impl Slots {
    /// So many, all free.
    pub fn new(all: usize) -> Slots {
        Slots(Rc::new(Places { taken: Cell::new(0), all, waiting: RefCell::new(None) }))
    }

    /// Until a place is free.
    pub fn poll_free(&self) -> Poll<(), ()> {
        if self.taken() < self.0.all {
            return Ok(Async::Ready(()));
        }
        *self.0.waiting.borrow_mut() = Some(task::current());
        Ok(Async::NotReady)
    }

    /// A place, free or not.
    pub fn take(&self) -> Slot {
        self.0.taken.set(self.taken() + 1);
        Slot(self.clone())
    }

    /// How many are taken.
    pub fn taken(&self) -> usize {
        self.0.taken.get()
    }
}

/// The place of a connection, given back by its drop.
pub struct Slot(Slots);

impl Drop for Slot {
    fn drop(&mut self) {
        let places = &(self.0).0;
        places.taken.set(places.taken.get() - 1);
        if let Some(task) = places.waiting.borrow_mut().take() {
            task.notify();
        }
    }
}
