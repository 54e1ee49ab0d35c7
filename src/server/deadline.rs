//! How long a request may take, by the process's one tokio-timer.

use std::mem;
use std::time::Duration;

use futures::{Async, Future, Poll};
use tokio_timer::{self, Timeout, TimeoutError, Timer};

/// The finest tick. The timer counts ticks in 32 bits: of these, for more than a year.
const MIN_TICK: Duration = Duration::from_millis(10);
/// The tick that the timer comes with, and fine enough for whoever waits for seconds.
const MAX_TICK: Duration = Duration::from_millis(100);
/// Deadlines that the timer can hold.
///
/// Pitfall: it holds one until it is due, even if nobody needs it any more: a cancel compares the exact time
/// with the rounded one, and they differ. When the timer is full, `poll` spins instead of failing. This many
/// within the longest deadline (a minute) are 17,000 requests for the pool each second, for a minute.
const MAX_DEADLINES: usize = 1 << 20;
/// Deadlines on their way to the timer's thread, which wakes up for each of them and takes all that there are.
/// When there are more at once, those who set them come again after the other tasks, until there is room. Each
/// takes about 350 bytes from the start, used or not.
///
/// Pitfall: the channel sets its capacity aside from that of the timer. If the two are equal, nothing is
/// left for deadlines that have arrived, and none ever fires. Pinned by `a_deadline_is_kept_and_never_early`.
///
/// Pitfall: who sets one while the channel is full may be told the token of another. Tokens are for cancelling,
/// and a cancel does nothing, as said above; so that one does no harm.
const ON_THEIR_WAY: usize = 1 << 8;

/// A deadline of one length, for any number of futures.
pub struct Deadline {
    timer: Timer,
    time: Duration,
    tick: Duration,
}

impl Deadline {
    /// Starts the timer's thread, called `timer`. There is to be one in a process.
    ///
    /// The timer is exact to a hundredth of the time, and its wheel is no larger than that needs, because
    /// its thread goes over the whole wheel each time it wakes.
    pub fn start(time: Duration) -> Deadline {
        // In whole milliseconds: the timer ignores the rest.
        let hundredth = Duration::from_millis(time.as_millis() as u64 / 100);
        let tick = hundredth.max(MIN_TICK).min(MAX_TICK);
        let ticks = (time.as_millis() / tick.as_millis()) as usize;
        let timer = tokio_timer::wheel()
            .tick_duration(tick)
            // One more for the tick that a deadline is set late, one for rounding, one for the current one.
            .num_slots((ticks + 3).next_power_of_two())
            .max_capacity(MAX_DEADLINES)
            .channel_capacity(ON_THEIR_WAY)
            .thread_name("timer")
            .build();
        Deadline { timer, time, tick }
    }

    /// The future, which has that long from the first time that it is polled and is not ready. If it takes longer
    /// it is dropped, and with it everything it owns: the timer's error owns the future, and to convert the error is
    /// to drop it.
    ///
    /// A future that is ready at once never meets the timer, which would keep its deadline until it is due.
    pub fn limit<F>(&self, future: F) -> Limited<F>
    where
        F: Future,
        F::Error: From<TimeoutError<F>>,
    {
        // The timer fires up to one tick early.
        Limited { timer: self.timer.clone(), time: self.time + self.tick, state: State::Unpolled(future) }
    }
}

/// A future with a deadline.
pub struct Limited<F> {
    timer: Timer,
    time: Duration,
    state: State<F>,
}

enum State<F> {
    Unpolled(F),
    Timed(Timeout<F>),
    Done,
}

impl<F> Future for Limited<F>
where
    F: Future,
    F::Error: From<TimeoutError<F>>,
{
    type Item = F::Item;
    type Error = F::Error;

    fn poll(&mut self) -> Poll<F::Item, F::Error> {
        if let State::Timed(ref mut timeout) = self.state {
            return timeout.poll();
        }
        match mem::replace(&mut self.state, State::Done) {
            State::Unpolled(mut future) => match future.poll()? {
                Async::Ready(item) => Ok(Async::Ready(item)),
                Async::NotReady => {
                    let mut timeout = self.timer.timeout(future, self.time);
                    // To create it does nothing; to poll it is what makes it wake this task.
                    let polled = timeout.poll();
                    self.state = State::Timed(timeout);
                    polled
                }
            },
            State::Timed(_) | State::Done => panic!("a future with a deadline was polled after its end"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::{Duration, Instant};

    use futures::future::{self, Either};
    use futures::sync::mpsc;
    use futures::{Future, Stream};
    use tokio_core::reactor::{Core, Timeout};

    use super::{Deadline, ON_THEIR_WAY};

    #[test]
    fn a_deadline_is_kept_and_never_early() {
        for &milliseconds in &[10, 37, 150, 420] {
            let time = Duration::from_millis(milliseconds);
            let deadline = Deadline::start(time);
            let start = Instant::now();
            let never = deadline.limit(future::empty::<(), io::Error>());
            assert_eq!(Core::new().unwrap().run(never).unwrap_err().kind(), io::ErrorKind::TimedOut);
            assert!(start.elapsed() >= time, "{:?} is before {:?}", start.elapsed(), time);
            // The machine may be busy; it is not that busy.
            assert!(start.elapsed() < time * 2 + Duration::from_secs(2));
        }
    }

    #[test]
    fn more_deadlines_at_once_than_can_be_on_their_way_are_all_kept() {
        let time = Duration::from_millis(200);
        let deadline = Deadline::start(time);
        let mut core = Core::new().unwrap();
        let handle = core.handle();
        let start = Instant::now();
        let (end, ends) = mpsc::unbounded();
        // A task each: nobody is woken by the deadline of another.
        for _ in 0..10 * ON_THEIR_WAY {
            let end = end.clone();
            let never = deadline.limit(future::empty::<(), io::Error>());
            handle.spawn(never.then(move |never| {
                let error = never.expect_err("it never is");
                end.unbounded_send((error.kind(), start.elapsed())).map_err(drop)
            }));
        }
        let all = ends.take(10 * ON_THEIR_WAY as u64).collect();
        // Only there to stop the test from hanging.
        let hangs = Timeout::new(Duration::from_secs(20), &handle).unwrap();
        let all = match core.run(all.select2(hangs)) {
            Ok(Either::A((all, _))) => all,
            _ => panic!("some are lost"),
        };
        for (kind, elapsed) in all {
            assert_eq!(kind, io::ErrorKind::TimedOut);
            assert!((time..time * 2 + Duration::from_secs(2)).contains(&elapsed), "{:?}", elapsed);
        }
    }

    #[test]
    fn the_longest_deadline_that_can_be_asked_for_fits_the_wheel() {
        let deadline = Deadline::start(::config::MAX_REQUEST_TIMEOUT);
        let done = deadline.limit(future::ok::<_, io::Error>(1));
        assert_eq!(Core::new().unwrap().run(done).unwrap(), 1);
        // A deadline that is too far away fails when it is polled and the future is not done.
        let mut never = deadline.limit(future::empty::<(), io::Error>());
        let polled = Core::new().unwrap().run(future::lazy(move || never.poll()));
        assert!(polled.unwrap().is_not_ready());
    }
}
