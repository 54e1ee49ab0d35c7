//! The playground: parts of the server, compiled from its own files, without the rest of it.
//!
//! The bridge to the threads (`server::pool`), flights, slots, drain and alarm are the server's files, unchanged.
//! What they need of the rest is here as a few lines that do as much as they ask for. Change one of the server's files,
//! and `cargo test --lib` runs its tests in seconds.
//!
//! [`trace`] records what a program does, and [`within`] keeps a test from hanging.

// The server's modules are private in the server, and public here.
#![allow(clippy::new_without_default)]

extern crate futures;
extern crate futures_cpupool;
#[macro_use]
extern crate log;
extern crate lru;
#[cfg(target_os = "linux")]
extern crate rustix;
extern crate slab;
extern crate tokio_core;
extern crate tokio_timer;

pub mod captioner;
pub mod config;
#[cfg(test)]
mod image_macro;
pub mod server;
pub mod trace;
mod within;

pub use within::within;
