//! Every knob, what it means and its default. [`::command_line`] reads them, tests fill them in themselves.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use captioner::Settings;

/// The port where none is given. It was rofld's, the program of the article.
pub const DEFAULT_PORT: u16 = 1337;
/// Longer ones would fill the timer with deadlines that nobody needs any more; see `server::deadline`.
pub const MAX_REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// Everything that the program can be told.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen. Port 0 takes any free one.
    pub address: SocketAddr,
    /// Threads that draw.
    pub render_threads: usize,
    /// Requests that may wait for one of them.
    pub queue: usize,
    /// What to decode before it is asked for.
    pub preload: Preload,
    /// How long a picture may take, its wait in the queue included.
    pub request_timeout: Duration,
    /// How long the requests in flight may take once the server has been told to stop.
    pub shutdown_timeout: Duration,
    /// How long the head of a request may take, from its first byte on; of the first request of a connection,
    /// from the connection on. This and the next two are lengthened by up to a tenth, by another share for each
    /// connection.
    pub header_timeout: Duration,
    /// How long a connection may be idle between two requests.
    pub keep_alive_timeout: Duration,
    /// How long a client may take for the next 64 KiB of a response, or what is left of it.
    pub write_timeout: Duration,
    /// Connections at a time. More wait in the kernel's backlog.
    pub max_connections: usize,
    /// Bytes of a request's body, at most.
    pub max_body: usize,
    /// Bytes of finished pictures to keep; 0 for none.
    pub result_cache: usize,
    /// The captioner's own knobs.
    pub captioner: Settings,
    /// What goes into the log, unless `RUST_LOG` says otherwise.
    pub log: LogLevel,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            address: SocketAddr::from(([127, 0, 0, 1], DEFAULT_PORT)),
            render_threads: thread::available_parallelism().map_or(1, |threads| threads.get()),
            queue: 64,
            preload: Preload::None,
            request_timeout: Duration::from_secs(10),
            shutdown_timeout: Duration::from_secs(30),
            header_timeout: Duration::from_secs(10),
            keep_alive_timeout: Duration::from_secs(60),
            write_timeout: Duration::from_secs(20),
            max_connections: 16_384,
            max_body: 128 << 10,
            result_cache: 64 << 20,
            captioner: Settings::default(),
            log: LogLevel::Requests,
        }
    }
}

/// What is decoded at start, so that the first request for it is as quick as the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preload {
    /// Every template.
    Templates,
    /// Every font.
    Fonts,
    /// Both.
    All,
    /// Nothing.
    None,
}

/// What goes into the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// `-qq`: only what went wrong and is our fault.
    Errors,
    /// `-q`: also warnings, start and end.
    Events,
    /// Also a line for each request.
    Requests,
    /// `-v`: also what `memed` does.
    Debug,
    /// `-vv`: also what the stack below it does.
    Trace,
}
