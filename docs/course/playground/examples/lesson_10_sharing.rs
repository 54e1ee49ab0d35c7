//! Three requests wait for one drawing, in three tasks. The first leaves, and the drawing lands.

extern crate futures;
extern crate playground;
extern crate tokio_core;

use std::rc::Rc;
use std::thread;
use std::time::Duration;

use futures::Future;
use playground::captioner::{CaptionError, Fingerprint, Format, Picture};
use playground::server::client::client;
use playground::server::picture::flights::{Drawn, Flights};
use playground::server::picture::kept::SharedPicture;
use playground::server::picture::timing::Times;
use playground::server::pool::deadline::Deadline;
use playground::server::pool::queue::Limits;
use playground::server::pool::{Pool, Timed};
use playground::trace::{self, event, traced};
use tokio_core::reactor::{Core, Timeout};

const AT_ONCE: Duration = Duration::from_millis(0);

fn main() {
    let mut core = Core::new().expect("a reactor");
    let handle = core.handle();
    let after = |milliseconds| {
        Timeout::new(Duration::from_millis(milliseconds), &handle).expect("a timer").map_err(drop)
    };
    let limits = Limits { threads: 1, queue: 1, per_client: 1 };
    let pool = Pool::start("render", limits, Rc::new(Deadline::start(Duration::from_secs(10))));
    let flights = Rc::new(Flights::default());
    let cat = Fingerprint(0);

    // The job takes 60 ms, on the thread `render-0`.
    let (drawing, turn) = pool.spawn_shared(client(1), |_| {
        thread::sleep(Duration::from_millis(60));
        event("job", "is done");
        Ok::<_, CaptionError>(vec![7; 100])
    });
    let drawing = traced("drawing", drawing.map(drawn));

    // The first starts it, and goes after 20 ms: a race that it loses, and then it is dropped.
    let first = traced("first", flights.start(cat, Box::new(drawing), turn));
    handle.spawn(after(20).select2(first).then(|_| Ok(())));
    core.turn(Some(AT_ONCE));

    // The third comes after 40 ms.
    let (of_third, to_spawn) = (flights.clone(), handle.clone());
    let third = after(40).map(move |()| {
        let third = of_third.join(&cat, client(3)).expect("it is in flight");
        to_spawn.spawn(traced("third", third).then(|_| Ok(())));
    });
    handle.spawn(third);

    // The second is what the reactor runs: such a future is polled after all tasks of a turn. If it were a task, it
    // might be polled before the third or after it: `Shared` notifies in no order.
    let second = flights.join(&cat, client(2)).expect("it is in flight");
    core.run(traced("second", second)).expect("it is drawn");
    event("map", if flights.join(&cat, client(4)).is_none() { "has none" } else { "has it" });
    trace::print();
}

fn drawn(timed: Timed<Vec<u8>>) -> Drawn {
    let nothing = Duration::default();
    let picture =
        Picture { format: Format::Png, bytes: timed.value, encode_time: nothing, too_small: Vec::new() };
    let times = Times { queue: timed.queued, draw: timed.ran, encode: nothing };
    Drawn { picture: SharedPicture::new(picture, "", None), times }
}
