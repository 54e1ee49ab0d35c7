//! A stream as its polls: items, nothing yet, an error, the end.

extern crate futures;
extern crate playground;
extern crate tokio_core;

use std::time::Duration;

use futures::sync::mpsc;
use futures::{Future, Stream};
use playground::trace::{self, event, traced};
use tokio_core::reactor::{Core, Timeout};

fn main() {
    let mut core = Core::new().expect("a reactor");
    let handle = core.handle();
    let pause = move || Timeout::new(Duration::from_millis(20), &handle).expect("a timer").map_err(drop);
    let (sender, receiver) = mpsc::unbounded::<Result<u32, ()>>();

    let first = sender.clone();
    first.unbounded_send(Ok(1)).expect("the receiver is there");
    drop(first);
    let sends = pause().and_then(move |()| {
        event("sender", "sends an error");
        sender.unbounded_send(Err(())).expect("the receiver is there");
        pause().map(move |()| {
            event("sender", "sends 2, and is dropped");
            sender.unbounded_send(Ok(2)).expect("the receiver is there");
        })
    });
    core.handle().spawn(sends);

    // The errors of a channel are `()` and never come. Those of this stream are sent as items.
    let stream = traced("stream", receiver.and_then(|result| result));
    core.run(stream.then(Ok::<_, ()>).for_each(|_| Ok(()))).expect("it goes on after an error");
    trace::print();
}
