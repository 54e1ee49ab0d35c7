//! The tests of lesson 11.

extern crate futures;
extern crate playground;
extern crate tokio_core;

#[cfg_attr(feature = "solutions", path = "../solutions/lesson_11.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../exercises/lesson_11.rs")]
mod exercise;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use futures::sync::oneshot;
use futures::{future, Async, Future};
use playground::server::future_ext::LocalFuture;
use playground::within;
use tokio_core::reactor::Core;

use exercise::{Drain, Watch};

/// Polls it once, as a task does.
fn poll_once(core: &mut Core, drained: &mut LocalFuture<(), ()>) -> Async<()> {
    core.run(future::lazy(|| drained.poll())).expect("it never fails")
}

/// Some turns of the reactor, in which nothing comes from outside.
fn turns(core: &mut Core) {
    for _ in 0..5 {
        core.turn(Some(Duration::from_millis(5)));
    }
}

#[test]
fn without_connections_it_is_drained_at_once() {
    within(|| {
        let mut core = Core::new().unwrap();
        let mut drained = Drain::new().start();
        assert!(poll_once(&mut core, &mut drained).is_ready(), "no connection was ever there");
        // All that there were have ended before.
        let drain = Drain::new();
        drop((drain.watch(), drain.watch()));
        assert!(poll_once(&mut core, &mut drain.start()).is_ready(), "all connections have ended before");
    });
}

#[test]
fn it_is_drained_with_the_last_connection_and_not_before() {
    within(|| {
        let mut core = Core::new().unwrap();
        let drain = Drain::new();
        let (first, second) = (drain.watch(), drain.watch());
        let third = second.clone();
        let mut drained = drain.start();
        for watch in [first, second, third] {
            assert!(poll_once(&mut core, &mut drained).is_not_ready(), "a connection is still open");
            drop(watch);
        }
        assert!(poll_once(&mut core, &mut drained).is_ready(), "the last connection has ended");
    });
}

#[test]
fn a_count_that_was_zero_before_the_start_means_nothing() {
    within(|| {
        let mut core = Core::new().unwrap();
        let drain = Drain::new();
        drop(drain.watch());
        let watch = drain.watch();
        let mut drained = drain.start();
        assert!(
            poll_once(&mut core, &mut drained).is_not_ready(),
            "a connection came after the first had ended"
        );
        drop(watch);
        assert!(poll_once(&mut core, &mut drained).is_ready());
    });
}

#[test]
fn the_task_that_waits_is_notified_and_not_polled_in_vain() {
    within(|| {
        let mut core = Core::new().unwrap();
        let drain = Drain::new();
        let watches: Vec<Watch> = (0..10).map(|_| drain.watch()).collect();
        let mut drained = drain.start();
        let (polls, is_drained) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
        let (of_task, drains) = (polls.clone(), is_drained.clone());
        let counted = future::poll_fn(move || {
            of_task.set(of_task.get() + 1);
            drained.poll()
        });
        core.handle().spawn(counted.map(move |()| drains.set(true)));
        turns(&mut core);
        assert_eq!(polls.get(), 1, "it asks again and again instead of waiting");
        for watch in watches {
            assert!(!is_drained.get());
            drop(watch);
            turns(&mut core);
        }
        assert!(is_drained.get(), "the last connection has ended. Who was to notify the task?");
        assert_eq!(polls.get(), 2, "only the end of the last connection is worth a poll");
    });
}

#[test]
fn it_may_be_moved_to_another_task() {
    within(|| {
        let mut core = Core::new().unwrap();
        let drain = Drain::new();
        let watch = drain.watch();
        let mut drained = drain.start();
        // It is polled in one task, as the loser of a `select2`, and then in another.
        assert!(poll_once(&mut core, &mut drained).is_not_ready());
        let (done, is_done) = oneshot::channel();
        core.handle().spawn(drained.then(|_| done.send(())));
        turns(&mut core);
        drop(watch);
        assert_eq!(core.run(is_done), Ok(()));
    });
}

#[test]
fn connections_hear_of_the_start_and_not_before() {
    within(|| {
        let mut core = Core::new().unwrap();
        let drain = Drain::new();
        let heard = Rc::new(Cell::new(0));
        for _ in 0..3 {
            let (heard, mut watch) = (heard.clone(), drain.watch());
            core.handle().spawn(future::poll_fn(move || {
                let polled = watch.poll_started();
                if polled.is_ready() {
                    heard.set(heard.get() + 1);
                }
                Ok(polled)
            }));
        }
        turns(&mut core);
        assert_eq!(heard.get(), 0, "it was not started yet");
        // They end when they hear of it.
        core.run(drain.start()).unwrap();
        assert_eq!(heard.get(), 3);
        // A server that is gone has stopped.
        let mut watch = Drain::new().watch();
        let polled = core.run(future::lazy(|| Ok::<_, ()>(watch.poll_started())));
        assert!(polled.unwrap().is_ready(), "a `Drain` that is dropped also means: stop");
    });
}
