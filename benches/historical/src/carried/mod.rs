//! What the new contestants share: settings, routes, pictures and replies. It has no sockets except the listener,
//! nothing asynchronous, and nothing of an HTTP library.

pub mod counts;
pub mod knobs;
pub mod listen;
mod no_picture;
pub mod pictures;
pub mod priority;
pub mod reply;
pub mod routes;

pub use counts::Counts;
pub use pictures::{Pictures, Work};
pub use reply::Reply;
pub use routes::{Asked, Route, route};

use std::time::Duration;

/// How long a server goes on accepting requests after a signal to stop, for requests that are already on their way.
pub const LAST_CALL: Duration = Duration::from_millis(100);
/// Bytes of a request's target, at most.
pub const MAX_TARGET: usize = 32 << 10;
/// Bytes of a request's head, at most.
pub const MAX_HEAD: usize = 64 << 10;
