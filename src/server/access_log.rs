//! The access log, and the body of a response, which writes its line.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

use bytes::Bytes;
use futures::{Async, Poll, Stream};
use hyper::{self, HttpVersion, Method, StatusCode};
use jiff::Timestamp;
use log::Level;

use super::stats::Counters;
use super::wire::WireState;
use super::ACCESS_LOG;

/// One line in Common Log Format, with the milliseconds that the request took added, written when this is
/// dropped: when the response has been written, or the connection has ended before that. Counts it, too.
pub struct AccessLog {
    peer: SocketAddr,
    state: Rc<WireState>,
    counters: Rc<Counters>,
    request_line: String,
    is_head: bool,
    start: Instant,
    /// 0: there was no response.
    status: u16,
    bytes: usize,
}

impl AccessLog {
    /// Begins to count the time.
    pub fn start(
        peer: SocketAddr,
        state: Rc<WireState>,
        counters: Rc<Counters>,
        method: &Method,
        target: &str,
        version: HttpVersion,
    ) -> AccessLog {
        // Nobody reads a line that is not logged.
        let is_logged = log_enabled!(target: ACCESS_LOG, Level::Info);
        let request_line =
            if is_logged { format!("{} {} {}", method, plain(target), version) } else { String::new() };
        let is_head = *method == Method::Head;
        let start = Instant::now();
        AccessLog { peer, state, counters, request_line, is_head, start, status: 0, bytes: 0 }
    }

    /// For a request whose head was refused: there is no line to show.
    pub fn start_refused(
        peer: SocketAddr,
        state: Rc<WireState>,
        counters: Rc<Counters>,
        method: &Method,
    ) -> AccessLog {
        let mut log = AccessLog::start(peer, state, counters, method, "", HttpVersion::Http11);
        log.request_line = "-".to_string();
        log
    }

    /// The body that writes the line. hyper sends none after a HEAD, but takes one; it must be empty.
    pub fn with(mut self, status: StatusCode, bytes: Bytes) -> Body {
        let bytes = if self.is_head { Bytes::new() } else { bytes };
        self.status = status.as_u16();
        self.bytes = bytes.len();
        Body(Some(Chunk { bytes, _log: self }))
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.state.pace().answered();
        let took = self.start.elapsed();
        let is_cut_off = self.status == 0 || self.state.is_over() && self.bytes > 0;
        if is_cut_off {
            self.counters.cut_off();
        } else {
            self.counters.answered(self.status, took);
        }
        if !log_enabled!(target: ACCESS_LOG, Level::Info) {
            return;
        }
        let status = if self.status == 0 { "-".to_string() } else { self.status.to_string() };
        let bytes = if self.bytes == 0 || is_cut_off { "-".to_string() } else { self.bytes.to_string() };
        info!(
            target: ACCESS_LOG,
            "{} - - [{}] \"{}\" {} {} {:.1}ms{}",
            self.peer.ip(),
            Timestamp::now().strftime("%d/%b/%Y:%H:%M:%S +0000"),
            self.request_line,
            status,
            bytes,
            took.as_secs_f64() * 1e3,
            if is_cut_off { " (cut off)" } else { "" }
        );
    }
}

/// A target as a line can have it: a quote would end its field early, and a terminal would obey what controls it.
fn plain(target: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    let mut plain = String::with_capacity(target.len());
    for byte in target.bytes() {
        if is_plain(byte) {
            plain.push(byte as char);
        } else {
            plain.push_str(&format!("%{:02X}", byte));
        }
    }
    plain
}

/// A body in one piece.
pub struct Body(Option<Chunk>);

impl Stream for Body {
    type Item = Chunk;
    type Error = hyper::Error;

    fn poll(&mut self) -> Poll<Option<Chunk>, hyper::Error> {
        Ok(Async::Ready(self.0.take()))
    }
}

/// The bytes of a body. hyper drops it when the last of them has been written, and so writes the log's line.
pub struct Chunk {
    bytes: Bytes,
    _log: AccessLog,
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
