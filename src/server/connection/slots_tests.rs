//! Tests of [`super::slots`] with connections that have no socket.

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::Duration;

use futures::executor::{self, Notify};
use futures::{future, Async, Future};

use super::clock::Clock;
use super::patience::Timeouts;
use super::slots::{Full, Limits, Look, Slot, Slots, BATCH};
use super::state::ConnectionState;
use server::budget::Budget;
use server::client::Client;

const LONG: Duration = Duration::from_secs(60);

struct Test {
    slots: Slots,
    clock: Clock,
}

impl Test {
    fn new(all: usize, per_client: usize) -> Test {
        let limits = Limits { all, per_client: Some(per_client), refusing: 0 };
        Test { slots: Slots::new(limits), clock: Clock::default() }
    }

    fn client(number: u8) -> Client {
        Client::from(IpAddr::from([192, 0, 2, number]))
    }

    /// A connection that is idle from now on.
    fn connect(&self, client: u8) -> (Rc<ConnectionState>, Slot) {
        self.clock.advance(Duration::from_millis(1));
        let client = Test::client(client);
        let timeouts = Timeouts { head: LONG, idle: LONG, write: LONG };
        let lease = Budget::new(0).lease(client, 0);
        let state = Rc::new(ConnectionState::new(timeouts, self.clock.clone(), lease));
        (state.clone(), self.slots.take(client, state))
    }

    /// What a newcomer is told.
    fn poll(&self, client: u8, look: Look) -> Async<Result<(), Full>> {
        let poll = || Ok::<_, ()>(self.slots.poll_free(Test::client(client), look));
        future::lazy(poll).wait().unwrap()
    }
}

#[test]
fn newcomers_take_the_places_of_those_idle_longest_over_several_batches() {
    let test = Test::new(10 * BATCH, 10 * BATCH);
    let mut open: Vec<_> = (0..10 * BATCH).map(|_| test.connect(1)).collect();
    let busy = open[3].0.clone();
    for newcomer in 0..5 * BATCH {
        let client = 2 + newcomer as u8;
        // A request comes to one that the first search has found idle.
        if newcomer == 2 {
            busy.head_arrives();
        }
        assert_eq!(test.poll(client, Look::First), Async::NotReady);
        let ended = open.iter().position(|connection| connection.0.makes_room());
        assert_eq!(ended, Some(usize::from(newcomer > 2)), "newcomer {}", newcomer);
        drop(open.remove(ended.unwrap()));
        assert_eq!(test.poll(client, Look::Again), Async::Ready(Ok(())));
        let (state, slot) = test.connect(client);
        state.head_arrives();
        open.push((state, slot));
    }
    assert!(!busy.makes_room());
}

#[test]
fn a_client_with_more_than_its_share_makes_room_itself_or_is_refused() {
    let test = Test::new(4, 2);
    let mut other = test.connect(1);
    let own = [test.connect(2), test.connect(2)];
    assert_eq!(test.poll(2, Look::First), Async::NotReady);
    assert!(own[0].0.makes_room() && !own[1].0.makes_room() && !other.0.makes_room());
    own[1].0.head_arrives();
    assert_eq!(test.poll(2, Look::First), Async::Ready(Err(Full)));
    // A client within its share waits.
    other.0.head_arrives();
    let third = test.connect(3);
    third.0.head_arrives();
    assert_eq!(test.poll(1, Look::First), Async::NotReady);
    other = test.connect(4);
    drop(own);
    drop(other);
    assert_eq!(test.poll(1, Look::Again), Async::Ready(Ok(())));
    assert_eq!(test.slots.taken(), 1);
    drop(third);
}

/// Counts how often a task was notified.
#[derive(Default)]
struct Notified(AtomicUsize);

impl Notify for Notified {
    fn notify(&self, _id: usize) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_slot_that_is_given_back_notifies_the_task_that_waits_once() {
    let test = Test::new(1, 1);
    let (busy, slot) = test.connect(1);
    busy.head_arrives();
    let notified = Arc::new(Notified::default());
    let newcomer = future::poll_fn(|| Ok::<_, ()>(test.slots.poll_free(Test::client(2), Look::First)));
    let mut newcomer = executor::spawn(newcomer);
    assert_eq!(newcomer.poll_future_notify(&notified, 0), Ok(Async::NotReady));
    assert_eq!(notified.0.load(Ordering::SeqCst), 0);
    drop(slot);
    assert_eq!(notified.0.load(Ordering::SeqCst), 1);
    assert_eq!(newcomer.poll_future_notify(&notified, 0), Ok(Async::Ready(Ok(()))));
}
