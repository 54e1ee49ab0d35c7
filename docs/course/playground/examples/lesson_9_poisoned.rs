//! A future panics inside of a `Shared`. What do the others see who wait for it?

extern crate futures;
extern crate playground;
extern crate tokio_core;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::future::Shared;
use futures::{future, Async, Future};
use playground::server::pool::message_of;
use tokio_core::reactor::{Core, Handle};

/// A task that waits for its clone, and survives.
fn waits<F>(who: &'static str, clone: Shared<F>, handle: &Handle)
where
    F: Future<Item = (), Error = ()> + 'static,
{
    let mut inner = clone;
    let polls = future::poll_fn(move || {
        println!("{} polls", who);
        inner.poll().map(|polled| polled.map(drop)).map_err(drop)
    });
    handle.spawn(AssertUnwindSafe(polls).catch_unwind().then(move |ended| {
        match ended {
            Ok(_) => println!("{} has its result", who),
            Err(panic) => println!("{} panics: {}", who, message_of(&*panic)),
        }
        Ok(())
    }));
}

fn main() {
    let mut core = Core::new().expect("a reactor");
    let handle = core.handle();
    let mut has_waited = false;
    // It is not ready once, and panics at its second poll, whoever polls it.
    let shared = future::poll_fn(move || -> Result<Async<()>, ()> {
        assert!(!has_waited, "on purpose");
        has_waited = true;
        Ok(Async::NotReady)
    })
    .shared();
    waits("first", shared.clone(), &handle);
    waits("second", shared.clone(), &handle);
    waits("third", shared, &handle);
    for _ in 0..10 {
        core.turn(Some(Duration::from_millis(10)));
    }
    println!("ten turns of the reactor later");
}
