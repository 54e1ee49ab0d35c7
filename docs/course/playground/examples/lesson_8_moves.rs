//! Where a future is when its code runs: under `map`, under `select2`, and under the server's `Limited`.

extern crate futures;
extern crate playground;

use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures::executor::{self, Notify, Spawn};
use futures::{future, Async, Future, Poll};
use playground::server::pool::deadline::{Deadline, Expired};
use playground::trace::{self, event};

/// Is never ready, and looks where it is whenever its code runs.
struct Where {
    under: &'static str,
    polls: u32,
    /// The addresses so far; the last one is where it was before.
    seen: Vec<usize>,
}

fn under(under: &'static str) -> Where {
    Where { under, polls: 0, seen: Vec::new() }
}

impl Where {
    fn look(&mut self, when: &str) {
        let now = self as *const Where as usize;
        let before = self.seen.last().copied();
        self.seen.push(now);
        let first = self.seen.iter().position(|&seen| seen == now).expect("it was pushed");
        // The first address is A, the next new one B.
        let mut new: Vec<_> = self.seen[..first].to_vec();
        new.dedup();
        let name = ["A", "B", "C"][new.len()];
        let cell = match before {
            None => format!("at {} | plain", name),
            Some(before) if before == now => format!("at {} | good", name),
            Some(_) => format!("moved: at {} | bad", name),
        };
        event(self.under, format!("{} | {}", when, cell));
    }
}

impl Future for Where {
    type Item = ();
    type Error = Expired;

    fn poll(&mut self) -> Poll<(), Expired> {
        self.polls += 1;
        let when = format!("poll {}", self.polls);
        self.look(&when);
        Ok(Async::NotReady)
    }
}

impl Drop for Where {
    fn drop(&mut self) {
        self.look("drop");
    }
}

struct Nobody;

impl Notify for Nobody {
    fn notify(&self, _: usize) {}
}

type Task<F> = Spawn<Box<F>>;

/// Polls a task whose future is in a box, so the whole of it does not move; what is in it may.
fn poll<F: Future>(task: &mut Task<F>) {
    let polled = task.poll_future_notify(&Arc::new(Nobody), 0);
    assert!(polled.is_ok_and(|polled| polled.is_not_ready()));
}

/// The same from a caller that has more on its stack, as another task has, or another loop.
#[inline(never)]
fn poll_from_further_down<F: Future>(task: &mut Task<F>) {
    let more = black_box([0_u8; 4096]);
    poll(task);
    black_box(&more);
}

fn poll_twice_and_drop<F: Future>(future: F) {
    let mut task = executor::spawn(Box::new(future));
    poll(&mut task);
    poll_from_further_down(&mut task);
}

fn main() {
    let deadline = Rc::new(Deadline::start(Duration::from_secs(10)));
    poll_twice_and_drop(under("map").map(|()| 1));
    poll_twice_and_drop(under("select2").select2(future::empty::<(), Expired>()));
    poll_twice_and_drop(deadline.limit(under("Limited")));
    poll_twice_and_drop(deadline.limit(Box::new(under("Limited, of a box"))));
    trace::print();
}
