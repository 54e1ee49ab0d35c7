//! The one knob that the server's files name.

use std::time::Duration;

/// The longest `--request-timeout`.
pub const MAX_REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
