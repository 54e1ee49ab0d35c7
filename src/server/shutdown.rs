//! The end: signals become a future, and a future becomes a [`Drain`] that every connection can see.

use std::io;
use std::process;

use futures::future::Shared;
use futures::sync::{mpsc, oneshot};
use futures::{Async, Future, Poll, Stream};
use tokio_core::reactor::Handle;
use tokio_signal;

use super::future_ext::BoxFuture;

/// The exit code of a process that was told to stop three times: what a shell gives for Ctrl-C.
const ABORTED: i32 = 130;

/// Watches for SIGINT and SIGTERM from now on. The future resolves at the first of them; the third ends the
/// process at once, with exit code 130.
///
/// # Errors
/// If the handlers cannot be installed.
pub fn on_signals(handle: &Handle) -> io::Result<BoxFuture<(), ()>> {
    let (stop, stopped) = oneshot::channel();
    let mut stop = Some(stop);
    let mut count = 0;
    // Two futures of streams become one stream. The handlers stay for the life of the process: Ctrl-C never
    // again does what it does by default, which is why somebody has to count. The stream is watched by a
    // task of its own, so that it is watched while the server drains, too.
    let counted = signals(handle)?.for_each(move |()| {
        count += 1;
        match count {
            1 => {
                info!("stopping: no new connections, finishing what is in flight");
                let _ = stop.take().map(|stop| stop.send(()));
            }
            2 => warn!("still finishing what is in flight; once more ends it at once"),
            _ => {
                warn!("ending at once");
                process::exit(ABORTED);
            }
        }
        Ok(())
    });
    handle.spawn(counted.map_err(|error| error!("cannot watch for signals any more: {}", error)));
    Ok(Box::new(stopped.map_err(drop)))
}

/// tokio-signal gives a future of a stream, and that future is done when it is given: to `wait` for it
/// installs the handler or tells why it cannot be, and waits for nothing.
#[cfg(unix)]
fn signals(handle: &Handle) -> io::Result<tokio_signal::IoStream<()>> {
    use tokio_signal::unix::{Signal, SIGTERM};
    let interrupt = tokio_signal::ctrl_c(handle).wait()?;
    let terminate = Signal::new(SIGTERM, handle).wait()?.map(drop);
    Ok(Box::new(interrupt.select(terminate)))
}

#[cfg(not(unix))]
fn signals(handle: &Handle) -> io::Result<tokio_signal::IoStream<()>> {
    tokio_signal::ctrl_c(handle).wait()
}

/// What the server holds: tells every connection to end, and sees when the last one has.
pub struct Drain {
    start: oneshot::Sender<()>,
    all_gone: mpsc::Receiver<()>,
    watch: Watch,
}

/// What each connection holds: sees when to end, and by its drop tells that it has.
#[derive(Clone)]
pub struct Watch {
    started: Shared<oneshot::Receiver<()>>,
    _here: mpsc::Sender<()>,
}

impl Drain {
    /// One that has not started, with no connection.
    pub fn ready() -> Drain {
        let (start, started) = oneshot::channel();
        let (here, all_gone) = mpsc::channel(0);
        Drain { start, all_gone, watch: Watch { started: started.shared(), _here: here } }
    }

    /// For another connection.
    pub fn watch(&self) -> Watch {
        self.watch.clone()
    }

    /// Tells the connections to end. Resolves when all of them have.
    ///
    /// Nothing is ever sent through the channel. A receiver's stream ends when the last of its senders is
    /// dropped, and each connection has one: the channel counts them.
    pub fn start(self) -> BoxFuture<(), ()> {
        let Drain { start, all_gone, watch } = self;
        let _ = start.send(());
        drop(watch);
        Box::new(all_gone.for_each(|()| Ok(())))
    }
}

impl Watch {
    /// Whether it is time to end; if not, the task is woken when it is. Not to be asked again after that.
    pub fn poll_started(&mut self) -> Async<()> {
        let started: Poll<_, _> = self.started.poll();
        match started {
            Ok(Async::NotReady) => Async::NotReady,
            // A sender that is gone without a word is as good as its word.
            Ok(Async::Ready(_)) | Err(_) => Async::Ready(()),
        }
    }
}
