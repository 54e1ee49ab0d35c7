//! The end of a server: a signal after 20 ms, an idle connection and a busy one, and the drain. The `Drain` is the
//! server's own. Connections are as small as they can be.

extern crate futures;
extern crate playground;
extern crate tokio_core;

use std::time::Duration;

use futures::future::Either;
use futures::{future, Async, Future, Poll};
use playground::server::connection::drain::{Drain, Watch};
use playground::trace::{self, event, traced};
use tokio_core::reactor::{Core, Handle, Timeout};

/// In the server it is 100 ms.
const LAST_CALL: Duration = Duration::from_millis(30);

enum Phase {
    Open,
    LastCall(Timeout),
    Draining,
}

/// A connection: the future `answer` is what its client waits for, if it waits.
struct Connection<F> {
    who: &'static str,
    answer: Option<F>,
    watch: Watch,
    phase: Phase,
    handle: Handle,
}

impl<F: Future> Future for Connection<F> {
    type Item = ();
    type Error = ();

    /// As in the server: first what the client waits for, then the end of the server, in phases.
    fn poll(&mut self) -> Poll<(), ()> {
        loop {
            if let Some(ref mut answer) = self.answer {
                if answer.poll().map_err(drop)?.is_ready() {
                    let is_last = if let Phase::Open = self.phase { "" } else { ": the last" };
                    event(self.who, format!("answers{}", is_last));
                    return Ok(Async::Ready(()));
                }
            }
            self.phase = match self.phase {
                Phase::Open if !self.watch.poll_started().is_ready() => return Ok(Async::NotReady),
                Phase::Open => {
                    // The busy one hears of it in the same turn, before this one or after it: `Shared` has no order.
                    if self.answer.is_none() {
                        event(self.who, "hears it: last call");
                    }
                    Phase::LastCall(Timeout::new(LAST_CALL, &self.handle).expect("a timer"))
                }
                Phase::LastCall(ref mut timeout) => {
                    if timeout.poll().expect("a timer").is_not_ready() {
                        return Ok(Async::NotReady);
                    }
                    if self.answer.is_none() {
                        event(self.who, "closes");
                        return Ok(Async::Ready(()));
                    }
                    Phase::Draining
                }
                Phase::Draining => return Ok(Async::NotReady),
            };
        }
    }
}

impl<F> Drop for Connection<F> {
    fn drop(&mut self) {
        event(self.who, "drops its Watch");
    }
}

fn main() {
    let mut core = Core::new().expect("a reactor");
    let handle = core.handle();
    let after = |milliseconds| Timeout::new(Duration::from_millis(milliseconds), &handle).expect("a timer");
    let drain = Drain::new();
    let connection = |who, answer| Connection {
        who,
        answer,
        watch: drain.watch(),
        phase: Phase::Open,
        handle: handle.clone(),
    };
    handle.spawn(connection("idle", None));
    handle.spawn(connection("busy", Some(after(90))));

    // It never ends, as the server's accept loop, and has a `Watch` for the connections that it would make.
    let of_accept_loop = drain.watch();
    let accepting = traced("accept loop", future::empty::<Watch, ()>().map(move |_| drop(of_accept_loop)));

    let stopped = after(20).select2(accepting).then(|first| match first {
        Ok(Either::A(((), accepting))) => Ok::<_, ()>(accepting),
        _ => panic!("the accept loop never ends, and the timer never fails"),
    });
    let accepting = core.run(stopped).expect("it never fails");
    event("server", "has the signal");
    drop(accepting);
    event("server", "starts the drain");
    let drained = drain.start().select2(after(1000)).then(|first| {
        Ok::<_, ()>(match first {
            Ok(Either::A(_)) | Err(Either::A(_)) => "all are gone",
            Ok(Either::B(_)) | Err(Either::B(_)) => "the time is over",
        })
    });
    let how = core.run(drained).expect("it never fails");
    event("server", how);
    trace::print();
}
