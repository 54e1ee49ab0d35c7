//! The access log, and the response body whose drop writes its line.
//!
//! A record has a line in Common Log Format for its message, and the same and more as fields for JSON. `logging` writes
//! one or the other.
//!
//! hyper gives no notice when a response has been written, but it drops each chunk of a body when the last byte of it
//! has been given to the socket, and all chunks when the connection ends. So a body is one [`Chunk`], the chunk owns
//! the [`AccessLog`] of its request, and the drop of that writes the line, counts the response, and starts the
//! client's keep-alive timeout.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::{Async, Poll, Stream};
use hyper::server::Request;
use hyper::{self, HttpVersion, Method, StatusCode};
use jiff::Timestamp;
use log::Level;
use percent_encoding::{utf8_percent_encode, AsciiSet, CONTROLS};

use super::trace::Trace;
use server::connection::state::ConnectionState;
use server::numbers::counters::Counters;
use server::picture::timing::{milliseconds, Origin};

/// The log target of the lines in Common Log Format.
pub const ACCESS_LOG: &str = "memed::access";

/// The log target of the reasons of failures.
const FAILURES: &str = "memed::requests";

/// The most bytes of a target that are logged. journald splits lines of more than 48 KiB, and a byte may be written as three.
const MAX_TARGET: usize = 4 << 10;

/// One request, until its response is over.
pub struct AccessLog {
    /// The address of who asks.
    client: IpAddr,
    /// Where the connection comes from: the client, or a proxy.
    peer: SocketAddr,
    state: Rc<ConnectionState>,
    counters: Rc<Counters>,
    method: Method,
    /// `None` for a head that was refused: hyper has seen only its stand-in.
    line: Option<RequestLine>,
    trace: Trace,
    start: Instant,
    response: Option<Written>,
}

/// What was given to hyper to write.
struct Written {
    status: StatusCode,
    bytes: usize,
    /// Of a picture.
    origin: Option<Origin>,
}

/// What is logged of a request, beside its method.
struct RequestLine {
    target: String,
    version: HttpVersion,
}

impl AccessLog {
    /// Starts the clock of a request whose head has been read. `client`: who asks; `peer`: where the connection comes
    /// from. `is_stand_in`: it stands for a head that was refused.
    ///
    /// In a box, because it moves from future to future and then, with its chunk, through hyper.
    pub fn start(
        client: IpAddr,
        peer: SocketAddr,
        state: Rc<ConnectionState>,
        counters: Rc<Counters>,
        request: &Request,
        is_stand_in: bool,
        trace: Trace,
    ) -> Box<AccessLog> {
        let line = if is_stand_in {
            None
        } else {
            let target = request.uri().as_ref();
            let logged = &target[..target.floor_char_boundary(MAX_TARGET)];
            Some(RequestLine { target: logged.to_string(), version: request.version() })
        };
        let method = request.method().clone();
        Box::new(AccessLog {
            client,
            peer,
            state,
            counters,
            method,
            line,
            trace,
            start: Instant::now(),
            response: None,
        })
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
        let asked_from = SocketAddr::new(self.client, self.peer.port());
        log!(
            target: FAILURES,
            level,
            request_id = self.trace.id(),
            trace_id = self.trace_id();
            "{} \"{}\" {}: {}",
            asked_from,
            self.request(),
            status.as_u16(),
            reason
        );
    }

    /// The identifier of the request, for its response.
    pub fn request_id(&self) -> Bytes {
        self.trace.id_bytes()
    }

    /// The body of the response; `origin`: where its picture came from, if it is one. hyper sends none after a HEAD but
    /// takes one, and it must be empty then.
    pub fn into_body(
        mut self: Box<AccessLog>,
        status: StatusCode,
        bytes: Bytes,
        origin: Option<Origin>,
    ) -> Body {
        let bytes = if self.method == Method::Head { Bytes::new() } else { bytes };
        self.response = Some(Written { status, bytes: bytes.len(), origin });
        Body(Some(Chunk { bytes, _log: self }))
    }

    fn request(&self) -> DisplayRequest<'_> {
        DisplayRequest(self)
    }

    fn trace_id(&self) -> Option<&str> {
        self.trace.parent().map(|parent| &*parent.trace_id)
    }

    /// Writes the line. `complete`: the response, if all of it was written.
    fn log(&self, took: Duration, complete: Option<&Written>) {
        let or_dash = |number: Option<usize>| number.map_or("-".to_string(), |number| number.to_string());
        let status = self.response.as_ref().map(|written| written.status.as_u16());
        let bytes = complete.map(|written| written.bytes).filter(|&bytes| bytes > 0);
        let line = self.line.as_ref();
        let origin = self.response.as_ref().and_then(|written| written.origin);
        let times = origin.and_then(|origin| origin.times());
        let (trace, parent) = (&self.trace, self.trace.parent());
        // Fields without a value are left out of the line.
        info!(
            target: ACCESS_LOG,
            client:% = self.client,
            peer:% = self.peer,
            method = line.map(|_| self.method.as_ref()),
            path = line.map(|line| &*line.target),
            protocol = line.map(|line| name_of(line.version)),
            status = status,
            bytes = bytes.unwrap_or(0),
            duration_ms = in_microseconds(took),
            queue_ms = times.map(|times| in_microseconds(times.queue)),
            draw_ms = times.map(|times| in_microseconds(times.draw)),
            encode_ms = times.map(|times| in_microseconds(times.encode)),
            cache = origin.map(|origin| origin.cache()),
            cut_off = complete.is_none(),
            request_id = trace.id(),
            trace_id = self.trace_id(),
            parent_id = parent.map(|parent| &*parent.parent_id),
            trace_flags = parent.map(|parent| &*parent.flags),
            user_agent = trace.user_agent();
            "{} - - [{}] \"{}\" {} {} {:.1}ms{}",
            self.client,
            Timestamp::now().strftime("%d/%b/%Y:%H:%M:%S +0000"),
            self.request(),
            or_dash(status.map(usize::from)),
            or_dash(bytes),
            milliseconds(took),
            if complete.is_none() { " (cut off)" } else { "" }
        );
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
        if log_enabled!(target: ACCESS_LOG, Level::Info) {
            self.log(took, complete);
        }
    }
}

/// Milliseconds to three digits behind the point: what is less is noise.
fn in_microseconds(time: Duration) -> f64 {
    (milliseconds(time) * 1e3).round() / 1e3
}

/// As `HttpVersion` is displayed, without a `String`.
fn name_of(version: HttpVersion) -> &'static str {
    match version {
        HttpVersion::Http10 => "HTTP/1.0",
        _ => "HTTP/1.1",
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
    _log: Box<AccessLog>,
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
