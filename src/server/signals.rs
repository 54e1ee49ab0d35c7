//! SIGINT and SIGTERM as a future.

use std::io;
use std::process;

use futures::sync::oneshot;
use futures::{Future, Stream};
use tokio_core::reactor::Handle;
use tokio_signal;

use super::future_ext::LocalFuture;

/// The exit code of a process that was signalled three times: what a shell reports after Ctrl-C.
const ABORTED: i32 = 130;

/// Watches for SIGINT and SIGTERM. The future resolves at the first of them; the third ends the process at once,
/// with exit code 130.
///
/// tokio-signal installs its handlers for the life of the process, so Ctrl-C never again does what it does by
/// default, even after the future has resolved. That is why the signals are counted, and why the stream is watched
/// by a task of its own on the reactor: it must be polled while the server drains, too. The task ends with the reactor.
///
/// # Errors
/// If the handlers cannot be installed.
pub fn on_signals(handle: &Handle) -> io::Result<LocalFuture<(), ()>> {
    let (stop, stopped) = oneshot::channel();
    let mut stop = Some(stop);
    let mut count = 0;
    // `for_each` runs its closure on the reactor, once for each signal, and ends with the stream, that is, never.
    let counted = signals(handle)?.for_each(move |()| {
        count += 1;
        match count {
            1 => {
                info!("stopping: no new connections, finishing what is in flight");
                let _ = stop.take().map(|stop| stop.send(()));
            }
            2 => warn!("still finishing what is in flight; a third signal ends it at once"),
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

/// Both signals as one stream.
///
/// tokio-signal returns a future of a stream, and that future has resolved when it is returned: `wait` does not block
/// here. It returns the error, if the handler could not be installed, where a chain would carry it to the reactor.
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
