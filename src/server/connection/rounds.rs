//! Shares out the reactor's time by client.
//!
//! The reactor polls the connections that have something to do one after the other, so a client with five hundred of them
//! would have five hundred turns for each of another client's. Here the connections of a client have so much time
//! together; when that is spent, they give way until the reactor has been through all connections, and begin anew.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures::task::{self, Task};
use futures::{Async, Future, Poll};

use server::client::Client;

/// The time of one client in a round: some dozens of requests.
const SHARE: Duration = Duration::from_millis(2);
/// A round is over after this time in any case.
const LONGEST: Duration = Duration::from_millis(10);

/// The current round. Clones share it. As a future, which never ends, it is the task that begins the next round when a
/// client has spent its time. The reactor polls a task that was notified after those that are waiting already, so by
/// then each connection has had its turn.
#[derive(Clone)]
pub struct Rounds(Rc<State>);

struct State {
    since: Cell<Instant>,
    /// What the clients have spent in this round.
    spent: RefCell<HashMap<Client, Duration>>,
    task: RefCell<Option<Task>>,
}

impl Rounds {
    /// Before the first round.
    pub fn new() -> Rounds {
        let (spent, task) = (RefCell::default(), RefCell::new(None));
        Rounds(Rc::new(State { since: Cell::new(Instant::now()), spent, task }))
    }

    /// When a turn of that client begins: now. `None` if it has spent its time.
    pub fn begin_turn(&self, client: Client) -> Option<Instant> {
        let now = Instant::now();
        if now.saturating_duration_since(self.0.since.get()) >= LONGEST {
            self.begin(now);
        }
        let spent = self.0.spent.borrow().get(&client).copied().unwrap_or_default();
        Some(now).filter(|_| spent < SHARE)
    }

    /// The turn is over.
    pub fn end_turn(&self, client: Client, began: Instant) {
        let mut spent = self.0.spent.borrow_mut();
        let spent = spent.entry(client).or_default();
        *spent += began.elapsed();
        if *spent >= SHARE {
            if let Some(ref task) = *self.0.task.borrow() {
                task.notify();
            }
        }
    }

    fn begin(&self, now: Instant) {
        self.0.since.set(now);
        self.0.spent.borrow_mut().clear();
    }
}

impl Future for Rounds {
    type Item = ();
    type Error = ();

    fn poll(&mut self) -> Poll<(), ()> {
        self.begin(Instant::now());
        *self.0.task.borrow_mut() = Some(task::current());
        Ok(Async::NotReady)
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::thread;

    use tokio_core::reactor::Core;

    use super::{Client, Rounds, SHARE};

    #[test]
    fn a_client_that_has_spent_its_time_waits_for_the_next_round_and_another_does_not() {
        let mut core = Core::new().unwrap();
        let rounds = Rounds::new();
        core.handle().spawn(rounds.clone());
        core.turn(None);
        let (first, second) =
            (Client::from(IpAddr::from([192, 0, 2, 1])), Client::from(IpAddr::from([192, 0, 2, 2])));
        let began = rounds.begin_turn(first).unwrap();
        rounds.end_turn(first, began - SHARE);
        assert_eq!(rounds.begin_turn(first), None);
        assert!(rounds.begin_turn(second).is_some());
        core.turn(None);
        assert!(rounds.begin_turn(first).is_some());
        // Without the task it is only a matter of time.
        let alone = Rounds::new();
        alone.end_turn(first, alone.begin_turn(first).unwrap() - SHARE);
        assert_eq!(alone.begin_turn(first), None);
        thread::sleep(super::LONGEST);
        assert!(alone.begin_turn(first).is_some());
    }
}
