//! What does nothing until it is polled, and what does not wait for that.

extern crate futures;
extern crate futures_cpupool;
extern crate tokio_core;

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use futures::{future, Future};
use futures_cpupool::CpuPool;
use tokio_core::reactor::{Core, Timeout};

fn main() {
    let mut core = Core::new().expect("a reactor");

    let lazy = future::lazy(|| {
        println!("lazy: the closure runs");
        Ok::<_, ()>(42)
    });
    println!("lazy: made");
    drop(lazy);
    println!("lazy: dropped");

    let lazy = future::lazy(|| {
        println!("lazy: the closure runs");
        Ok::<_, ()>(42)
    });
    println!("lazy: made again");
    println!("lazy: {:?}", core.run(lazy));

    let pool = CpuPool::new(1);
    let (done, is_done) = mpsc::channel();
    let of_pool = pool.spawn_fn(move || {
        done.send("the closure has run").unwrap();
        Ok::<_, ()>(())
    });
    println!("pool: {}, and its future was not polled", is_done.recv().unwrap());
    drop(of_pool);

    let mut timeout = Timeout::new(Duration::from_millis(50), &core.handle()).expect("a timer");
    thread::sleep(Duration::from_millis(60));
    let first = core.run(future::lazy(|| timeout.poll()));
    println!("timeout: {:?} at its first poll, 60 ms after it was made", first.unwrap());
}
