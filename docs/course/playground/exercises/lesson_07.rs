//! Lesson 7: a bridge of your own, over CpuPool alone.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use futures::Future;
use futures_cpupool::CpuPool;
use playground::captioner::Cancel;

/// Why a job has no result.
#[derive(Debug, PartialEq)]
pub enum Failed {
    /// There was no permit, so the job was never given to the pool.
    Busy,
    /// The job panicked.
    Panicked,
}

/// So many jobs may there be, waiting or running. Clones share the count.
#[derive(Clone)]
pub struct Permits(Arc<AtomicUsize>);

/// The right of one job to be there. Its drop gives it back.
pub struct Permit(Permits);

impl Permits {
    /// So many.
    pub fn new(count: usize) -> Permits {
        Permits(Arc::new(AtomicUsize::new(count)))
    }

    /// Takes one, if one is left. Never waits.
    pub fn take(&self) -> Option<Permit> {
        // Looks and takes in one step: between two steps, another thread could take the last one.
        let taken = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |free| free.checked_sub(1));
        taken.ok().map(|_| Permit(self.clone()))
    }

    /// How many are left.
    pub fn free(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        // One more is free.
    }
}

/// Gives a job to the pool now, not at the first poll. If there is no permit, the future fails at its first poll.
///
/// Dropping the future keeps a job that waits from starting, and sets the `Cancel` of a job that runs.
pub fn run<T, J>(_pool: &CpuPool, _permits: &Permits, _job: J) -> Box<dyn Future<Item = T, Error = Failed>>
where
    T: Send + 'static,
    J: FnOnce(&Cancel) -> T + Send + 'static,
{
    unimplemented!("what belongs to the closure of the job, and what to the future that waits for it?")
}
