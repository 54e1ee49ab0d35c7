//! THE BRIDGE: from the reactor to the threads that draw, and back. Only this folder knows CpuPool, the gate and the
//! deadline.

pub mod deadline;
pub mod gate;

use std::error::Error;
use std::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures::Future;
use futures_cpupool::{self, CpuPool};
use tokio_timer::{TimeoutError, TimerError};

use self::deadline::Deadline;
use self::gate::Gate;
use captioner::{Cancel, CaptionError};
use server::future_ext::{failed, LocalFuture};

/// Why a job has no result. Cheap to clone: each request that waits for the same drawing gets one.
#[derive(Clone, Debug)]
pub enum PoolError {
    /// Every thread is busy and the queue is full.
    Busy,
    /// The deadline has passed. The job was cancelled.
    TimedOut,
    /// The captioner failed.
    Caption(Rc<CaptionError>),
    /// The job panicked, with this message.
    Panicked(String),
    /// The timer could not take the deadline.
    Timer(Rc<TimerError>),
}

impl fmt::Display for PoolError {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match *self {
            PoolError::Busy => out.write_str("every thread is busy and the queue is full"),
            PoolError::TimedOut => out.write_str("the job was not done in time"),
            PoolError::Caption(ref error) => error.fmt(out),
            PoolError::Panicked(ref message) => write!(out, "the job panicked: {}", message),
            PoolError::Timer(_) => out.write_str("the timer cannot take another deadline"),
        }
    }
}

impl Error for PoolError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match *self {
            // Displayed as the captioner's error, so its cause is the next one.
            PoolError::Caption(ref error) => error.source(),
            PoolError::Timer(ref error) => Some(&**error),
            PoolError::Busy | PoolError::TimedOut | PoolError::Panicked(_) => None,
        }
    }
}

impl From<CaptionError> for PoolError {
    fn from(error: CaptionError) -> PoolError {
        PoolError::Caption(Rc::new(error))
    }
}

/// The timer's error owns the future that was late. Converting the error drops that future, and dropping it is what
/// cancels the job.
impl<F> From<TimeoutError<F>> for PoolError {
    fn from(error: TimeoutError<F>) -> PoolError {
        match error {
            TimeoutError::TimedOut(_late) => PoolError::TimedOut,
            TimeoutError::Timer(_unlimited, error) => PoolError::Timer(Rc::new(error)),
        }
    }
}

/// A job's result, and what the job took.
#[derive(Debug)]
pub struct Timed<T> {
    /// The result.
    pub value: T,
    /// From its permit until a thread took it.
    pub queued: Duration,
    /// On the thread.
    pub ran: Duration,
}

/// How much nicer the threads of a pool are than the reactor, of 19 at most.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Threads that run jobs for the reactor, within a bound.
pub struct Pool {
    threads: CpuPool,
    gate: Gate,
    deadline: Rc<Deadline>,
}

impl Pool {
    /// Starts `threads` threads called `name-0`, `name-1`, …. `queue` more jobs may wait for them.
    pub fn start(name: &str, threads: usize, queue: usize, deadline: Rc<Deadline>) -> Pool {
        let prefix = format!("{}-", name);
        let mut builder = futures_cpupool::Builder::new();
        let cpu_pool = builder.pool_size(threads).name_prefix(prefix).after_start(lower_priority).create();
        Pool { threads: cpu_pool, gate: Gate::new(threads, queue), deadline }
    }

    /// The gate, to read its counts.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Runs a job under the deadline.
    pub fn run<T, J>(&self, job: J) -> LocalFuture<T, PoolError>
    where
        T: Send + 'static,
        J: FnOnce(&Cancel) -> Result<T, CaptionError> + Send + 'static,
    {
        Box::new(self.deadline.limit(self.spawn(job).map(|timed| timed.value)))
    }

    /// Runs a job without a deadline: the caller has one around more than this.
    ///
    /// Three things must hold at every moment at which the future may be dropped, and a deadline does nothing but drop
    /// it:
    ///
    /// - **A full pool refuses at once.** CpuPool's own queue is unbounded, so the gate comes first.
    /// - **The bound counts jobs, not futures.** The permit moves into the job. After a drop the thread is still busy,
    ///   and its permit comes back when the job has returned.
    /// - **A job that is no longer wanted stops.** If it waits, CpuPool sees that its future is gone when a thread takes
    ///   it from the queue, and drops it there without running it. If it runs, its `Cancel` is set by the guard below,
    ///   and the job looks at that every millisecond or so.
    ///
    /// The closure of `spawn_fn` runs on a thread of the pool, the closure of `then` on the reactor, when the result has
    /// arrived.
    ///
    /// Pitfall: a panic of the job is raised again where the future is polled, on the reactor. The flight of a picture
    /// catches it, or else the service. Pinned by `a_caption_that_panics_is_a_500_and_the_server_lives` in
    /// `tests/bad_input/drawing.rs`.
    pub fn spawn<T, J>(&self, job: J) -> LocalFuture<Timed<T>, PoolError>
    where
        T: Send + 'static,
        J: FnOnce(&Cancel) -> Result<T, CaptionError> + Send + 'static,
    {
        self.spawn_through(&self.gate, job)
    }

    /// As [`Pool::spawn`], through another gate: for jobs that no client has asked for, and that must take no client's
    /// place.
    pub fn spawn_through<T, J>(&self, gate: &Gate, job: J) -> LocalFuture<Timed<T>, PoolError>
    where
        T: Send + 'static,
        J: FnOnce(&Cancel) -> Result<T, CaptionError> + Send + 'static,
    {
        let permit = match gate.enter() {
            Some(permit) => permit,
            None => return failed(PoolError::Busy),
        };
        let cancel = Cancel::new();
        let cancel_on_drop = CancelOnDrop(cancel.clone());
        let entered = Instant::now();
        let result = self.threads.spawn_fn(move || {
            let _running = permit.start();
            let started = Instant::now();
            let value = job(&cancel)?;
            Ok(Timed { value, queued: started - entered, ran: started.elapsed() })
        });
        Box::new(result.then(move |result: Result<_, CaptionError>| {
            // The guard lives in this closure, so it is dropped with the future. Here it is too late to cancel.
            drop(cancel_on_drop);
            result.map_err(PoolError::from)
        }))
    }
}

/// Lowers the priority of the calling thread: drawing takes long and can wait a little, carrying requests cannot. (In
/// POSIX the priority belongs to the process; in Linux each thread has its own.)
fn lower_priority() {
    #[cfg(target_os = "linux")]
    match rustix::process::nice(NICENESS) {
        Ok(_) => {}
        Err(error) => debug!("cannot lower the priority of a thread: {}", error),
    }
}

/// Cancels a job when the future that waits for it is dropped.
struct CancelOnDrop(Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{mpsc, Arc};
    use tokio_core::reactor::Core;

    use super::{Deadline, Duration, Instant, Pool, PoolError, Rc};
    use captioner::CaptionError;

    /// Only there to stop a test from hanging.
    const LONG: Duration = Duration::from_secs(20);

    /// With one thread.
    fn pool(queue: usize, deadline: Duration) -> Pool {
        Pool::start("render", 1, queue, Rc::new(Deadline::start(deadline)))
    }

    #[test]
    fn a_result_comes_back() {
        let pool = pool(0, LONG);
        let answer = Core::new().unwrap().run(pool.run(|_| Ok(42)));
        assert_eq!(answer.unwrap(), 42);
    }

    #[test]
    fn a_full_gate_refuses_at_once_and_the_permit_stays_with_the_job() {
        let pool = pool(1, LONG);
        let (go, wait) = mpsc::channel::<()>();
        let running = pool.run(move |_| {
            let _ = wait.recv_timeout(LONG);
            Ok(())
        });
        let waiting = pool.run(|_| Ok(()));
        let mut core = Core::new().unwrap();
        match core.run(pool.run(|_| Ok(()))) {
            Err(PoolError::Busy) => {}
            other => panic!("{:?}", other),
        }
        // If it were dropped before a thread has taken it, the first one would never run.
        let start = Instant::now();
        while pool.gate().running() == 0 {
            assert!(start.elapsed() < LONG);
        }
        // Their futures are gone, and they keep their places until a thread is done with them.
        drop((running, waiting));
        assert_eq!(pool.gate().running() + pool.gate().waiting(), 2);
        go.send(()).unwrap();
        while pool.gate().running() + pool.gate().waiting() > 0 {
            assert!(start.elapsed() < LONG);
        }
    }

    #[test]
    fn a_deadline_ends_the_wait_tells_the_job_and_is_never_early() {
        let deadline = Duration::from_millis(50);
        let pool = pool(1, deadline);
        let (told, is_told) = mpsc::channel();
        let drawing = pool.run(move |cancel| {
            let start = Instant::now();
            while cancel.check().is_ok() {
                assert!(start.elapsed() < LONG);
            }
            told.send(()).unwrap();
            Err::<(), _>(CaptionError::Cancelled)
        });
        // It waits behind the first, and its future is dropped at once.
        let has_started = Arc::new(AtomicBool::new(false));
        let starts = has_started.clone();
        drop(pool.run(move |_| {
            starts.store(true, Ordering::SeqCst);
            Ok(())
        }));
        let start = Instant::now();
        let mut core = Core::new().unwrap();
        match core.run(drawing) {
            Err(PoolError::TimedOut) => {}
            other => panic!("{:?}", other),
        }
        assert!(start.elapsed() >= deadline);
        is_told.recv_timeout(LONG).unwrap();
        while pool.gate().running() + pool.gate().waiting() > 0 {
            assert!(start.elapsed() < LONG);
        }
        assert!(!has_started.load(Ordering::SeqCst));
    }
}
