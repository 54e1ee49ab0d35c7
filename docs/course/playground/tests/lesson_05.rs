//! The tests of lesson 5.

extern crate futures;
extern crate futures_cpupool;
extern crate playground;
extern crate tokio_core;

#[cfg_attr(feature = "solutions", path = "../solutions/lesson_05.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../exercises/lesson_05.rs")]
// What nothing uses until the exercise is written.
#[allow(dead_code)]
mod exercise;

use std::cell::{Cell, RefCell};
use std::mem;
use std::rc::Rc;
use std::time::Duration;

use futures::{future, task, Async, Future, Poll};
use futures_cpupool::CpuPool;
use playground::within;
use tokio_core::reactor::{Core, Timeout};

use exercise::{doubled, or_zero, plus, retry, Plus, Reason};

/// A future that is ready at its third poll, with its result, and must not be polled again.
struct Slow {
    polls: u32,
    result: Result<u32, Reason>,
    /// Something that takes room.
    _bytes: [u8; 100],
}

fn slow(result: Result<u32, Reason>) -> Slow {
    Slow { polls: 0, result, _bytes: [0; 100] }
}

impl Future for Slow {
    type Item = u32;
    type Error = Reason;

    fn poll(&mut self) -> Poll<u32, Reason> {
        self.polls += 1;
        assert!(self.polls <= 3, "a future was polled after its end");
        if self.polls == 3 {
            return self.result.map(Async::Ready);
        }
        task::current().notify();
        Ok(Async::NotReady)
    }
}

#[test]
fn a_named_type_changes_the_item_and_lets_the_error_pass() {
    within(|| {
        assert_eq!(doubled(slow(Ok(21))).wait(), Ok(42));
        assert_eq!(doubled(slow(Err("no"))).wait(), Err("no"));
    });
}

#[test]
fn either_is_one_of_two_futures() {
    within(|| {
        assert_eq!(or_zero(Some(slow(Ok(21)))).wait(), Ok(21));
        assert_eq!(or_zero(Some(slow(Err("no")))).wait(), Err("no"));
        assert_eq!(or_zero::<Slow>(None).wait(), Ok(0));
    });
}

#[test]
fn a_future_by_hand_waits_and_adds() {
    within(|| {
        assert_eq!(plus(slow(Ok(21)), 2).wait(), Ok(23));
        assert_eq!(plus(slow(Err("no")), 2).wait(), Err("no"));
    });
}

#[test]
fn none_of_the_three_has_a_box_in_it() {
    let (inner, by_hand) = (mem::size_of::<Slow>(), mem::size_of::<Plus<Slow>>());
    assert!(by_hand > inner, "{} bytes, and the future inside has {}: where is it?", by_hand, inner);
    let chain = plus(doubled(or_zero(Some(slow(Ok(1))))), 1);
    let size = mem::size_of_val(&chain);
    assert!(size > inner && size < inner + 100, "{} bytes around {}", size, inner);
}

#[test]
fn what_is_made_of_parts_that_are_send_is_send() {
    within(|| {
        let chain = plus(doubled(or_zero(Some(slow(Ok(20))))), 2);
        // If this does not compile: what in your `Plus` must stay on its thread?
        assert_eq!(CpuPool::new(1).spawn(chain).wait(), Ok(42));
    });
}

#[test]
fn what_is_made_of_an_rc_stays_on_its_thread_and_works_there() {
    within(|| {
        let shared = Rc::new(Cell::new(20));
        let of_chain = shared.clone();
        let read = future::lazy(move || Ok::<_, Reason>(of_chain.get()));
        assert_eq!(Core::new().unwrap().run(plus(doubled(read), 2)), Ok(42));
    });
}

/// Attempts that end after 5 ms with these results, and how many there were.
fn attempts(results: Vec<Result<u32, Reason>>, max: u32) -> (Result<u32, Reason>, usize) {
    within(move || {
        let mut core = Core::new().unwrap();
        let handle = core.handle();
        let count = results.len();
        let left = Rc::new(RefCell::new(results));
        let of_attempt = left.clone();
        let is_running = Rc::new(Cell::new(false));
        let retried = retry(max, move || {
            assert!(!is_running.replace(true), "an attempt begins before the one before it has failed");
            let is_running = is_running.clone();
            let result = of_attempt.borrow_mut().remove(0);
            let timeout = Timeout::new(Duration::from_millis(5), &handle).unwrap();
            Box::new(timeout.map_err(|_| "no timer").and_then(move |()| {
                is_running.set(false);
                result
            }))
        });
        let result = core.run(retried);
        let left = left.borrow().len();
        (result, count - left)
    })
}

#[test]
fn a_success_is_not_tried_again() {
    assert_eq!(attempts(vec![Ok(1), Ok(2)], 3), (Ok(1), 1));
}

#[test]
fn a_failure_is_tried_again_after_it() {
    assert_eq!(attempts(vec![Err("one"), Err("two"), Ok(3), Ok(4)], 9), (Ok(3), 3));
}

#[test]
fn the_last_error_is_the_error() {
    assert_eq!(attempts(vec![Err("one"), Err("two"), Err("three"), Ok(4)], 3), (Err("three"), 3));
    assert_eq!(attempts(vec![Err("one"), Ok(2)], 1), (Err("one"), 1));
}
