//! Reads the body of a request, up to a limit and within a deadline.

use std::convert::TryFrom;
use std::error::Error;
use std::fmt;
use std::io;
use std::rc::Rc;

use futures::future::Loop;
use futures::{future, Future, Stream};
use hyper::header::{ContentLength, Headers, TransferEncoding};
use hyper::{self, Body};
use tokio_timer::TimerError;

use server::connection::caller::Caller;
use server::connection::chunks::FramingError;
use server::connection::intake::NoRoom;
use server::future_ext::{failed, ready, LocalFuture};
use server::pool::deadline::{Deadline, Expired};

/// Bytes that are set aside for a body before any of it has arrived.
const AT_ONCE: usize = 4 << 10;
/// As many bytes as tell one kind of body from another.
const FIRST_BYTES: usize = 16;

/// Why there is no body.
#[derive(Debug)]
pub enum BodyError {
    /// It is, or would become, larger than so many bytes.
    TooLarge(usize),
    /// It took too long.
    TooSlow,
    /// The client closed its half of the connection before the end of the body.
    EndedEarly,
    /// Its chunks are framed wrongly.
    Framing(FramingError),
    /// The buffers of all clients are full.
    NoRoom(NoRoom),
    /// The connection failed, or hyper could not read from it.
    Connection(hyper::Error),
    /// The timer could not take the deadline.
    Timer(TimerError),
}

impl fmt::Display for BodyError {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match *self {
            BodyError::TooLarge(limit) => write!(out, "the body is larger than {} bytes", limit),
            BodyError::TooSlow => out.write_str("the body took too long"),
            BodyError::EndedEarly => out.write_str("the body ended before it was complete"),
            BodyError::Framing(ref error) => error.fmt(out),
            BodyError::NoRoom(ref error) => error.fmt(out),
            BodyError::Connection(_) => out.write_str("the connection failed before the body was complete"),
            BodyError::Timer(_) => out.write_str("the timer cannot take another deadline"),
        }
    }
}

impl Error for BodyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match *self {
            BodyError::Connection(ref error) => Some(error),
            BodyError::Timer(ref error) => Some(error),
            _ => None,
        }
    }
}

impl From<hyper::Error> for BodyError {
    fn from(error: hyper::Error) -> BodyError {
        if let hyper::Error::Io(ref error) = error {
            if error.kind() == io::ErrorKind::UnexpectedEof {
                return BodyError::EndedEarly;
            }
            // `Intake` wraps these, since hyper carries only errors of I/O.
            let inner = error.get_ref();
            if let Some(framing) = inner.and_then(|inner| inner.downcast_ref::<FramingError>()) {
                return BodyError::Framing(*framing);
            }
            if let Some(no_room) = inner.and_then(|inner| inner.downcast_ref::<NoRoom>()) {
                return BodyError::NoRoom(*no_room);
            }
        }
        BodyError::Connection(error)
    }
}

impl From<Expired> for BodyError {
    fn from(expired: Expired) -> BodyError {
        match expired {
            Expired::Late => BodyError::TooSlow,
            Expired::Timer(error) => BodyError::Timer(error),
        }
    }
}

/// Whether a request with these headers has a body.
pub fn is_there(headers: &Headers) -> bool {
    headers.get::<ContentLength>().is_some_and(|length| length.0 > 0) || headers.has::<TransferEncoding>()
}

/// Reads the whole body, `limit` bytes at most.
///
/// A body that announces a larger size is refused before a byte of it is read. The client is asked for the body here, if
/// it waits for that: `caller` knows the connection.
///
/// Dropping the future drops the `Body`, and hyper then closes the connection after the response: it does not know
/// where the next request begins.
pub fn read(
    headers: &Headers,
    body: Body,
    limit: usize,
    deadline: &Rc<Deadline>,
    caller: &Caller,
) -> LocalFuture<Vec<u8>, BodyError> {
    let announced = announced(headers);
    if announced > limit {
        return failed(BodyError::TooLarge(limit));
    }
    caller.wants_body();
    // A small body is collected without growing the buffer. A large one may never come.
    let buffer = Vec::with_capacity(announced.min(AT_ONCE));
    Box::new(deadline.limit(collect(buffer, body, limit)))
}

/// Reads the whole body, of which nothing is known until its first bytes are there: `limit_of` says how many such a body
/// may have. `most` is the most that it ever says.
///
/// The chain waits for the first bytes, and in `and_then` for the others. What is announced is checked twice: before a
/// byte is read, against `most`, and when the first bytes are there, against their limit. The closures run on the reactor.
pub fn read_by_first_bytes<F>(
    headers: &Headers,
    body: Body,
    most: usize,
    limit_of: F,
    deadline: &Rc<Deadline>,
    caller: &Caller,
) -> LocalFuture<Vec<u8>, BodyError>
where
    F: FnOnce(&[u8]) -> usize + 'static,
{
    let announced = announced(headers);
    if announced > most {
        return failed(BodyError::TooLarge(most));
    }
    caller.wants_body();
    let read = first_bytes(body).and_then(move |(first, rest)| {
        let limit = limit_of(&first);
        match rest {
            _ if announced.max(first.len()) > limit => failed(BodyError::TooLarge(limit)),
            Some(rest) => collect(first, rest, limit),
            None => ready(first),
        }
    });
    Box::new(deadline.limit(read))
}

/// The length that a body announces; 0 if it announces none.
fn announced(headers: &Headers) -> usize {
    headers.get::<ContentLength>().map_or(0, |length| usize::try_from(length.0).unwrap_or(usize::MAX))
}

/// Adds what is left of a body to what is there of it. Together they must not have more than `limit` bytes.
///
/// A body that does not announce its size (chunked) is refused when it gets there: `fold` collects it chunk by chunk and
/// fails past the limit, where `concat2` would read for ever. Its closure runs on the reactor, once for each chunk that
/// arrives.
fn collect(collected: Vec<u8>, body: Body, limit: usize) -> LocalFuture<Vec<u8>, BodyError> {
    let collected = body.map_err(BodyError::from).fold(collected, move |mut collected, chunk| {
        if collected.len() + chunk.len() > limit {
            return future::err(BodyError::TooLarge(limit));
        }
        collected.extend_from_slice(&chunk);
        future::ok(collected)
    });
    Box::new(collected)
}

/// The chunks of a body up to the one that completes its first bytes, and the rest; none if the body has ended.
///
/// Each turn of `loop_fn` waits for a chunk, and there are no more turns than bytes.
fn first_bytes(body: Body) -> LocalFuture<(Vec<u8>, Option<Body>), BodyError> {
    Box::new(future::loop_fn((Vec::new(), body), |(mut first, body)| {
        let next = body.into_future().map_err(|(error, _)| BodyError::from(error));
        next.map(move |(chunk, rest)| match chunk {
            Some(chunk) => {
                first.extend_from_slice(&chunk);
                if first.len() < FIRST_BYTES {
                    Loop::Continue((first, rest))
                } else {
                    Loop::Break((first, Some(rest)))
                }
            }
            None => Loop::Break((first, None)),
        })
    }))
}

#[cfg(test)]
mod tests {
    use std::io;

    use hyper;

    use super::BodyError;
    use server::connection::chunks::FramingError;

    fn sentence(error: io::Error) -> String {
        BodyError::from(hyper::Error::Io(error)).to_string()
    }

    #[test]
    fn what_the_system_says_of_a_socket_never_reaches_the_client() {
        for kind in [io::ErrorKind::ConnectionReset, io::ErrorKind::TimedOut, io::ErrorKind::Other] {
            let error = io::Error::new(kind, "words of the system");
            assert_eq!(sentence(error), "the connection failed before the body was complete");
        }
        let framing = io::Error::new(io::ErrorKind::InvalidData, FramingError("a chunk is wrong"));
        assert_eq!(sentence(framing), "a chunk is wrong");
        let early = io::Error::from(io::ErrorKind::UnexpectedEof);
        assert_eq!(sentence(early), "the body ended before it was complete");
    }
}
