//! The tests of lesson 6.

extern crate futures;
extern crate playground;

#[cfg_attr(feature = "solutions", path = "../solutions/lesson_06.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../exercises/lesson_06.rs")]
// What nothing uses until the exercise is written.
#[allow(dead_code)]
mod exercise;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use futures::executor::{self, Notify};
use futures::{future, stream, task, Async, Future, Poll, Stream};
use playground::within;

use exercise::Trouble::{OfListener, OfOne};
use exercise::{with_for_each, with_loop_fn, ByHand, Incoming, Served, Trouble, IN_A_ROW};

type Accepted = Result<u32, Trouble>;
type Log = Rc<RefCell<Vec<String>>>;
type Serve = Box<dyn FnMut(u32) -> Served>;
type AcceptLoop = Box<dyn Future<Item = (), Error = Trouble>>;
type Start = fn(Incoming, Serve) -> AcceptLoop;

/// A listener that is not ready before each connection, and must not be polled after its end.
struct Listener {
    left: VecDeque<Accepted>,
    is_ready: bool,
    has_ended: bool,
    log: Log,
}

impl Stream for Listener {
    type Item = u32;
    type Error = Trouble;

    fn poll(&mut self) -> Poll<Option<u32>, Trouble> {
        assert!(!self.has_ended, "the stream was polled after its end");
        self.is_ready = !self.is_ready;
        if self.is_ready {
            task::current().notify();
            return Ok(Async::NotReady);
        }
        match self.left.pop_front() {
            Some(Ok(connection)) => {
                self.log.borrow_mut().push(format!("accepts {}", connection));
                Ok(Async::Ready(Some(connection)))
            }
            Some(Err(trouble)) => Err(trouble),
            None => {
                self.has_ended = true;
                Ok(Async::Ready(None))
            }
        }
    }
}

/// A connection that ends at its second poll. The number 13 fails.
fn serve(connection: u32, log: &Log) -> Served {
    let log = log.clone();
    let mut has_waited = false;
    Box::new(future::poll_fn(move || {
        if !has_waited {
            has_waited = true;
            task::current().notify();
            return Ok(Async::NotReady);
        }
        log.borrow_mut().push(format!("served {}", connection));
        if connection == 13 {
            Err(())
        } else {
            Ok(Async::Ready(()))
        }
    }))
}

fn listener(accepted: &[Accepted], log: &Log) -> Incoming {
    let left = accepted.iter().cloned().collect();
    Box::new(Listener { left, is_ready: false, has_ended: false, log: log.clone() })
}

/// Each of the three loops.
fn loops() -> Vec<(&'static str, Start)> {
    vec![
        ("for_each", |incoming, serve| with_for_each(incoming, serve)),
        ("loop_fn", |incoming, serve| {
            Box::new(with_loop_fn(incoming, serve).map(drop).map_err(|(error, _)| error))
        }),
        ("by hand", |incoming, serve| Box::new(ByHand::new(incoming, serve))),
    ]
}

/// What all three must do with these.
fn all_do(accepted: &'static [Accepted], served: &'static [u32], ends: Result<(), Trouble>) {
    for (name, accept_loop) in loops() {
        within(move || {
            let log = Log::default();
            let of_serve = log.clone();
            let accepting =
                accept_loop(listener(accepted, &log), Box::new(move |number| serve(number, &of_serve)));
            assert_eq!(accepting.wait(), ends, "the end of the loop with {}", name);
            let expected: Vec<_> = served
                .iter()
                .flat_map(|number| vec![format!("accepts {}", number), format!("served {}", number)])
                .collect();
            assert_eq!(*log.borrow(), expected, "what the loop with {} did", name);
        });
    }
}

#[test]
fn one_connection_is_served_after_the_other() {
    all_do(&[Ok(1), Ok(2), Ok(3)], &[1, 2, 3], Ok(()));
}

#[test]
fn an_error_of_one_connection_is_skipped() {
    all_do(&[Err(OfOne), Ok(1), Err(OfOne), Err(OfOne), Ok(2), Err(OfOne)], &[1, 2], Ok(()));
}

#[test]
fn an_error_of_the_listener_ends_the_loop() {
    all_do(&[Ok(1), Err(OfListener), Ok(2)], &[1], Err(OfListener));
}

#[test]
fn a_connection_that_fails_is_no_error_of_the_loop() {
    all_do(&[Ok(13), Ok(2)], &[13, 2], Ok(()));
}

#[test]
fn loop_fn_hands_the_stream_back_and_it_goes_on() {
    within(|| {
        let log = Log::default();
        let of_serve = log.clone();
        let incoming = listener(&[Ok(1), Err(OfListener), Ok(2)], &log);
        match with_loop_fn(incoming, move |number| serve(number, &of_serve)).wait() {
            Err((OfListener, incoming)) => assert_eq!(incoming.wait().next(), Some(Ok(2))),
            Err((OfOne, _)) | Ok(_) => panic!("it ends with the error of the listener"),
        }
    });
}

struct Count(AtomicUsize);

impl Notify for Count {
    fn notify(&self, _: usize) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn by_hand_gives_way_and_asks_to_be_polled_again() {
    within(|| {
        // Connections without end, each of which is served at once.
        let taken = Rc::new(Cell::new(0));
        let of_stream = taken.clone();
        let incoming = stream::repeat(7).map(move |number| {
            of_stream.set(of_stream.get() + 1);
            assert!(of_stream.get() < 1000, "1000 connections in one poll: no other task gets a turn");
            number
        });
        let accepting = ByHand::new(Box::new(incoming), |_| Box::new(future::ok(())) as Served);
        let notified = Arc::new(Count(AtomicUsize::new(0)));
        let mut task = executor::spawn(accepting);
        for round in 1..4 {
            assert_eq!(task.poll_future_notify(&notified, 0), Ok(Async::NotReady));
            assert!(taken.get() <= round * IN_A_ROW, "{} connections in {} polls", taken.get(), round);
            assert!(taken.get() >= round, "it gives way before it has accepted anything");
            let notified = notified.0.load(Ordering::SeqCst);
            assert!(notified >= round as usize, "it is not ready, and nothing will notify it");
        }
    });
}

#[test]
fn by_hand_can_be_asked_for_the_connection_that_it_serves() {
    within(|| {
        let log = Log::default();
        let of_serve = log.clone();
        let incoming = stream::iter_ok(vec![1, 2]);
        let accepting = ByHand::new(Box::new(incoming), move |number| serve(number, &of_serve));
        let mut task = executor::spawn(accepting);
        let notified = Arc::new(Count(AtomicUsize::new(0)));
        assert_eq!(task.poll_future_notify(&notified, 0), Ok(Async::NotReady));
        let served = task.into_inner().finish().expect("connection 1 is being served");
        assert!(log.borrow().is_empty());
        assert_eq!(served.wait(), Ok(()));
        assert_eq!(*log.borrow(), ["served 1"]);

        let nothing_yet = ByHand::new(Box::new(stream::empty()), |_| unreachable!());
        assert!(nothing_yet.finish().is_none());
    });
}
