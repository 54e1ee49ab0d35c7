//! The threads that draw, and the queue before them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use historical::carried::{Pictures, Reply, Work, priority};
use memed::captioner::Cancel;

/// Limits how many requests draw at a time, and how many more wait.
pub struct Renderer {
    jobs: Sender<Job>,
    /// Requests that draw or wait, and how many of them there may be.
    inside: Arc<AtomicUsize>,
    places: usize,
}

struct Job {
    work: Work,
    cancel: Cancel,
    replies: SyncSender<Reply>,
    permit: Permit,
}

/// The right to be inside, given back by its drop.
struct Permit(Arc<AtomicUsize>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl Renderer {
    /// Starts the threads.
    pub fn start(pictures: Arc<Pictures>, threads: usize, queue: usize) -> Renderer {
        let (jobs, queued) = mpsc::channel();
        let queued = Arc::new(Mutex::new(queued));
        for _ in 0..threads {
            let (pictures, queued) = (pictures.clone(), queued.clone());
            thread::spawn(move || draw(&pictures, &queued));
        }
        Renderer { jobs, inside: Arc::default(), places: threads + queue }
    }

    /// Does the work on one of the threads, and waits for it until the timeout. A drawing that is late is
    /// cancelled, and keeps its place until it has stopped.
    ///
    /// # Errors
    /// 503 at once if nothing more may wait, 504 if it is not done in time, 500 if it panics.
    pub fn run(&self, work: Work, timeout: Duration) -> Result<Reply, Reply> {
        let step = |inside| (inside < self.places).then_some(inside + 1);
        self.inside.fetch_update(SeqCst, SeqCst, step).map_err(|_| Reply::busy())?;
        let permit = Permit(self.inside.clone());
        let cancel = Cancel::new();
        let (replies, reply) = mpsc::sync_channel(1);
        let job = Job { work, cancel: cancel.clone(), replies, permit };
        self.jobs.send(job).expect("the threads live as long as the process");
        reply.recv_timeout(timeout).map_err(|error| match error {
            RecvTimeoutError::Timeout => {
                cancel.cancel();
                Reply::timed_out()
            }
            RecvTimeoutError::Disconnected => Reply::internal("a drawing panicked"),
        })
    }
}

/// The life of a thread that draws. A panic ends a job, not the thread.
fn draw(pictures: &Pictures, queued: &Mutex<Receiver<Job>>) {
    priority::give_way();
    loop {
        // The lock is held while this thread waits for a job; the other idle threads wait for the lock.
        let job = queued.lock().expect("no thread panics while it holds this lock").recv();
        let Ok(Job { work, cancel, replies, permit }) = job else { return };
        let drawn = catch_unwind(AssertUnwindSafe(|| cancel.check().map(|()| pictures.run(work, &cancel))));
        // Before the reply: the client may send its next request as soon as it has this one's.
        drop(permit);
        if let Ok(Ok(reply)) = drawn {
            // It fails if the request was given up.
            let _ = replies.send(reply);
        }
    }
}
