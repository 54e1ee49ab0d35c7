//! What slots ask of a connection.

use std::cell::Cell;
use std::time::Instant;

/// What is lost with an idle connection. The server knows three kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// Nothing.
    Nothing,
}

/// A connection that is idle or not, and that may be asked to end.
#[derive(Debug, Default)]
pub struct ConnectionState {
    /// Since when it is idle.
    pub idle_since: Cell<Option<Instant>>,
    /// Whether it was asked to end.
    pub ends: Cell<bool>,
}

impl ConnectionState {
    /// Since when it is idle, if it was not asked to end yet.
    pub fn idle(&self) -> Option<(Loss, Instant)> {
        self.idle_since.get().filter(|_| !self.ends.get()).map(|since| (Loss::Nothing, since))
    }

    /// Asks it to end.
    pub fn make_room(&self) {
        self.ends.set(true);
    }

    /// Has it polled. There is no task here.
    pub fn wake(&self) {}
}
