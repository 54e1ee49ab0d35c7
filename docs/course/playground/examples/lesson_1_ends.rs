//! The results of three polls in a row, after an end as well.

extern crate futures;
extern crate playground;
extern crate tokio_core;

use std::fmt::Debug;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use futures::executor::{self, Notify};
use futures::sync::oneshot;
use futures::{future, Async, Future, Poll};
use playground::trace::{self, event};
use tokio_core::reactor::{Core, Timeout};

fn main() {
    panic::set_hook(Box::new(|_| {}));

    three_polls("ok(1)", future::ok::<_, ()>(1), || {});
    three_polls("err(\"no\")", future::err::<(), _>("no"), || {});
    three_polls("empty()", future::empty::<(), ()>(), || {});

    let (sender, receiver) = oneshot::channel();
    three_polls("oneshot receiver", receiver, || sender.send(1).unwrap());

    let (sender, receiver) = oneshot::channel();
    three_polls("oneshot.map(…)", receiver.map(|one| one + 1), || sender.send(1).unwrap());

    let (sender, receiver) = oneshot::channel();
    three_polls("oneshot.and_then(…)", receiver.and_then(|one| Ok(one + 1)), || sender.send(1).unwrap());

    let (sender, receiver) = oneshot::channel();
    three_polls("oneshot.fuse()", receiver.fuse(), || sender.send(1).unwrap());

    let (sender, receiver) = oneshot::channel();
    let mut shared = receiver.shared();
    // It shares a reference; shown is what it refers to.
    let shown = future::poll_fn(move || shared.poll().map(|polled| polled.map(|one| *one)));
    three_polls("oneshot.shared()", shown, || sender.send(1).unwrap());

    let core = Core::new().expect("a reactor");
    let timeout = Timeout::new(Duration::from_millis(20), &core.handle()).expect("a timer");
    three_polls("Timeout", timeout, || thread::sleep(Duration::from_millis(30)));

    trace::print();
}

/// Polls a future three times. After the first poll something happens.
fn three_polls<F, N>(name: &str, future: F, happens: N)
where
    F: Future,
    F::Item: Debug,
    F::Error: Debug,
    N: FnOnce(),
{
    let mut task = executor::spawn(future);
    let mut happens = Some(happens);
    let mut has_ended = false;
    for &column in &["first poll", "second poll", "third poll"] {
        let polled = panic::catch_unwind(AssertUnwindSafe(|| task.poll_future_notify(&Arc::new(Nothing), 0)));
        let (text, tone) = match polled {
            Ok(polled) => {
                let is_wait = is_not_ready(&polled);
                let tone = if is_wait && has_ended { "gone" } else { tone(&polled) };
                has_ended |= !is_wait;
                (text(polled), tone)
            }
            Err(panic) => {
                has_ended = true;
                (format!("panics: {}", message(&*panic)), "bad")
            }
        };
        event(name, format!("{} | {} | {}", column, text, tone));
        if let Some(happens) = happens.take() {
            happens();
        }
    }
}

fn is_not_ready<T, E>(polled: &Poll<T, E>) -> bool {
    polled.as_ref().is_ok_and(|polled| polled.is_not_ready())
}

fn text<T: Debug, E: Debug>(polled: Poll<T, E>) -> String {
    match polled {
        Ok(Async::Ready(item)) => format!("Ready({:?})", item),
        Ok(Async::NotReady) => "NotReady".to_string(),
        Err(error) => format!("Err({:?})", error),
    }
}

fn tone<T, E>(polled: &Poll<T, E>) -> &'static str {
    match *polled {
        Ok(Async::Ready(_)) => "good",
        Ok(Async::NotReady) => "plain",
        Err(_) => "bad",
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

struct Nothing;

impl Notify for Nothing {
    fn notify(&self, _: usize) {}
}
