//! Answers: pictures, JSON and errors, and what each [`Reply`] becomes on the wire.

use std::error::Error;

use bytes::Bytes;
use hyper::header::{
    AccessControlAllowMethods, AccessControlAllowOrigin, AccessControlMaxAge, Allow, Connection,
    ContentLength, ContentType, RetryAfter,
};
use hyper::{Method, Response, StatusCode};
use serde_json::Value;

use super::access_log::{AccessLog, Body};
use super::body::BodyError;
use super::future_ext::BoxFuture;
use super::head::Rejection;
use super::render::RenderError;
use captioner::{CaptionError, Format, Picture};
use image_macro::Invalid;

/// Seconds after which a client that was refused should come again: the queue is shorter by then.
const RETRY_AFTER: u64 = 1;

/// What a handler returns: every error has become a reply by then.
pub type ReplyFuture = BoxFuture<Reply, ()>;

/// What a request is answered with. Not a hyper response yet: that one gets the access log's line along.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    content_type: &'static str,
    body: Bytes,
    allow: Option<&'static [Method]>,
    retry_after: bool,
    /// Whether the connection is to be closed after it.
    close: bool,
}

impl Reply {
    fn new(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Reply {
        let body = Bytes::from(body);
        Reply { status, content_type, body, allow: None, retry_after: false, close: false }
    }

    /// 200 with JSON.
    pub fn json(value: &Value) -> Reply {
        Reply::json_with(StatusCode::Ok, value)
    }

    /// JSON with another status.
    pub fn json_with(status: StatusCode, value: &Value) -> Reply {
        let mut body = value.to_string();
        // For those who read it in a terminal.
        body.push('\n');
        Reply::new(status, "application/json", body.into_bytes())
    }

    /// An error: `{"error": "…"}`.
    pub fn error(status: StatusCode, sentence: &str) -> Reply {
        Reply::json_with(status, &json!({ "error": sentence }))
    }

    /// 200 with a picture.
    pub fn picture(picture: Picture) -> Reply {
        let content_type = match picture.format {
            Format::Jpeg => "image/jpeg",
            Format::Png => "image/png",
            Format::Gif => "image/gif",
        };
        Reply::new(StatusCode::Ok, content_type, picture.bytes)
    }

    /// 204 with the methods that there are: what a browser asks before it lets a page post JSON to another
    /// origin.
    pub fn options(allowed: &'static [Method]) -> Reply {
        let allow = Some(allowed);
        Reply { allow, ..Reply::new(StatusCode::NoContent, "text/plain", Vec::new()) }
    }

    /// 405 with the methods that there are.
    pub fn method_not_allowed(method: &Method, allowed: &'static [Method]) -> Reply {
        let names: Vec<_> = allowed.iter().map(|method| method.as_ref()).collect();
        let method: String = method.as_ref().chars().take(20).collect();
        let sentence = format!("{} is not possible here, only {}", method, names.join(", "));
        let allow = Some(allowed);
        Reply { allow, ..Reply::error(StatusCode::MethodNotAllowed, &sentence) }
    }

    /// The same, and the connection is closed after it, and says so.
    pub fn closing(self) -> Reply {
        Reply { close: true, ..self }
    }

    /// As hyper wants it. The log's line is written once the last byte has been given to the socket, or the
    /// connection has ended before that.
    pub fn into_response(self, log: AccessLog) -> Response<Body> {
        let length = self.body.len() as u64;
        let body = log.with(self.status, self.body);
        let mut response = Response::new()
            .with_status(self.status)
            .with_header(ContentLength(length))
            .with_header(ContentType(
                self.content_type.parse().expect("the content types above are well-formed"),
            ))
            .with_header(AccessControlAllowOrigin::Any);
        if let Some(allowed) = self.allow {
            let headers = response.headers_mut();
            headers.set(Allow(allowed.to_vec()));
            headers.set(AccessControlAllowMethods(allowed.to_vec()));
            headers.set_raw("Access-Control-Allow-Headers", "Content-Type");
            headers.set(AccessControlMaxAge(86_400));
        }
        if self.retry_after {
            response.headers_mut().set(RetryAfter::Delay(::std::time::Duration::from_secs(RETRY_AFTER)));
        }
        if self.close {
            response.headers_mut().set(Connection::close());
        }
        response.with_body(body)
    }
}

impl From<Rejection> for Reply {
    fn from(rejection: Rejection) -> Reply {
        Reply::error(rejection.status, &rejection.sentence).closing()
    }
}

impl From<Invalid> for Reply {
    fn from(Invalid(sentence): Invalid) -> Reply {
        Reply::error(StatusCode::BadRequest, &sentence)
    }
}

impl From<BodyError> for Reply {
    fn from(error: BodyError) -> Reply {
        let (status, sentence) = match error {
            BodyError::TooLarge(limit) => {
                (StatusCode::PayloadTooLarge, format!("the body is larger than {} bytes", limit))
            }
            BodyError::TooSlow => (StatusCode::RequestTimeout, "the body took too long".to_string()),
            BodyError::Malformed(sentence) => (StatusCode::BadRequest, sentence),
            BodyError::Timer => return internal("the timer has no room for a body's deadline").closing(),
        };
        // Nobody has read the rest of the body, so nobody knows where the next request begins.
        Reply::error(status, &sentence).closing()
    }
}

impl From<RenderError> for Reply {
    fn from(error: RenderError) -> Reply {
        match error {
            RenderError::Busy => {
                let sentence = "every thread that draws is busy and the queue is full: try again in a second";
                Reply { retry_after: true, ..Reply::error(StatusCode::ServiceUnavailable, sentence) }
            }
            RenderError::TimedOut => Reply::error(
                StatusCode::GatewayTimeout,
                "it was not done in time: ask for less, or try again",
            ),
            RenderError::Timer => internal("the timer has no room for a picture's deadline"),
            RenderError::Caption(error) => Reply::from(error),
        }
    }
}

impl From<CaptionError> for Reply {
    fn from(error: CaptionError) -> Reply {
        let sentence = error.to_string();
        match error {
            CaptionError::UnknownTemplate(_) => {
                Reply::error(StatusCode::NotFound, &(sentence + ": GET /templates lists them"))
            }
            CaptionError::UnknownFont(_) => {
                Reply::error(StatusCode::NotFound, &(sentence + ": GET /fonts lists them"))
            }
            _ => {
                error!("{}", with_causes(&error));
                Reply::error(StatusCode::InternalServerError, &format!("{}: it is not your fault", sentence))
            }
        }
    }
}

/// 500 for what should not happen; the log gets the cause.
pub fn internal(cause: &str) -> Reply {
    error!("{}", cause);
    Reply::error(StatusCode::InternalServerError, "something went wrong in here: it is not your fault")
}

/// An error and what led to it, on one line.
pub fn with_causes(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}
