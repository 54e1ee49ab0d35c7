//! Limits the number of connections: of all clients together, and of each of them.
//!
//! At the limit a new connection takes the place of one that is idle (RFC 9112, section 9.5): of the newcomer's own, if
//! it has more than its share, and otherwise of the one that is idle longest. If none is idle, a newcomer with more than
//! its share is refused, and any other waits, with the ones behind it in the kernel's backlog.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use futures::task::{self, Task};
use futures::Async;
use slab::Slab;

use super::state::{ConnectionState, Loss};
use server::client::Client;

/// All connections are searched for idle ones, and one part in so many of those found is kept for the next newcomers.
/// So a newcomer costs a look at so many connections, however many there are.
pub(super) const BATCH: usize = 16;
/// How long a search of many connections that found nothing is good for, or it would be repeated for every newcomer.
const MANY: usize = 1024;
const SEARCH_AGAIN: Duration = Duration::from_millis(20);

/// The slots of all connections. Clones share them. Lives on the reactor's thread.
#[derive(Clone)]
pub struct Slots(Rc<State>);

struct State {
    limits: Limits,
    /// Written by [`Slots::take`] and by the drop of a [`Slot`].
    open: RefCell<Slab<Open>>,
    /// The number of slots of each client. None of them is zero.
    by_client: RefCell<HashMap<Client, usize>>,
    /// What the last search found, of all clients or of one.
    found: RefCell<HashMap<Option<Client>, Found>>,
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
    /// Of one client. `None`: it is not known whose they are, since all come through proxies.
    pub per_client: Option<usize>,
    /// Beyond these, to be told that there is no room for them. Any others are closed without an answer.
    pub refusing: usize,
}

struct Open {
    client: Client,
    state: Rc<ConnectionState>,
}

/// What a search has found.
struct Found {
    at: Instant,
    /// Whether that was nothing.
    was_short: bool,
    /// The next to be closed is the last.
    idle: Vec<Idle>,
}

/// A connection that was idle when it was found.
struct Idle {
    order: Order,
    state: Weak<ConnectionState>,
}

/// The first connections to be closed have the least of these: those of clients with more than their share first, those
/// with which the least is lost, and of these the ones that are idle longest.
type Order = (bool, Loss, Instant);

/// Whether idle connections are looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Look {
    /// For the first time, for this newcomer.
    First,
    /// After some time.
    Again,
    /// Not now.
    No,
}

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
            found: RefCell::default(),
            refusing: Cell::new(0),
            waiting: RefCell::new(None),
        }))
    }

    /// Ready when a connection of that client may take a slot. Otherwise the current task is notified when one is free.
    /// At most one task may wait.
    ///
    /// `look`: how often idle connections have been looked for to make room, and whether that is to be done now.
    pub fn poll_free(&self, client: Client, look: Look) -> Async<Result<(), Full>> {
        let own = self.of(client);
        let limits = self.0.limits;
        let whose = if limits.per_client.is_some_and(|limit| own >= limit) {
            Some(client)
        } else if self.taken() >= limits.all {
            // One more than there are: of those in the kernel's backlog it is not known whose they are.
            let clients = self.0.by_client.borrow().len() + 1;
            limits.per_client.map(|_| client).filter(|_| own > limits.all / clients)
        } else {
            return Async::Ready(Ok(()));
        };
        let has_ended = match look {
            Look::First => self.end_idle(whose),
            // What was asked to end has got a request instead. A client with more than its share keeps no other waiting.
            Look::Again => whose.is_none() && self.end_idle(whose),
            Look::No => true,
        };
        if !has_ended && whose.is_some() {
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
        let mut found = self.0.found.borrow_mut();
        // A connection that was found may have ended or been asked something since.
        let next = |idle: &mut Vec<Idle>| loop {
            let Idle { order, state } = idle.pop()?;
            let is_as_found = |state: &Rc<ConnectionState>| {
                state.idle().map(|(loss, since)| (order.0, loss, since)) == Some(order)
            };
            if let Some(state) = state.upgrade().filter(is_as_found) {
                return Some(state);
            }
        };
        let state = found.get_mut(&client).and_then(|found| next(&mut found.idle)).or_else(|| {
            if found.get(&client).is_some_and(|found| found.at.elapsed() < SEARCH_AGAIN && found.was_short) {
                return None;
            }
            let mut idle = self.search(client);
            let was_short = idle.is_empty() && self.taken() >= MANY;
            let state = next(&mut idle);
            found.insert(client, Found { at: Instant::now(), was_short, idle });
            state
        });
        state.map(|state| state.make_room()).is_some()
    }

    /// The first ones to be closed, in reverse order.
    fn search(&self, client: Option<Client>) -> Vec<Idle> {
        let (open, by_client) = (self.0.open.borrow(), self.0.by_client.borrow());
        let share = self.0.limits.all / (by_client.len() + 1);
        let of_client = open.iter().filter(|(_, open)| client.is_none_or(|client| open.client == client));
        let idle = of_client.filter_map(|(_, open)| {
            let (loss, since) = open.state.idle()?;
            let is_modest = by_client.get(&open.client).is_none_or(|&own| own <= share);
            Some(Idle { order: (is_modest, loss, since), state: Rc::downgrade(&open.state) })
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
                state.found.borrow_mut().remove(&Some(client));
            }
        }
        if let Some(task) = state.waiting.borrow_mut().take() {
            task.notify();
        }
    }
}
