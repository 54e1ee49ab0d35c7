//! The tests of lesson 2.

extern crate futures;
extern crate playground;
extern crate tokio_core;

#[cfg_attr(feature = "solutions", path = "../solutions/lesson_02.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../exercises/lesson_02.rs")]
mod exercise;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use futures::executor::{self, Notify};
use futures::sync::oneshot;
use futures::{future, Async, Future};
use playground::within;
use tokio_core::reactor::Core;

use exercise::{block_on, channel, Gone};

#[test]
fn a_value_that_was_sent_before_is_there_at_the_first_poll() {
    within(|| {
        let (sender, receiver) = channel();
        sender.send(42);
        assert_eq!(Core::new().unwrap().run(receiver), Ok(42));
    });
}

#[test]
fn a_task_that_waits_is_notified_when_the_value_comes() {
    within(|| {
        let mut core = Core::new().unwrap();
        let (sender, mut receiver) = channel();
        let polls = Rc::new(Cell::new(0));
        let of_receiver = polls.clone();
        let waits = future::poll_fn(move || {
            of_receiver.set(of_receiver.get() + 1);
            receiver.poll()
        });
        // The reactor polls what it runs first, and the task that was spawned after it.
        core.handle().spawn(future::lazy(move || {
            sender.send("the value");
            Ok(())
        }));
        assert_eq!(core.run(waits), Ok("the value"));
        assert!(polls.get() <= 2, "{} polls: it asks again and again instead of waiting", polls.get());
    });
}

#[test]
fn a_sender_that_is_dropped_is_an_error_and_no_endless_wait() {
    within(|| {
        let mut core = Core::new().unwrap();
        let (sender, receiver) = channel::<()>();
        core.handle().spawn(future::lazy(move || {
            drop(sender);
            Ok(())
        }));
        assert_eq!(core.run(receiver), Err(Gone));
    });
}

#[test]
fn a_receiver_that_has_moved_to_another_task_notifies_that_one() {
    within(|| {
        let (sender, mut receiver) = channel();
        let [first, second] = [Arc::new(Notified::default()), Arc::new(Notified::default())];
        {
            let mut task = executor::spawn(&mut receiver);
            assert_eq!(task.poll_future_notify(&first, 0), Ok(Async::NotReady));
        }
        let mut task = executor::spawn(receiver);
        assert_eq!(task.poll_future_notify(&second, 0), Ok(Async::NotReady));
        sender.send(42);
        assert_eq!(second.0.load(Ordering::SeqCst), 1, "the task that polled last was not notified");
        assert_eq!(first.0.load(Ordering::SeqCst), 0, "a task that has the receiver no longer was notified");
        assert_eq!(task.poll_future_notify(&second, 0), Ok(Async::Ready(42)));
    });
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
fn block_on_returns_what_the_future_resolves_to() {
    within(|| {
        assert_eq!(block_on(future::ok::<_, ()>(1)), Ok(1));
        assert_eq!(block_on(future::err::<(), _>(2)), Err(2));
    });
}

#[test]
fn block_on_sleeps_until_another_thread_notifies() {
    within(|| {
        let (sender, mut receiver) = oneshot::channel();
        let other = thread::spawn(move || {
            thread::sleep(Duration::from_millis(100));
            sender.send(42).unwrap();
        });
        let mut polls = 0;
        let result = block_on(future::poll_fn(|| {
            polls += 1;
            receiver.poll()
        }));
        assert_eq!(result, Ok(42));
        // `park` may return without a reason, but not often.
        assert!(polls < 20, "{} polls: the thread does not sleep", polls);
        other.join().unwrap();
    });
}
