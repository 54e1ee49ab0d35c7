//! How long a drawing took.

use std::time::Duration;

/// How long the parts of a drawing took.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// In the queue.
    pub queue: Duration,
    /// On the thread.
    pub draw: Duration,
    /// In the encoder.
    pub encode: Duration,
}
