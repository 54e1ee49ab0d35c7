//! Why there is no picture.

use std::error::Error;
use std::fmt;

/// Why there is no picture. The server has more reasons.
#[derive(Debug)]
pub enum CaptionError {
    /// The flag was set.
    Cancelled,
}

impl fmt::Display for CaptionError {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("the caption was cancelled")
    }
}

impl Error for CaptionError {}
