//! A request's body, up to a limit.

use std::io;

use futures::{future, Stream};
use hyper::header::{ContentLength, Headers};
use hyper::{self, Body};
use tokio_timer::TimeoutError;

use super::deadline::Deadline;
use super::future_ext::{failed, BoxFuture};

/// Why there is no body.
#[derive(Debug)]
pub enum BodyError {
    /// It is, or would become, larger than so many bytes.
    TooLarge(usize),
    /// It took too long.
    TooSlow,
    /// It is not framed as HTTP has it, or ended early; the sentence for the client.
    Malformed(String),
    /// The timer has no room.
    Timer,
}

impl From<hyper::Error> for BodyError {
    fn from(error: hyper::Error) -> BodyError {
        BodyError::Malformed(match error {
            hyper::Error::Io(ref error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                "the body ended before it was complete".to_string()
            }
            hyper::Error::Io(error) => error.to_string(),
            _ => "the body is not framed as HTTP has it".to_string(),
        })
    }
}

impl<F> From<TimeoutError<F>> for BodyError {
    fn from(error: TimeoutError<F>) -> BodyError {
        match error {
            TimeoutError::TimedOut(_) => BodyError::TooSlow,
            TimeoutError::Timer(..) => BodyError::Timer,
        }
    }
}

/// Reads the whole body.
///
/// A body that says that it is too large is refused before a byte of it is read; one that does not say
/// (chunked) is refused when it gets there. Dropping the future drops the `Body`, and hyper then closes the
/// connection after the response: it cannot know where the next request begins.
pub fn read(
    headers: &Headers,
    body: Body,
    limit: usize,
    deadline: &Deadline,
) -> BoxFuture<Vec<u8>, BodyError> {
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
