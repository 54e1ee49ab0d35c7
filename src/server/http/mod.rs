//! HTTP as the handlers see it: replies and what they are made of.

pub mod access_log;
pub mod body;
pub mod conditional;
pub mod disposition;
pub mod failures;
pub mod range;
pub mod reply;
pub mod trace;
