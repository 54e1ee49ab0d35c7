//! Two loops of three turns. In the first no turn waits, in the second each gives way. Another task wants the reactor.

extern crate futures;
extern crate playground;
extern crate tokio_core;

use futures::future::{self, Loop};
use futures::{Async, Future};
use playground::server::future_ext::{yield_now, LocalFuture};
use playground::trace::{self, event, traced};
use tokio_core::reactor::Core;

fn main() {
    run("hurries", || Box::new(future::ok(())));
    run("gives way", || {
        let mut has_yielded = false;
        Box::new(future::poll_fn(move || {
            if has_yielded {
                return Ok(Async::Ready(()));
            }
            has_yielded = true;
            yield_now()
        }))
    });
    trace::print();
}

/// Runs a loop of three turns, in each of which it waits for that future, while another task is ready to be polled.
fn run<W: Fn() -> LocalFuture<(), ()> + 'static>(name: &'static str, wait: W) {
    let mut core = Core::new().expect("a reactor");
    core.handle().spawn(future::lazy(|| {
        event("another task", "is polled");
        Ok(())
    }));
    let turns = future::loop_fn(1, move |turn| {
        wait().map(move |()| {
            event(name, format!("turn {}", turn));
            if turn == 3 {
                Loop::Break(())
            } else {
                Loop::Continue(turn + 1)
            }
        })
    });
    core.run(traced(name, turns)).expect("it never fails");
}
