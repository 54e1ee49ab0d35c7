//! The configuration: every knob, what it means, its unit and its default.
//!
//! [`::command_line`] fills it from flags and variables; tests set its fields themselves.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use captioner::Settings;

/// The port if none is given: that of rofld, the program of the article.
pub const DEFAULT_PORT: u16 = 1337;
/// The longest `request_timeout`: longer than anybody waits for a picture. The timer's wheel has a slot for each tick of
/// it. See `server::pool::deadline`.
pub const MAX_REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// Everything that can be configured.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen. Port 0 stands for any free port.
    pub address: SocketAddr,
    /// The number of a listening socket that was passed to the program, which serves on it and not on `address`. For
    /// `main`: a [`Server`](::server::Server) is given the socket itself.
    pub listen_fd: Option<i32>,
    /// Number of threads that draw.
    pub render_threads: usize,
    /// Requests that may wait for one of these threads. Further ones get a 503.
    pub queue: usize,
    /// Of these, requests of one client.
    pub queue_per_client: usize,
    /// What to decode at start.
    pub preload: Preload,
    /// Time limit for the body of a request, and then for its picture, time in the queue included.
    pub request_timeout: Duration,
    /// Time limit for the requests in flight once the server has been asked to stop.
    pub shutdown_timeout: Duration,
    /// Time limit for the head of a request: from its first byte on, or for the first request of a connection, from
    /// the connection on. This and the next two are up to a tenth longer, by a different amount for each
    /// connection, so that connections made together do not time out together.
    pub header_timeout: Duration,
    /// How long a connection may be idle between two requests.
    pub keep_alive_timeout: Duration,
    /// How long a client may take to read the next 64 KiB of a response, or the rest if it is shorter.
    pub write_timeout: Duration,
    /// Connections that are open at the same time. A further one takes the place of the one that is idle longest.
    pub max_connections: usize,
    /// Of these, connections from one address. Does not apply behind trusted proxies, where all are the proxy's.
    pub max_connections_per_client: usize,
    /// The largest body of a request, in bytes, unless it brings a picture.
    pub max_body: usize,
    /// The largest body that is a picture, or a form with one, in bytes.
    pub max_upload: usize,
    /// Bytes that all clients together may occupy with requests that are not answered yet, and with pictures that they
    /// are still reading and that are not cached.
    pub buffers: usize,
    /// Trusted reverse proxies in front of the server, each of which appends the address that it was asked from to
    /// `X-Forwarded-For` or `Forwarded`. 0: the header is ignored, and a client is who it connects from.
    pub trust_forwarded: usize,
    /// What pages of other origins may use.
    pub cors: Cors,
    /// Bytes of finished pictures to keep; 0 for none.
    pub result_cache: usize,
    /// The captioner's own knobs.
    pub captioner: Settings,
    /// What goes into the log, unless `RUST_LOG` overrides it.
    pub log: LogLevel,
    /// What its lines look like.
    pub log_format: LogFormat,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            address: SocketAddr::from(([127, 0, 0, 1], DEFAULT_PORT)),
            listen_fd: None,
            render_threads: thread::available_parallelism().map_or(1, |threads| threads.get()),
            queue: 256,
            queue_per_client: 128,
            preload: Preload::None,
            request_timeout: Duration::from_secs(10),
            shutdown_timeout: Duration::from_secs(30),
            header_timeout: Duration::from_secs(10),
            keep_alive_timeout: Duration::from_secs(60),
            write_timeout: Duration::from_secs(20),
            max_connections: 16_384,
            max_connections_per_client: 4_096,
            max_body: 128 << 10,
            max_upload: 16 << 20,
            buffers: 64 << 20,
            trust_forwarded: 0,
            cors: Cors::Pictures,
            result_cache: 64 << 20,
            captioner: Settings::default(),
            log: LogLevel::Requests,
            log_format: LogFormat::Common,
        }
    }
}

/// What is decoded at start, so that even the first request for it is fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preload {
    /// Every template.
    Templates,
    /// Every font.
    Fonts,
    /// Every template and every font.
    All,
    /// Nothing.
    None,
}

impl Preload {
    /// Every value.
    pub const ALL: [Preload; 4] = [Preload::Templates, Preload::Fonts, Preload::All, Preload::None];

    /// What is typed for it.
    pub fn name(self) -> &'static str {
        match self {
            Preload::Templates => "templates",
            Preload::Fonts => "fonts",
            Preload::All => "all",
            Preload::None => "none",
        }
    }
}

/// What a page may use that came from another origin than the server. Names are those of the knob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cors {
    /// Everything but the operator's numbers.
    Pictures,
    /// Nothing: for templates that are not for everybody.
    None,
}

impl Cors {
    /// Every value.
    pub const ALL: [Cors; 2] = [Cors::Pictures, Cors::None];

    /// What is typed for it.
    pub fn name(self) -> &'static str {
        match self {
            Cors::Pictures => "pictures",
            Cors::None => "none",
        }
    }
}

/// What a line of the log looks like. Names are those of the knob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Requests in Common Log Format, everything else as a sentence.
    Common,
    /// A JSON object for each request and each event.
    Json,
}

impl LogFormat {
    /// Every value.
    pub const ALL: [LogFormat; 2] = [LogFormat::Common, LogFormat::Json];

    /// What is typed for it.
    pub fn name(self) -> &'static str {
        match self {
            LogFormat::Common => "common",
            LogFormat::Json => "json",
        }
    }
}

/// How much goes into the log. Each level includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// `-qq`: only errors of the server itself.
    Errors,
    /// `-q`: also warnings, start and end.
    Events,
    /// The default: also a line for each request.
    Requests,
    /// `-v`: also the details of what `memed` does.
    Debug,
    /// `-vv`: also what the stack below it does.
    Trace,
}
