//! A timeout of 10 ms, beside a task that sleeps and beside a thread that sleeps.

extern crate futures;
extern crate futures_cpupool;
extern crate tokio_core;

use std::thread;
use std::time::{Duration, Instant};

use futures::future;
use futures_cpupool::CpuPool;
use tokio_core::reactor::{Core, Timeout};

fn main() {
    let mut core = Core::new().expect("a reactor");

    core.handle().spawn(future::lazy(|| {
        thread::sleep(Duration::from_millis(200));
        Ok(())
    }));
    println!("beside a task that sleeps 200 ms, 10 ms take {}", ten_milliseconds(&mut core));

    let pool = CpuPool::new(1);
    let sleeps = pool.spawn_fn(|| {
        thread::sleep(Duration::from_millis(200));
        Ok::<_, ()>(())
    });
    println!("beside a thread that sleeps 200 ms, 10 ms take {}", ten_milliseconds(&mut core));
    drop(sleeps);
}

/// Waits for a timeout of 10 ms, and says how long that took.
fn ten_milliseconds(core: &mut Core) -> &'static str {
    let start = Instant::now();
    let timeout = Timeout::new(Duration::from_millis(10), &core.handle()).expect("a timer");
    core.run(timeout).expect("it never fails");
    if start.elapsed() < Duration::from_millis(200) {
        "less than 200"
    } else {
        "200 or more"
    }
}
