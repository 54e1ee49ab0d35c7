//! Answers: pictures, JSON and errors, and what each [`Reply`] becomes on the wire.

use std::any::Any;
use std::error::Error;

use bytes::Bytes;
use hyper::header::{
    AcceptRanges, AccessControlAllowMethods, AccessControlAllowOrigin, AccessControlMaxAge, Allow,
    CacheControl, CacheDirective, Connection, ContentLength, ContentRange, ContentRangeSpec, ContentType,
    ETag, Headers, RangeUnit, RetryAfter,
};
use hyper::mime::{self, Mime};
use hyper::{Method, Response, StatusCode};
use serde_json::{self, Value};

use super::access_log::{AccessLog, Body};
use super::body::BodyError;
use super::conditional::{tag_of, Part};
use super::future_ext::BoxFuture;
use super::head::Rejection;
use super::render::RenderError;
use super::results::Finished;
use super::timing::Origin;
use captioner::{CaptionError, Fingerprint, Format};
use image_macro::Invalid;

/// As many as an answer of ours has at most: room for them is made once.
const HEADERS: usize = 10;
/// Seconds after which a client that was refused should come again: the queue is shorter by then.
const RETRY_AFTER: u64 = 1;
/// Seconds for which a picture need not be asked for again. Then its tag is enough.
const MAX_AGE: u32 = 300;
/// What a page of another origin may ask with, beyond what browsers let it.
const REQUEST_HEADERS: &str = "Content-Type, If-None-Match, If-Range, Range";
/// What such a page may read, beyond what browsers let it.
const RESPONSE_HEADERS: &str = "Accept-Ranges, Allow, Content-Range, ETag, Retry-After, Server-Timing";

/// What a handler returns: every error has become a reply by then.
pub type ReplyFuture = BoxFuture<Reply, ()>;

/// What a request is answered with. Not a hyper response yet: that one gets the access log's line along.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    body: Bytes,
    /// Those that depend on what it is.
    headers: Headers,
    allow: Option<&'static [Method]>,
    retry_after: bool,
    /// Whether the connection is to be closed after it.
    close: bool,
}

impl Reply {
    fn new<B: Into<Bytes>>(status: StatusCode, content_type: Mime, body: B) -> Reply {
        let mut reply = Reply::without_body(status);
        reply.headers.set(ContentType(content_type));
        reply.body = body.into();
        reply
    }

    fn without_body(status: StatusCode) -> Reply {
        let mut headers = Headers::with_capacity(HEADERS);
        // Until it is known to be a picture that will stay the same.
        headers.set(CacheControl(vec![CacheDirective::NoStore]));
        Reply { status, body: Bytes::new(), headers, allow: None, retry_after: false, close: false }
    }

    /// 200 with JSON.
    pub fn json(value: &Value) -> Reply {
        Reply::json_with(StatusCode::Ok, value)
    }

    /// JSON with another status.
    pub fn json_with(status: StatusCode, value: &Value) -> Reply {
        let mut body = serde_json::to_vec(value).expect("a Value is always JSON");
        // For those who read it in a terminal.
        body.push(b'\n');
        Reply::new(status, mime::APPLICATION_JSON, body)
    }

    /// 200 with OpenMetrics text.
    pub fn metrics(text: String) -> Reply {
        let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        let content_type = content_type.parse().expect("it is well-formed");
        Reply::new(StatusCode::Ok, content_type, text.into_bytes())
    }

    /// An error: `{"error": "…"}`.
    pub fn error(status: StatusCode, sentence: &str) -> Reply {
        Reply::json_with(status, &json!({ "error": sentence }))
    }

    /// 200 with a picture that nobody can say whose it is.
    pub fn picture(picture: Finished, origin: &Origin) -> Reply {
        let content_type = match picture.format {
            Format::Jpeg => mime::IMAGE_JPEG,
            Format::Png => mime::IMAGE_PNG,
            Format::Gif => mime::IMAGE_GIF,
        };
        let mut reply = Reply::new(StatusCode::Ok, content_type, picture.bytes);
        reply.headers.set_raw("Server-Timing", origin.server_timing());
        reply
    }

    /// The same with its tag, so that it can be kept, and asked for in parts.
    pub fn tagged(mut self, fingerprint: &Fingerprint) -> Reply {
        self.headers.set(ETag(tag_of(fingerprint)));
        self.headers.set(CacheControl(vec![CacheDirective::Public, CacheDirective::MaxAge(MAX_AGE)]));
        self.headers.set(AcceptRanges(vec![RangeUnit::Bytes]));
        self
    }

    /// 304: the client has the picture.
    pub fn not_modified(fingerprint: &Fingerprint) -> Reply {
        Reply::without_body(StatusCode::NotModified).tagged(fingerprint)
    }

    /// The same, 206 with a part of it, or 416.
    pub fn with_part(mut self, part: Part) -> Reply {
        let length = self.body.len();
        let (range, mut reply) = match part {
            Part::Whole => return self,
            Part::Bytes(first, last) => {
                self.status = StatusCode::PartialContent;
                self.body = self.body.slice(first, last + 1);
                (Some((first as u64, last as u64)), self)
            }
            Part::Unsatisfiable => {
                let sentence = format!("the picture has {} bytes, and the range begins after them", length);
                (None, Reply::error(StatusCode::RangeNotSatisfiable, &sentence))
            }
        };
        reply
            .headers
            .set(ContentRange(ContentRangeSpec::Bytes { range, instance_length: Some(length as u64) }));
        reply
    }

    /// 204 with the methods that there are: what a browser asks before it lets a page post JSON to another
    /// origin.
    pub fn options(allowed: &'static [Method]) -> Reply {
        let allow = Some(allowed);
        Reply { allow, ..Reply::without_body(StatusCode::NoContent) }
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
            .with_headers(self.headers)
            .with_header(AccessControlAllowOrigin::Any);
        response.headers_mut().set_raw("Access-Control-Expose-Headers", RESPONSE_HEADERS);
        // These two have no body, and the length of a 304 would be that of the picture.
        if self.status != StatusCode::NoContent && self.status != StatusCode::NotModified {
            response.headers_mut().set(ContentLength(length));
        }
        if let Some(allowed) = self.allow {
            let headers = response.headers_mut();
            headers.set(Allow(allowed.to_vec()));
            headers.set(AccessControlAllowMethods(allowed.to_vec()));
            headers.set_raw("Access-Control-Allow-Headers", REQUEST_HEADERS);
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
            RenderError::Caption(error) => Reply::from(&*error),
            RenderError::Panicked(message) => internal(&format!("a drawing panicked: {}", message)),
        }
    }
}

impl From<&CaptionError> for Reply {
    fn from(error: &CaptionError) -> Reply {
        let sentence = error.to_string();
        match *error {
            CaptionError::UnknownTemplate(_) => {
                Reply::error(StatusCode::NotFound, &(sentence + ": GET /templates lists them"))
            }
            CaptionError::UnknownFont(_) => {
                Reply::error(StatusCode::NotFound, &(sentence + ": GET /fonts lists them"))
            }
            _ => {
                error!("{}", with_causes(error));
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

/// What a panic said.
pub fn message_of(panic: &(dyn Any + Send)) -> &str {
    let as_str = panic.downcast_ref::<&str>().copied();
    as_str.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no message)")
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
