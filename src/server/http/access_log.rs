//! The access log, and the response body whose drop writes its line.
//!
//! hyper gives no notice when a response has been written, but it drops each chunk of a body when the last byte of it
//! has been given to the socket, and all chunks when the connection ends. So a body is one [`Chunk`], the chunk owns
//! the [`AccessLog`] of its request, and the drop of that writes the line, counts the response, and starts the
//! client's keep-alive timeout.

use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

use bytes::Bytes;
use futures::{Async, Poll, Stream};
use hyper::server::Request;
use hyper::{self, HttpVersion, Method, StatusCode};
use jiff::Timestamp;
use log::Level;
use percent_encoding::{utf8_percent_encode, AsciiSet, CONTROLS};

use server::connection::state::ConnectionState;
use server::numbers::counters::Counters;

/// The log target of the lines in Common Log Format.
pub const ACCESS_LOG: &str = "memed::access";

/// The log target of the reasons of failures.
const FAILURES: &str = "memed::requests";

/// One request, until its response is over.
pub struct AccessLog {
    peer: SocketAddr,
    state: Rc<ConnectionState>,
    counters: Rc<Counters>,
    method: Method,
    /// `None` for a head that was refused: hyper has seen only its stand-in.
    line: Option<RequestLine>,
    start: Instant,
    response: Option<Written>,
}

/// What was given to hyper to write.
struct Written {
    status: StatusCode,
    bytes: usize,
}

/// What is logged of a request, beside its method.
struct RequestLine {
    target: String,
    version: HttpVersion,
}

impl AccessLog {
    /// Starts the clock of a request whose head has been read. `peer`: the address of who asks, and the port that the
    /// connection comes from. `is_stand_in`: it stands for a head that was refused.
    pub fn start(
        peer: SocketAddr,
        state: Rc<ConnectionState>,
        counters: Rc<Counters>,
        request: &Request,
        is_stand_in: bool,
    ) -> AccessLog {
        let line = if is_stand_in {
            None
        } else {
            Some(RequestLine { target: request.uri().as_ref().to_string(), version: request.version() })
        };
        let method = request.method().clone();
        AccessLog { peer, state, counters, method, line, start: Instant::now(), response: None }
    }

    /// Logs why a request fails, at the level of its status. The one place that does.
    ///
    /// A 500 is our error. A 503 and a 504 say that there is more to do than the server can: a warning, which `-q` leaves
    /// out with the requests, since there is one for each of them just when there are too many. Anything else is the client's.
    pub fn log_failure(&self, status: StatusCode, reason: &dyn fmt::Display) {
        let level = match status {
            StatusCode::ServiceUnavailable | StatusCode::GatewayTimeout => Level::Warn,
            StatusCode::InternalServerError => Level::Error,
            _ => Level::Info,
        };
        log!(target: FAILURES, level, "{} \"{}\" {}: {}", self.peer, self.request(), status.as_u16(), reason);
    }

    /// The body of the response. hyper sends none after a HEAD but takes one, and it must be empty then.
    pub fn into_body(mut self, status: StatusCode, bytes: Bytes) -> Body {
        let bytes = if self.method == Method::Head { Bytes::new() } else { bytes };
        self.response = Some(Written { status, bytes: bytes.len() });
        Body(Some(Chunk { bytes, _log: self }))
    }

    fn request(&self) -> DisplayRequest<'_> {
        DisplayRequest(self)
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.state.answered();
        let took = self.start.elapsed();
        // A connection that has ended writes nothing any more. An empty body is complete with its head.
        let is_complete = |written: &Written| written.bytes == 0 || !self.state.is_over();
        let complete = self.response.as_ref().filter(|written| is_complete(written));
        match complete {
            Some(written) => self.counters.answered(written.status.as_u16(), took),
            None => self.counters.cut_off(),
        }
        if !log_enabled!(target: ACCESS_LOG, Level::Info) {
            return;
        }
        let or_dash = |number: Option<usize>| number.map_or("-".to_string(), |number| number.to_string());
        let status = self.response.as_ref().map(|written| usize::from(written.status.as_u16()));
        let bytes = complete.map(|written| written.bytes).filter(|&bytes| bytes > 0);
        info!(
            target: ACCESS_LOG,
            "{} - - [{}] \"{}\" {} {} {:.1}ms{}",
            self.peer.ip(),
            Timestamp::now().strftime("%d/%b/%Y:%H:%M:%S +0000"),
            self.request(),
            or_dash(status),
            or_dash(bytes),
            took.as_secs_f64() * 1e3,
            if complete.is_none() { " (cut off)" } else { "" }
        );
    }
}

/// The request line, or `-` for a head that was refused.
struct DisplayRequest<'a>(&'a AccessLog);

impl<'a> fmt::Display for DisplayRequest<'a> {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let AccessLog { ref method, ref line, .. } = *self.0;
        match *line {
            Some(RequestLine { ref target, version }) => {
                write!(out, "{} {} {}", method, utf8_percent_encode(target, ESCAPED), version)
            }
            None => out.write_str("-"),
        }
    }
}

/// Bytes that would end the field of a target early, or control a terminal.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'\\');

/// A body in one piece. A `Stream` written by hand: it has its one item already, so `poll` is never `NotReady`, and
/// no task need be registered.
pub struct Body(Option<Chunk>);

impl Stream for Body {
    type Item = Chunk;
    type Error = hyper::Error;

    fn poll(&mut self) -> Poll<Option<Chunk>, hyper::Error> {
        Ok(Async::Ready(self.0.take()))
    }
}

/// The bytes of a body. hyper drops it when the last of them has been written.
pub struct Chunk {
    bytes: Bytes,
    _log: AccessLog,
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
