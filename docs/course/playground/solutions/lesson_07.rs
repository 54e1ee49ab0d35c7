//! Lesson 7: a bridge of your own, over CpuPool alone.

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use futures::{future, Future};
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
        let Permits(ref free) = self.0;
        free.fetch_add(1, Ordering::SeqCst);
    }
}

/// Tells the job that its result is no longer wanted.
struct Tell(Cancel);

impl Drop for Tell {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Gives a job to the pool now, not at the first poll. If there is no permit, the future fails at its first poll.
///
/// Dropping the future keeps a job that waits from starting, and sets the `Cancel` of a job that runs.
pub fn run<T, J>(pool: &CpuPool, permits: &Permits, job: J) -> Box<dyn Future<Item = T, Error = Failed>>
where
    T: Send + 'static,
    J: FnOnce(&Cancel) -> T + Send + 'static,
{
    let permit = match permits.take() {
        Some(permit) => permit,
        None => return Box::new(future::err(Failed::Busy)),
    };
    let cancel = Cancel::new();
    let tell = Tell(cancel.clone());
    let ended = pool.spawn_fn(move || {
        let ended = panic::catch_unwind(AssertUnwindSafe(|| job(&cancel)));
        // Before the result is sent: whoever has it may ask for the next.
        drop(permit);
        ended.map_err(|_| Failed::Panicked)
    });
    Box::new(ended.then(move |ended| {
        drop(tell);
        ended
    }))
}
