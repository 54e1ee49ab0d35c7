//! One budget of bytes for everything that is buffered for clients: requests that are not answered yet, and answers
//! that are not sent yet.
//!
//! Each buffer has a limit of its own, but there are as many of them as connections. The budget limits their sum, and
//! shares it out: once it is used up, a client may still take what leaves it within an equal share of it. So one that
//! has taken all of it keeps no other from sending a request. What clients take in this way adds up slowly: with `n`
//! clients it is no more than `1 + 1/2 + … + 1/n` times the limit, three times for ten of them. Answers come on top that
//! were being drawn when the limit was reached: as many as may run and wait.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use server::client::Client;

/// The bytes of all clients. Clones share them. Lives on the reactor's thread.
#[derive(Clone)]
pub struct Budget(Rc<State>);

struct State {
    limit: usize,
    /// Written by each [`Lease`].
    used: Cell<usize>,
    /// The same, by client. None of them is zero.
    by_client: RefCell<HashMap<Client, usize>>,
}

impl Budget {
    /// So many bytes.
    pub fn new(limit: usize) -> Budget {
        Budget(Rc::new(State { limit, used: Cell::new(0), by_client: RefCell::default() }))
    }

    /// Whether a client may take so many bytes more.
    pub fn admits(&self, client: Client, more: usize) -> bool {
        if self.used() + more <= self.0.limit {
            return true;
        }
        let by_client = self.0.by_client.borrow();
        let own = by_client.get(&client).copied().unwrap_or(0);
        let clients = by_client.len() + usize::from(own == 0);
        own + more <= self.0.limit / clients
    }

    /// A lease of so many bytes, whether or not there is room for them: they are there already.
    pub fn lease(&self, client: Client, bytes: usize) -> Lease {
        let lease = Lease { budget: self.clone(), client: Cell::new(client), bytes: Cell::new(0) };
        lease.set(bytes);
        lease
    }

    /// Bytes that are leased.
    pub fn used(&self) -> usize {
        self.0.used.get()
    }

    /// Bytes that may be.
    pub fn limit(&self) -> usize {
        self.0.limit
    }
}

/// Bytes that a client occupies. Dropping it gives them back.
pub struct Lease {
    budget: Budget,
    client: Cell<Client>,
    bytes: Cell<usize>,
}

impl Lease {
    /// Changes the lease to so many bytes, if there is room for them. Fewer always have room.
    pub fn try_set(&self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.bytes.get());
        let has_room = more == 0 || self.budget.admits(self.client.get(), more);
        if has_room {
            self.set(bytes);
        }
        has_room
    }

    /// The bytes are another client's.
    pub fn move_to(&self, client: Client) {
        if self.client.get() != client {
            let bytes = self.bytes.get();
            self.release();
            self.client.set(client);
            self.set(bytes);
        }
    }

    /// Gives all bytes back.
    pub fn release(&self) {
        self.set(0);
    }

    /// Changes the lease to so many bytes, whether or not there is room for them: they are there already.
    pub fn set(&self, bytes: usize) {
        let before = self.bytes.replace(bytes);
        if before == bytes {
            return;
        }
        let State { ref used, ref by_client, .. } = *self.budget.0;
        used.set(used.get() - before + bytes);
        let mut by_client = by_client.borrow_mut();
        let own = by_client.entry(self.client.get()).or_insert(0);
        *own = *own - before + bytes;
        if *own == 0 {
            by_client.remove(&self.client.get());
        }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "Lease({} bytes of {:?})", self.bytes.get(), self.client.get())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, Client};

    fn client(number: u8) -> Client {
        Client::from(::std::net::IpAddr::from([192, 0, 2, number]))
    }

    #[test]
    fn one_client_may_take_all_and_another_still_gets_its_share() {
        let budget = Budget::new(100);
        let first = budget.lease(client(1), 0);
        assert!(first.try_set(100));
        assert!(!first.try_set(101));
        let second = budget.lease(client(2), 0);
        assert!(second.try_set(50));
        assert!(!second.try_set(51));
        let third = budget.lease(client(3), 0);
        assert!(third.try_set(33));
        assert!(!third.try_set(34));
        drop(first);
        assert!(third.try_set(50), "there is room again");
        drop((second, third));
        assert_eq!(budget.used(), 0);
        assert!(budget.0.by_client.borrow().is_empty());
    }

    #[test]
    fn a_lease_can_move_to_another_client() {
        let budget = Budget::new(100);
        let lease = budget.lease(client(1), 60);
        lease.move_to(client(2));
        assert!(budget.lease(client(1), 0).try_set(40));
        let _full = budget.lease(client(3), 40);
        assert!(!budget.admits(client(2), 1) && budget.admits(client(1), 1));
        drop(lease);
        assert_eq!(budget.used(), 40);
    }

    #[test]
    fn what_is_there_already_is_counted_even_if_there_is_no_room_for_it() {
        let budget = Budget::new(10);
        let lease = budget.lease(client(1), 30);
        assert_eq!(budget.used(), 30);
        assert!(lease.try_set(20), "less always has room");
        lease.release();
        assert_eq!(budget.used(), 0);
    }
}
