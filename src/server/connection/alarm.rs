//! One timer for the changing deadlines of one connection.

use std::io;
use std::time::Instant;

use futures::{Async, Future, Poll};
use tokio_core::reactor::{Handle, Timeout};

/// A timer that is armed, then polled.
///
/// Both steps matter. Creating or resetting a `Timeout` only puts an entry into the reactor's heap of timers; polling
/// it stores the current task, which the reactor notifies when the time has come. A timer that was armed and never
/// polled fires, and wakes nothing.
///
/// A connection's deadline moves with every byte, usually to a later time. The timer is not reset then: it fires at
/// the earlier time, the connection looks at its deadline again, and arms the timer anew. So the heap
/// changes once for each deadline that passes, instead of several times per request.
pub struct Alarm {
    handle: Handle,
    armed: Option<Armed>,
}

struct Armed {
    timeout: Timeout,
    /// When it fires.
    at: Instant,
}

impl Alarm {
    /// Not armed.
    pub fn new(handle: Handle) -> Alarm {
        Alarm { handle, armed: None }
    }

    /// Ready at `deadline` or before it; otherwise the current task is notified by then. After an early return the
    /// caller looks whether its deadline has moved.
    pub fn poll_at(&mut self, deadline: Instant) -> Poll<(), io::Error> {
        let mut armed = match self.armed.take() {
            Some(armed) if armed.at <= deadline => armed,
            Some(Armed { mut timeout, .. }) => {
                timeout.reset(deadline);
                Armed { timeout, at: deadline }
            }
            None => Armed { timeout: Timeout::new_at(deadline, &self.handle)?, at: deadline },
        };
        if armed.timeout.poll()?.is_ready() {
            return Ok(Async::Ready(()));
        }
        self.armed = Some(armed);
        Ok(Async::NotReady)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use futures::future;
    use tokio_core::reactor::Core;

    use super::Alarm;

    #[test]
    fn it_wakes_the_task_at_a_deadline_that_has_moved_closer() {
        let mut core = Core::new().expect("a reactor");
        let mut alarm = Alarm::new(core.handle());
        let start = Instant::now();
        let soon = start + Duration::from_millis(50);
        let mut far = Some(start + Duration::from_secs(1000));
        let woken = future::poll_fn(move || match far.take() {
            // The first poll arms it for the far one; the second, in the same turn, for the near one.
            Some(far) => {
                assert!(alarm.poll_at(far)?.is_not_ready());
                alarm.poll_at(soon)
            }
            None => alarm.poll_at(soon),
        });
        core.run(woken).expect("the reactor has timers");
        assert!(Instant::now() >= soon);
        assert!(start.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn an_alarm_for_a_deadline_that_has_moved_away_is_early_and_never_late() {
        let mut core = Core::new().expect("a reactor");
        let mut alarm = Alarm::new(core.handle());
        let start = Instant::now();
        let (near, far) = (start + Duration::from_millis(30), start + Duration::from_millis(90));
        let mut is_first = true;
        let woken = future::poll_fn(move || {
            let deadline = if is_first { near } else { far };
            is_first = false;
            alarm.poll_at(deadline)
        });
        core.run(woken).expect("the reactor has timers");
        assert!(Instant::now() >= near);
    }
}
