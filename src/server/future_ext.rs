//! The return type of every asynchronous function in `server/`, and three small helpers around it.
//!
//! The type of a chain of combinators names every combinator and every closure in it, and the type of a closure
//! cannot be written down. Stable Rust had no `impl Trait` in 2017, so a function that returns a chain returns it in
//! a `Box`, as a trait object. Box once, at the end of a chain. Box in its middle only where a `match` must give one
//! type to several arms.

use futures::{future, task, Async, Future, Poll};

/// A boxed future that stays on the thread it was made on.
///
/// It is not `Send`: everything on the reactor shares state through `Rc`, and the one thread needs no locks. (The
/// `BoxFuture` of futures 0.1 is `Send`, which is why it is not used here.)
pub type LocalFuture<T, E> = Box<dyn Future<Item = T, Error = E>>;

/// A future that has its value already.
pub fn ready<T: 'static, E: 'static>(value: T) -> LocalFuture<T, E> {
    Box::new(future::ok(value))
}

/// A future that has failed already: how a function fails before its chain begins.
pub fn failed<T: 'static, E: 'static>(error: E) -> LocalFuture<T, E> {
    Box::new(future::err(error))
}

/// Gives the other tasks a turn: for a `poll` that could go on, but has had its share.
///
/// `NotReady` is a promise that the task will be notified. Here nothing else would notify it, so the task notifies
/// itself, and the reactor polls it again after the tasks that are waiting already.
pub fn yield_now<T, E>() -> Poll<T, E> {
    task::current().notify();
    Ok(Async::NotReady)
}

#[cfg(test)]
mod tests {
    use futures::{future, Async};
    use std::cell::RefCell;
    use std::rc::Rc;
    use tokio_core::reactor::Core;

    use super::yield_now;

    #[test]
    fn a_task_that_yields_is_polled_again_after_the_others() {
        let mut core = Core::new().expect("a reactor");
        let order = Rc::new(RefCell::new(Vec::new()));
        let of_other = order.clone();
        core.handle().spawn(future::lazy(move || {
            of_other.borrow_mut().push("other");
            Ok(())
        }));
        let of_yielding = order.clone();
        let mut has_yielded = false;
        let yielding = future::poll_fn(move || {
            of_yielding.borrow_mut().push("yielding");
            if has_yielded {
                return Ok::<_, ()>(Async::Ready(()));
            }
            has_yielded = true;
            yield_now()
        });
        core.handle().spawn(yielding);
        // As many turns as it takes; the test would hang if the task were never notified.
        while order.borrow().len() < 3 {
            core.turn(None);
        }
        assert_eq!(order.borrow().last(), Some(&"yielding"));
        assert!(order.borrow().contains(&"other"));
    }
}
