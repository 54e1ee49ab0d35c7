//! The tests of lesson 9.

extern crate futures;
extern crate playground;
extern crate tokio_core;

#[cfg_attr(feature = "solutions", path = "../solutions/lesson_09.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../exercises/lesson_09.rs")]
mod exercise;
#[path = "../examples/nets/mod.rs"]
mod nets;

use std::cell::{Cell, RefCell};
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::rc::Rc;
use std::time::Duration;

use futures::future::{self, FutureResult};
use futures::{task, Async, Future};
use playground::server::future_ext::LocalFuture;
use playground::within;
use tokio_core::reactor::Core;

use exercise::{catcher_of, for_two, guarded};
use nets::SITES;

#[test]
fn each_site_has_the_catcher_that_was_predicted() {
    within(|| {
        let wrong: Vec<_> = SITES
            .iter()
            .map(|&site| (site, catcher_of(site)))
            .filter(|&(site, predicted)| predicted != nets::run(site))
            .map(|(site, predicted)| format!("{:?}: {:?} does not catch it", site, predicted))
            .collect();
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    });
}

#[test]
fn a_value_and_an_error_come_through() {
    within(|| {
        let mut core = Core::new().unwrap();
        assert_eq!(core.run(guarded(|| future::ok::<_, String>(42))), Ok(42));
        let error = guarded(|| future::err::<(), _>("no such template".to_string()));
        assert_eq!(core.run(error), Err("no such template".to_string()), "an error is not a panic");
    });
}

#[test]
fn nothing_runs_before_the_first_poll() {
    within(|| {
        let has_run = Rc::new(Cell::new(false));
        let runs = has_run.clone();
        let called = catch_unwind(AssertUnwindSafe(|| {
            guarded(move || {
                runs.set(true);
                future::ok::<_, String>(())
            })
        }));
        assert!(!has_run.get(), "`start` ran when `guarded` was called: no guard was around it");
        drop(called.unwrap_or_else(|panic| resume_unwind(panic)));
    });
}

#[test]
fn a_panic_of_start_is_an_error() {
    within(|| {
        let panics = guarded(|| -> FutureResult<(), String> { panic!("in start") });
        assert_eq!(Core::new().unwrap().run(panics), Err("in start".to_string()));
    });
}

#[test]
fn a_panic_of_a_later_poll_is_an_error_and_what_it_owned_is_dropped() {
    within(|| {
        let owned = Rc::new(());
        let (owns, mut polls) = (owned.clone(), 0);
        let panics = guarded(move || {
            future::poll_fn(move || -> Result<Async<()>, String> {
                let _ = &owns;
                polls += 1;
                // A message that is made when it is needed is a `String` and no `&str`.
                assert!(polls < 2, "in poll {}", polls);
                task::current().notify();
                Ok(Async::NotReady)
            })
        });
        assert_eq!(Core::new().unwrap().run(panics), Err("in poll 2".to_string()));
        assert_eq!(Rc::strong_count(&owned), 1);
    });
}

#[test]
fn two_get_the_value_of_one_future() {
    within(|| {
        let (first, second) = for_two(|| future::ok::<_, String>("a picture".to_string()));
        let both = Core::new().unwrap().run(first.join(second));
        assert_eq!(both, Ok(("a picture".to_string(), "a picture".to_string())));
    });
}

#[test]
fn two_get_the_message_of_one_panic() {
    within(|| {
        let mut has_waited = false;
        let (first, second) = for_two(move || {
            // Ready at no poll, and the second one panics: that is the poll of the second task.
            future::poll_fn(move || -> Result<Async<()>, String> {
                assert!(!has_waited, "on purpose");
                has_waited = true;
                Ok(Async::NotReady)
            })
        });
        let mut core = Core::new().unwrap();
        let endings = Rc::new(RefCell::new(vec![None, None]));
        for (number, waits) in vec![first, second].into_iter().enumerate() {
            let waits: LocalFuture<(), String> = waits;
            let endings = endings.clone();
            // A net around the net, so that a panic that comes through is seen.
            core.handle().spawn(AssertUnwindSafe(waits).catch_unwind().then(move |ended| {
                endings.borrow_mut()[number] =
                    Some(ended.unwrap_or(Err("(a panic came through)".to_string())));
                Ok(())
            }));
        }
        for _ in 0..20 {
            core.turn(Some(Duration::from_millis(10)));
        }
        let message = Some(Err("on purpose".to_string()));
        let endings = endings.borrow();
        assert_eq!(endings[1], message, "the task that polls");
        assert_eq!(endings[0], message, "the task that waits; None: it was never notified");
    });
}
