//! The playground of today: what the lessons call "today you would write", to be compiled and tried.

// `trace` names it as the other playground does.
extern crate futures01 as futures;

pub mod handler;
#[path = "../../src/trace.rs"]
pub mod trace;
#[path = "../../src/within.rs"]
mod within;

pub use within::within;
