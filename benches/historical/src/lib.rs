//! The same service as `memed`, carried in other ways, to be compared with it.
//!
//! Three programs understand and draw with the same code, `memed::image_macro` and `memed::captioner`, and give
//! the same bytes. What differs is how they carry a request:
//!
//! | contestant | how it carries | where |
//! |---|---|---|
//! | `threads` | blocking I/O, a thread for each connection: the standard library, httparse | `src/bin/threads/` |
//! | `futures-0.1` | `memed` itself: tokio-core, hyper 0.11 | `src/server/` of the main package |
//! | `async-await` | tokio 1, hyper 1 | `src/bin/async-await/` |
//!
//! [`carried`] is what the two new ones share. What is left in each of them is the carrying. Of what `memed`
//! does, they leave out `/metrics` and its histograms, `Server-Timing`, ranges, the access log, the folders of
//! templates and fonts, the smaller send buffer for each client, and that requests for the same picture wait for
//! one drawing: a comparison asks for pictures that differ; nor do they let the timeouts of clients that came together
//! fall apart, which one reactor needs more than they do. And each is what its libraries make of it: a client
//! whose head is late gets a 408 from two of them, and from hyper 1 the end of its connection.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod carried;
