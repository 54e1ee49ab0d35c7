//! When the closure of a link runs, on which thread, and when the future before it is dropped.

extern crate futures;
extern crate futures_cpupool;
extern crate playground;
extern crate tokio_core;

use std::thread;
use std::time::Duration;

use futures::{future, Future};
use futures_cpupool::Builder;
use playground::trace::{self, event, traced};
use tokio_core::reactor::Core;

fn main() {
    let mut core = Core::new().expect("a reactor");
    let pool = Builder::new().pool_size(1).name_prefix("pool-").create();
    let job = || {
        pool.spawn_fn(|| {
            thread::sleep(Duration::from_millis(50));
            event("job", "has run");
            Ok::<_, ()>(1)
        })
    };

    let chain = traced("first", job()).and_then(|n| {
        event("and_then", "closure runs");
        traced("second", future::ok(n + 1))
    });
    core.run(chain).expect("it never fails");

    let chain = traced("other", job()).map(|n| {
        event("map", "closure runs");
        n + 1
    });
    core.run(chain).expect("it never fails");
    trace::print();
}
