//! The tests of lesson 10.

extern crate futures;
extern crate playground;
extern crate tokio_core;

#[cfg_attr(feature = "solutions", path = "../solutions/lesson_10.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../exercises/lesson_10.rs")]
mod exercise;

use std::cell::Cell;
use std::rc::Rc;

use futures::sync::oneshot;
use futures::{future, Future};
use playground::server::future_ext::LocalFuture;
use playground::within;
use tokio_core::reactor::Core;

use exercise::Flights;

type Waits = LocalFuture<&'static str, String>;

/// Work that is done when the sender sends. The sender sees when it is dropped.
fn work() -> (oneshot::Sender<&'static str>, Waits) {
    let (done, is_done) = oneshot::channel();
    (done, Box::new(is_done.map_err(|_| "the sender is gone".to_string())))
}

/// It must be in flight.
fn join(flights: &Flights<&'static str>, number: u32) -> Waits {
    flights.join_or_start(number, || panic!("work was started, although that number is in flight"))
}

/// Polls it once, as a task does.
fn poll_once(core: &mut Core, waits: &mut Waits) {
    let polled = core.run(future::lazy(|| waits.poll())).expect("the work has not failed");
    assert!(polled.is_not_ready(), "the work is not done");
}

#[test]
fn who_asks_for_work_in_flight_waits_for_it() {
    within(|| {
        let (mut core, flights) = (Core::new().unwrap(), Flights::new());
        let (done, of_seven) = work();
        let mut first = flights.join_or_start(7, || of_seven);
        poll_once(&mut core, &mut first);
        let second = join(&flights.clone(), 7);
        let other = flights.join_or_start(8, || Box::new(future::ok("eight")));
        done.send("seven").unwrap();
        let all = core.run(first.join3(second, other));
        assert_eq!(all, Ok(("seven", "seven", "eight")));
    });
}

#[test]
fn work_that_has_ended_frees_its_number_before_all_have_heard_of_it() {
    within(|| {
        let (mut core, flights) = (Core::new().unwrap(), Flights::new());
        let endings: Vec<(Result<&str, String>, &str)> =
            vec![(Ok("a picture"), "well"), (Err("no ink".to_string()), "with an error")];
        for (ending, how) in endings {
            let of_work = ending.clone();
            let first = flights.join_or_start(7, || Box::new(future::result(of_work)));
            let second = join(&flights, 7);
            assert_eq!(core.run(first), ending);
            assert_eq!(flights.len(), 0, "the work has ended {}, and its entry is still there", how);
            let anew = flights.join_or_start(7, || Box::new(future::ok("a new one")));
            assert_eq!(core.run(second), ending, "the second gets the ending of the work that it waited for");
            assert_eq!(core.run(anew), Ok("a new one"));
        }
    });
}

#[test]
fn the_first_may_leave_and_the_others_still_get_it() {
    within(|| {
        let (mut core, flights) = (Core::new().unwrap(), Flights::new());
        let (done, of_seven) = work();
        let mut first = flights.join_or_start(7, || of_seven);
        poll_once(&mut core, &mut first);
        let mut second = join(&flights, 7);
        poll_once(&mut core, &mut second);
        drop(first);
        // It came later, and never met the first.
        let third = join(&flights, 7);
        done.send("seven").expect("the work is still there: two wait for it");
        assert_eq!(core.run(second.join(third)), Ok(("seven", "seven")));
    });
}

#[test]
fn the_work_is_dropped_with_the_last_that_waits_and_not_before() {
    within(|| {
        let (mut core, flights) = (Core::new().unwrap(), Flights::new());
        let (done, of_seven) = work();
        let mut first = flights.join_or_start(7, || of_seven);
        poll_once(&mut core, &mut first);
        // It has not been polled. It waits all the same.
        let second = join(&flights, 7);
        drop(first);
        assert!(!done.is_canceled(), "the work was dropped, although one still waits for it");
        assert_eq!(flights.len(), 1, "one still waits, and the number is free");
        drop(second);
        assert!(done.is_canceled(), "nobody waits for the work any more. What keeps it alive?");
        assert_eq!(flights.len(), 0, "the work is gone, and its entry is still there");
        let anew = flights.join_or_start(7, || Box::new(future::ok("a new one")));
        assert_eq!(core.run(anew), Ok("a new one"));
    });
}

#[test]
fn work_is_started_once_and_only_when_it_is_asked_for() {
    within(|| {
        let (mut core, flights) = (Core::new().unwrap(), Flights::new());
        let starts = Rc::new(Cell::new(0));
        let ask = |number| {
            let starts = starts.clone();
            flights.join_or_start(number, move || {
                starts.set(starts.get() + 1);
                Box::new(future::ok::<_, String>("done"))
            })
        };
        let (first, second) = (ask(7), ask(7));
        assert_eq!(starts.get(), 1, "two that ask for the same number");
        core.run(first.join(second)).unwrap();
        core.run(ask(7)).unwrap();
        assert_eq!(starts.get(), 2, "the first work has ended, so the next is new");
    });
}

#[test]
fn work_may_ask_for_other_work() {
    within(|| {
        let (mut core, flights) = (Core::new().unwrap(), Flights::new());
        let of_seven = flights.clone();
        let seven = flights
            .join_or_start(7, move || of_seven.join_or_start(8, || Box::new(future::ok("eight, for seven"))));
        assert_eq!(core.run(seven), Ok("eight, for seven"));
        assert_eq!(flights.len(), 0);
    });
}
