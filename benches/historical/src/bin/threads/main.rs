//! The service on threads and blocking I/O: the standard library's sockets, and httparse.
//!
//! `accept` gives each connection a thread of its own, or one of a pool; `connection` answers its requests there,
//! with `http` for the bytes; `render` has the threads that draw, which a connection's thread waits for;
//! `connections` is there for the cap and for the end.
//!
//! Facts that come with it:
//! - A thread that waits for its picture does not read its socket, so it does not notice that a client hangs up: the
//!   drawing goes on to its end or its deadline. (It could poll the socket now and then, but does not.)
//! - The write timeout is per call: it starts again whenever the client reads anything.
//! - When a body is not read, because the request is refused or its method takes no body, the connection closes after
//!   the answer. Chunked bodies are read, trailers are refused.
//! - It keeps the system's allocator, while the others have jemalloc: with a cache in each of 10,000 threads, jemalloc
//!   takes three times the memory of glibc's.
//! - Connections beyond the limit wait in the kernel's backlog, where no deadline applies to them. With `--pool N`
//!   the limit is `N`, and each connection keeps its thread while it is idle.

#![forbid(unsafe_code)]

mod accept;
mod connection;
mod connections;
mod http;
mod render;

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::net::Shutdown;
use std::process::exit;
use std::sync::Arc;
use std::thread;

use historical::carried::{Counts, LAST_CALL, Pictures, knobs, listen};
use memed::config::Config;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use socket2::SockRef;

use connections::Connections;
use render::Renderer;

/// Of sysexits.h: a bad command line; a failure of the system.
const EX_USAGE: i32 = 64;
const EX_OSERR: i32 = 71;

/// What every connection can see.
struct App {
    config: Config,
    renderer: Renderer,
    pictures: Arc<Pictures>,
    counts: Counts,
    connections: Arc<Connections>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let (pool, arguments) = take_pool(env::args_os().skip(1).collect());
    let config = knobs::read_or_exit("threads", arguments);
    knobs::prepare_descriptors(&config);
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let listener = Arc::new(listen::listen(config.address)?);
    let pictures = Arc::new(Pictures::load(&config)?);
    let renderer = Renderer::start(pictures.clone(), config.render_threads, config.queue);
    let most = if pool > 0 { pool.min(config.max_connections) } else { config.max_connections };
    let connections = Arc::new(Connections::new(most));
    let app = Arc::new(App { renderer, pictures, counts: Counts::default(), connections, config });
    eprintln!("listening on http://{}", listener.local_addr()?);

    let (accepting, for_accepting) = (listener.clone(), app.clone());
    thread::spawn(move || {
        if let Err(error) = accept::accept(&accepting, &for_accepting, most.min(pool)) {
            eprintln!("cannot start the threads: {error}");
            exit(EX_OSERR)
        }
    });
    signals.forever().next();
    app.counts.stop();
    // Meanwhile all goes on, but each answer is the last one of its connection.
    thread::sleep(LAST_CALL);
    app.connections.close();
    // On Linux it ends the accept that waits; elsewhere that one ends with the process.
    let _ = SockRef::from(&*listener).shutdown(Shutdown::Both);
    if !app.connections.wait_for_end(app.config.shutdown_timeout) {
        eprintln!("some requests were not finished in time and were cut off");
    }
    Ok(())
}

/// Takes `--pool N` out of the arguments: it is the one knob that is not `memed`'s.
fn take_pool(mut arguments: Vec<OsString>) -> (usize, Vec<OsString>) {
    let Some(at) = arguments.iter().position(|argument| argument == "--pool") else {
        return (0, arguments);
    };
    let taken: Vec<_> = arguments.drain(at..arguments.len().min(at + 2)).collect();
    let number = taken.get(1).and_then(|value| value.to_str()).and_then(|value| value.parse().ok());
    match number.filter(|number| *number <= 100_000) {
        Some(number) => (number, arguments),
        None => {
            eprintln!("threads: --pool must be followed by a whole number from 0 to 100000");
            exit(EX_USAGE)
        }
    }
}
