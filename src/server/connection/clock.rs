//! The time by which clients are late. Tests move it on, so that a minute of idling takes no minute.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// The clock of all connections of a server. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// By how much it is ahead of the system's. Zero but in tests.
    ahead: Rc<Cell<Duration>>,
}

impl Clock {
    /// The time.
    pub fn now(&self) -> Instant {
        Instant::now() + self.ahead.get()
    }

    /// A time of this clock as the system's, for a timer.
    pub fn to_system(&self, time: Instant) -> Instant {
        time.checked_sub(self.ahead.get()).unwrap_or(time)
    }

    /// Moves it on. Timers that are set already do not hear of it.
    #[cfg(test)]
    pub fn advance(&self, by: Duration) {
        self.ahead.set(self.ahead.get() + by);
    }
}
