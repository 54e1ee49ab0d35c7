//! THE BRIDGE: from the reactor to the threads that draw, and back. Only this folder knows CpuPool, the queue and the
//! timer.

pub mod deadline;
pub mod queue;
#[cfg(test)]
mod queue_tests;

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures::sync::oneshot;
use futures::Future;
use futures_cpupool::{self, CpuPool};
use tokio_timer::TimerError;

use self::deadline::{Deadline, Expired};
use self::queue::{Entered, Limits, Queue};
use captioner::{Cancel, CaptionError};
use server::client::Client;
use server::future_ext::{failed, LocalFuture};

/// Why a job has no result. Cheap to clone: each request that waits for the same drawing gets one.
#[derive(Clone, Debug)]
pub enum PoolError {
    /// Every thread is busy and the queue is full, or the client has as many places in it as it may have.
    Busy,
    /// Too many pictures are still being sent, and the client has more than its share of them.
    NoRoom,
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
            PoolError::NoRoom => out.write_str("the buffers are full"),
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
            PoolError::Busy | PoolError::NoRoom | PoolError::TimedOut | PoolError::Panicked(_) => None,
        }
    }
}

impl From<CaptionError> for PoolError {
    fn from(error: CaptionError) -> PoolError {
        PoolError::Caption(Rc::new(error))
    }
}

impl From<Expired> for PoolError {
    fn from(expired: Expired) -> PoolError {
        match expired {
            Expired::Late => PoolError::TimedOut,
            Expired::Timer(error) => PoolError::Timer(Rc::new(error)),
        }
    }
}

/// A job's result, and what the job took.
#[derive(Debug)]
pub struct Timed<T> {
    /// The result.
    pub value: T,
    /// From its place in the queue until a thread took it.
    pub queued: Duration,
    /// On the thread.
    pub ran: Duration,
}

/// How much nicer the threads of a pool are than the reactor, of 19 at most.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// A job, for the thread that takes it from the queue. It returns what sends its result to the reactor.
type Job = Box<dyn FnOnce() -> SendResult + Send>;
type SendResult = Box<dyn FnOnce()>;

/// The turn that a job waits for.
pub type Turn = queue::Turn<Job>;

/// Threads that run jobs for the reactor, within a bound, and for one client after the other.
pub struct Pool {
    threads: CpuPool,
    queue: Queue<Job>,
    deadline: Rc<Deadline>,
}

impl Pool {
    /// Starts threads called `name-0`, `name-1`, ….
    pub fn start(name: &str, limits: Limits, deadline: Rc<Deadline>) -> Pool {
        let prefix = format!("{}-", name);
        let mut builder = futures_cpupool::Builder::new();
        let cpu_pool =
            builder.pool_size(limits.threads).name_prefix(prefix).after_start(lower_priority).create();
        Pool { threads: cpu_pool, queue: Queue::new(limits), deadline }
    }

    /// How many jobs may wait.
    pub fn capacity(&self) -> usize {
        self.queue.capacity()
    }

    /// Jobs that a thread is running, including those whose future has been dropped and that have not seen it yet.
    pub fn running(&self) -> usize {
        self.queue.running()
    }

    /// Jobs that wait for a thread.
    pub fn waiting(&self) -> usize {
        self.queue.waiting()
    }

    /// Runs a job for a client, under the deadline.
    pub fn run<T, J>(&self, client: Client, job: J) -> LocalFuture<T, PoolError>
    where
        T: Send + 'static,
        J: FnOnce(&Cancel) -> Result<T, CaptionError> + Send + 'static,
    {
        Box::new(self.deadline.limit(self.spawn(client, job).map(|timed| timed.value)))
    }

    /// Runs a job for a client without a deadline: the caller has one around more than this.
    ///
    /// CpuPool has a queue of its own, which is unbounded, and in which all clients wait in one line. So a job waits in
    /// ours, and what CpuPool is given is the work of a thread: to take jobs from our queue until none is left. It is
    /// given that when a job comes and a thread has nothing to do, so its own queue is as good as empty.
    ///
    /// Three things must hold at every moment at which the future may be dropped, and a deadline does nothing but drop
    /// it:
    ///
    /// - **A full pool refuses at once.** The queue has the limits.
    /// - **The bound counts jobs, not futures.** A job that runs is counted until it returns, whether or not its future
    ///   is still there, because it has the thread until then.
    /// - **A job that is no longer wanted stops.** If it waits, the drop of its place takes it out of the queue. If it
    ///   runs, its `Cancel` is set by the guard below, and the job looks at that every millisecond or so.
    ///
    /// The job runs on a thread of the pool and sends its result through a oneshot channel, which wakes the task that
    /// waits here. The closure of `then` runs on the reactor. A sender that was dropped without a result means that the
    /// job has lost its place to that of another client.
    ///
    /// Pitfall: CpuPool catches a panic of a job, and raises it again where the job's future is polled, on the reactor.
    /// Here the job's own panic is caught on its thread and becomes an error. Pinned by
    /// `a_caption_that_panics_is_a_500_and_the_server_lives` in `tests/bad_input/drawing.rs`.
    pub fn spawn<T, J>(&self, client: Client, job: J) -> LocalFuture<Timed<T>, PoolError>
    where
        T: Send + 'static,
        J: FnOnce(&Cancel) -> Result<T, CaptionError> + Send + 'static,
    {
        self.spawn_shared(client, job).0
    }

    /// The same, for a job that other clients may come to wait for: with the turn that it waits for, unless it is
    /// refused.
    pub fn spawn_shared<T, J>(
        &self,
        client: Client,
        job: J,
    ) -> (LocalFuture<Timed<T>, PoolError>, Option<Turn>)
    where
        T: Send + 'static,
        J: FnOnce(&Cancel) -> Result<T, CaptionError> + Send + 'static,
    {
        let cancel = Cancel::new();
        let cancel_on_drop = CancelOnDrop(cancel.clone());
        let (send_result, result) = oneshot::channel();
        let entered = Instant::now();
        let job: Job = Box::new(move || {
            let started = Instant::now();
            let ended = panic::catch_unwind(AssertUnwindSafe(|| job(&cancel)));
            let (queued, ran) = (started - entered, started.elapsed());
            Box::new(move || {
                // An error would mean that the future is gone.
                let _ = send_result.send(ended.map(|value| value.map(|value| Timed { value, queued, ran })));
            })
        });
        let place = match self.queue.enter(client, job) {
            Some(Entered::Starts(place)) => {
                self.start_work();
                place
            }
            Some(Entered::Waits(place)) => place,
            None => return (failed(PoolError::Busy), None),
        };
        let turn = place.turn();
        let ended = result.then(move |result| {
            // The guards live in this closure, so they are dropped with the future. Here it is too late for both.
            drop((place, cancel_on_drop));
            match result {
                Ok(Ok(value)) => value.map_err(PoolError::from),
                Ok(Err(panic)) => Err(PoolError::Panicked(message_of(&*panic).to_string())),
                Err(oneshot::Canceled) => Err(PoolError::Busy),
            }
        });
        (Box::new(ended), Some(turn))
    }

    /// Gives a thread its work. Its future is not needed, and `forget` keeps the drop of it from cancelling the work.
    ///
    /// A result is sent once its thread is free again, or has its next job: a client that asks for another picture as
    /// soon as it has this one must not be refused for a thread that is about to be free.
    fn start_work(&self) {
        let queue = self.queue.clone();
        let work = self.threads.spawn_fn(move || {
            let mut next = queue.next();
            while let Some((job, running)) = next {
                let send_result = job();
                drop(running);
                next = queue.next();
                send_result();
            }
            Ok::<(), ()>(())
        });
        work.forget();
    }
}

/// The message of a panic.
pub fn message_of(panic: &(dyn Any + Send)) -> &str {
    let as_str = panic.downcast_ref::<&str>().copied();
    as_str.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no message)")
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
    use std::net::IpAddr;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{mpsc, Arc};

    use futures::Future;
    use tokio_core::reactor::Core;

    use super::{Client, Deadline, Duration, Instant, Limits, Pool, PoolError, Rc};
    use captioner::CaptionError;

    /// Only there to stop a test from hanging.
    const LONG: Duration = Duration::from_secs(20);

    /// With one thread.
    fn pool(queue: usize, deadline: Duration) -> Pool {
        let limits = Limits { threads: 1, queue, per_client: queue };
        Pool::start("render", limits, Rc::new(Deadline::start(deadline)))
    }

    fn client(number: u8) -> Client {
        Client::from(IpAddr::from([192, 0, 2, number]))
    }

    #[test]
    fn a_result_comes_back() {
        let pool = pool(0, LONG);
        let answer = Core::new().unwrap().run(pool.run(client(1), |_| Ok(42)));
        assert_eq!(answer.unwrap(), 42);
    }

    #[test]
    fn a_job_that_panics_is_an_error_and_its_thread_goes_on() {
        let pool = pool(1, LONG);
        let mut core = Core::new().unwrap();
        let panicking = pool.spawn(client(1), |_| -> Result<(), CaptionError> { panic!("on purpose") });
        let after = pool.run(client(1), |_| Ok(42));
        match core.run(panicking) {
            Err(PoolError::Panicked(ref message)) => assert_eq!(message, "on purpose"),
            other => panic!("{:?}", other.map(|timed| timed.value)),
        }
        assert_eq!(core.run(after).unwrap(), 42);
    }

    #[test]
    fn a_full_pool_refuses_at_once_and_a_dropped_job_is_counted_until_it_returns() {
        let pool = pool(1, LONG);
        let (go, wait) = mpsc::channel::<()>();
        let running = pool.run(client(1), move |_| {
            let _ = wait.recv_timeout(LONG);
            Ok(())
        });
        let waiting = pool.run(client(1), |_| Ok(()));
        let mut core = Core::new().unwrap();
        match core.run(pool.run(client(1), |_| Ok(()))) {
            Err(PoolError::Busy) => {}
            other => panic!("{:?}", other),
        }
        // If it were dropped before a thread has taken it, the first one would never run.
        let start = Instant::now();
        while pool.running() == 0 {
            assert!(start.elapsed() < LONG);
        }
        // The place of the one that waits is free at once. The thread of the other is not.
        drop((running, waiting));
        assert_eq!((pool.running(), pool.waiting()), (1, 0));
        go.send(()).unwrap();
        while pool.running() > 0 {
            assert!(start.elapsed() < LONG);
        }
    }

    #[test]
    fn a_job_that_loses_its_place_to_another_client_is_refused() {
        let pool = pool(2, LONG);
        let (go, wait) = mpsc::channel::<()>();
        let _running = pool.run(client(1), move |_| {
            let _ = wait.recv_timeout(LONG);
            Ok(1)
        });
        let (first, second) = (pool.run(client(1), |_| Ok(2)), pool.run(client(1), |_| Ok(3)));
        let of_other = pool.run(client(2), |_| Ok(4));
        let mut core = Core::new().unwrap();
        match core.run(second) {
            Err(PoolError::Busy) => {}
            other => panic!("{:?}", other),
        }
        go.send(()).unwrap();
        assert_eq!(core.run(of_other.join(first)).unwrap(), (4, 2));
    }

    #[test]
    fn a_deadline_ends_the_wait_tells_the_job_and_is_never_early() {
        let deadline = Duration::from_millis(50);
        let pool = pool(1, deadline);
        let (told, is_told) = mpsc::channel();
        let drawing = pool.run(client(1), move |cancel| {
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
        drop(pool.run(client(1), move |_| {
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
        while pool.running() > 0 {
            assert!(start.elapsed() < LONG);
        }
        assert!(!has_started.load(Ordering::SeqCst));
    }
}
