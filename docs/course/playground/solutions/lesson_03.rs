//! Lesson 3: long work that gives way.

use futures::{task, Async, Future, Poll};

/// Work in small pieces, some of them in each poll.
pub struct Portions<W> {
    portion: usize,
    work: W,
}

/// Calls `work` until it returns `false`, which says that there is no more to do: `portion` times in one poll at most.
pub fn in_portions<W: FnMut() -> bool>(portion: usize, work: W) -> Portions<W> {
    Portions { portion, work }
}

impl<W: FnMut() -> bool> Future for Portions<W> {
    type Item = ();
    type Error = ();

    /// Does a portion. Ready in the poll in which the work ends; otherwise the other tasks have a turn.
    fn poll(&mut self) -> Poll<(), ()> {
        for _ in 0..self.portion {
            if !(self.work)() {
                return Ok(Async::Ready(()));
            }
        }
        // Nothing else would notify this task: it waits for nobody.
        task::current().notify();
        Ok(Async::NotReady)
    }
}
