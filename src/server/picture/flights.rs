//! Drawings in flight. A request for a picture that is being drawn waits for that drawing, and starts none.

use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::rc::{Rc, Weak};

use futures::future::Shared;
use futures::Future;

use super::kept::SharedPicture;
use super::timing::Times;
use captioner::Fingerprint;
use server::client::Client;
use server::future_ext::LocalFuture;
use server::pool::{message_of, PoolError, Turn};

/// What a flight resolves to. Cheap to clone: each request that waits gets one.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The picture.
    pub picture: SharedPicture,
    /// What drawing it took.
    pub times: Times,
}

/// All flights, by the fingerprint of what they draw.
///
/// The map must not keep a drawing alive that no request waits for, and futures 0.1 has no weak `Shared`. So the map
/// holds a `Weak`, and each request that waits an `Rc`. When the last of them is dropped (answered, past its deadline,
/// hung up), the drawing's future is dropped, and that cancels the drawing.
#[derive(Default)]
pub struct Flights(Rc<RefCell<Map>>);

type Map = HashMap<Fingerprint, Weak<Flight>>;

struct Flight {
    landed: Shared<LocalFuture<Drawn, PoolError>>,
    /// The turn that the drawing waits for.
    turn: Option<Turn>,
}

impl Flights {
    /// Waits for the drawing of that picture, if it is in flight. It may be that client's turn before that of whoever
    /// asked first.
    pub fn join(&self, fingerprint: &Fingerprint, client: Client) -> Option<LocalFuture<Drawn, PoolError>> {
        let flight = self.0.borrow().get(fingerprint).and_then(Weak::upgrade)?;
        if let Some(ref turn) = flight.turn {
            turn.also_of(client);
        }
        Some(wait_for(flight))
    }

    /// Makes a drawing joinable, and waits for it.
    ///
    /// `drawing` has no deadline of its own. Each request that waits has one, and none of them may end the drawing for
    /// the others.
    ///
    /// The chain, from the inside: `catch_unwind` turns a panic of the drawing into an error; `then` takes the entry
    /// out of the map and gives all endings one type; `shared` lets any number of requests wait. All of it runs on the
    /// reactor, inside the task that happens to poll the `Shared` first; `Shared` notifies the others. Dropping the
    /// whole chain drops the entry as well, since the closure of `then` owns it.
    ///
    /// Pitfall: a panic inside a `Shared` poisons it. It comes up in the task that polls; the others are not notified, and
    /// one that is polled all the same panics with another message. So it becomes an error *before* it is shared. Pinned by
    /// `an_error_and_a_panic_are_everybodys_and_the_next_flight_is_a_new_one` below.
    pub fn start(
        &self,
        fingerprint: Fingerprint,
        drawing: LocalFuture<Drawn, PoolError>,
        turn: Option<Turn>,
    ) -> LocalFuture<Drawn, PoolError> {
        let entry = Entry { map: self.0.clone(), fingerprint };
        let landed = AssertUnwindSafe(drawing).catch_unwind().then(move |ended| {
            drop(entry);
            ended.unwrap_or_else(|panic| Err(PoolError::Panicked(message_of(&*panic).to_string())))
        });
        let landed: LocalFuture<Drawn, PoolError> = Box::new(landed);
        let flight = Rc::new(Flight { landed: landed.shared(), turn });
        self.0.borrow_mut().insert(fingerprint, Rc::downgrade(&flight));
        wait_for(flight)
    }
}

/// One more request that waits: a clone of the `Shared`, and the `Rc` that keeps the flight joinable.
fn wait_for(flight: Rc<Flight>) -> LocalFuture<Drawn, PoolError> {
    let landed = flight.landed.clone();
    Box::new(landed.then(move |landed| {
        drop(flight);
        landed.map(|drawn| (*drawn).clone()).map_err(|error| (*error).clone())
    }))
}

/// A flight's entry in the map. Its drop removes it.
struct Entry {
    map: Rc<RefCell<Map>>,
    fingerprint: Fingerprint,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.map.borrow_mut().remove(&self.fingerprint);
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;
    use std::time::Duration;

    use futures::sync::oneshot;
    use futures::{future, Async, Future};
    use tokio_core::reactor::Core;
    use tokio_timer::TimerError;

    use super::{Client, Drawn, Flights, LocalFuture, PoolError, SharedPicture, Times};
    use captioner::{Captioner, Fingerprint, Format, Picture, Settings};
    use image_macro::from_query;

    fn fingerprint() -> Fingerprint {
        let asked = from_query("template=cat").unwrap();
        Captioner::new(Settings::default()).fingerprint(&asked).unwrap()
    }

    fn drawn() -> Drawn {
        let bytes = vec![7; 1000];
        let picture =
            Picture { format: Format::Png, bytes, encode_time: Duration::default(), too_small: Vec::new() };
        let picture = SharedPicture::new(picture, "cat", None);
        let nothing = Duration::default();
        Drawn { picture, times: Times { queue: nothing, draw: nothing, encode: nothing } }
    }

    /// A drawing that is done when the sender sends, and whose sender sees when it is dropped.
    fn drawing() -> (oneshot::Sender<Drawn>, LocalFuture<Drawn, PoolError>) {
        let (done, is_done) = oneshot::channel();
        (done, Box::new(is_done.map_err(|_| PoolError::Busy)))
    }

    /// Polls it once, as a task does.
    fn poll_once(core: &mut Core, waiting: &mut LocalFuture<Drawn, PoolError>) {
        let polled = core.run(future::lazy(|| waiting.poll()));
        assert!(polled.unwrap().is_not_ready());
    }

    #[test]
    fn whoever_polled_first_may_go_and_the_others_still_arrive() {
        let (mut core, flights) = (Core::new().unwrap(), Flights::default());
        let (done, drawing) = drawing();
        let mut first = flights.start(fingerprint(), drawing, None);
        poll_once(&mut core, &mut first);
        let mut second = flights.join(&fingerprint(), Client::Server).unwrap();
        poll_once(&mut core, &mut second);
        drop(first);
        let third = flights.join(&fingerprint(), Client::Server).unwrap();
        done.send(drawn()).unwrap();
        let (second, third) = core.run(second.join(third)).unwrap();
        // The bytes were not copied.
        assert_eq!(second.picture.bytes.as_ptr(), third.picture.bytes.as_ptr());
        assert!(flights.join(&fingerprint(), Client::Server).is_none());
        assert!(flights.0.borrow().is_empty());
    }

    #[test]
    fn the_drawing_is_dropped_with_the_last_that_waits_and_not_before() {
        let (mut core, flights) = (Core::new().unwrap(), Flights::default());
        let (mut done, drawing) = drawing();
        let mut first = flights.start(fingerprint(), drawing, None);
        poll_once(&mut core, &mut first);
        let second = flights.join(&fingerprint(), Client::Server).unwrap();
        let mut is_dropped = || core.run(future::lazy(|| done.poll_cancel())).unwrap() == Async::Ready(());
        drop(first);
        assert!(!is_dropped());
        drop(second);
        assert!(is_dropped());
        assert!(flights.0.borrow().is_empty());
    }

    #[test]
    fn an_error_and_a_panic_are_everybodys_and_the_next_flight_is_a_new_one() {
        let (mut core, flights) = (Core::new().unwrap(), Flights::default());
        let panicking = future::lazy(|| -> Result<Drawn, PoolError> { panic!("a secret") });
        let endings: Vec<(LocalFuture<Drawn, PoolError>, _)> = vec![
            (Box::new(panicking), "Panicked(\"a secret\")"),
            (Box::new(future::err(PoolError::Timer(Rc::new(TimerError::TooLong)))), "Timer(TooLong)"),
        ];
        for (drawing, expected) in endings {
            let first = flights.start(fingerprint(), drawing, None);
            let second = flights.join(&fingerprint(), Client::Server).unwrap();
            for waiting in [first, second] {
                assert_eq!(format!("{:?}", core.run(waiting).unwrap_err()), expected);
                assert!(flights.join(&fingerprint(), Client::Server).is_none());
            }
        }
    }
}
