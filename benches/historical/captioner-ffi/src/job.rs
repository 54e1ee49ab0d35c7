//! Something to draw or to list, which can be cancelled from another thread.

use std::sync::{Mutex, PoisonError};

use historical::carried::{Pictures, Reply, Work};
use memed::captioner::Cancel;

use super::Answer;

/// `captioner_job`. It is only ever shared, never borrowed for change, so that one thread may draw it while another one
/// cancels it.
pub struct Job {
    /// Taken by the one who does it.
    work: Mutex<Option<Work>>,
    cancel: Cancel,
}

impl Job {
    /// On the heap, for a caller who gives it back by `captioner_free_job`.
    pub fn boxed(work: Work) -> *mut Job {
        Box::into_raw(Box::new(Job { work: Mutex::new(Some(work)), cancel: Cancel::new() }))
    }

    /// Does it. The lock is not held meanwhile.
    pub fn draw(&self, pictures: &Pictures) -> Answer {
        let work = self.work.lock().unwrap_or_else(PoisonError::into_inner).take();
        Answer::new(match work {
            // What is cancelled before it starts is not started.
            Some(_) if self.cancel.check().is_err() => Reply::timed_out(),
            Some(work) => pictures.run(work, &self.cancel),
            None => Reply::internal("a job was to be drawn twice"),
        })
    }

    /// Asks it to stop. Sets a flag, so it takes no time.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }
}
