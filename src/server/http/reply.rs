//! Answers: what each outcome of a request becomes on the wire.
//!
//! A [`Reply`] is what handlers return; every error has become one by then (see `failures`). It knows its status, its
//! headers, its body and, if it is a failure, the reason for the log. [`Reply::into_response`] makes hyper's response of it.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::{
    AccessControlAllowMethods, AccessControlAllowOrigin, AccessControlMaxAge, Allow, Connection,
    ContentLength, ContentRange, ContentRangeSpec, ContentType, Headers, RetryAfter,
};
use hyper::mime::{self, Mime};
use hyper::{Method, Response, StatusCode};
use serde::Serialize;
use serde_json;

use super::access_log::{AccessLog, Body};
use super::conditional::tag_of;
use super::range::Part;
use super::trace::REQUEST_ID;
use captioner::{Fingerprint, Format};
use server::future_ext::LocalFuture;
use server::picture::kept::SharedPicture;
use server::picture::timing::Origin;

/// The most headers that one of our answers has: room for them is allocated once.
const HEADERS: usize = 14;
/// Seconds after which a client that was refused may come again: the queue is shorter by then.
const RETRY_AFTER: u64 = 1;
/// A client may use a picture for five minutes without asking again. Later its tag is enough.
const CACHED: &str = "public, max-age=300";
/// Request headers that a page of another origin may send, beyond those that browsers always let it.
const REQUEST_HEADERS: &str =
    "Content-Type, If-Match, If-None-Match, If-Range, Range, Traceparent, X-Request-Id";
/// Response headers that such a page may read, beyond those that browsers always let it.
const RESPONSE_HEADERS: &str =
    "Accept-Ranges, Allow, Content-Disposition, Content-Range, ETag, Memed-Warning, \
                                Retry-After, Server-Timing, X-Request-Id";
/// Seconds for which a browser may remember what [`Reply::options`] said.
const OPTIONS_MAX_AGE: u32 = 86_400;

/// What a handler returns. It never fails.
pub type ReplyFuture = LocalFuture<Reply, ()>;

/// The answer to a request.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    body: Bytes,
    headers: Headers,
    /// Whether the connection is to be closed after it.
    close: bool,
    /// Why the request failed, for the log: the sentence that the client gets, or the causes that it does not.
    reason: Option<String>,
    /// Where its picture came from, for the log. In a box: a reply is the error of many a function.
    origin: Option<Box<Origin>>,
}

impl Reply {
    // ===== successes =====

    fn new<B: Into<Bytes>>(status: StatusCode, content_type: Mime, body: B) -> Reply {
        let mut reply = Reply::without_body(status);
        reply.headers.set(ContentType(content_type));
        reply.body = body.into();
        reply
    }

    fn without_body(status: StatusCode) -> Reply {
        let mut headers = Headers::with_capacity(HEADERS);
        // Until `tagged` says that it is a picture that will stay the same.
        headers.set_raw("Cache-Control", "no-store");
        Reply { status, body: Bytes::new(), headers, close: false, reason: None, origin: None }
    }

    /// 200 with JSON.
    pub fn json<T: Serialize>(value: &T) -> Reply {
        Reply::json_with(StatusCode::Ok, value)
    }

    /// JSON with another status.
    pub fn json_with<T: Serialize>(status: StatusCode, value: &T) -> Reply {
        let mut body = serde_json::to_vec(value).expect("a Value, or a list of names, is always JSON");
        // For a reader at a terminal.
        body.push(b'\n');
        Reply::new(status, mime::APPLICATION_JSON, body)
    }

    /// 200 with OpenMetrics text.
    pub fn metrics(text: String) -> Reply {
        let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        let content_type = content_type.parse().expect("it is well-formed");
        Reply::new(StatusCode::Ok, content_type, text.into_bytes())
    }

    /// 200 with a picture. One without a fingerprint (a file changed while it was drawn) gets no tag and is not to be
    /// cached.
    pub fn picture(picture: SharedPicture, origin: &Origin) -> Reply {
        let content_type = match picture.format {
            Format::Jpeg => mime::IMAGE_JPEG,
            Format::Png => mime::IMAGE_PNG,
            Format::Gif => mime::IMAGE_GIF,
        };
        let mut reply = Reply::new(StatusCode::Ok, content_type, picture.bytes);
        reply.headers.set_raw("Content-Disposition", picture.disposition);
        reply.headers.set_raw("Server-Timing", origin.server_timing());
        if !picture.too_small.is_empty() {
            reply.headers.set_raw("Memed-Warning", warning(&picture.too_small));
        }
        reply.origin = Some(Box::new(*origin));
        match picture.fingerprint {
            Some(ref fingerprint) => reply.tagged(fingerprint),
            None => reply,
        }
    }

    /// The same with the picture's tag, so that it can be cached, and asked for in parts.
    fn tagged(mut self, fingerprint: &Fingerprint) -> Reply {
        // Raw: hyper's types of these three would be boxed, filled and formatted for each of the pictures kept.
        self.headers.set_raw("ETag", tag_of(fingerprint));
        self.headers.set_raw("Cache-Control", CACHED);
        self.headers.set_raw("Accept-Ranges", "bytes");
        self
    }

    /// 304: the client has the picture.
    pub fn not_modified(fingerprint: &Fingerprint) -> Reply {
        Reply::without_body(StatusCode::NotModified).tagged(fingerprint)
    }

    /// 301: what was asked for has another URL, which is a path here and perhaps a query string. It follows from the URL
    /// that was asked for, so it can be cached.
    pub fn moved(location: String) -> Reply {
        let mut reply = Reply::without_body(StatusCode::MovedPermanently);
        reply.headers.set_raw("Location", location);
        reply.headers.set_raw("Cache-Control", CACHED);
        reply
    }

    /// 200 with a file of the page, which browsers may keep if they ask each time whether it is the same. `policy` is what
    /// a page may load.
    pub fn asset(
        content: &'static [u8],
        content_type: &'static str,
        tag: &str,
        policy: &'static str,
    ) -> Reply {
        let mut reply = Reply::asset_not_modified(tag);
        reply.status = StatusCode::Ok;
        reply.body = Bytes::from_static(content);
        reply.headers.set_raw("Content-Type", content_type);
        reply.headers.set_raw("Content-Security-Policy", policy);
        reply.headers.set_raw("Referrer-Policy", "no-referrer");
        reply.headers.set_raw("X-Content-Type-Options", "nosniff");
        reply
    }

    /// 304: the browser has the file.
    pub fn asset_not_modified(tag: &str) -> Reply {
        let mut reply = Reply::without_body(StatusCode::NotModified);
        reply.headers.set_raw("Cache-Control", "no-cache");
        reply.headers.set_raw("ETag", tag);
        reply
    }

    /// 412: the picture is not the one that the client has.
    pub fn precondition_failed() -> Reply {
        let sentence = "the picture is not one of those that If-Match names";
        Reply::error(StatusCode::PreconditionFailed, sentence)
    }

    /// All of the picture, 206 with a part of it, or 416.
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

    /// 204 with the methods allowed. To a browser's question whether a page may post JSON to another origin, the rest of
    /// the answer is in [`Reply::into_response`].
    pub fn options(allowed: &'static [Method]) -> Reply {
        Reply::without_body(StatusCode::NoContent).allowing(allowed)
    }

    /// 200 with the methods allowed anywhere: the answer to `OPTIONS *`, which is about the server as a whole.
    pub fn server_options(allowed: &'static [Method]) -> Reply {
        Reply::without_body(StatusCode::Ok).allowing(allowed)
    }

    fn allowing(mut self, allowed: &'static [Method]) -> Reply {
        self.headers.set(Allow(allowed.to_vec()));
        self
    }

    // ===== failures =====

    /// A failure: `{"error": "…"}`. The sentence goes into the log, too.
    pub fn error(status: StatusCode, sentence: &str) -> Reply {
        Reply {
            reason: Some(sentence.to_string()),
            ..Reply::json_with(status, &json!({ "error": sentence }))
        }
    }

    /// The same with another reason for the log, which the client must not see.
    pub(super) fn because(self, reason: String) -> Reply {
        Reply { reason: Some(reason), ..self }
    }

    /// 500 for what should not happen. The cause goes into the log only.
    pub fn internal(cause: String) -> Reply {
        let sentence = "something went wrong on our side: it is not your fault";
        Reply::error(StatusCode::InternalServerError, sentence).because(cause)
    }

    /// 501: no such method is known.
    pub fn not_implemented(method: &Method) -> Reply {
        let method: String = method.as_ref().chars().take(20).collect();
        let sentence = format!("{:?} is not a method that this server knows", method);
        Reply::error(StatusCode::NotImplemented, &sentence)
    }

    /// 405 with the methods allowed.
    pub fn method_not_allowed(method: &Method, allowed: &'static [Method]) -> Reply {
        let names: Vec<_> = allowed.iter().map(|method| method.as_ref()).collect();
        let method: String = method.as_ref().chars().take(20).collect();
        let sentence = format!("{} is not possible here, only {}", method, names.join(", "));
        Reply::error(StatusCode::MethodNotAllowed, &sentence).allowing(allowed)
    }

    /// The same with the time after which the client may come again.
    pub(super) fn for_now(mut self) -> Reply {
        self.headers.set(RetryAfter::Delay(Duration::from_secs(RETRY_AFTER)));
        self
    }

    // ===== on the wire =====

    /// Its body.
    pub fn body(&self) -> Bytes {
        self.body.clone()
    }

    /// The same, and the connection is closed after it, and says so.
    pub fn closing(self) -> Reply {
        Reply { close: true, ..self }
    }

    /// hyper's response. Logs the reason of a failure; the line of the access log is written when the last byte of the
    /// response has been given to the socket, or when the connection ends before that.
    ///
    /// `is_shared`: pages of other origins may read it (CORS), and embed it where they ask for that (CORP).
    pub fn into_response(self, log: Box<AccessLog>, is_shared: bool) -> Response<Body> {
        if let Some(ref reason) = self.reason {
            log.log_failure(self.status, reason);
        }
        let length = self.body.len() as u64;
        let mut headers = self.headers;
        headers.set_raw(REQUEST_ID, log.request_id());
        let body = log.into_body(self.status, self.body, self.origin.map(|origin| *origin));
        let mut response = Response::new().with_status(self.status).with_headers(headers);
        {
            let headers = response.headers_mut();
            share(headers, is_shared);
            // These two have no body, and the length of a 304 would be that of the picture.
            if self.status != StatusCode::NoContent && self.status != StatusCode::NotModified {
                headers.set(ContentLength(length));
            }
            if self.close {
                headers.set(Connection::close());
            }
        }
        response.with_body(body)
    }
}

/// Tells browsers whether pages of other origins may use the response, and if the response lists methods, which requests
/// they may send.
fn share(headers: &mut Headers, is_shared: bool) {
    if !is_shared {
        return headers.set_raw("Cross-Origin-Resource-Policy", "same-origin");
    }
    headers.set_raw("Cross-Origin-Resource-Policy", "cross-origin");
    headers.set(AccessControlAllowOrigin::Any);
    headers.set_raw("Access-Control-Expose-Headers", RESPONSE_HEADERS);
    if let Some(Allow(methods)) = headers.get() {
        let methods = AccessControlAllowMethods(methods.clone());
        headers.set(methods);
        headers.set_raw("Access-Control-Allow-Headers", REQUEST_HEADERS);
        headers.set(AccessControlMaxAge(OPTIONS_MAX_AGE));
    }
}

/// What `Memed-Warning` says of captions that are too small to be read.
fn warning(too_small: &[usize]) -> String {
    let numbers: Vec<String> = too_small.iter().map(ToString::to_string).collect();
    let noun = if numbers.len() == 1 { "caption" } else { "captions" };
    format!("too much text to be read in {} {}", noun, numbers.join(", "))
}
