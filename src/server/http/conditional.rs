//! What a client has already: `If-None-Match` and `If-Range`, as RFC 9110 has them.

use hyper::header::{EntityTag, IfNoneMatch};
use hyper::server::Request;
use hyper::Method;

use super::range::{ByteRange, Part};
use captioner::Fingerprint;

/// The conditions of a request for a picture, and the range that it asks for.
#[derive(Debug, Default)]
pub struct Conditions {
    if_none_match: Option<IfNoneMatch>,
    range: Option<ByteRange>,
    if_range: Option<Vec<u8>>,
}

/// The entity tag of a picture. It is strong: equal tags mean equal bytes.
pub fn tag_of(fingerprint: &Fingerprint) -> EntityTag {
    EntityTag::strong(fingerprint.to_string())
}

impl Conditions {
    /// The conditions of a GET or HEAD. A HEAD has no range. hyper's `IfNoneMatch` drops what it cannot parse, which
    /// is no tag of ours.
    pub fn of(request: &Request) -> Conditions {
        let headers = request.headers();
        let one = |name| headers.get_raw(name).and_then(|raw| raw.one());
        let range = match *request.method() {
            Method::Get => one("Range").and_then(ByteRange::parse),
            _ => None,
        };
        Conditions {
            if_none_match: headers.get::<IfNoneMatch>().cloned(),
            range,
            // Several of them match nothing.
            if_range: headers.get_raw("If-Range").map(|raw| raw.one().unwrap_or(b"").to_vec()),
        }
    }

    /// Whether the client has the picture already. Tags are compared weakly, since a proxy may have weakened ours.
    pub fn is_unmodified(&self, fingerprint: &Fingerprint) -> bool {
        match self.if_none_match {
            Some(IfNoneMatch::Any) => true,
            Some(IfNoneMatch::Items(ref tags)) => {
                let ours = tag_of(fingerprint);
                tags.iter().any(|tag| tag.weak_eq(&ours))
            }
            None => false,
        }
    }

    /// The part of a picture of `length` bytes to send. If the parts that the client has may be of another picture
    /// (another tag, a weak one, a date), it gets all of this one.
    pub fn part(&self, fingerprint: &Fingerprint, length: usize) -> Part {
        let is_same = self
            .if_range
            .as_ref()
            .is_none_or(|if_range| if_range.trim_ascii() == tag_of(fingerprint).to_string().as_bytes());
        match self.range {
            Some(range) if is_same => range.of(length),
            _ => Part::Whole,
        }
    }
}
