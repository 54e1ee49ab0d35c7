//! The flag that stops a drawing whose result is no longer wanted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use captioner::error::CaptionError;

/// Stops a drawing whose result is no longer wanted. Clones share one flag.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A flag that is not set.
    pub fn new() -> Cancel {
        Cancel::default()
    }

    /// Sets the flag, for good.
    pub fn cancel(&self) {
        // Relaxed: the flag guards no other memory, and a drawing may as well see it a little later.
        self.0.store(true, Ordering::Relaxed);
    }

    /// To be called between pieces of work that take up to a millisecond.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`] once [`Cancel::cancel`] was called.
    pub fn check(&self) -> Result<(), CaptionError> {
        if self.0.load(Ordering::Relaxed) {
            Err(CaptionError::Cancelled)
        } else {
            Ok(())
        }
    }
}
