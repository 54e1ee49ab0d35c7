//! The bridge to threads that may block: a gate, `spawn_blocking`, and a guard that cancels a drawing when its
//! request is dropped.

use std::sync::Arc;

use historical::carried::{Pictures, Reply, Work, priority};
use memed::captioner::Cancel;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Limits how many requests draw at a time, and how many more wait.
pub struct Renderer {
    /// One permit for each request that draws or waits.
    inside: Arc<Semaphore>,
    /// One for each that draws.
    drawing: Arc<Semaphore>,
}

impl Renderer {
    pub fn new(threads: usize, queue: usize) -> Renderer {
        let inside = Arc::new(Semaphore::new(threads + queue));
        Renderer { inside, drawing: Arc::new(Semaphore::new(threads)) }
    }

    /// Does the work on a thread that may block.
    ///
    /// Cancel-safe. Dropping the future while the work waits means that it never starts; work that has started is
    /// cancelled, and keeps its permits until it has stopped.
    ///
    /// # Errors
    /// 503 at once if nothing more may wait, 500 if the work panics.
    pub async fn run(&self, pictures: Arc<Pictures>, work: Work) -> Result<Reply, Reply> {
        let inside = self.inside.clone().try_acquire_owned().map_err(|_| Reply::busy())?;
        let drawing = self.drawing.clone().acquire_owned().await.expect("the semaphore is never closed");
        let guard = CancelOnDrop(Cancel::new());
        let cancel = guard.0.clone();
        let drawn = spawn_blocking(move || {
            let _permits = (inside, drawing);
            priority::give_way();
            pictures.run(work, &cancel)
        });
        drawn.await.map_err(|error| Reply::internal(&format!("a drawing panicked: {error}")))
    }
}

/// Cancels the drawing when the future that waits for it is dropped, done or not.
struct CancelOnDrop(Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
