//! Shares out the reactor's time by client.
//!
//! The reactor polls the connections that have something to do one after the other, so a client with five hundred of them
//! would have five hundred turns for each of another client's. Here the connections of a client have so much time
//! together; when that is spent, they give way until the reactor has been through all connections, and begin anew.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use futures::task::{self, Task};
use futures::{Async, Future, Poll};

use server::client::Client;

/// The time of one client in a round: some requests.
const SHARE: Duration = Duration::from_micros(50);
/// The same when there is no other client: to give way costs a little, and then only newcomers gain by it.
const SHARE_ALONE: Duration = Duration::from_micros(500);
/// A round is over after this time in any case.
const LONGEST: Duration = Duration::from_millis(10);

/// The rounds. Clones share them. As a future, which never ends, it is the task that begins the next round when a
/// client has spent its time. The reactor polls a task that was notified after those that are waiting already, so by
/// then each connection has had its turn.
#[derive(Clone)]
pub struct Rounds(Rc<State>);

struct State {
    /// The number of the current round, and its beginning.
    round: Cell<u64>,
    since: Cell<Instant>,
    /// What each client has. Those without connections are left out when another comes.
    clients: RefCell<HashMap<Client, Weak<Spent>>>,
    /// The number of clients that have connections.
    present: Cell<usize>,
    task: RefCell<Option<Task>>,
}

/// What the connections of a client have spent together.
struct Spent {
    round: Cell<u64>,
    time: Cell<Duration>,
}

/// The share of a connection's client. The connections of one client have the same.
pub struct Share {
    rounds: Rounds,
    spent: Rc<Spent>,
}

impl Rounds {
    /// Before the first round.
    pub fn new() -> Rounds {
        Rounds(Rc::new(State {
            round: Cell::new(0),
            since: Cell::new(Instant::now()),
            clients: RefCell::default(),
            present: Cell::new(0),
            task: RefCell::new(None),
        }))
    }

    /// For a connection of that client.
    pub fn share(&self, client: Client) -> Share {
        let mut clients = self.0.clients.borrow_mut();
        let spent = clients.get(&client).and_then(Weak::upgrade).unwrap_or_else(|| {
            // As often as their number doubles, so that it costs nothing to speak of.
            if clients.len() == clients.capacity() {
                clients.retain(|_, spent| spent.strong_count() > 0);
            }
            let spent = Rc::new(Spent { round: Cell::new(0), time: Cell::default() });
            clients.insert(client, Rc::downgrade(&spent));
            self.0.present.set(self.0.present.get() + 1);
            spent
        });
        Share { rounds: self.clone(), spent }
    }

    fn begin(&self, now: Instant) {
        self.0.round.set(self.0.round.get() + 1);
        self.0.since.set(now);
    }
}

impl Share {
    /// When a turn begins: now. `None` if the client has spent its time.
    pub fn begin_turn(&self) -> Option<Instant> {
        let now = Instant::now();
        let State { ref round, ref since, .. } = *self.rounds.0;
        if now.saturating_duration_since(since.get()) >= LONGEST {
            self.rounds.begin(now);
        }
        if self.spent.round.replace(round.get()) != round.get() {
            self.spent.time.set(Duration::default());
        }
        Some(now).filter(|_| self.spent.time.get() < self.limit())
    }

    /// The turn is over.
    pub fn end_turn(&self, began: Instant) {
        let time = self.spent.time.get() + began.elapsed();
        self.spent.time.set(time);
        if time >= self.limit() {
            if let Some(ref task) = *self.rounds.0.task.borrow() {
                task.notify();
            }
        }
    }

    fn limit(&self) -> Duration {
        if self.rounds.0.present.get() > 1 {
            SHARE
        } else {
            SHARE_ALONE
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if Rc::strong_count(&self.spent) == 1 {
            self.rounds.0.present.set(self.rounds.0.present.get() - 1);
        }
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

    use super::{Client, Rounds, SHARE, SHARE_ALONE};

    #[test]
    fn a_client_that_has_spent_its_time_waits_for_the_next_round_and_another_does_not() {
        let mut core = Core::new().unwrap();
        let rounds = Rounds::new();
        core.handle().spawn(rounds.clone());
        core.turn(None);
        let share = |last| rounds.share(Client::from(IpAddr::from([192, 0, 2, last])));
        let (first, same, second) = (share(1), share(1), share(2));
        let began = first.begin_turn().unwrap();
        first.end_turn(began - SHARE);
        assert_eq!(same.begin_turn(), None);
        assert!(second.begin_turn().is_some());
        core.turn(None);
        assert!(first.begin_turn().is_some() && same.begin_turn().is_some());
        // Without the task it is only a matter of time.
        let rounds = Rounds::new();
        let alone = rounds.share(Client::Server);
        alone.end_turn(alone.begin_turn().unwrap() - SHARE_ALONE);
        assert_eq!(alone.begin_turn(), None);
        thread::sleep(super::LONGEST);
        assert!(alone.begin_turn().is_some());
    }

    #[test]
    fn a_client_without_others_has_more() {
        let rounds = Rounds::new();
        let share = |last| rounds.share(Client::from(IpAddr::from([192, 0, 2, last])));
        let (first, same) = (share(1), share(1));
        first.end_turn(first.begin_turn().unwrap() - SHARE);
        assert!(first.begin_turn().is_some());
        let (second, again) = (share(2), share(2));
        assert_eq!(first.begin_turn(), None);
        drop(second);
        assert_eq!(first.begin_turn(), None);
        drop(again);
        assert!(first.begin_turn().is_some());
        drop((first, same));
        assert_eq!(rounds.0.present.get(), 0);
    }

    #[test]
    fn clients_that_have_gone_are_forgotten() {
        let rounds = Rounds::new();
        for last in 0..=255 {
            for before in 0..=15 {
                drop(rounds.share(Client::from(IpAddr::from([192, 0, before, last]))));
            }
        }
        assert!(rounds.0.clients.borrow().len() < 100);
    }
}
