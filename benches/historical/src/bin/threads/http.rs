//! HTTP/1 on a blocking socket, under deadlines. httparse reads the heads and the sizes of chunks.

use std::cell::RefCell;
use std::fmt::{self, Write as _};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::mem;
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use historical::carried::{MAX_HEAD, MAX_TARGET, Reply};
use http::StatusCode;
use httparse::Status;

/// Header fields, at most.
const MAX_FIELDS: usize = 100;
/// Bytes of a line with the size of a chunk, at most; extensions are skipped.
const MAX_SIZE_LINE: usize = 256;
/// Bytes to read at once.
const READ: usize = 2 << 10;
/// The same of a body that is larger than that.
const READ_OF_BODY: usize = 64 << 10;
/// How exactly a deadline of the socket is kept. The kernel counts in steps of some milliseconds itself.
const STEP: Duration = Duration::from_millis(1);
/// How long to throw away what a client sends that has been refused. A socket closed before it is empty is
/// reset, and the reset may overtake the answer.
const LINGER: Duration = Duration::from_secs(1);

/// What the head of a request says.
pub struct Head {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub if_none_match: Option<String>,
    pub content_type: Option<String>,
    pub keeps_alive: bool,
    is_http_1_0: bool,
    expects_continue: bool,
    framing: Framing,
}

#[derive(Clone, Copy, PartialEq)]
enum Framing {
    Length(u64),
    Chunked,
}

/// A socket, and what has been read of it too early.
pub struct Wire<'a> {
    socket: &'a TcpStream,
    unread: Vec<u8>,
    /// What the socket's reads may take now. Between two requests it stays the same.
    read_timeout: Option<Duration>,
    /// The head of the last answer, for its memory.
    answer: String,
    /// The body of a request, which has not been read yet.
    is_before_body: bool,
}

impl<'a> Wire<'a> {
    pub fn new(socket: &'a TcpStream) -> Wire<'a> {
        let (unread, answer) = (Vec::new(), String::new());
        Wire { socket, unread, read_timeout: None, answer, is_before_body: false }
    }

    /// The next head. Its first byte may take `idle`, if that is given, and all of it `timeout` from then on.
    ///
    /// # Errors
    /// The reply, after which the connection closes; `None` if the client has gone.
    pub fn head(&mut self, idle: Option<Duration>, timeout: Duration) -> Result<Head, Option<Reply>> {
        if let (Some(idle), true) = (idle, self.unread.is_empty()) {
            self.fill(Instant::now() + idle).map_err(|_| None)?;
        }
        let deadline = Instant::now() + timeout;
        let mut searched = 0;
        loop {
            // Else there is nothing new to find out, and a head that comes byte by byte would be read as often.
            if self.unread[searched..].contains(&b'\n')
                && let Some((length, head)) = parse(&self.unread)?
            {
                self.unread.drain(..length);
                self.is_before_body = head.framing != Framing::Length(0);
                return Ok(head);
            }
            if self.unread.len() > MAX_HEAD {
                return Err(Some(large_head(&self.unread)));
            }
            searched = self.unread.len();
            self.fill(deadline).map_err(|error| {
                let is_late = error.kind() == ErrorKind::TimedOut && !self.unread.is_empty();
                is_late.then(|| Reply::error(408, "the head of the request took too long").closing())
            })?;
        }
    }

    /// The whole body of the request with that head. One that says that it is too large is refused before a
    /// byte of it is read. Trailers are refused.
    ///
    /// # Errors
    /// 400, 408 or 413.
    pub fn body(&mut self, head: &Head, limit: usize, timeout: Duration) -> Result<Vec<u8>, Reply> {
        if matches!(head.framing, Framing::Length(length) if length > limit as u64) {
            return Err(Reply::too_large(limit));
        }
        let deadline = Instant::now() + timeout;
        if head.expects_continue && self.unread.is_empty() {
            self.socket.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").map_err(|_| Reply::malformed_body())?;
        }
        let body = match head.framing {
            Framing::Length(length) => self.take(length as usize, deadline)?,
            Framing::Chunked => self.chunks(limit, deadline)?,
        };
        self.is_before_body = false;
        self.unread.shrink_to(READ);
        Ok(body)
    }

    fn chunks(&mut self, limit: usize, deadline: Instant) -> Result<Vec<u8>, Reply> {
        let mut body = Vec::new();
        loop {
            let (length, size) = match httparse::parse_chunk_size(&self.unread) {
                // It takes no digits for 0.
                Ok(Status::Complete(line)) if self.unread[0].is_ascii_hexdigit() => line,
                Ok(Status::Partial) if self.unread.len() < MAX_SIZE_LINE => {
                    self.fill_body(deadline)?;
                    continue;
                }
                _ => return Err(Reply::malformed_body()),
            };
            if size > (limit - body.len()) as u64 {
                return Err(Reply::too_large(limit));
            }
            self.unread.drain(..length);
            body.extend(self.take(size as usize, deadline)?);
            if self.take(2, deadline)? != b"\r\n" {
                return Err(Reply::malformed_body());
            }
            if size == 0 {
                return Ok(body);
            }
        }
    }

    /// So many bytes of a body.
    fn take(&mut self, length: usize, deadline: Instant) -> Result<Vec<u8>, Reply> {
        while self.unread.len() < length.min(READ) {
            self.fill_body(deadline)?;
        }
        let mut taken: Vec<u8> = self.unread.drain(..length.min(self.unread.len())).collect();
        // The rest of a large one is read to where it stays. Room is made as it comes: a client that announces much and
        // sends little costs little.
        while taken.len() < length {
            let start = taken.len();
            taken.resize(length.min(start + READ_OF_BODY), 0);
            let read = self.read(&mut taken[start..], deadline).map_err(|error| no_body(&error))?;
            taken.truncate(start + read);
        }
        Ok(taken)
    }

    fn fill_body(&mut self, deadline: Instant) -> Result<(), Reply> {
        self.fill(deadline).map_err(|error| no_body(&error))
    }

    /// Reads once, to what is unread.
    ///
    /// # Errors
    /// As [`Wire::read`].
    fn fill(&mut self, deadline: Instant) -> io::Result<()> {
        let mut bytes = [0; READ];
        let length = self.read(&mut bytes, deadline)?;
        self.unread.extend_from_slice(&bytes[..length]);
        Ok(())
    }

    /// Reads once; returns how many bytes there were, which is never 0.
    ///
    /// # Errors
    /// `TimedOut` at the deadline, `UnexpectedEof` at the end, and those of the socket.
    fn read(&mut self, bytes: &mut [u8], deadline: Instant) -> io::Result<usize> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            if self.read_timeout.is_none_or(|timeout| timeout.abs_diff(left) >= STEP) {
                self.socket.set_read_timeout(Some(left))?;
                self.read_timeout = Some(left);
            }
            match self.socket.read(bytes) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(length) => return Ok(length),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The deadline; if it woke up early, it goes on.
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether the client has sent on, after the request that is being answered.
    pub fn has_more(&self) -> bool {
        !self.unread.is_empty()
    }

    /// Whether there is an unread body; it is then unknown where the next request begins.
    pub fn is_before_body(&self) -> bool {
        self.is_before_body
    }

    /// Sends the whole answer to a request, or to a head that is none.
    pub fn send(&mut self, reply: &Reply, head: Option<&Head>) -> io::Result<()> {
        let status = StatusCode::from_u16(reply.status).map_err(io::Error::other)?;
        let mut text = mem::take(&mut self.answer);
        text.clear();
        add_head(&mut text, reply, status, head).map_err(io::Error::other)?;
        let is_head = head.is_some_and(|head| head.method == "HEAD");
        let body = if is_head { &[] } else { &reply.body[..] };
        let written = self.write(&mut [IoSlice::new(text.as_bytes()), IoSlice::new(body)]);
        self.answer = text;
        written
    }

    fn write(&mut self, mut parts: &mut [IoSlice]) -> io::Result<()> {
        while !parts.is_empty() {
            match self.socket.write_vectored(parts) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(length) => IoSlice::advance_slices(&mut parts, length),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Ends the connection so that the client can read its last answer.
    pub fn linger(&mut self) {
        let deadline = Instant::now() + LINGER;
        // It fails if the client has gone.
        let _ = self.socket.shutdown(Shutdown::Write);
        while self.fill(deadline).is_ok() {
            self.unread.clear();
        }
    }
}

/// The head of an answer to a request, or to a head that is none.
fn add_head(text: &mut String, reply: &Reply, status: StatusCode, head: Option<&Head>) -> fmt::Result {
    write!(text, "HTTP/1.1 {} {}\r\n", reply.status, status.canonical_reason().unwrap_or(""))?;
    DATE.with_borrow_mut(|date| write!(text, "Date: {}\r\n", date.now()))?;
    for (name, value) in &reply.headers {
        write!(text, "{name}: {value}\r\n")?;
    }
    if !matches!(reply.status, 204 | 304) {
        write!(text, "Content-Length: {}\r\n", reply.body.len())?;
    }
    let keeps_alive = head.is_some_and(|head| head.keeps_alive) && !reply.closes;
    if !keeps_alive {
        text.push_str("Connection: close\r\n");
    } else if head.is_some_and(|head| head.is_http_1_0) {
        text.push_str("Connection: keep-alive\r\n");
    }
    text.push_str("\r\n");
    Ok(())
}

thread_local! {
    static DATE: RefCell<Date> = const { RefCell::new(Date { second: 0, text: String::new() }) };
}

/// The `Date` of this second, which is formatted once.
struct Date {
    second: u64,
    text: String,
}

impl Date {
    fn now(&mut self) -> &str {
        let now = SystemTime::now();
        let second = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        if second != self.second {
            (self.second, self.text) = (second, httpdate::fmt_http_date(now));
        }
        &self.text
    }
}

/// A head and its length, if it is complete.
fn parse(bytes: &[u8]) -> Result<Option<(usize, Head)>, Reply> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    let length = match request.parse(bytes) {
        Ok(Status::Complete(length)) if length <= MAX_HEAD => length,
        Ok(Status::Complete(_)) => return Err(large_head(bytes)),
        Ok(Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            let sentence = format!("the request has more than {MAX_FIELDS} header fields");
            return Err(Reply::error(431, &sentence).closing());
        }
        Err(error) => return Err(malformed(&format!("this is not HTTP/1: {error}"))),
    };
    let (method, target) = (request.method.unwrap_or(""), request.path.unwrap_or(""));
    let (fields, is_http_1_0) = (&*request.headers, request.version == Some(0));
    let text = |name| values(fields, name).next().map(str::to_string);
    let has = |name, word: &str| {
        values(fields, name).any(|value| value.split(',').any(|one| one.trim().eq_ignore_ascii_case(word)))
    };
    match values(fields, "host").count() {
        1 => {}
        0 if is_http_1_0 => {}
        _ => return Err(malformed("there must be one Host field")),
    }
    let head = Head {
        method: method.to_string(),
        target: path_of(target).to_string(),
        if_none_match: text("if-none-match"),
        content_type: text("content-type"),
        keeps_alive: !has("connection", "close") && (!is_http_1_0 || has("connection", "keep-alive")),
        is_http_1_0,
        expects_continue: !is_http_1_0 && has("expect", "100-continue"),
        framing: framing(fields, is_http_1_0)?,
    };
    Ok(Some((length, head)))
}

/// Anything that two readers could understand differently is refused.
fn framing(fields: &[httparse::Header], is_http_1_0: bool) -> Result<Framing, Reply> {
    let codings: Vec<_> = values(fields, "transfer-encoding").collect();
    let lengths: Vec<_> = values(fields, "content-length").collect();
    match (&codings[..], &lengths[..]) {
        ([], []) => Ok(Framing::Length(0)),
        ([], [digits]) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            // What does not fit is too large for any limit.
            Ok(Framing::Length(digits.parse().unwrap_or(u64::MAX)))
        }
        ([], _) => Err(malformed("there must be one Content-Length, of digits only")),
        ([coding], []) if coding.eq_ignore_ascii_case("chunked") && !is_http_1_0 => Ok(Framing::Chunked),
        _ => Err(malformed("the only Transfer-Encoding is chunked, in HTTP/1.1, without a Content-Length")),
    }
}

/// The values of all fields of that name; what is not text is `""`.
fn values<'a>(fields: &'a [httparse::Header], name: &str) -> impl Iterator<Item = &'a str> {
    let fields = fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name));
    fields.map(|field| str::from_utf8(field.value.trim_ascii()).unwrap_or(""))
}

/// Without the scheme and the host, which a client may send, too.
fn path_of(target: &str) -> &str {
    match target.split_once("://") {
        Some((_, rest)) if !target.starts_with('/') => rest.find('/').map_or("/", |at| &rest[at..]),
        _ => target,
    }
}

fn large_head(bytes: &[u8]) -> Reply {
    if bytes.iter().take_while(|byte| **byte != b'\n').count() > MAX_TARGET {
        return Reply::long_target();
    }
    Reply::error(431, &format!("the head of the request is larger than {MAX_HEAD} bytes")).closing()
}

/// Why a body could not be read.
fn no_body(error: &io::Error) -> Reply {
    match error.kind() {
        ErrorKind::TimedOut => Reply::slow_body(),
        _ => Reply::malformed_body(),
    }
}

fn malformed(sentence: &str) -> Reply {
    Reply::error(400, sentence).closing()
}
