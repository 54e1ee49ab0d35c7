//! How it is carried: HTTP, on one reactor, with futures 0.1. Touches no pixel.
//!
//! The way of a request: `connection` accepts, `wire` and `head` judge the bytes, hyper parses them,
//! `service` routes, `caption` decodes, `picture` looks whether the client, the cache or somebody in flight has
//! it, `render` carries the drawing to the pool and its picture back, `response` answers; a `deadline` is over
//! it. [`shutdown`] ends it all.

mod access_log;
mod body;
mod caption;
mod chunks;
mod conditional;
mod connection;
mod deadline;
mod flights;
mod future_ext;
mod head;
mod latency;
mod line;
mod listing;
mod metrics;
mod pace;
mod picture;
mod preload;
mod render;
mod response;
mod results;
mod service;
pub mod shutdown;
mod slots;
mod stats;
mod timing;
mod wire;

use std::cell::Cell;
use std::io;
use std::net::{self, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;

use futures::future::Either;
use futures::Future;
use net2::TcpBuilder;
use tokio_core::net::TcpListener;
use tokio_core::reactor::{Core, Handle, Timeout};

use self::deadline::Deadline;
use self::flights::Flights;
use self::future_ext::BoxFuture;
use self::pace::{Staggered, Timeouts};
use self::render::{RenderError, Renderer};
use self::response::{Reply, ReplyFuture};
use self::results::Results;
use self::shutdown::Drain;
use self::slots::Slots;
use self::stats::{count, Counters};
use captioner::{Cancel, CaptionError, Captioner, Drawing};
use config::Config;
use image_macro::ImageMacro;

/// The log target of the lines in Common Log Format.
pub const ACCESS_LOG: &str = "memed::access";

/// Connections that may wait to be accepted. The kernel's own limit (`somaxconn`) may be lower.
const BACKLOG: i32 = 4096;

/// Requests that may wait for the thread that looks at files. A look takes about a tenth of a millisecond, so
/// these are done long before their deadlines.
const FILES_QUEUE: usize = 4096;

/// Draws a picture: [`Captioner::draw`], or what a test puts in its place.
pub type Draw = dyn Fn(&ImageMacro, &Cancel) -> Result<Drawing, CaptionError> + Send + Sync;

/// What every handler can see. Lives on the reactor's thread; only what is an `Arc` leaves it.
struct App {
    config: Config,
    captioner: Arc<Captioner>,
    draw: Arc<Draw>,
    deadline: Rc<Deadline>,
    renderer: Renderer,
    /// The thread that looks at the files of folders; `None` without folders.
    files: Option<Renderer>,
    flights: Flights,
    results: Results,
    counters: Rc<Counters>,
    slots: Slots,
    timeouts: Staggered,
    is_stopping: Cell<bool>,
}

impl App {
    /// The reply to a result of the pool, counted. The end of every handler's chain: from here on there
    /// are no errors.
    fn reply_to<T, F>(self: &Rc<Self>, result: BoxFuture<T, RenderError>, reply: F) -> ReplyFuture
    where
        T: 'static,
        F: FnOnce(T) -> Reply + 'static,
    {
        let app = self.clone();
        Box::new(result.then(move |result| {
            match result {
                Err(RenderError::Busy) => count(&app.counters.refused),
                Err(RenderError::TimedOut) => count(&app.counters.timed_out),
                _ => {}
            }
            Ok(result.map(reply).unwrap_or_else(Reply::from))
        }))
    }
}

/// A server that listens, and serves once it is run.
pub struct Server {
    core: Core,
    listener: net::TcpListener,
    local_addr: SocketAddr,
    app: Rc<App>,
}

impl Server {
    /// Listens on the address of the config, and starts the threads that draw, the timer's, and, if there are
    /// folders, the one that looks at their files.
    ///
    /// # Errors
    /// If the address is taken or cannot be had, or the reactor cannot be made.
    pub fn bind(config: Config) -> io::Result<Server> {
        let captioner = Arc::new(Captioner::new(config.captioner.clone()));
        let drawing = captioner.clone();
        let draw =
            Arc::new(move |image_macro: &ImageMacro, cancel: &Cancel| drawing.draw(image_macro, cancel));
        Server::bind_drawing(config, captioner, draw)
    }

    /// As [`Server::bind`], with another way to draw, for tests of what happens when drawing takes long or
    /// panics.
    ///
    /// # Errors
    /// As [`Server::bind`].
    pub fn bind_drawing(config: Config, captioner: Arc<Captioner>, draw: Arc<Draw>) -> io::Result<Server> {
        let core = Core::new()?;
        let listener = listen(&config.address)?;
        let local_addr = listener.local_addr()?;
        let deadline = Rc::new(Deadline::start(config.request_timeout));
        let renderer = Renderer::start("render", config.render_threads, config.queue, deadline.clone());
        let files = if captioner.needs_files() {
            Some(Renderer::start("files", 1, FILES_QUEUE, deadline.clone()))
        } else {
            None
        };
        let flights = Flights::default();
        let results = Results::new(config.result_cache);
        let counters = Rc::new(Counters::default());
        let slots = Slots::new(config.max_connections);
        let timeouts = Staggered::new(Timeouts {
            head: config.header_timeout,
            idle: config.keep_alive_timeout,
            write: config.write_timeout,
        });
        let is_stopping = Cell::new(false);
        let app = Rc::new(App {
            config,
            captioner,
            draw,
            deadline,
            renderer,
            files,
            flights,
            results,
            counters,
            slots,
            timeouts,
            is_stopping,
        });
        Ok(Server { core, listener, local_addr, app })
    }

    /// Where it listens; with the port that it got, if it asked for any.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// To spawn tasks on its reactor.
    pub fn handle(&self) -> Handle {
        self.core.handle()
    }

    /// Serves until `signal` resolves (either way), then drains: accepts nothing more, ends idle
    /// connections, and waits for requests in flight, at most for the config's `shutdown_timeout`.
    ///
    /// # Errors
    /// If the reactor fails.
    pub fn run_until<F: Future>(self, signal: F) -> io::Result<()> {
        let Server { mut core, listener, local_addr, app } = self;
        preload::start(&app);
        let drain = Drain::ready();
        let handle = core.handle();
        let incoming = TcpListener::from_listener(listener.try_clone()?, &local_addr, &handle)?.incoming();
        let accepting = connection::accept(incoming, app.clone(), &drain, &handle);
        // Accepting has no end of its own. When the signal comes, it is dropped.
        let stopped = signal.then(|_| Ok::<(), ()>(())).select2(accepting);
        core.run(stopped.then(|_| Ok::<(), io::Error>(())))?;

        app.is_stopping.set(true);
        // The kernel has accepted connections that nobody here has seen; to close the listener resets them.
        connection::accept_rest(listener, &app, &drain, &handle);
        let timeout = Timeout::new(app.config.shutdown_timeout, &handle)?;
        // Whichever comes first. If it is the timeout, the connections that are left end with the reactor.
        let drained = drain.start().select2(timeout).then(|first| {
            Ok::<bool, io::Error>(match first {
                Ok(Either::A(_)) | Err(Either::A(_)) => true,
                Ok(Either::B(_)) | Err(Either::B(_)) => false,
            })
        });
        if !core.run(drained)? {
            let seconds = app.config.shutdown_timeout.as_secs_f64();
            warn!("some requests were not done within {} s of the signal, and are cut off", seconds);
        }
        Ok(())
    }
}

/// A listening socket that shares its port with nobody. (hyper's own `bind` sets SO_REUSEPORT: a second
/// server would start without a word and get half of the connections.)
fn listen(address: &SocketAddr) -> io::Result<net::TcpListener> {
    let builder = if address.is_ipv4() { TcpBuilder::new_v4() } else { TcpBuilder::new_v6() }?;
    // So that a server can be started again while connections of the last one are in TIME_WAIT. On Windows
    // the option means what SO_REUSEPORT means here.
    if cfg!(unix) {
        builder.reuse_address(true)?;
    }
    builder.bind(address)?.listen(BACKLOG)
}
