//! The same service as `memed` with two other concurrency models, to compare them.
//!
//! The three programs parse and draw with the same code, `memed::image_macro` and `memed::captioner`, and return
//! the same bytes. What differs is how a request gets from its socket to a thread that draws, and back:
//!
//! | contestant | concurrency model | where |
//! |---|---|---|
//! | `threads` | blocking I/O, a thread per connection: the standard library, httparse | `src/bin/threads/` |
//! | `futures-0.1` | `memed` itself: tokio-core, hyper 0.11 | `src/server/` of the main package |
//! | `async-await` | tokio 1, hyper 1 | `src/bin/async-await/` |
//!
//! [`carried`] is what the two new ones share; what is left in each of them is the transport.
//!
//! They do less than `memed`. They leave out `/metrics` and its histograms, `Server-Timing`, ranges, links, names to save
//! pictures under, the page, the access log, `X-Request-Id`, systemd's socket and watchdog, the folders of templates and fonts, and the smaller send buffers. They do not share one drawing among requests for
//! the same picture, because the comparison requests different ones, and do not spread the timeouts of clients that
//! connect together, which a single reactor needs more than they do. Each also behaves as its libraries do: a client
//! whose head is late gets a 408 from two of them, but from hyper 1 only a closed connection.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod carried;
