//! The tests of lesson 3. They look at the order of what happens, and not at how long it takes.

extern crate futures;
extern crate playground;
extern crate tokio_core;

#[cfg_attr(feature = "solutions", path = "../solutions/lesson_03.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../exercises/lesson_03.rs")]
mod exercise;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use futures::executor::{self, Notify};
use futures::{Async, Future};
use playground::within;
use tokio_core::reactor::{Core, Timeout};

use exercise::in_portions;

/// Counts how often a task is notified.
#[derive(Default)]
struct Count(AtomicUsize);

impl Notify for Count {
    fn notify(&self, _: usize) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Work of so many pieces, and how many of them are done.
fn pieces(all: usize) -> (impl FnMut() -> bool, Rc<Cell<usize>>) {
    let done = Rc::new(Cell::new(0));
    let of_work = done.clone();
    let work = move || {
        assert!(of_work.get() < all, "the work was called after it had said that there is no more to do");
        of_work.set(of_work.get() + 1);
        of_work.get() < all
    };
    (work, done)
}

#[test]
fn all_of_the_work_is_done_on_a_reactor() {
    within(|| {
        let (work, done) = pieces(10);
        assert_eq!(done.get(), 0, "making the future does no work");
        assert_eq!(Core::new().unwrap().run(in_portions(3, work)), Ok(()));
        assert_eq!(done.get(), 10);
    });
}

#[test]
fn each_poll_does_a_portion_and_notifies_its_own_task_once() {
    within(|| {
        let (work, done) = pieces(10);
        let mut task = executor::spawn(in_portions(4, work));
        let count = Arc::new(Count::default());
        let mut poll = || task.poll_future_notify(&count, 0).unwrap();
        assert_eq!((poll(), done.get()), (Async::NotReady, 4), "the first poll: four pieces of ten");
        assert_eq!(count.0.load(Ordering::SeqCst), 1, "notifications after the first poll");
        assert_eq!((poll(), done.get()), (Async::NotReady, 8), "the second poll");
        assert_eq!(count.0.load(Ordering::SeqCst), 2, "notifications after the second poll");
        assert_eq!((poll(), done.get()), (Async::Ready(()), 10), "the third poll");
        assert_eq!(count.0.load(Ordering::SeqCst), 2, "a task that has ended need not be polled again");
    });
}

#[test]
fn it_is_ready_with_its_last_piece_and_not_a_poll_later() {
    within(|| {
        let (work, done) = pieces(4);
        let mut task = executor::spawn(in_portions(4, work));
        let polled = task.poll_future_notify(&Arc::new(Count::default()), 0);
        assert_eq!((polled, done.get()), (Ok(Async::Ready(())), 4));
    });
}

#[test]
fn two_such_tasks_take_turns() {
    within(|| {
        let mut core = Core::new().unwrap();
        let order = Rc::new(RefCell::new(String::new()));
        for &name in &['a', 'b'] {
            let (mut work, _) = pieces(12);
            let order = order.clone();
            core.handle().spawn(in_portions(3, move || {
                order.borrow_mut().push(name);
                work()
            }));
        }
        while order.borrow().len() < 24 {
            core.turn(None);
        }
        let order = order.borrow();
        assert!(
            ["aaabbbaaabbbaaabbbaaabbb", "bbbaaabbbaaabbbaaabbbaaa"].contains(&order.as_str()),
            "in the order {}: after a portion it is the other task's turn",
            order
        );
    });
}

#[test]
fn a_timeout_of_another_task_need_not_wait_for_all_of_the_work() {
    within(|| {
        let mut core = Core::new().unwrap();
        let is_over = Rc::new(Cell::new(false));
        let of_timeout = is_over.clone();
        let timeout = Timeout::new(Duration::from_millis(10), &core.handle()).unwrap();
        core.handle().spawn(timeout.map_err(drop).map(move |()| of_timeout.set(true)));
        // 300 ms of work.
        let (mut work, _) = pieces(300);
        let long = in_portions(5, move || {
            thread::sleep(Duration::from_millis(1));
            work()
        });
        core.run(long).unwrap();
        assert!(is_over.get(), "the work has ended, and the timeout of 10 ms has still not had its turn");
    });
}
