//! The turns of a reactor with three futures: one that it runs, and two tasks.

extern crate futures;
extern crate log;
extern crate playground;
extern crate tokio_core;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use futures::sync::oneshot;
use futures::{future, task, Async, Future, Poll};
use log::{LevelFilter, Log, Metadata, Record};
use playground::trace::{self, event};
use tokio_core::reactor::{Core, Timeout};

fn main() {
    log::set_logger(&TURNS).expect("there is no other");
    log::set_max_level(LevelFilter::Trace);
    let mut core = Core::new().expect("a reactor");
    let handle = core.handle();

    // It gives way once.
    let mut has_yielded = false;
    handle.spawn(shown("task a", move || {
        if has_yielded {
            return Ok(Async::Ready(()));
        }
        has_yielded = true;
        task::current().notify();
        Ok(Async::NotReady)
    }));

    // It waits for a thread.
    let (sender, mut receiver) = oneshot::channel();
    handle.spawn(shown("task b", move || receiver.poll().map_err(drop)));
    let thread = thread::spawn(move || {
        thread::sleep(Duration::from_millis(40));
        event("another thread", "sends: notify b");
        sender.send(()).expect("b waits");
    });

    // What the reactor runs waits for time.
    let mut timeout = Timeout::new(Duration::from_millis(160), &handle).expect("a timer");
    core.run(shown("the future of run", move || timeout.poll().map_err(drop))).expect("it never fails");
    thread.join().expect("it does not panic");
    trace::print();
}

/// A future that records its polls and what they return.
fn shown<F>(who: &'static str, mut poll: F) -> Box<dyn Future<Item = (), Error = ()>>
where
    F: FnMut() -> Poll<(), ()> + 'static,
{
    Box::new(future::poll_fn(move || {
        event(who, "poll");
        let polled = poll()?;
        event(who, if polled.is_ready() { "→ Ready" } else { "→ NotReady" });
        Ok(polled)
    }))
}

/// Records the turns from what tokio-core logs.
struct Turns(AtomicUsize);

static TURNS: Turns = Turns(AtomicUsize::new(1));

impl Log for Turns {
    fn enabled(&self, metadata: &Metadata) -> bool {
        metadata.target() == "tokio_core::reactor"
    }

    fn log(&self, record: &Record) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let message = record.args().to_string();
        // It writes that when `epoll_wait` has returned.
        if message.starts_with("loop poll") {
            event("reactor", format!("turn {}", self.0.fetch_add(1, Ordering::Relaxed)));
        } else if message.starts_with("firing timeout") {
            event("reactor", "a timeout fires");
        }
    }

    fn flush(&self) {}
}
