//! The bridge: from the reactor to the threads that draw, and back. The only file that knows the gate, the
//! CpuPool and the deadline.

use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::Future;
use futures_cpupool::{self, CpuPool};
use tokio_timer::TimeoutError;

use super::deadline::Deadline;
use super::future_ext::{failed, BoxFuture};
use captioner::{Cancel, CaptionError};

/// Why a job has no result. Clones share the captioner's error: everybody who waits gets one.
#[derive(Clone, Debug)]
pub enum RenderError {
    /// Every thread is busy and the queue is full.
    Busy,
    /// It was not done in time. Its drawing was told to stop.
    TimedOut,
    /// The captioner's own.
    Caption(Rc<CaptionError>),
    /// It panicked, with that message, while others waited for it, too.
    Panicked(String),
    /// The timer has no room for another deadline.
    Timer,
}

impl From<CaptionError> for RenderError {
    fn from(error: CaptionError) -> RenderError {
        RenderError::Caption(Rc::new(error))
    }
}

impl<F> From<TimeoutError<F>> for RenderError {
    fn from(error: TimeoutError<F>) -> RenderError {
        match error {
            TimeoutError::TimedOut(_) => RenderError::TimedOut,
            TimeoutError::Timer(..) => RenderError::Timer,
        }
    }
}

/// What a job has made, and what it took.
#[derive(Debug)]
pub struct Done<T> {
    /// What it has made.
    pub value: T,
    /// From its permit until a thread took it.
    pub queued: Duration,
    /// On the thread.
    pub ran: Duration,
}

/// How much nicer than the reactor the threads of a pool are, of 19 at most.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Carries jobs to the pool.
pub struct Renderer {
    pool: CpuPool,
    gate: Gate,
    deadline: Rc<Deadline>,
}

impl Renderer {
    /// Starts `threads` threads called `name-0`, `name-1`, …, which `queue` more jobs may wait for.
    pub fn start(name: &str, threads: usize, queue: usize, deadline: Rc<Deadline>) -> Renderer {
        let prefix = format!("{}-", name);
        let mut builder = futures_cpupool::Builder::new();
        let pool = builder.pool_size(threads).name_prefix(prefix).after_start(give_way).create();
        Renderer { pool, gate: Gate::new(threads, queue), deadline }
    }

    /// Who is inside the gate.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Runs a job on the pool, under the deadline.
    pub fn run<T, J>(&self, job: J) -> BoxFuture<T, RenderError>
    where
        T: Send + 'static,
        J: FnOnce(&Cancel) -> Result<T, CaptionError> + Send + 'static,
    {
        Box::new(self.deadline.limit(self.spawn(job).map(|done| done.value)))
    }

    /// Runs a job on the pool. How long to wait for it is for others to say.
    ///
    /// The gate comes first: CpuPool's own queue has no end, so what does not fit is refused here, at once.
    /// The permit travels with the job, not with the future: after the deadline the thread is busy still,
    /// until the job has looked at its `Cancel`.
    ///
    /// The future can be dropped at any time (a deadline does just that). A job that waits then never
    /// starts: CpuPool looks whether anybody waits for it when it takes it from its queue. A job that runs
    /// is told through `Cancel`.
    ///
    /// Pitfall: a panic of the job is raised again where the future is polled, on the reactor. The flight of a
    /// picture catches it, or the service. Pinned by `a_caption_that_panics_is_a_500_and_the_server_lives` in
    /// `tests/bad_input/drawing.rs`.
    pub fn spawn<T, J>(&self, job: J) -> BoxFuture<Done<T>, RenderError>
    where
        T: Send + 'static,
        J: FnOnce(&Cancel) -> Result<T, CaptionError> + Send + 'static,
    {
        let permit = match self.gate.enter() {
            Some(permit) => permit,
            None => return failed(RenderError::Busy),
        };
        let cancel = Cancel::new();
        let cancel_on_drop = CancelOnDrop(cancel.clone());
        let entered = Instant::now();
        let result = self.pool.spawn_fn(move || {
            let _running = permit.start();
            let started = Instant::now();
            cancel.check()?;
            let value = job(&cancel)?;
            Ok(Done { value, queued: started - entered, ran: started.elapsed() })
        });
        // The guard goes where the job's future goes: into a timeout, and with it out of the world.
        Box::new(result.then(move |result: Result<_, CaptionError>| {
            drop(cancel_on_drop);
            result.map_err(RenderError::from)
        }))
    }

    /// Runs a job that nobody waits for on the pool: outside of the gate, without a deadline. What it has to
    /// tell, it tells the log.
    pub fn run_unattended<J: FnOnce() + Send + 'static>(&self, job: J) {
        // A panic would be raised where the future is polled; nobody polls one that is forgotten.
        self.pool
            .spawn_fn(move || {
                job();
                Ok::<(), ()>(())
            })
            .forget();
    }
}

/// Lowers the priority of the thread that calls it: whoever draws for long can wait a little, whoever carries
/// requests must not. (By POSIX it would be that of the process; on Linux each thread has its own.)
fn give_way() {
    #[cfg(target_os = "linux")]
    match rustix::process::nice(NICENESS) {
        Ok(_) => {}
        Err(error) => debug!("cannot lower the priority of a thread: {}", error),
    }
}

/// Tells a drawing to stop when the future that waits for it is dropped, done or not.
struct CancelOnDrop(Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Counts the jobs that wait and run. Clones share the counts: permits come back from pool threads.
#[derive(Clone)]
pub struct Gate(Arc<Counts>);

struct Counts {
    threads: usize,
    queue: usize,
    inside: AtomicUsize,
    running: AtomicUsize,
}

impl Gate {
    fn new(threads: usize, queue: usize) -> Gate {
        Gate(Arc::new(Counts { threads, queue, inside: AtomicUsize::new(0), running: AtomicUsize::new(0) }))
    }

    /// A permit, if a thread or a place in the queue is free. Only the reactor asks, so nobody can take the
    /// place between the look and the step.
    fn enter(&self) -> Option<Permit> {
        if self.0.inside.load(Ordering::SeqCst) >= self.0.threads + self.0.queue {
            return None;
        }
        self.0.inside.fetch_add(1, Ordering::SeqCst);
        Some(Permit(self.0.clone()))
    }

    /// Places in the queue.
    pub fn queue(&self) -> usize {
        self.0.queue
    }

    /// Jobs that a thread has taken.
    pub fn running(&self) -> usize {
        self.0.running.load(Ordering::SeqCst)
    }

    /// Jobs that no thread has taken yet, or whose future is gone and that no thread has thrown away yet.
    pub fn waiting(&self) -> usize {
        self.0.inside.load(Ordering::SeqCst).saturating_sub(self.running())
    }
}

/// The right to be inside the gate, given back by its drop.
struct Permit(Arc<Counts>);

impl Permit {
    fn start(self) -> Running {
        self.0.running.fetch_add(1, Ordering::SeqCst);
        Running(self)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A permit of a job that runs.
struct Running(Permit);

impl Drop for Running {
    fn drop(&mut self) {
        (self.0).0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{mpsc, Arc};
    use tokio_core::reactor::Core;

    use super::{Deadline, Duration, Instant, Rc, RenderError, Renderer};
    use captioner::CaptionError;

    /// Only there to stop a test from hanging.
    const LONG: Duration = Duration::from_secs(20);

    /// With one thread.
    fn renderer(queue: usize, deadline: Duration) -> Renderer {
        Renderer::start("render", 1, queue, Rc::new(Deadline::start(deadline)))
    }

    #[test]
    fn a_result_comes_back() {
        let renderer = renderer(0, LONG);
        let answer = Core::new().unwrap().run(renderer.run(|_| Ok(42)));
        assert_eq!(answer.unwrap(), 42);
    }

    #[test]
    fn a_full_gate_refuses_at_once_and_the_permit_stays_with_the_job() {
        let renderer = renderer(1, LONG);
        let (go, wait) = mpsc::channel::<()>();
        let running = renderer.run(move |_| {
            let _ = wait.recv_timeout(LONG);
            Ok(())
        });
        let waiting = renderer.run(|_| Ok(()));
        let mut core = Core::new().unwrap();
        match core.run(renderer.run(|_| Ok(()))) {
            Err(RenderError::Busy) => {}
            other => panic!("{:?}", other),
        }
        // Dropped before a thread has taken it, the first one would never run.
        let start = Instant::now();
        while renderer.gate().running() == 0 {
            assert!(start.elapsed() < LONG);
        }
        // Nobody waits for them any more, and still they hold their places until a thread is done with them.
        drop((running, waiting));
        assert_eq!(renderer.gate().running() + renderer.gate().waiting(), 2);
        go.send(()).unwrap();
        while renderer.gate().running() + renderer.gate().waiting() > 0 {
            assert!(start.elapsed() < LONG);
        }
    }

    #[test]
    fn a_deadline_ends_the_wait_tells_the_job_and_is_never_early() {
        let deadline = Duration::from_millis(50);
        let renderer = renderer(1, deadline);
        let (told, is_told) = mpsc::channel();
        let drawing = renderer.run(move |cancel| {
            let start = Instant::now();
            while cancel.check().is_ok() {
                assert!(start.elapsed() < LONG);
            }
            told.send(()).unwrap();
            Err::<(), _>(CaptionError::Cancelled)
        });
        // It waits behind the first, and nobody waits for it any more.
        let has_started = Arc::new(AtomicBool::new(false));
        let starts = has_started.clone();
        drop(renderer.run(move |_| {
            starts.store(true, Ordering::SeqCst);
            Ok(())
        }));
        let start = Instant::now();
        let mut core = Core::new().unwrap();
        match core.run(drawing) {
            Err(RenderError::TimedOut) => {}
            other => panic!("{:?}", other),
        }
        assert!(start.elapsed() >= deadline);
        is_told.recv_timeout(LONG).unwrap();
        while renderer.gate().running() + renderer.gate().waiting() > 0 {
            assert!(start.elapsed() < LONG);
        }
        assert!(!has_started.load(Ordering::SeqCst));
    }
}
