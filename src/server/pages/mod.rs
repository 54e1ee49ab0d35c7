//! The handlers, one file a page. A handler takes what all of them share (`App`) and what it needs of the request, and
//! returns a `Reply`, or a future of one where it has to wait.

pub mod announced;
pub mod caption;
pub mod first_bytes;
pub mod health;
pub mod images;
pub mod listing;
pub mod metrics;
pub mod openapi;
mod operations;
pub mod stats;
pub mod upload;
pub mod web;
