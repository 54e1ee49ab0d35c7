//! Bounds the number of jobs in a pool: those that run and those that wait.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

/// Hands out permits. Clones share the counts.
///
/// The counts are atomic because permits are dropped on pool threads. Permits are handed out on the reactor only.
#[derive(Clone)]
pub struct Gate(Arc<Counts>);

struct Counts {
    threads: usize,
    queue: usize,
    /// Permits handed out. Raised by the reactor, lowered by the drop of a permit on any thread.
    inside: AtomicUsize,
    /// Permits of jobs that a thread is running. Raised and lowered by that thread.
    running: AtomicUsize,
}

impl Gate {
    /// Lets in one job per thread, and `queue` more.
    pub fn new(threads: usize, queue: usize) -> Gate {
        Gate(Arc::new(Counts { threads, queue, inside: AtomicUsize::new(0), running: AtomicUsize::new(0) }))
    }

    /// A permit, unless the queue is full. Called on the reactor only, so no other thread can take the place between
    /// the load and the add.
    pub fn enter(&self) -> Option<Permit> {
        if self.0.inside.load(Ordering::SeqCst) >= self.0.threads + self.0.queue {
            return None;
        }
        self.0.inside.fetch_add(1, Ordering::SeqCst);
        Some(Permit(self.0.clone()))
    }

    /// How many jobs may wait.
    pub fn queue(&self) -> usize {
        self.0.queue
    }

    /// Jobs that a thread is running.
    pub fn running(&self) -> usize {
        self.0.running.load(Ordering::SeqCst)
    }

    /// Jobs that wait for a thread, including those whose future has been dropped: they keep their places until a
    /// thread takes them from the queue and drops them.
    pub fn waiting(&self) -> usize {
        self.0.inside.load(Ordering::SeqCst).saturating_sub(self.running())
    }
}

/// The right to be in the pool. Dropping it gives the place back.
pub struct Permit(Arc<Counts>);

impl Permit {
    /// The job has a thread now.
    pub fn start(self) -> Running {
        self.0.running.fetch_add(1, Ordering::SeqCst);
        Running { permit: self }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The permit of a running job.
pub struct Running {
    permit: Permit,
}

impl Drop for Running {
    // Runs before the permit is dropped, so no job is ever counted as waiting again.
    fn drop(&mut self) {
        self.permit.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}
