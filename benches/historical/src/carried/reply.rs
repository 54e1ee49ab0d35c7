//! The replies, word for word those of `memed`. Each contestant turns them into its library's response type.

use std::borrow::Cow;
use std::error::Error;

use bytes::Bytes;
use memed::captioner::{CaptionError, Fingerprint, Flaw, Format};
use memed::image_macro::Invalid;
use serde_json::{Value, json};

use super::MAX_TARGET;

/// Seconds after which a client that was refused should come again.
const RETRY_AFTER: &str = "1";
/// Of a template's picture, which stays the same; and of anything else.
const CACHED: &str = "public, max-age=300";
const NOT_CACHED: &str = "no-store";
/// What a page of another origin may read, and ask with, beyond what browsers let it.
const RESPONSE_HEADERS: &str = "Allow, ETag, Retry-After";
const REQUEST_HEADERS: &str = "Content-Type, If-None-Match";

/// A header field: its name and its value.
pub type Header = (&'static str, Cow<'static, str>);

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status code.
    pub status: u16,
    /// Those that depend on what it is; `Content-Length` and `Connection` do not.
    pub headers: Vec<Header>,
    /// All of it; a HEAD is not sent it.
    pub body: Bytes,
    /// Whether to close the connection after it, because it is unknown where the next request begins.
    pub closes: bool,
}

impl Reply {
    /// Without a body. Pages of any origin may ask.
    fn bare(status: u16, cached: &'static str) -> Reply {
        let headers: Vec<Header> = vec![
            ("Cache-Control", cached.into()),
            ("Access-Control-Allow-Origin", "*".into()),
            ("Cross-Origin-Resource-Policy", "cross-origin".into()),
            ("Access-Control-Expose-Headers", RESPONSE_HEADERS.into()),
        ];
        Reply { status, headers, body: Bytes::new(), closes: false }
    }

    /// JSON, with a newline at the end for terminals.
    pub fn json(status: u16, value: &Value) -> Reply {
        let reply = Reply::bare(status, NOT_CACHED).with("Content-Type", "application/json");
        Reply { body: format!("{value}\n").into(), ..reply }
    }

    /// `{"error": …}`.
    pub fn error(status: u16, sentence: &str) -> Reply {
        Reply::json(status, &json!({ "error": sentence }))
    }

    /// 200 with a picture. One of a client's own has no fingerprint, and is not to be cached.
    pub fn picture(format: Format, bytes: Bytes, fingerprint: Option<&Fingerprint>) -> Reply {
        let content_type = format!("image/{}", format.name());
        let reply = Reply::bare(200, if fingerprint.is_some() { CACHED } else { NOT_CACHED });
        let reply = Reply { body: bytes, ..reply.with("Content-Type", content_type) };
        match fingerprint {
            Some(fingerprint) => reply.with("ETag", tag_of(fingerprint)),
            None => reply,
        }
    }

    /// 304: the client has the picture.
    pub fn not_modified(fingerprint: &Fingerprint) -> Reply {
        Reply::bare(304, CACHED).with("ETag", tag_of(fingerprint))
    }

    /// 204 to an OPTIONS, with the methods that there are: what a browser asks before it lets a page post JSON to
    /// another origin.
    pub fn options(allowed: &str) -> Reply {
        Reply::bare(204, NOT_CACHED).allowing(allowed)
    }

    /// 405 with the methods that there are.
    pub fn method_not_allowed(method: &str, allowed: &str) -> Reply {
        let method: String = method.chars().take(20).collect();
        let sentence = format!("{method} is not possible here, only {allowed}");
        Reply::error(405, &sentence).allowing(allowed)
    }

    /// 413.
    pub fn too_large(limit: usize) -> Reply {
        Reply::error(413, &format!("the body is larger than {limit} bytes")).closing()
    }

    /// 408.
    pub fn slow_body() -> Reply {
        Reply::error(408, "the body took too long").closing()
    }

    /// 400 for a body that is not framed as HTTP has it, or ends early.
    pub fn malformed_body() -> Reply {
        Reply::error(400, "the body is not framed as HTTP has it").closing()
    }

    /// 414.
    pub fn long_target() -> Reply {
        let sentence = format!("the URL is longer than {MAX_TARGET} bytes: POST /caption takes JSON");
        Reply::error(414, &sentence).closing()
    }

    /// 503: nothing more may wait.
    pub fn busy() -> Reply {
        let sentence = "all render threads are busy and the queue is full: try again in a second";
        Reply::error(503, sentence).with("Retry-After", RETRY_AFTER)
    }

    /// 504.
    pub fn timed_out() -> Reply {
        Reply::error(504, "the picture was not done in time: ask for less, or try again")
    }

    /// 500 for what should not happen; the cause goes to standard error.
    pub fn internal(cause: &str) -> Reply {
        eprintln!("error: {cause}");
        Reply::error(500, "something went wrong on our side: it is not your fault")
    }

    /// What a header field says, by the name that this file gives it.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.0 == name).map(|header| &*header.1)
    }

    /// The same, and the connection ends after it.
    pub fn closing(self) -> Reply {
        Reply { closes: true, ..self }
    }

    /// With the methods that there are, for clients and for pages of other origins.
    fn allowing(self, allowed: &str) -> Reply {
        self.with("Allow", allowed.to_string())
            .with("Access-Control-Allow-Methods", allowed.to_string())
            .with("Access-Control-Allow-Headers", REQUEST_HEADERS)
            .with("Access-Control-Max-Age", "86400")
    }

    fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Reply {
        self.headers.push((name, value.into()));
        self
    }
}

impl From<Invalid> for Reply {
    fn from(Invalid(sentence): Invalid) -> Reply {
        Reply::error(400, &sentence)
    }
}

impl From<CaptionError> for Reply {
    fn from(error: CaptionError) -> Reply {
        match error {
            CaptionError::UnknownTemplate(_) => {
                Reply::error(404, &format!("{error}: GET /templates lists them"))
            }
            CaptionError::UnknownFont(_) => Reply::error(404, &format!("{error}: GET /fonts lists them")),
            CaptionError::TooManyTexts { .. } => Reply::error(400, &error.to_string()),
            CaptionError::BadPicture { ref flaw, .. } => {
                let status = match flaw {
                    Flaw::Format | Flaw::Unsupported(_) => 415,
                    Flaw::TooLarge(_) => 413,
                    Flaw::Damaged => 400,
                };
                Reply::error(status, &error.to_string())
            }
            // The client has gone, or already has its 504.
            CaptionError::Cancelled => Reply::timed_out(),
            _ => {
                eprintln!("error: {}", with_causes(&error));
                Reply::error(500, &format!("{error}: it is not your fault"))
            }
        }
    }
}

/// Whether `If-None-Match` has the picture. Weak tags count, as in `memed`.
pub fn has(if_none_match: &str, fingerprint: &Fingerprint) -> bool {
    let ours = tag_of(fingerprint);
    let is_ours = |tag: &str| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == ours;
    if_none_match.split(',').any(|tag| is_ours(tag.trim()))
}

/// A strong tag: equal tags mean equal bytes.
fn tag_of(fingerprint: &Fingerprint) -> String {
    format!("\"{fingerprint}\"")
}

fn with_causes(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
