//! HOW IT IS CARRIED: HTTP on one reactor, with futures 0.1. Touches no pixel.
//!
//! The folders are layers, from the socket to the threads that draw:
//!
//! | folder | what it does |
//! |---|---|
//! | `connection` | below hyper: accepts sockets, judges heads, follows bodies, closes on slow clients, drains |
//! | `routes` | hyper's `Service`: finds the route of a request, calls its page, catches its panics |
//! | `pages` | one handler a file |
//! | `picture` | the way to a picture: from the client's cache, ours, a drawing in flight, or a new one |
//! | `pool` | the bridge to the threads that draw: a queue, a CpuPool, a deadline |
//! | `http` | replies and what they are made of: conditions, ranges, bodies, the access log |
//! | `numbers` | what `/stats` and `/metrics` report |
//!
//! What holds a client to its share: `connection/slots.rs` (how many connections), `connection/patience.rs` (how slow),
//! `connection/head.rs` (how large a head), `http/body.rs` (how large a body), `budget.rs` (how many bytes of all
//! buffers), `pool/queue.rs` (how many jobs wait, and whose turn it is). `client.rs` says who a client is.
//!
//! [`Server`] puts them together: [`Server::bind`], [`Server::local_addr`], [`Server::run_until`]. `App` is the state
//! that they share. [`signals`] makes a future of SIGINT and SIGTERM; `supervisor` tells systemd how it goes.

mod app;
mod budget;
mod client;
mod connection;
mod future_ext;
mod http;
mod numbers;
mod pages;
mod picture;
mod pool;
mod preload;
mod routes;
pub mod signals;
#[cfg(target_os = "linux")]
pub mod supervisor;

use std::io;
use std::net::{self, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use futures::future::Either;
use futures::Future;
use hyper::header::HttpDate;
use tokio_core::net::TcpListener;
use tokio_core::reactor::{Core, Handle, Timeout};

use self::app::App;
use self::connection::accept::{accept_rest, listen, Accept};
use self::connection::drain::Drain;
use captioner::{Cancel, Captioner};
use config::Config;
use image_macro::ImageMacro;

pub use self::app::Draw;
pub use self::http::access_log::ACCESS_LOG;

/// A server that listens, and serves once it is run.
pub struct Server {
    core: Core,
    listener: net::TcpListener,
    local_addr: SocketAddr,
    app: Rc<App>,
}

impl Server {
    /// Listens on the address of the config, and starts the threads: those that draw, the timer's, and, if there are
    /// folders, the one that looks at their files.
    ///
    /// # Errors
    /// If the address is in use or not available, or the reactor cannot be made.
    pub fn bind(config: Config) -> io::Result<Server> {
        read_time_zone();
        let listener = listen(&config.address)?;
        Server::over(listener, config)
    }

    /// As [`Server::bind`], on a socket that listens already. The config's address means nothing then.
    ///
    /// # Errors
    /// If the reactor cannot be made.
    pub fn over(listener: net::TcpListener, config: Config) -> io::Result<Server> {
        read_time_zone();
        let captioner = Arc::new(Captioner::new(config.captioner.clone()));
        let drawing = captioner.clone();
        let draw =
            Arc::new(move |image_macro: &ImageMacro, cancel: &Cancel| drawing.caption(image_macro, cancel));
        Server::with(listener, config, captioner, draw)
    }

    /// As [`Server::bind`], with another function to draw: for tests of what happens when drawing takes long or panics.
    ///
    /// # Errors
    /// As [`Server::bind`].
    pub fn bind_drawing(config: Config, captioner: Arc<Captioner>, draw: Arc<Draw>) -> io::Result<Server> {
        read_time_zone();
        let listener = listen(&config.address)?;
        Server::with(listener, config, captioner, draw)
    }

    fn with(
        listener: net::TcpListener,
        config: Config,
        captioner: Arc<Captioner>,
        draw: Arc<Draw>,
    ) -> io::Result<Server> {
        let core = Core::new()?;
        let local_addr = listener.local_addr()?;
        let app = Rc::new(App::start(config, captioner, draw));
        Ok(Server { core, listener, local_addr, app })
    }

    /// The address that it listens on, with the port that the system chose if the config left it open.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// A handle to spawn tasks on its reactor.
    pub fn handle(&self) -> Handle {
        self.core.handle()
    }

    /// Serves until `signal` resolves or fails, then drains: accepts no more connections, closes idle ones, and waits
    /// for the requests in flight, up to the config's `shutdown_timeout`.
    ///
    /// Two chains run on the reactor, one after the other, and each is a race of two futures. `select2` resolves with
    /// the first and returns the other:
    ///
    /// 1. `signal` against `accepting`, which never ends. It is taken back, for the connection that it may hold.
    /// 2. "the last connection has ended" against a timeout. If the timeout wins, the connections that are left are
    ///    tasks of the reactor, and end when it is dropped at the end of this function.
    ///
    /// # Errors
    /// If the reactor fails.
    pub fn run_until<F: Future>(self, signal: F) -> io::Result<()> {
        let Server { mut core, listener, local_addr, app } = self;
        let handle = core.handle();
        preload::start(&app, &handle);
        handle.spawn(app.rounds.clone());
        let drain = Drain::new();
        let incoming = TcpListener::from_listener(listener.try_clone()?, &local_addr, &handle)?.incoming();
        let accepting = Accept::new(incoming, app.clone(), &drain, &handle);
        let stopped = signal.then(|_| Ok::<(), ()>(())).select2(accepting);
        let accepting = core.run(stopped.then(|first| {
            Ok::<Option<Accept>, io::Error>(match first {
                Ok(Either::A((_, accepting))) => Some(accepting),
                // It never ends.
                Ok(Either::B(_)) | Err(_) => None,
            })
        }))?;

        app.is_stopping.set(true);
        if let Some(accepting) = accepting {
            accepting.finish();
        }
        // The kernel has accepted connections that we have not seen. Closing the listener would reset them. If the socket
        // was passed to us, it stays open in our parent, and they would wait there for our successor. But that one starts
        // only when we have ended, so they are served sooner here; and who else holds a socket is not ours to know.
        accept_rest(listener, &app, &drain, &handle);
        let timeout = Timeout::new(app.config.shutdown_timeout, &handle)?;
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

/// Has the C library read its time zone now.
///
/// Pitfall: hyper formats the `Date` header through `gmtime_r`, which reads the file of the time zone at its first call.
/// That would be on the reactor, in the middle of the first response. Pinned by
/// `the_time_zone_is_read_before_the_server_listens` in `tests/log.rs`.
fn read_time_zone() {
    let _ = HttpDate::from(SystemTime::now()).to_string();
}
