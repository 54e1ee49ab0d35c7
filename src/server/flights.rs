//! Drawings in flight. A request for a picture that is being drawn waits for that drawing, and starts none.

use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::rc::{Rc, Weak};

use futures::future::Shared;
use futures::Future;

use super::future_ext::BoxFuture;
use super::render::RenderError;
use super::response::message_of;
use super::results::Finished;
use super::timing::Times;
use captioner::Fingerprint;

/// What a flight brings. Cheap to clone: each of those who wait gets one.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The picture.
    pub picture: Finished,
    /// Whose picture it is. `None` if a file changed while it was drawn: then nobody knows.
    pub fingerprint: Option<Fingerprint>,
    /// What it took.
    pub times: Times,
}

/// All flights, by what they draw.
///
/// The map does not keep a flight in the air: it has a `Weak`, each request that waits has an `Rc`. When the
/// last of them is gone (answered, past its deadline, hung up), the drawing's future is dropped, which tells
/// the drawing to stop.
#[derive(Default)]
pub struct Flights(Rc<RefCell<Map>>);

type Map = HashMap<Fingerprint, Weak<Flight>>;

struct Flight(Shared<BoxFuture<Drawn, RenderError>>);

impl Flights {
    /// Waits for a drawing in flight, if there is one.
    pub fn join(&self, fingerprint: &Fingerprint) -> Option<BoxFuture<Drawn, RenderError>> {
        let flight = self.0.borrow().get(fingerprint).and_then(Weak::upgrade);
        flight.map(wait_for)
    }

    /// Makes a drawing joinable, and waits for it.
    ///
    /// `drawing` has no deadline of its own: each of those who wait has one, and none of them may end it for
    /// the others. Once it is done, well or not, its entry in the map goes; if nobody waits any more, the
    /// whole chain is dropped, and the entry with it. All of it happens on the reactor, in the task of
    /// whoever polls first; `Shared` wakes the others.
    ///
    /// Pitfall: a panic inside of a `Shared` poisons it: it comes up in the first task, and in all others as
    /// another panic that has lost its message. So it becomes an error before it is shared. Pinned by
    /// `an_error_and_a_panic_are_everybodys_and_the_next_flight_is_a_new_one` below.
    pub fn start(
        &self,
        fingerprint: Fingerprint,
        drawing: BoxFuture<Drawn, RenderError>,
    ) -> BoxFuture<Drawn, RenderError> {
        let entry = Entry { map: self.0.clone(), fingerprint };
        let landed = AssertUnwindSafe(drawing).catch_unwind().then(move |ended| {
            drop(entry);
            ended.unwrap_or_else(|panic| Err(RenderError::Panicked(message_of(&*panic).to_string())))
        });
        let landed: BoxFuture<Drawn, RenderError> = Box::new(landed);
        let flight = Rc::new(Flight(landed.shared()));
        self.0.borrow_mut().insert(fingerprint, Rc::downgrade(&flight));
        wait_for(flight)
    }
}

/// One more that waits: a clone of the `Shared`, and of the `Rc` that keeps the flight joinable.
fn wait_for(flight: Rc<Flight>) -> BoxFuture<Drawn, RenderError> {
    let landed = flight.0.clone();
    Box::new(landed.then(move |landed| {
        drop(flight);
        landed.map(|drawn| (*drawn).clone()).map_err(|error| (*error).clone())
    }))
}

/// A flight's place in the map, given back by its drop.
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
    use bytes::Bytes;
    use futures::sync::oneshot;
    use futures::{future, Async, Future};
    use tokio_core::reactor::Core;

    use super::{BoxFuture, Drawn, Finished, Flights, RenderError, Times};
    use captioner::{Captioner, Fingerprint, Format, Settings};
    use image_macro::from_query;

    fn fingerprint() -> Fingerprint {
        let asked = from_query("template=cat").unwrap();
        Captioner::new(Settings::default()).fingerprint(&asked).unwrap()
    }

    fn drawn() -> Drawn {
        let picture = Finished { format: Format::Png, bytes: Bytes::from(vec![7; 1000]) };
        Drawn { picture, fingerprint: None, times: Times::default() }
    }

    /// A drawing that is done when it is told to be, and tells when it is dropped.
    fn drawing() -> (oneshot::Sender<Drawn>, BoxFuture<Drawn, RenderError>) {
        let (done, is_done) = oneshot::channel();
        (done, Box::new(is_done.map_err(|_| RenderError::Busy)))
    }

    /// Polls it once, as a task does.
    fn poll_once(core: &mut Core, waiting: &mut BoxFuture<Drawn, RenderError>) {
        let polled = core.run(future::lazy(|| waiting.poll()));
        assert!(polled.unwrap().is_not_ready());
    }

    #[test]
    fn whoever_polled_first_may_go_and_the_others_still_arrive() {
        let (mut core, flights) = (Core::new().unwrap(), Flights::default());
        let (done, drawing) = drawing();
        let mut first = flights.start(fingerprint(), drawing);
        poll_once(&mut core, &mut first);
        let mut second = flights.join(&fingerprint()).unwrap();
        poll_once(&mut core, &mut second);
        drop(first);
        let third = flights.join(&fingerprint()).unwrap();
        done.send(drawn()).unwrap();
        let (second, third) = core.run(second.join(third)).unwrap();
        // Nobody copied the bytes.
        assert_eq!(second.picture.bytes.as_ptr(), third.picture.bytes.as_ptr());
        assert!(flights.join(&fingerprint()).is_none());
        assert!(flights.0.borrow().is_empty());
    }

    #[test]
    fn the_drawing_is_dropped_with_the_last_that_waits_and_not_before() {
        let (mut core, flights) = (Core::new().unwrap(), Flights::default());
        let (mut done, drawing) = drawing();
        let mut first = flights.start(fingerprint(), drawing);
        poll_once(&mut core, &mut first);
        let second = flights.join(&fingerprint()).unwrap();
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
        let panicking = future::lazy(|| -> Result<Drawn, RenderError> { panic!("a secret") });
        let endings: Vec<(BoxFuture<Drawn, RenderError>, _)> = vec![
            (Box::new(panicking), "Panicked(\"a secret\")"),
            (Box::new(future::err(RenderError::Timer)), "Timer"),
        ];
        for (drawing, expected) in endings {
            let first = flights.start(fingerprint(), drawing);
            let second = flights.join(&fingerprint()).unwrap();
            for waiting in [first, second] {
                assert_eq!(format!("{:?}", core.run(waiting).unwrap_err()), expected);
                assert!(flights.join(&fingerprint()).is_none());
            }
        }
    }
}
