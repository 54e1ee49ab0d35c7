//! Reads the body of a request, up to a limit and within a deadline.

use std::error::Error;
use std::fmt;
use std::io;

use futures::{future, Stream};
use hyper::header::{ContentLength, Headers, TransferEncoding};
use hyper::{self, Body};
use tokio_timer::{TimeoutError, TimerError};

use server::connection::chunks::FramingError;
use server::future_ext::{failed, LocalFuture};
use server::pool::deadline::Deadline;

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
            // `Intake` wraps it, since hyper carries only errors of I/O.
            if let Some(framing) = error.get_ref().and_then(|inner| inner.downcast_ref::<FramingError>()) {
                return BodyError::Framing(*framing);
            }
        }
        BodyError::Connection(error)
    }
}

/// The timer's error owns the future; dropping it drops hyper's `Body`.
impl<F> From<TimeoutError<F>> for BodyError {
    fn from(error: TimeoutError<F>) -> BodyError {
        match error {
            TimeoutError::TimedOut(_late) => BodyError::TooSlow,
            TimeoutError::Timer(_unlimited, error) => BodyError::Timer(error),
        }
    }
}

/// Whether a request with these headers has a body.
pub fn is_there(headers: &Headers) -> bool {
    headers.get::<ContentLength>().is_some_and(|length| length.0 > 0) || headers.has::<TransferEncoding>()
}

/// Reads the whole body, `limit` bytes at most.
///
/// A body that announces a larger size is refused before a byte of it is read. One that announces none (chunked) is
/// refused when it gets there: `fold` collects it chunk by chunk and fails past the limit, where `concat2` would
/// read for ever. `fold`'s closure runs on the reactor, once for each chunk that arrives.
///
/// Dropping the future drops the `Body`, and hyper then closes the connection after the response: it does not know
/// where the next request begins.
pub fn read(
    headers: &Headers,
    body: Body,
    limit: usize,
    deadline: &Deadline,
) -> LocalFuture<Vec<u8>, BodyError> {
    if headers.get::<ContentLength>().is_some_and(|length| length.0 > limit as u64) {
        return failed(BodyError::TooLarge(limit));
    }
    let collected = body.map_err(BodyError::from).fold(Vec::new(), move |mut collected, chunk| {
        if collected.len() + chunk.len() > limit {
            return future::err(BodyError::TooLarge(limit));
        }
        collected.extend_from_slice(&chunk);
        future::ok(collected)
    });
    Box::new(deadline.limit(collected))
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
