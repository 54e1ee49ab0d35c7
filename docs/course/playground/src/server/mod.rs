//! The server's own files, and what they need of the rest of it.

pub mod client;
pub mod connection;
#[path = "../../../../../src/server/future_ext.rs"]
pub mod future_ext;
pub mod picture;
#[path = "../../../../../src/server/pool/mod.rs"]
pub mod pool;
