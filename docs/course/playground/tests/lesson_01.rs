//! The tests of lesson 1.

extern crate futures;
extern crate playground;

#[cfg_attr(feature = "solutions", path = "../solutions/lesson_01.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../exercises/lesson_01.rs")]
mod exercise;

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;
use std::sync::Arc;

use futures::executor::{self, Notify};
use futures::{future, Async, Future, Poll};
use playground::within;

use exercise::doubler;

/// A future that returns these results, one at each poll, and counts its polls and its drop.
struct Scripted {
    results: Vec<Poll<u64, &'static str>>,
    seen: Rc<Seen>,
}

#[derive(Default)]
struct Seen {
    polls: Cell<usize>,
    is_dropped: Cell<bool>,
}

impl Future for Scripted {
    type Item = u64;
    type Error = &'static str;

    fn poll(&mut self) -> Poll<u64, &'static str> {
        self.seen.polls.set(self.seen.polls.get() + 1);
        assert!(!self.results.is_empty(), "the future inside was polled after its end");
        self.results.remove(0)
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.seen.is_dropped.set(true);
    }
}

fn scripted(results: Vec<Poll<u64, &'static str>>) -> (Scripted, Rc<Seen>) {
    let seen = Rc::new(Seen::default());
    (Scripted { results, seen: seen.clone() }, seen)
}

struct Nothing;

impl Notify for Nothing {
    fn notify(&self, _: usize) {}
}

/// Polls it once, as a task does.
fn poll<F: Future>(future: &mut F) -> Poll<F::Item, F::Error> {
    executor::spawn(future).poll_future_notify(&Arc::new(Nothing), 0)
}

/// The message of the panic with which a poll after the end must end.
fn panic_of_poll<F: Future>(future: &mut F) -> String {
    let polled = panic::catch_unwind(AssertUnwindSafe(|| poll(future).is_ok()));
    let panic = polled.err().expect("a poll after the end must panic here, not return something");
    let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

#[test]
fn a_number_is_doubled() {
    within(|| {
        assert_eq!(poll(&mut doubler(future::ok::<_, ()>(21))), Ok(Async::Ready(42)));
        assert_eq!(doubler(doubler(future::ok::<_, ()>(10))).wait(), Ok(40));
    });
}

#[test]
fn making_it_polls_nothing() {
    within(|| {
        let (future, seen) = scripted(vec![Ok(Async::Ready(1))]);
        let made = doubler(future);
        assert_eq!(seen.polls.get(), 0, "a future does nothing until it is polled");
        drop(made);
        assert_eq!((seen.polls.get(), seen.is_dropped.get()), (0, true));
    });
}

#[test]
fn not_ready_is_passed_on_and_each_poll_is_one_poll_inside() {
    within(|| {
        let (future, seen) = scripted(vec![Ok(Async::NotReady), Ok(Async::NotReady), Ok(Async::Ready(4))]);
        let mut doubles = doubler(future);
        assert_eq!(poll(&mut doubles), Ok(Async::NotReady));
        assert_eq!(
            seen.polls.get(),
            1,
            "one poll outside is one poll inside: a loop here would keep the thread"
        );
        assert_eq!(poll(&mut doubles), Ok(Async::NotReady));
        assert_eq!(poll(&mut doubles), Ok(Async::Ready(8)));
        assert_eq!(seen.polls.get(), 3);
    });
}

#[test]
fn an_error_is_passed_on() {
    within(|| {
        let (future, _) = scripted(vec![Ok(Async::NotReady), Err("no number")]);
        let mut doubles = doubler(future);
        assert_eq!(poll(&mut doubles), Ok(Async::NotReady));
        assert_eq!(poll(&mut doubles), Err("no number"));
    });
}

#[test]
fn it_drops_the_future_at_its_end_and_not_before() {
    within(|| {
        for end in vec![Ok(Async::Ready(1)), Err("no number")] {
            let (future, seen) = scripted(vec![Ok(Async::NotReady), end]);
            let mut doubles = doubler(future);
            let _ = poll(&mut doubles);
            assert!(!seen.is_dropped.get(), "it was dropped while it was not ready: it will never be");
            let _ = poll(&mut doubles);
            assert!(seen.is_dropped.get(), "after {:?} the future inside is still there", end);
        }
    });
}

#[test]
fn a_poll_after_the_end_panics_whatever_the_end_was() {
    within(|| {
        for end in vec![Ok(Async::Ready(1)), Err("no number")] {
            let (future, _) = scripted(vec![end]);
            let mut doubles = doubler(future);
            assert_eq!(poll(&mut doubles).is_ok(), end.is_ok());
            let message = panic_of_poll(&mut doubles);
            assert_eq!(message, "cannot poll Doubler twice", "after {:?}: an error is an end, too", end);
        }
    });
}
