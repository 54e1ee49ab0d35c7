//! One task waits for a slot that another has.

extern crate futures;
extern crate playground;
extern crate tokio_core;

use std::rc::Rc;
use std::time::Duration;

use futures::{future, Future};
use playground::server::client::client;
use playground::server::connection::slots::{Limits, Look, Slots};
use playground::server::connection::state::ConnectionState;
use playground::trace::{self, event, traced};
use tokio_core::reactor::{Core, Timeout};

fn main() {
    let mut core = Core::new().expect("a reactor");
    let slots = Slots::new(Limits { all: 1, per_client: None, refusing: 0 });
    let slot = slots.take(client(1), Rc::new(ConnectionState::default()));

    // A connection: for 50 ms it has the only slot.
    let open = Timeout::new(Duration::from_millis(50), &core.handle()).expect("a timer");
    let connection = open.map_err(drop).map(move |()| {
        event("connection", "drops its slot: notify");
        drop(slot);
    });
    core.handle().spawn(traced("connection", connection));

    // The accept loop: it has the next connection, and no slot for it.
    let waits = future::poll_fn(move || Ok::<_, ()>(slots.poll_free(client(2), Look::No).map(drop)));
    core.run(traced("accept loop", waits)).expect("it never fails");
    trace::print();
}
