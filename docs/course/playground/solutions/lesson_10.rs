//! Lesson 10: work that many wait for.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::{Rc, Weak};

use futures::future::Shared;
use futures::Future;
use playground::server::future_ext::LocalFuture;

type Work<T> = Shared<LocalFuture<T, String>>;
type Map<T> = Rc<RefCell<HashMap<u32, Weak<Work<T>>>>>;

/// Work in flight, by number, on one thread. Clones share it.
///
/// - Whoever asks for a number that is in flight waits for that work.
/// - When the work has ended, well or not, its number is free again.
/// - When the last that waits is dropped, the work is dropped, and its number is free again. Not before.
pub struct Flights<T>(Map<T>);

impl<T> Clone for Flights<T> {
    fn clone(&self) -> Flights<T> {
        Flights(self.0.clone())
    }
}

impl<T: Clone + 'static> Flights<T> {
    /// With nothing in flight.
    pub fn new() -> Flights<T> {
        Flights(Rc::default())
    }

    /// How many numbers are taken.
    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Waits for the work of that number. If none is in flight, `start` makes it. The work does not panic.
    pub fn join_or_start<S>(&self, number: u32, start: S) -> LocalFuture<T, String>
    where
        S: FnOnce() -> LocalFuture<T, String>,
    {
        let in_flight = self.0.borrow().get(&number).and_then(Weak::upgrade);
        let work = in_flight.unwrap_or_else(|| {
            // The map is not borrowed here: `start` may ask for other work.
            let entry = Entry { map: self.0.clone(), number };
            let work: LocalFuture<T, String> = Box::new(start().then(move |ended| {
                drop(entry);
                ended
            }));
            let work = Rc::new(work.shared());
            self.0.borrow_mut().insert(number, Rc::downgrade(&work));
            work
        });
        let waits = (*work).clone();
        Box::new(waits.then(move |ended| {
            drop(work);
            ended.map(|item| (*item).clone()).map_err(|error| (*error).clone())
        }))
    }
}

/// Frees the number when the work has ended, and when it is dropped.
struct Entry<T> {
    map: Map<T>,
    number: u32,
}

impl<T> Drop for Entry<T> {
    fn drop(&mut self) {
        self.map.borrow_mut().remove(&self.number);
    }
}
