//! Records what happens, in order: which future is polled on which thread, what it returns, when it is dropped.
//!
//! The programs in `examples/` print it. The pictures of the course are drawn from it: with `TRACE_FILE=name`, an
//! example also writes each event with its time in microseconds to that file.

use std::env;
use std::fmt::Write;
use std::fs;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use futures::{Async, Future, Poll, Stream};

struct Event {
    at: Instant,
    thread: String,
    who: String,
    what: String,
}

static EVENTS: Mutex<Vec<Event>> = Mutex::new(Vec::new());

/// Records an event of the current thread. `who` is a future, a guard or whatever else does something.
pub fn event<W: Into<String>, T: Into<String>>(who: W, what: T) {
    let thread = thread::current().name().unwrap_or("a thread").to_string();
    let event = Event { at: Instant::now(), thread, who: who.into(), what: what.into() };
    EVENTS.lock().unwrap_or_else(PoisonError::into_inner).push(event);
}

/// Prints all events: the thread, who, and what. To be called last.
///
/// # Panics
/// If `TRACE_FILE` is set and cannot be written.
pub fn print() {
    let events = EVENTS.lock().unwrap_or_else(PoisonError::into_inner);
    let width =
        |of: fn(&Event) -> &str| events.iter().map(|event| of(event).chars().count()).max().unwrap_or(0);
    let (thread, who) = (width(|event| &event.thread), width(|event| &event.who));
    let mut timed = String::new();
    for event in events.iter() {
        println!("{:thread$}  {:who$}  {}", event.thread, event.who, event.what, thread = thread, who = who);
        let since = event.at.duration_since(events[0].at).as_micros();
        let _ = writeln!(timed, "{}\t{}\t{}\t{}", since, event.thread, event.who, event.what);
    }
    if let Some(path) = env::var_os("TRACE_FILE") {
        fs::write(&path, timed).expect("TRACE_FILE can be written");
    }
}

/// A future or a stream that records its polls, what they return, and its drop.
pub struct Traced<F> {
    who: String,
    inner: F,
}

/// Traces a future or a stream.
pub fn traced<W: Into<String>, F>(who: W, inner: F) -> Traced<F> {
    Traced { who: who.into(), inner }
}

impl<F: Future> Future for Traced<F> {
    type Item = F::Item;
    type Error = F::Error;

    fn poll(&mut self) -> Poll<F::Item, F::Error> {
        event(&*self.who, "poll");
        let polled = self.inner.poll();
        event(
            &*self.who,
            match polled {
                Ok(Async::Ready(_)) => "→ Ready",
                Ok(Async::NotReady) => "→ NotReady",
                Err(_) => "→ Err",
            },
        );
        polled
    }
}

impl<S: Stream> Stream for Traced<S> {
    type Item = S::Item;
    type Error = S::Error;

    fn poll(&mut self) -> Poll<Option<S::Item>, S::Error> {
        event(&*self.who, "poll");
        let polled = self.inner.poll();
        event(
            &*self.who,
            match polled {
                Ok(Async::Ready(Some(_))) => "→ Ready(Some)",
                Ok(Async::Ready(None)) => "→ Ready(None)",
                Ok(Async::NotReady) => "→ NotReady",
                Err(_) => "→ Err",
            },
        );
        polled
    }
}

impl<F> Drop for Traced<F> {
    fn drop(&mut self) {
        event(&*self.who, "dropped");
    }
}
