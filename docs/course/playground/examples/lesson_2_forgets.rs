//! Two tasks that are not ready at their first poll. One has arranged to be notified, the other has forgotten.

extern crate futures;
extern crate tokio_core;

use std::time::Duration;

use futures::{future, task, Async};
use tokio_core::reactor::Core;

fn main() {
    let mut core = Core::new().expect("a reactor");
    let mut polls = 0;
    core.handle().spawn(future::poll_fn(move || {
        polls += 1;
        println!("forgets: poll {}", polls);
        Ok(Async::NotReady)
    }));
    let mut polls = 0;
    core.handle().spawn(future::poll_fn(move || {
        polls += 1;
        println!("remembers: poll {}", polls);
        if polls == 3 {
            return Ok(Async::Ready(()));
        }
        task::current().notify();
        Ok(Async::NotReady)
    }));
    for _ in 0..10 {
        core.turn(Some(Duration::from_millis(20)));
    }
    println!("ten turns of the reactor later");
}
