//! Lesson 3: long work that gives way.

use futures::{Future, Poll};

/// Work in small pieces, some of them in each poll.
pub struct Portions<W> {
    // What must it know from one poll to the next?
    _work: W,
}

/// Calls `work` until it returns `false`, which says that there is no more to do: `portion` times in one poll at
/// most, which is one or more.
pub fn in_portions<W: FnMut() -> bool>(_portion: usize, _work: W) -> Portions<W> {
    unimplemented!("keep both, and do nothing else")
}

impl<W: FnMut() -> bool> Future for Portions<W> {
    type Item = ();
    type Error = ();

    /// Does a portion. Ready in the poll in which the work ends; otherwise the other tasks have a turn.
    fn poll(&mut self) -> Poll<(), ()> {
        unimplemented!("a portion, and then: who has this task polled again?")
    }
}
