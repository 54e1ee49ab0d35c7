//! The service as it is written today: async/await, tokio 1, hyper 1.
//!
//! `main` accepts and drains, `connection` bounds what a client may take, `service` answers, `render` carries
//! the drawing to a thread that may block.

#![forbid(unsafe_code)]

mod connection;
mod render;
mod service;

use std::env;
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use historical::carried::{Counts, LAST_CALL, Pictures, knobs, listen};
use hyper_util::server::graceful::GracefulShutdown;
use memed::config::Config;
use tokio::net::TcpListener;
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use render::Renderer;

#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// How long to wait after an accept that failed for want of descriptors: until some are free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What every request can see.
struct App {
    config: Config,
    pictures: Arc<Pictures>,
    renderer: Renderer,
    counts: Counts,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<_> = env::args_os().skip(1).collect();
    // The one knob that is not memed's: no workers, as one reactor has none.
    let is_one = arguments.iter().position(|argument| argument == "--current-thread");
    if let Some(at) = is_one {
        arguments.remove(at);
    }
    let config = knobs::read_or_exit("async-await", arguments);
    knobs::prepare_descriptors(&config);
    let mut builder = match is_one {
        Some(_) => runtime::Builder::new_current_thread(),
        None => runtime::Builder::new_multi_thread(),
    };
    let runtime = builder
        .enable_all()
        // Threads that may block do nothing here but draw.
        .max_blocking_threads(config.render_threads)
        .build()?;
    runtime.block_on(serve(config))?;
    // Do not wait for drawings whose requests were cut off.
    runtime.shutdown_background();
    Ok(())
}

/// Serves until SIGINT or SIGTERM, then finishes what is in flight.
async fn serve(config: Config) -> Result<(), Box<dyn Error>> {
    let listener = listen::listen(config.address)?;
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let pictures = Arc::new(Pictures::load(&config)?);
    let renderer = Renderer::new(config.render_threads, config.queue);
    let app = Arc::new(App { pictures, renderer, counts: Counts::default(), config });
    eprintln!("listening on http://{}", listener.local_addr()?);

    let connections = GracefulShutdown::new();
    let told_to_stop = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        app.counts.stop();
        sleep(LAST_CALL).await;
    };
    tokio::select! {
        () = accept(&listener, &app, &connections) => {}
        () = told_to_stop => {}
    }
    drop(listener);
    if timeout(app.config.shutdown_timeout, connections.shutdown()).await.is_err() {
        eprintln!("some requests were not finished in time and were cut off");
    }
    Ok(())
}

/// Accepts connections for ever, each a task of its own, but never more of them than there may be.
async fn accept(listener: &TcpListener, app: &Arc<App>, connections: &GracefulShutdown) {
    let places = Arc::new(Semaphore::new(app.config.max_connections));
    loop {
        let place = places.clone().acquire_owned().await.expect("the semaphore is never closed");
        match listener.accept().await {
            Ok((socket, _)) => {
                let connection = connection::serve(socket, app.clone(), connections.watcher());
                tokio::spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            // Only that connection failed; go on with the next.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                eprintln!("cannot accept a connection: {error}");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
