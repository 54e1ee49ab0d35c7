//! What all connections and handlers of a server share. A leaf for the handlers: none of them imports its parent.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use futures::{future, Future};

use super::budget::Budget;
use super::client::Client;
use super::connection::clock::Clock;
use super::connection::patience::{Staggered, Timeouts};
use super::connection::rounds::Rounds;
use super::connection::slots::{self, Slots};
use super::future_ext::LocalFuture;
use super::http::reply::{Reply, ReplyFuture};
use super::http::trace::Tracer;
use super::numbers::counters::{count, Counters};
use super::picture::flights::Flights;
use super::picture::kept::Kept;
use super::pool::deadline::Deadline;
use super::pool::queue::Limits;
use super::pool::{Pool, PoolError};
use captioner::{Cancel, CaptionError, Captioner, Picture};
use config::Config;
use image_macro::ImageMacro;

/// Requests that may wait for the thread that looks at files. A look takes about a tenth of a millisecond; longer
/// for two seconds after a folder with thousands of files has changed, in which each look lists it.
const FILES_QUEUE: Limits = Limits { threads: 1, queue: 4096, per_client: 1024 };

/// Connections that are told at the same time that there is no room for them.
const REFUSING: usize = 64;

/// Draws a picture: [`Captioner::caption`], or a test's replacement for it.
pub type Draw = dyn Fn(&ImageMacro, &Cancel) -> Result<Picture, CaptionError> + Send + Sync;

/// The shared state. It is behind an `Rc` and lives on the reactor's thread; only what is in an `Arc` leaves it.
pub struct App {
    /// Never changes. Read by everything.
    pub config: Config,
    /// Has caches with locks of their own. Used by jobs on pool threads, and on the reactor for what takes
    /// microseconds: fingerprints and names, where there are no folders.
    pub captioner: Arc<Captioner>,
    /// Called by `picture`'s job on a render thread.
    pub draw: Arc<Draw>,
    /// The time limit of a picture, a listing and a request's body. Used by `picture`, `pages::listing`, `http::body` and
    /// the pools.
    pub deadline: Rc<Deadline>,
    /// The render threads. `picture`, `pages::listing` and `preload` send jobs to them.
    pub pool: Pool,
    /// The thread that looks at the files of folders; `None` without folders. [`App::look`] sends jobs to it.
    pub files: Option<Pool>,
    /// Written and read by `picture`.
    pub flights: Flights,
    /// Written and read by `picture`.
    pub kept: Kept,
    /// The bytes of buffers. Leased by connections.
    pub budget: Budget,
    /// The reactor's time. Spent by connections; a task of `Server::run_until` begins each round.
    pub rounds: Rounds,
    /// Written by everything that happens to a request, read by `numbers`.
    pub counters: Rc<Counters>,
    /// Names the requests. Asked by the service for each.
    pub tracer: Tracer,
    /// Taken by the accept loop, given back by connections that end.
    pub slots: Slots,
    /// The time by which clients are late. Moved by tests only.
    pub clock: Clock,
    /// Each new connection takes the next ones.
    pub timeouts: Staggered,
    /// Set once, by `Server::run_until` when the signal has come. Read by the service, which closes connections then,
    /// by `/health` and by `preload`.
    pub is_stopping: Cell<bool>,
}

impl App {
    /// Starts the threads that the config asks for: those that draw, the timer's, and, if there are folders, the one
    /// that looks at their files.
    pub fn start(config: Config, captioner: Arc<Captioner>, draw: Arc<Draw>) -> App {
        let deadline = Rc::new(Deadline::start(config.request_timeout));
        let files = if captioner.needs_files() {
            Some(Pool::start("files", FILES_QUEUE, deadline.clone()))
        } else {
            None
        };
        let render = Limits {
            threads: config.render_threads,
            queue: config.queue,
            per_client: config.queue_per_client,
        };
        let connections = slots::Limits {
            all: config.max_connections,
            // Behind a proxy all connections are the proxy's.
            per_client: Some(config.max_connections_per_client).filter(|_| config.trust_forwarded == 0),
            refusing: REFUSING,
        };
        App {
            pool: Pool::start("render", render, deadline.clone()),
            files,
            deadline,
            flights: Flights::default(),
            kept: Kept::new(config.result_cache),
            counters: Rc::new(Counters::default()),
            tracer: Tracer::new(config.log_format),
            slots: Slots::new(connections),
            budget: Budget::new(config.buffers),
            rounds: Rounds::new(),
            clock: Clock::default(),
            timeouts: Staggered::new(Timeouts {
                head: config.header_timeout,
                idle: config.keep_alive_timeout,
                write: config.write_timeout,
            }),
            is_stopping: Cell::new(false),
            config,
            captioner,
            draw,
        }
    }

    /// Looks something up that may need the file system: names, versions, digests.
    ///
    /// Without folders no file is touched, and the job runs here, on the reactor. With folders it runs on the thread
    /// for that, which draws nothing, so the answer does not wait for a render thread. Has no deadline of its own.
    pub fn look<T, J>(&self, client: Client, job: J) -> LocalFuture<T, PoolError>
    where
        T: Send + 'static,
        J: FnOnce(&Captioner) -> Result<T, CaptionError> + Send + 'static,
    {
        match self.files {
            None => Box::new(future::result(job(&self.captioner).map_err(PoolError::from))),
            Some(ref files) => {
                let captioner = self.captioner.clone();
                Box::new(files.spawn(client, move |_| job(&captioner)).map(|timed| timed.value))
            }
        }
    }

    /// Turns the result of a pool into a reply, and counts it. This is the end of a handler's chain: `then` sees both
    /// a success and a failure, on the reactor, and makes a `Reply` of either, so that nothing after it can fail.
    pub fn reply_to<T, F>(self: &Rc<Self>, result: LocalFuture<T, PoolError>, reply: F) -> ReplyFuture
    where
        T: 'static,
        F: FnOnce(T) -> Reply + 'static,
    {
        let app = self.clone();
        Box::new(result.then(move |result| {
            match result {
                Err(PoolError::Busy) | Err(PoolError::NoRoom) => count(&app.counters.refused),
                Err(PoolError::TimedOut) => count(&app.counters.timed_out),
                _ => {}
            }
            Ok(result.map(reply).unwrap_or_else(Reply::from))
        }))
    }
}
