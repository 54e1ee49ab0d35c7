//! The clients. All of them are tasks of this process, on a few threads, and spend as little as they can: what
//! they take of the processors the servers do not have.

pub mod answer;
pub mod arrival;
pub mod client;
pub mod closed;
pub mod crowd;
pub mod paced;
pub mod site;
pub mod wrongs;

use std::time::Duration;

/// What is not answered until then is late. Many times longer than any queue that the scenes make.
pub const PATIENCE: Duration = Duration::from_secs(4);
