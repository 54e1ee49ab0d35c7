//! Limits the number of connections: of all clients together, and of each of them.
//!
//! At the limit a new connection takes the place of one that is idle (RFC 9112, section 9.5): of the newcomer's own, if
//! it has more than its share, and otherwise of the one that is idle longest. If none is idle, the newcomer waits, and
//! the ones behind it in the kernel's backlog.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::time::Instant;

use futures::task::{self, Task};
use futures::Async;
use slab::Slab;

use super::state::ConnectionState;
use server::client::Client;

/// All connections are searched for idle ones, and one part in so many of those found is kept for the next newcomers.
/// So a newcomer costs a look at so many connections, however many there are.
const BATCH: usize = 16;

/// The slots of all connections. Clones share them. Lives on the reactor's thread.
#[derive(Clone)]
pub struct Slots(Rc<State>);

struct State {
    limits: Limits,
    /// Written by [`Slots::take`] and by the drop of a [`Slot`].
    open: RefCell<Slab<Open>>,
    /// The number of slots of each client. None of them is zero.
    by_client: RefCell<HashMap<Client, usize>>,
    /// What the last search found, of all clients or of one. The next to be closed is the last.
    idle: RefCell<HashMap<Option<Client>, Vec<Idle>>>,
    /// Connections beyond the limits, which are being refused.
    refusing: Cell<usize>,
    /// The task that waits for a free slot. There is one at most, the accept loop. Written by
    /// [`Slots::poll_free`], taken by the drop of a [`Slot`].
    waiting: RefCell<Option<Task>>,
}

/// How many connections there may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of all clients.
    pub all: usize,
    /// Of one client.
    pub per_client: usize,
    /// Beyond these, to be told that there is no room for them. Any others are closed without an answer.
    pub refusing: usize,
}

struct Open {
    client: Client,
    state: Rc<ConnectionState>,
}

/// A connection that was idle when it was found.
struct Idle {
    order: Order,
    state: Weak<ConnectionState>,
}

/// The first connections to be closed have the least of these: those of clients with more than their share first, those
/// that have not begun a request before those that have not finished one, and the ones idle longest of these.
type Order = (bool, bool, Instant);

/// There is no room for a connection, and the client has more than its share.
#[derive(Debug, PartialEq)]
pub struct Full;

impl Slots {
    /// All free.
    pub fn new(limits: Limits) -> Slots {
        Slots(Rc::new(State {
            limits,
            open: RefCell::default(),
            by_client: RefCell::default(),
            idle: RefCell::default(),
            refusing: Cell::new(0),
            waiting: RefCell::new(None),
        }))
    }

    /// Ready when a connection of that client may take a slot. Otherwise the current task is notified when one is free.
    /// At most one task may wait.
    ///
    /// `makes_room`: asks an idle connection to end, if there is one. To be called so once for each newcomer.
    pub fn poll_free(&self, client: Client, makes_room: bool) -> Async<Result<(), Full>> {
        let own = self.of(client);
        let limits = self.0.limits;
        let whose = if own >= limits.per_client {
            Some(client)
        } else if self.taken() >= limits.all {
            let clients = self.0.by_client.borrow().len() + usize::from(own == 0);
            Some(client).filter(|_| own > limits.all / clients)
        } else {
            return Async::Ready(Ok(()));
        };
        if makes_room && !self.end_idle(whose) && whose.is_some() {
            return Async::Ready(Err(Full));
        }
        *self.0.waiting.borrow_mut() = Some(task::current());
        Async::NotReady
    }

    /// Takes a slot, even if none is free: the caller has polled, or goes over the limit on purpose.
    pub fn take(&self, client: Client, state: Rc<ConnectionState>) -> Slot {
        *self.0.by_client.borrow_mut().entry(client).or_insert(0) += 1;
        let key = self.0.open.borrow_mut().insert(Open { client, state });
        Slot { slots: self.clone(), key: Some(key) }
    }

    /// A slot for a connection that is refused, if there are not too many of them.
    pub fn refuse(&self) -> Option<Slot> {
        let refusing = self.0.refusing.get();
        if refusing >= self.0.limits.refusing {
            return None;
        }
        self.0.refusing.set(refusing + 1);
        Some(Slot { slots: self.clone(), key: None })
    }

    /// The number of slots taken.
    pub fn taken(&self) -> usize {
        self.0.open.borrow().len()
    }

    /// Has every connection polled.
    #[cfg(test)]
    pub fn wake_all(&self) {
        self.0.open.borrow().iter().for_each(|(_, open)| open.state.wake());
    }

    fn of(&self, client: Client) -> usize {
        self.0.by_client.borrow().get(&client).copied().unwrap_or(0)
    }

    /// Asks the connection that is idle longest to end, of a client or of all. `false` if none is idle.
    fn end_idle(&self, client: Option<Client>) -> bool {
        let mut found = self.0.idle.borrow_mut();
        let idle = found.entry(client).or_default();
        // A connection that was found may have ended or been asked something since.
        let mut next = || loop {
            let Idle { order, state } = idle.pop()?;
            let is_still_idle =
                |state: &Rc<ConnectionState>| state.idle().map(|(a, b)| (order.0, a, b)) == Some(order);
            if let Some(state) = state.upgrade().filter(is_still_idle) {
                return Some(state);
            }
        };
        let state = next().or_else(|| {
            *idle = self.search(client);
            idle.pop().and_then(|idle| idle.state.upgrade())
        });
        if idle.is_empty() {
            found.remove(&client);
        }
        state.map(|state| state.make_room()).is_some()
    }

    /// The first ones to be closed, in reverse order.
    fn search(&self, client: Option<Client>) -> Vec<Idle> {
        let (open, by_client) = (self.0.open.borrow(), self.0.by_client.borrow());
        let share = self.0.limits.all / by_client.len().max(1);
        let of_client = open.iter().filter(|(_, open)| client.is_none_or(|client| open.client == client));
        let idle = of_client.filter_map(|(_, open)| {
            let (has_begun, since) = open.state.idle()?;
            let is_modest = by_client.get(&open.client).is_none_or(|&own| own <= share);
            Some(Idle { order: (is_modest, has_begun, since), state: Rc::downgrade(&open.state) })
        });
        let mut idle: Vec<_> = idle.collect();
        let batch = idle.len().div_ceil(BATCH);
        if batch < idle.len() {
            idle.select_nth_unstable_by_key(batch, |idle| idle.order);
            idle.truncate(batch);
        }
        idle.sort_unstable_by_key(|idle| Reverse(idle.order));
        idle
    }
}

/// The slot of one connection. Dropping it gives it back and notifies the task that waits.
pub struct Slot {
    slots: Slots,
    /// `None`: it is one of those that are refused.
    key: Option<usize>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let Slots(ref state) = self.slots;
        let key = match self.key {
            Some(key) => key,
            None => return state.refusing.set(state.refusing.get() - 1),
        };
        let Open { client, .. } = state.open.borrow_mut().remove(key);
        let mut by_client = state.by_client.borrow_mut();
        if let Some(own) = by_client.get_mut(&client) {
            *own -= 1;
            if *own == 0 {
                by_client.remove(&client);
                state.idle.borrow_mut().remove(&Some(client));
            }
        }
        if let Some(task) = state.waiting.borrow_mut().take() {
            task.notify();
        }
    }
}
