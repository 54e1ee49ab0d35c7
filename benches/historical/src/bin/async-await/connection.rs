//! The life of a connection, and how long its client may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use historical::carried::MAX_HEAD;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_io_timeout::TimeoutWriter;

use super::{App, service};

/// Serves one connection to its end, which comes early if its client is late.
///
/// When the client hangs up, hyper drops the future of the request that it waits for, and with it everything
/// that the future owns: see [`super::render`].
pub async fn serve(socket: TcpStream, app: Arc<App>, watcher: Watcher) {
    // Needed where it is not inherited from the listener. Without it an answer is late, not wrong.
    let _ = socket.set_nodelay(true);
    let mut socket = TimeoutWriter::new(socket);
    socket.set_timeout(Some(app.config.write_timeout));
    let has_asked = AtomicBool::new(false);
    let header_timeout = app.config.header_timeout;
    // hyper has one clock from the end of an answer to the end of the next head, so the keep-alive timeout is
    // for both. The head of the first request has its own, below.
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(app.config.keep_alive_timeout)
        .max_buf_size(MAX_HEAD)
        .serve_connection(
            // Pinned, because hyper moves it, and there is a timer in it.
            TokioIo::new(Box::pin(socket)),
            service_fn(|request| {
                has_asked.store(true, Relaxed);
                service::answer(app.clone(), request)
            }),
        );
    tokio::select! {
        // It fails when the client disconnects or does not speak HTTP: no one is left to answer.
        _ = watcher.watch(connection) => {}
        () = first_head_is_late(&has_asked, header_timeout) => {}
    }
}

/// Never resolves once a request has arrived.
async fn first_head_is_late(has_asked: &AtomicBool, header_timeout: Duration) {
    sleep(header_timeout).await;
    if has_asked.load(Relaxed) {
        std::future::pending().await
    }
}
