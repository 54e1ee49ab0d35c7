//! The answer to a request that never gets to a page: its head is refused, or its connection.

use hyper::StatusCode;
use thiserror::Error;

/// Why a head is refused. The connection must be closed after the answer, because it is not known where the next
/// request begins.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{sentence}")]
pub struct Rejection {
    /// 4xx or 5xx.
    pub status: StatusCode,
    /// What the client is told.
    pub sentence: String,
}

impl Rejection {
    /// A status with a sentence.
    pub fn new<S: Into<String>>(status: StatusCode, sentence: S) -> Rejection {
        Rejection { status, sentence: sentence.into() }
    }

    /// 408: the head is not complete, and its time is up.
    pub fn late() -> Rejection {
        Rejection::new(StatusCode::RequestTimeout, "the head of the request took too long")
    }

    /// 503: the client has more than its share of the connections.
    pub fn too_many_connections() -> Rejection {
        let sentence = "there are too many connections: close some, or try again in a second";
        Rejection::new(StatusCode::ServiceUnavailable, sentence)
    }

    /// 503: the buffers of all clients are full.
    pub fn no_room() -> Rejection {
        let sentence = "there is no room for more of this request now: try again in a second";
        Rejection::new(StatusCode::ServiceUnavailable, sentence)
    }

    /// 400 with a sentence.
    pub fn malformed<S: Into<String>>(sentence: S) -> Rejection {
        Rejection::new(StatusCode::BadRequest, sentence)
    }
}
