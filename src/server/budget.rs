//! One budget of bytes for everything that is buffered for clients: requests that are not answered yet, and answers
//! that are not sent yet.
//!
//! Each buffer has a limit of its own, but there are as many of them as connections. The budget limits their sum, and
//! shares it out: once it is used up, a client may still take what leaves it within an equal share of it. So one that
//! has taken all of it keeps no other from sending a request. What clients take in this way adds up slowly: with `n`
//! clients it is no more than `1 + 1/2 + … + 1/n` times the limit, three times for ten of them. Answers come on top that
//! were being drawn when the limit was reached: as many as may run and wait.
//!
//! A picture that many clients are slow to read is in memory once, so it is counted once in the sum, and in full for each
//! of them. Otherwise a popular picture would use up the budget as often as it is being read.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use bytes::Bytes;

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
    /// How many leases there are of each response.
    responses: RefCell<HashMap<Place, usize>>,
}

/// Where a response is in memory, and its length.
type Place = (usize, usize);

impl Budget {
    /// So many bytes.
    pub fn new(limit: usize) -> Budget {
        Budget(Rc::new(State {
            limit,
            used: Cell::new(0),
            by_client: RefCell::default(),
            responses: RefCell::default(),
        }))
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
        let lease = Lease {
            budget: self.clone(),
            client: Cell::new(client),
            bytes: Cell::new(0),
            response: RefCell::new(None),
        };
        lease.set(bytes);
        lease
    }

    /// So many bytes of a client are now so many.
    fn change(&self, client: Client, before: usize, bytes: usize) {
        let mut by_client = self.0.by_client.borrow_mut();
        let own = by_client.entry(client).or_insert(0);
        *own = *own - before + bytes;
        if *own == 0 {
            by_client.remove(&client);
        }
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
    /// A response, which other leases may have, too. Kept, so that no other can be in its place.
    response: RefCell<Option<(Place, Bytes)>>,
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
        let own = self.client.replace(client);
        if own != client {
            let length = self.response.borrow().as_ref().map_or(0, |response| response.1.len());
            let bytes = self.bytes.get() + length;
            self.budget.change(own, bytes, 0);
            self.budget.change(client, 0, bytes);
        }
    }

    /// Leases a response, too, whether or not there is room for it: it is there already.
    pub fn hold(&self, response: &Bytes) {
        let mut held = self.response.borrow_mut();
        if held.is_none() {
            let State { ref used, ref responses, .. } = *self.budget.0;
            let place = (response.as_ptr() as usize, response.len());
            let mut responses = responses.borrow_mut();
            let leases = responses.entry(place).or_insert(0);
            *leases += 1;
            if *leases == 1 {
                used.set(used.get() + response.len());
            }
            self.budget.change(self.client.get(), 0, response.len());
            *held = Some((place, response.clone()));
        }
    }

    /// Gives all bytes back.
    pub fn release(&self) {
        self.set(0);
        if let Some((place, response)) = self.response.borrow_mut().take() {
            let State { ref used, ref responses, .. } = *self.budget.0;
            let mut responses = responses.borrow_mut();
            let leases = responses.get_mut(&place).map_or(0, |leases| {
                *leases -= 1;
                *leases
            });
            if leases == 0 {
                responses.remove(&place);
                used.set(used.get() - response.len());
            }
            self.budget.change(self.client.get(), response.len(), 0);
        }
    }

    /// Changes the lease to so many bytes, whether or not there is room for them: they are there already.
    pub fn set(&self, bytes: usize) {
        let before = self.bytes.replace(bytes);
        if before != bytes {
            let used = &self.budget.0.used;
            used.set(used.get() - before + bytes);
            self.budget.change(self.client.get(), before, bytes);
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
    use bytes::Bytes;

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
    fn a_response_counts_once_in_the_sum_and_for_each_client_that_reads_it() {
        let budget = Budget::new(100);
        let picture = Bytes::from(vec![0; 60]);
        let [first, second] = [1, 2].map(|number| budget.lease(client(number), 0));
        first.hold(&picture);
        first.hold(&picture);
        second.hold(&picture.clone());
        assert_eq!(budget.used(), 60);
        assert!(budget.admits(client(3), 40));
        let _other = budget.lease(client(3), 30);
        assert!(!budget.admits(client(1), 20), "it has more than a third");
        first.release();
        assert_eq!(budget.used(), 90);
        assert!(budget.admits(client(1), 20), "it has less");
        second.move_to(client(3));
        assert!(!budget.admits(client(3), 20));
        drop(second);
        assert_eq!(budget.used(), 30);
        assert!(budget.0.responses.borrow().is_empty());
        assert_eq!(budget.0.by_client.borrow().len(), 1);
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
