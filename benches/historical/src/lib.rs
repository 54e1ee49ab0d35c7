//! The same service as `memed` with other concurrency models, to compare them.
//!
//! All programs parse and draw with the same code, `memed::image_macro` and `memed::captioner`, and return the same
//! bytes. What differs is how a request gets from its socket to a thread that draws, and back:
//!
//! | contestant | concurrency model | where |
//! |---|---|---|
//! | `threads` | blocking I/O, a thread per connection: the standard library, httparse | `src/bin/threads/` |
//! | `futures-0.1` | `memed` itself: tokio-core, hyper 0.11 | `src/server/` of the main package |
//! | `async-await` | tokio 1, hyper 1 | `src/bin/async-await/` |
//! | `go` | a goroutine per connection: net/http | `go/` |
//! | `node` | one event loop, and libuv's pool: node:http | `node/` |
//! | `async-await-one` | the program of `async-await`, on one thread | `src/bin/async-await/` |
//! | `futures-0.1-processes` | several `memed` behind one port | `src/bin/processes/` |
//! | `bare-hyper` | hyper 0.11 without `memed`'s own layer below it | `src/bin/bare-hyper/` |
//!
//! [`carried`] is what the new ones in Rust share; what is left in each of them is the transport. Of it, `go` and `node`
//! use the command line and the pictures (how a query or a body is read, the cache of results, drawing), through
//! `captioner-ffi/` and `node/addon/`. Routes, answers, counts, limits and priorities they have in their own language.
//!
//! They do less than `memed`. They leave out `/metrics` and its histograms, `Server-Timing`, ranges, links, names to save
//! pictures under, the page, the access log, `X-Request-Id`, systemd's socket and watchdog, the folders of templates and
//! fonts, and the smaller send buffers. They take JSON and a client's own picture as bodies, but no forms, and nothing of
//! which only the first bytes tell what it is; and they read a picture before they look at its fields, of which `memed`
//! refuses wrong ones at once. They do not share one drawing among requests for the same picture, because the comparison
//! requests different ones, and do not spread the timeouts of clients that connect together, which a single reactor needs
//! more than they do. Each also behaves as its libraries do: a client whose head is late gets a 408 from two of them, but
//! from hyper 1 only a closed connection.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod carried;
