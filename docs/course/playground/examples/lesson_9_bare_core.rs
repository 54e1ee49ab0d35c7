//! Two tasks on a reactor, without any guard. One of them panics.

extern crate futures;
extern crate playground;
extern crate tokio_core;

use std::thread;
use std::time::Duration;

use futures::{future, Future};
use playground::trace::{self, event, traced};
use tokio_core::reactor::{Core, Timeout};

fn main() {
    let reactor = thread::Builder::new().name("reactor".to_string()).spawn(|| {
        let mut core = Core::new().expect("a reactor");
        let time = Timeout::new(Duration::from_millis(50), &core.handle()).expect("a timer");
        let works = time.map(|()| event("works", "is done")).map_err(drop);
        core.handle().spawn(traced("works", works));
        let panics = future::lazy(|| -> Result<(), ()> { panic!("on purpose") });
        core.handle().spawn(traced("panics", panics));
        core.run(traced("run", future::empty::<(), ()>()))
    });
    let ended = reactor.expect("a thread").join();
    let message = ended.map_err(|panic| panic.downcast_ref::<&str>().map(|message| message.to_string()));
    event("main", format!("join: {:?}", message));
    trace::print();
}
