//! Limits how long a future may take, with the one tokio-timer of the process.

use std::mem;
use std::time::Duration;

use futures::{Async, Future, Poll};
use tokio_timer::{self, Timeout, TimeoutError, Timer};

/// The finest tick. The timer counts ticks in 32 bits: of these, for more than a year.
const MIN_TICK: Duration = Duration::from_millis(10);
/// The timer's default tick, fine enough for a deadline of seconds.
const MAX_TICK: Duration = Duration::from_millis(100);
/// Deadlines that the timer can hold.
///
/// Pitfall: it holds a deadline until it is due, even if the future is long gone: a cancel compares the exact time
/// with the rounded one, and they differ. When the timer is full, `poll` spins instead of failing. This many
/// within the longest deadline (a minute) are 17,000 requests per second that need the pool, for a minute.
const MAX_DEADLINES: usize = 1 << 20;
/// Deadlines on their way to the timer's thread, which wakes up for each of them and takes all that have arrived.
/// When there are more at once, the tasks that set them yield and try again until there is room. Each takes about
/// 350 bytes from the start, used or not.
///
/// Pitfall: the channel sets its capacity aside from that of the timer. If the two are equal, nothing is
/// left for deadlines that have arrived, and none ever fires. Pinned by `a_deadline_is_kept_and_never_early`.
///
/// Pitfall: a task that sets one while the channel is full may get the token of another. Tokens are for cancelling,
/// and a cancel does nothing, as said above, so this does no harm.
const ON_THEIR_WAY: usize = 1 << 8;

/// A time limit, for any number of futures.
pub struct Deadline {
    timer: Timer,
    time: Duration,
    tick: Duration,
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
            // Three more: the tick by which a deadline is set late, one for rounding, and the current one.
            .num_slots((ticks + 3).next_power_of_two())
            .max_capacity(MAX_DEADLINES)
            .channel_capacity(ON_THEIR_WAY)
            .thread_name("timer")
            .build();
        Deadline { timer, time, tick }
    }

    /// Limits a future. Its time runs from the first poll at which it is not ready. If it takes longer, it fails with
    /// the timer's error. That error owns the future, so converting it, as the bound asks for, drops the future and
    /// everything the future owns.
    ///
    /// A future that is ready at its first poll never reaches the timer, which would keep its deadline until it is
    /// due.
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
///
/// Written by hand, because tokio-timer's `Timeout` sets its deadline when it is created. This one polls the future
/// first, and only if that is not ready *moves* it into a `Timeout`. Moving a future that has been polled is allowed
/// here: futures 0.1 know no `Pin`, and hold no references into themselves.
pub struct Limited<F> {
    timer: Timer,
    time: Duration,
    state: State<F>,
}

enum State<F> {
    /// Not polled yet.
    Unpolled(F),
    /// Was not ready at its first poll.
    Timed(Timeout<F>),
    /// Has returned its result.
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
                    // Creating it starts its clock; polling it is what sends the deadline to the timer, together with
                    // the task to notify.
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
            // The machine may be busy, but not for seconds.
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
        // A task each, so that none is woken by the deadline of another.
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
        // A deadline that is too far away would fail at the first poll at which the future is not ready.
        let mut never = deadline.limit(future::empty::<(), io::Error>());
        let polled = Core::new().unwrap().run(future::lazy(move || never.poll()));
        assert!(polled.unwrap().is_not_ready());
    }
}
