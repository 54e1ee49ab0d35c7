//! Limits how long a future may take, with the one tokio-timer of the process.

use std::cell::RefCell;
use std::mem;
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures::future::Shared;
use futures::{Async, Future, Poll};
use tokio_timer::{self, Sleep, Timer, TimerError};

/// The finest tick. The timer counts ticks in 32 bits: of these, for more than a year.
const MIN_TICK: Duration = Duration::from_millis(10);
/// The timer's default tick, fine enough for a deadline of seconds.
const MAX_TICK: Duration = Duration::from_millis(100);
/// Sleeps that the timer can hold. There is one for each tick of the longest deadline at most: 600 of a minute.
const MAX_SLEEPS: usize = 1 << 10;
/// Sleeps on their way to the timer's thread. There is one at a time, as all of them are set on the reactor and
/// a tick apart.
///
/// Pitfall: the channel sets its capacity aside from that of the timer. If the two are equal, nothing is
/// left for sleeps that have arrived, and none ever fires. Pinned by `a_deadline_is_kept_and_never_early`.
const ON_THEIR_WAY: usize = 1 << 4;

/// A time limit, for any number of futures.
///
/// Futures whose time begins within the same tick share one `Sleep` of the timer.
///
/// Pitfall: a `Sleep` for each of them would fill the timer. It holds a sleep until it is due, even if its future is
/// long gone: a cancel compares the exact time with the rounded one, and they differ. When the timer is full, or the
/// channel to it, `poll` notifies its own task and returns: the reactor then spins until there is room, a minute perhaps.
/// Pinned by `more_deadlines_than_the_timer_can_hold_are_all_kept` below, which counts the polls.
pub struct Deadline {
    timer: Timer,
    time: Duration,
    tick: Duration,
    latest: RefCell<Option<Latest>>,
}

/// The sleep that was set last.
struct Latest {
    since: Instant,
    sleep: Shared<Sleep>,
}

/// Why a future was given up.
#[derive(Clone, Debug, PartialEq)]
pub enum Expired {
    /// Its time is over.
    Late,
    /// The timer could not take the deadline.
    Timer(TimerError),
}

impl Deadline {
    /// Starts the timer's thread, called `timer`. A process needs only one.
    ///
    /// The timer is exact to a hundredth of the time. Its wheel is no larger than that needs, because its thread scans
    /// the whole wheel each time it wakes.
    pub fn start(time: Duration) -> Deadline {
        // In whole milliseconds, because the timer ignores the rest.
        let hundredth = Duration::from_millis(time.as_millis() as u64 / 100);
        let tick = hundredth.max(MIN_TICK).min(MAX_TICK);
        let ticks = (time.as_millis() / tick.as_millis()) as usize;
        let timer = tokio_timer::wheel()
            .tick_duration(tick)
            // Four more: two by which a sleep is longer, one for rounding, and the current one.
            .num_slots((ticks + 4).next_power_of_two())
            .max_capacity(MAX_SLEEPS)
            .channel_capacity(ON_THEIR_WAY)
            .thread_name("timer")
            .build();
        Deadline { timer, time, tick, latest: RefCell::new(None) }
    }

    /// Limits a future. Its time runs from the first poll at which it is not ready. If it takes longer, the future is
    /// dropped, with everything that it owns, and that is the cancel.
    ///
    /// A future that is ready at its first poll costs the timer nothing.
    pub fn limit<F>(self: &Rc<Self>, future: F) -> Limited<F>
    where
        F: Future,
        F::Error: From<Expired>,
    {
        Limited { deadline: self.clone(), state: State::Unpolled(future) }
    }

    /// A sleep that lasts at least for the time, from now on, and up to three ticks longer.
    fn sleep(&self) -> Shared<Sleep> {
        let mut latest = self.latest.borrow_mut();
        match *latest {
            Some(Latest { since, ref sleep }) if since.elapsed() < self.tick => sleep.clone(),
            _ => {
                // It may be shared for a tick, and the timer fires up to another one early.
                let since = Instant::now();
                let sleep = self.timer.sleep(self.time + 2 * self.tick).shared();
                *latest = Some(Latest { since, sleep: sleep.clone() });
                sleep
            }
        }
    }
}

/// A future with a deadline.
///
/// Written by hand, because tokio-timer's `Timeout` sets its deadline when it is created, and one for each future. This
/// one polls the future first, and only if that is not ready looks for a sleep to share. Moving the future from one state
/// to the next after it has been polled is allowed here: futures 0.1 know no `Pin`, and hold no references into
/// themselves.
pub struct Limited<F> {
    deadline: Rc<Deadline>,
    state: State<F>,
}

enum State<F> {
    /// Not polled yet.
    Unpolled(F),
    /// Was not ready at its first poll.
    Timed(F, Shared<Sleep>),
    /// Has returned its result.
    Done,
}

impl<F> Future for Limited<F>
where
    F: Future,
    F::Error: From<Expired>,
{
    type Item = F::Item;
    type Error = F::Error;

    /// Polls the future, then the sleep: polling is what registers the task with either of them.
    fn poll(&mut self) -> Poll<F::Item, F::Error> {
        let (mut future, sleep) = match mem::replace(&mut self.state, State::Done) {
            State::Unpolled(future) => (future, None),
            State::Timed(future, sleep) => (future, Some(sleep)),
            State::Done => panic!("a future with a deadline was polled after its end"),
        };
        if let Async::Ready(item) = future.poll()? {
            return Ok(Async::Ready(item));
        }
        let mut sleep = sleep.unwrap_or_else(|| self.deadline.sleep());
        match sleep.poll() {
            Ok(Async::NotReady) => {
                self.state = State::Timed(future, sleep);
                Ok(Async::NotReady)
            }
            Ok(Async::Ready(_)) => Err(Expired::Late.into()),
            Err(error) => Err(Expired::Timer((*error).clone()).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;
    use std::time::{Duration, Instant};

    use futures::future::{self, Either};
    use futures::sync::mpsc;
    use futures::{Future, Stream};
    use tokio_core::reactor::{Core, Timeout};

    use super::{Deadline, Expired, MAX_SLEEPS};

    #[test]
    fn a_deadline_is_kept_and_never_early() {
        for &milliseconds in &[10, 37, 150, 420] {
            let time = Duration::from_millis(milliseconds);
            let deadline = Rc::new(Deadline::start(time));
            let mut core = Core::new().unwrap();
            // The second one shares the sleep of the first.
            for _ in 0..2 {
                let start = Instant::now();
                let (first, second) = (future::empty::<(), Expired>(), future::empty::<(), Expired>());
                let both = deadline.limit(first).then(Ok).join(deadline.limit(second).then(Ok));
                let ended = core.run(both.map_err(|error: ()| error));
                assert_eq!(ended, Ok((Err(Expired::Late), Err(Expired::Late))));
                assert!(start.elapsed() >= time, "{:?} is before {:?}", start.elapsed(), time);
                // The machine may be busy, but not for seconds.
                assert!(start.elapsed() < time * 2 + Duration::from_secs(2));
            }
        }
    }

    #[test]
    fn more_deadlines_than_the_timer_can_hold_are_all_kept() {
        const MANY: usize = 10 * MAX_SLEEPS;
        let time = Duration::from_millis(200);
        let deadline = Rc::new(Deadline::start(time));
        let mut core = Core::new().unwrap();
        let handle = core.handle();
        let start = Instant::now();
        let (end, ends) = mpsc::unbounded();
        let polls = Rc::new(Cell::new(0));
        // A task each, so that none is woken by the deadline of another.
        for _ in 0..MANY {
            let (end, of_task) = (end.clone(), polls.clone());
            let mut never = deadline.limit(future::empty::<(), Expired>());
            let counted = future::poll_fn(move || {
                of_task.set(of_task.get() + 1);
                never.poll()
            });
            handle.spawn(counted.then(move |never| {
                let expired = never.expect_err("it never is");
                end.unbounded_send((expired, start.elapsed())).map_err(drop)
            }));
        }
        let all = ends.take(MANY as u64).collect();
        // Only there to stop the test from hanging.
        let hangs = Timeout::new(Duration::from_secs(20), &handle).unwrap();
        let all = match core.run(all.select2(hangs)) {
            Ok(Either::A((all, _))) => all,
            _ => panic!("some are lost"),
        };
        for (expired, elapsed) in all {
            assert_eq!(expired, Expired::Late);
            assert!((time..time * 2 + Duration::from_secs(2)).contains(&elapsed), "{:?}", elapsed);
        }
        // When it is polled first, and when it is late. A timer that is full has its tasks polled again and again.
        assert!(polls.get() <= 3 * MANY, "{} polls: the tasks spin", polls.get());
    }

    #[test]
    fn futures_that_came_and_went_leave_nothing_in_the_timer() {
        let deadline = Rc::new(Deadline::start(::config::MAX_REQUEST_TIMEOUT));
        let mut core = Core::new().unwrap();
        for _ in 0..10 * MAX_SLEEPS {
            let mut gone = deadline.limit(future::empty::<(), Expired>());
            let polled = core.run(future::lazy(|| gone.poll()));
            assert!(polled.unwrap().is_not_ready());
        }
        // A timer that is full would have its task polled again at once.
        let mut polls = 0;
        let mut waiting = deadline.limit(future::empty::<(), Expired>());
        core.handle().spawn(future::poll_fn(move || {
            polls += 1;
            assert!(polls < 10, "the task spins");
            waiting.poll().map_err(drop)
        }));
        (0..20).for_each(|_| core.turn(Some(Duration::from_millis(1))));
    }

    #[test]
    fn the_longest_deadline_that_can_be_asked_for_fits_the_wheel() {
        let deadline = Rc::new(Deadline::start(::config::MAX_REQUEST_TIMEOUT));
        let done = deadline.limit(future::ok::<_, Expired>(1));
        assert_eq!(Core::new().unwrap().run(done), Ok(1));
        // A deadline that is too far away would fail at the first poll at which the future is not ready.
        let mut never = deadline.limit(future::empty::<(), Expired>());
        let polled = Core::new().unwrap().run(future::lazy(move || never.poll()));
        assert!(polled.unwrap().is_not_ready());
    }
}
