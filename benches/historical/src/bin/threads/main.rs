//! The service on threads and blocking I/O: tiny_http.
//!
//! tiny_http accepts on a thread, and has one more for each connection, which parses its requests and puts them
//! into a queue. Here, `handlers` take them from there, and `render` has the threads that draw, which a handler
//! waits for.
//!
//! Facts about tiny_http 0.12, from its source. They are its design, and nothing here can change them:
//! - A thread that reads has no deadline: not for a head, not for a body, not between requests. So
//!   `--header-timeout` and `--keep-alive-timeout` do nothing, nor does `--request-timeout` for a body.
//! - A thread that writes has none either, so `--write-timeout` does nothing, and a client that does not read
//!   keeps its handler.
//! - Nobody looks at a socket while its request is answered: whoever hangs up is drawn for to the end, or to the
//!   deadline.
//! - Nobody counts connections: `--max-connections` does nothing. Each takes two descriptors and a thread.
//! - The first accept that fails, for want of descriptors say, ends accepting for good. The process then ends.
//!   If it is the second descriptor or the thread that cannot be had, its accept loop panics, and nobody is told:
//!   the process lives, and refuses connections.
//! - It sets `Connection` itself, so no answer can say that it is the last one. And it gives a
//!   304 a `Content-Length` of 0.
//! - A connection can be handed to its threads only by its own accept loop, and the thread that closes one is
//!   the one that reads it. So at the end of the process idle connections are cut.
//! - A head may be as long as its client likes. A body that is refused is read to its end all the same, on the
//!   handler's thread, and memory for all that it says it has is set aside at once: a `Content-Length` of 100 TB
//!   ends the process.
//! - When connections come in faster than idle threads wake, some wait until others end: its pool counts a
//!   thread as idle until it has woken. Of 32 connections opened at the same moment, 28 were not served while
//!   the others stayed open. Opened one after another, each with an answer before the next, all are served.

#![forbid(unsafe_code)]

mod handlers;
mod render;

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::process::exit;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use historical::carried::{Counts, LAST_CALL, Pictures, knobs, listen};
use memed::config::Config;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tiny_http::Server;

use render::Renderer;

/// Of sysexits.h: a bad command line; a failure of the system.
const EX_USAGE: i32 = 64;
const EX_OSERR: i32 = 71;

/// Threads that take requests, where `--handlers` does not say: more than draw and wait by default, so that some
/// are left for what is quick and for clients that read slowly. Requests beyond them wait in tiny_http's queue,
/// which has no end, and where no deadline is over them.
const HANDLERS: usize = 256;

/// What every request can see.
struct App {
    config: Config,
    renderer: Renderer,
    pictures: Arc<Pictures>,
    counts: Counts,
}

/// Why the server is to end.
enum End {
    Signal,
    /// tiny_http accepts no more.
    Failed(std::io::Error),
}

fn main() -> Result<(), Box<dyn Error>> {
    let (handlers, arguments) = take_handlers(env::args_os().skip(1).collect());
    let config = knobs::read_or_exit("threads", arguments);
    knobs::raise_descriptor_limit();
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let listener = listen::listen(config.address)?;
    let address = listener.local_addr()?;
    let pictures = Arc::new(Pictures::load(&config)?);
    let renderer = Renderer::start(pictures.clone(), config.render_threads, config.queue);
    let app = Arc::new(App { renderer, pictures, counts: Counts::default(), config });
    let server = Arc::new(Server::from_listener(listener, None).map_err(|error| error as Box<dyn Error>)?);
    eprintln!("listening on http://{address}");

    let (ends, ended) = mpsc::channel();
    let told_to_stop = ends.clone();
    thread::spawn(move || signals.forever().next().map(|_| told_to_stop.send(End::Signal)));
    // Nothing is sent through it: it ends when the last handler has dropped its sender.
    let (busy, done) = mpsc::channel::<()>();
    let threads = handlers::start(handlers, &server, &app, &ends, &busy);
    drop(busy);
    let end = ended.recv()?;

    app.counts.stop();
    // Meanwhile its handlers go on. Then each of them is told to return, behind what is in tiny_http's queue.
    thread::sleep(LAST_CALL);
    (0..threads).for_each(|_| server.unblock());
    if done.recv_timeout(app.config.shutdown_timeout) == Err(RecvTimeoutError::Timeout) {
        eprintln!("some requests were not done in time, and are cut off");
    }
    if let End::Failed(error) = end {
        eprintln!("cannot accept connections: {error}");
        exit(EX_OSERR)
    }
    Ok(())
}

/// Takes `--handlers N` out of the arguments: it is the one knob that is not `memed`'s. 0 is a thread for each
/// request.
fn take_handlers(mut arguments: Vec<OsString>) -> (usize, Vec<OsString>) {
    let Some(at) = arguments.iter().position(|argument| argument == "--handlers") else {
        return (HANDLERS, arguments);
    };
    let taken: Vec<_> = arguments.drain(at..arguments.len().min(at + 2)).collect();
    let number = taken.get(1).and_then(|value| value.to_str()).and_then(|value| value.parse().ok());
    match number.filter(|number| *number <= 100_000) {
        Some(number) => (number, arguments),
        None => {
            eprintln!("threads: --handlers must be followed by a whole number from 0 to 100000");
            exit(EX_USAGE)
        }
    }
}
