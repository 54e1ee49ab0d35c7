//! The tests of lesson 8.

#[cfg_attr(feature = "solutions", path = "../solutions/lesson_08.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../exercises/lesson_08.rs")]
mod exercise;

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn, ready};
use std::marker::PhantomPinned;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use playground_today::within;
use tokio::task::yield_now;
use tokio::time::sleep;

use exercise::{Late, limit, limit_in_place};

const SHORT: Duration = Duration::from_millis(50);
/// No test waits for so long.
const LONG: Duration = Duration::from_secs(60);

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

/// Says when it is dropped.
struct Owned(Rc<Cell<bool>>);

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

fn owned() -> (Owned, Rc<Cell<bool>>) {
    let is_dropped = Rc::new(Cell::new(false));
    (Owned(is_dropped.clone()), is_dropped)
}

#[test]
fn a_future_that_is_ready_at_once_needs_no_timer() {
    within(|| {
        // There is no runtime here: `sleep` would panic.
        let mut context = Context::from_waker(Waker::noop());
        assert_eq!(pin!(limit(ready(1), LONG)).poll(&mut context), Poll::Ready(Ok(1)));
        assert_eq!(pin!(limit_in_place(ready(2), LONG)).poll(&mut context), Poll::Ready(Ok(2)));
    });
}

#[test]
fn a_deadline_ends_the_wait_and_is_never_early() {
    within(|| {
        let start = Instant::now();
        assert_eq!(block_on(limit(pending::<()>(), SHORT)), Err(Late));
        assert!(start.elapsed() >= SHORT, "{:?} is early", start.elapsed());
    });
}

#[test]
fn a_deadline_in_place_ends_the_wait_and_is_never_early() {
    within(|| {
        let start = Instant::now();
        assert_eq!(block_on(limit_in_place(pending::<()>(), SHORT)), Err(Late));
        assert!(start.elapsed() >= SHORT, "{:?} is early", start.elapsed());
    });
}

#[test]
fn the_time_runs_from_the_first_poll() {
    within(|| {
        let late_start = |limited: Pin<Box<dyn Future<Output = Result<(), Late>>>>| {
            thread::sleep(4 * SHORT);
            block_on(limited)
        };
        let takes_a_while = || Box::pin(async { sleep(SHORT).await });
        let why = "its time began before its first poll";
        assert_eq!(late_start(Box::pin(limit(takes_a_while(), 3 * SHORT))), Ok(()), "{why}");
        assert_eq!(late_start(Box::pin(limit_in_place(takes_a_while(), 3 * SHORT))), Ok(()), "{why}");
    });
}

#[test]
fn polls_in_between_do_not_move_the_deadline() {
    within(|| {
        // It is polled every 10 ms, and never ready.
        let restless = || {
            Box::pin(async {
                loop {
                    sleep(SHORT / 5).await;
                }
            })
        };
        assert_eq!(block_on(limit::<Pin<Box<dyn Future<Output = ()>>>>(restless(), SHORT)), Err(Late));
        assert_eq!(
            block_on(limit_in_place::<Pin<Box<dyn Future<Output = ()>>>>(restless(), SHORT)),
            Err(Late)
        );
    });
}

#[test]
fn a_future_that_is_late_is_dropped_with_what_it_owns() {
    within(|| {
        let (first, first_is_dropped) = owned();
        let (second, second_is_dropped) = owned();
        block_on(async {
            let mut limited = pin!(limit(
                poll_fn(move |_| {
                    let _ = &first;
                    Poll::<()>::Pending
                }),
                SHORT
            ));
            let mut in_place = pin!(limit_in_place(
                async move {
                    let _second = second;
                    pending::<()>().await
                },
                SHORT
            ));
            assert_eq!(limited.as_mut().await, Err(Late));
            assert_eq!(in_place.as_mut().await, Err(Late));
            // Both are still there.
            assert!(first_is_dropped.get(), "the future is late, and still owns what it owned");
            assert!(second_is_dropped.get(), "the future is late, and still owns what it owned");
        });
    });
}

#[test]
fn a_result_that_is_there_wins_over_a_deadline_that_has_passed() {
    within(|| {
        block_on(async {
            let is_ready = Cell::new(false);
            let waits = || poll_fn(|_| if is_ready.get() { Poll::Ready(1) } else { Poll::Pending });
            let (mut limited, mut in_place) =
                (pin!(limit(waits(), SHORT)), pin!(limit_in_place(waits(), SHORT)));
            poll_fn(|context| {
                assert!(limited.as_mut().poll(context).is_pending());
                assert!(in_place.as_mut().poll(context).is_pending());
                Poll::Ready(())
            })
            .await;
            thread::sleep(2 * SHORT);
            // The runtime sees that the time is over.
            yield_now().await;
            is_ready.set(true);
            assert_eq!(
                (limited.await, in_place.await),
                (Ok(1), Ok(1)),
                "poll the future first, then the timer"
            );
        });
    });
}

#[test]
fn in_place_takes_a_future_that_borrows_from_itself() {
    within(|| {
        let sum = async {
            let numbers = [1, 2, 3];
            let first_two = &numbers[..2];
            yield_now().await;
            first_two.iter().sum::<i32>()
        };
        assert_eq!(block_on(limit_in_place(sum, LONG)), Ok(3));
    });
}

/// Notes where it is. `PhantomPinned`: it must not be moved after its first poll.
struct Where(Rc<RefCell<Vec<usize>>>, PhantomPinned);

impl Future for Where {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.borrow_mut().push(&raw const *self as usize);
        if self.0.borrow().len() < 3 {
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

impl Drop for Where {
    fn drop(&mut self) {
        self.0.borrow_mut().push(&raw const *self as usize);
    }
}

#[test]
fn in_place_moves_no_future_that_was_polled() {
    within(|| {
        let seen = Rc::new(RefCell::new(Vec::new()));
        assert_eq!(block_on(limit_in_place(Where(seen.clone(), PhantomPinned), SHORT)), Err(Late));
        let seen = seen.borrow();
        assert!(seen.len() > 3 && seen.iter().all(|&address| address == seen[0]), "it was moved: {seen:x?}");
    });
}
