//! What CpuPool does with a closure whose future is dropped, and with one that panics.

extern crate futures;
extern crate futures_cpupool;
extern crate playground;

use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc;

use futures::Future;
use futures_cpupool::Builder;
use playground::trace::{self, event};

/// Is owned by a closure, and so dropped with it.
struct Owned(&'static str);

impl Drop for Owned {
    fn drop(&mut self) {
        event(self.0, "closure dropped");
    }
}

fn main() {
    let pool = Builder::new().pool_size(1).name_prefix("pool-").create();
    let (start, has_started) = mpsc::channel();
    let (end, may_end) = mpsc::channel::<()>();
    let first = pool.spawn_fn(move || {
        let _owned = Owned("first");
        event("first", "starts");
        start.send(()).unwrap();
        may_end.recv().unwrap();
        event("first", "ends");
        Ok::<_, ()>(())
    });
    has_started.recv().unwrap();

    // The only thread is busy, so both wait in CpuPool's channel.
    let closure = |name| {
        let owned = Owned(name);
        move || {
            event(owned.0, "runs");
            Ok::<_, ()>(())
        }
    };
    let second = pool.spawn_fn(closure("second"));
    let third = pool.spawn_fn(closure("third"));

    drop(first);
    event("first", "future dropped");
    drop(second);
    event("second", "future dropped");
    third.forget();
    event("third", "future forgotten");
    end.send(()).unwrap();

    // The hook runs on the thread that panics.
    panic::set_hook(Box::new(|_| event("fourth", "panics")));
    let fourth = pool.spawn_fn(|| -> Result<(), ()> { panic!("on purpose") });
    if panic::catch_unwind(AssertUnwindSafe(|| fourth.wait())).is_err() {
        event("fourth", "its poll panics");
    }
    trace::print();
}
