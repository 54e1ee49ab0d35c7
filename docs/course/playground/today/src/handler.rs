//! What the handler of lesson 12 needs of a server, in a few lines. `examples/lesson_12_chain.rs` of the other playground
//! has the same for 2017.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// Why there is no picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Refusal {
    /// The client has gone before its body was complete.
    Gone,
    /// The body says nothing that can be drawn.
    BadRequest,
    /// The time of the request is over.
    Late,
    /// The job was told to stop, and has stopped.
    Told,
    /// The job has panicked.
    Panicked,
}

/// A finished picture.
pub type Picture = Arc<str>;

/// What all handlers share.
pub struct App {
    /// How long a request may take once its body is there.
    pub limit: Duration,
    /// What the tests know of the jobs.
    pub jobs: Arc<Jobs>,
    kept: Arc<Mutex<BTreeMap<u64, Picture>>>,
    clones: Arc<AtomicUsize>,
}

impl Clone for App {
    fn clone(&self) -> App {
        self.clones.fetch_add(1, Ordering::SeqCst);
        App {
            limit: self.limit,
            jobs: self.jobs.clone(),
            kept: self.kept.clone(),
            clones: self.clones.clone(),
        }
    }
}

impl App {
    /// With nothing kept. Its jobs are done as soon as a thread has them.
    pub fn new(limit: Duration) -> App {
        App { limit, jobs: Arc::default(), kept: Arc::default(), clones: Arc::default() }
    }

    /// How often it was cloned.
    pub fn clones(&self) -> usize {
        self.clones.load(Ordering::SeqCst)
    }

    /// What a body asks for.
    ///
    /// # Errors
    /// [`Refusal::BadRequest`] if it is empty.
    pub fn decode(&self, text: &str) -> Result<Asked, Refusal> {
        if text.is_empty() {
            return Err(Refusal::BadRequest);
        }
        Ok(Asked { text: text.into(), jobs: self.jobs.clone() })
    }

    /// The picture with this fingerprint, if it was drawn before.
    pub fn kept(&self, fingerprint: u64) -> Option<Picture> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&fingerprint).cloned()
    }

    /// Keeps a picture for the next one who asks for it.
    pub fn keep(&self, fingerprint: u64, picture: &Picture) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(fingerprint, picture.clone());
    }
}

/// What a request asks for. It may go to another thread.
pub struct Asked {
    text: Arc<str>,
    jobs: Arc<Jobs>,
}

impl Clone for Asked {
    fn clone(&self) -> Asked {
        self.jobs.clones.fetch_add(1, Ordering::SeqCst);
        Asked { text: self.text.clone(), jobs: self.jobs.clone() }
    }
}

/// The end of a request's body that the client has.
pub struct Client(oneshot::Sender<String>);

/// A request's body.
pub struct Body(oneshot::Receiver<String>);

/// A body that is on its way.
pub fn body() -> (Client, Body) {
    let (sender, receiver) = oneshot::channel();
    (Client(sender), Body(receiver))
}

impl Client {
    /// Sends all of the body.
    pub fn send(self, text: &str) {
        // An error would mean that nobody reads it.
        let _ = self.0.send(text.to_string());
    }

    /// Whether the server does not wait for the body any more.
    pub fn is_given_up(&self) -> bool {
        self.0.is_closed()
    }
}

impl Body {
    /// Waits for the whole body. Dropping the future is the end of the reading.
    ///
    /// # Errors
    /// [`Refusal::Gone`]
    pub async fn read(self) -> Result<String, Refusal> {
        self.0.await.map_err(|_| Refusal::Gone)
    }
}

/// The flag that tells a job to stop. Clones share one flag.
#[derive(Clone, Debug, Default)]
pub struct Flag(Arc<AtomicBool>);

impl Flag {
    /// Whether the job is to stop.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Sets the flag when it is dropped: what the server calls `CancelOnDrop`.
#[derive(Debug)]
#[must_use]
pub struct TellOnDrop(pub Flag);

impl Drop for TellOnDrop {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::SeqCst);
    }
}

/// Finds out by which number a picture is kept. Blocks: it is for a thread.
///
/// # Errors
/// [`Refusal::Told`]
pub fn look(asked: &Asked, told: &Flag) -> Result<u64, Refusal> {
    asked.jobs.look.run(told)?;
    Ok(asked.text.bytes().map(u64::from).sum())
}

/// Draws the picture. Blocks: it is for a thread.
///
/// # Errors
/// [`Refusal::Told`]
///
/// # Panics
/// If it is asked for `panic`.
pub fn draw(asked: &Asked, told: &Flag) -> Result<Picture, Refusal> {
    asked.jobs.draw.run(told)?;
    assert!(&*asked.text != "panic", "this picture cannot be drawn");
    Ok(format!("a picture of {}", asked.text).into())
}

/// What the tests know of the jobs, and how long these take.
#[derive(Default)]
pub struct Jobs {
    /// The job that looks.
    pub look: Job,
    /// The job that draws.
    pub draw: Job,
    clones: AtomicUsize,
}

impl Jobs {
    /// How often what is asked for was cloned.
    pub fn clones_of_asked(&self) -> usize {
        self.clones.load(Ordering::SeqCst)
    }
}

/// One kind of job.
#[derive(Default)]
pub struct Job {
    begun: AtomicUsize,
    told: AtomicUsize,
    time: Mutex<Duration>,
}

impl Job {
    /// Lets jobs of this kind take that long, unless they are told to stop.
    pub fn takes(&self, time: Duration) {
        *self.time.lock().unwrap_or_else(PoisonError::into_inner) = time;
    }

    /// How many have begun.
    pub fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }

    /// How many were told to stop, and have stopped.
    pub fn told(&self) -> usize {
        self.told.load(Ordering::SeqCst)
    }

    fn run(&self, told: &Flag) -> Result<(), Refusal> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let (start, time) = (Instant::now(), *self.time.lock().unwrap_or_else(PoisonError::into_inner));
        while !told.is_set() {
            if start.elapsed() >= time {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(1));
        }
        self.told.fetch_add(1, Ordering::SeqCst);
        Err(Refusal::Told)
    }
}
