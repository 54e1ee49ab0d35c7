//! The conditions of a request for a picture, or for a file of the page: `If-Match`, `If-None-Match` and `If-Range`, as RFC 9110 has them.

use hyper::server::Request;
use hyper::Method;

use super::range::{ByteRange, Part};
use captioner::Fingerprint;

/// The conditions of a request for a picture, and the range that it asks for.
#[derive(Debug, Default)]
pub struct Conditions {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
    range: Option<ByteRange>,
    if_range: Option<Vec<u8>>,
}

/// The lists of tags in the fields of one name, as they were sent. Not parsed, because a list may have thousands: all
/// that is asked is whether ours is among them.
#[derive(Debug)]
struct Tags(Vec<Vec<u8>>);

/// What follows from the conditions on which a request depends.
#[derive(Debug, PartialEq)]
pub enum Precondition {
    /// The picture is to be sent.
    Holds,
    /// 304: the client has it already.
    Unmodified,
    /// 412: it is not the one that the client has.
    Failed,
}

/// The entity tag of a picture, as it is sent. It is strong: equal tags mean equal bytes.
pub fn tag_of(fingerprint: &Fingerprint) -> String {
    format!("\"{}\"", fingerprint)
}

impl Tags {
    /// Whether the list has the tag, or is `*`, which every picture matches. No tag of ours has a comma or a quote in it,
    /// so what a comma cuts in two is none of ours either way.
    fn have(&self, tag: &str, is_weak_enough: bool) -> bool {
        let tags = self.0.iter().flat_map(|line| line.split(|&byte| byte == b',')).map(<[u8]>::trim_ascii);
        let mut strong = tags.map(|tag| match tag.strip_prefix(b"W/") {
            Some(rest) if is_weak_enough => rest,
            _ => tag,
        });
        let is_any = matches!(self.0[..], [ref line] if line.trim_ascii() == b"*");
        is_any || strong.any(|listed| listed == tag.as_bytes())
    }
}

impl Conditions {
    /// The conditions of a GET or HEAD. A HEAD has no range.
    pub fn of(request: &Request) -> Conditions {
        let headers = request.headers();
        let one = |name| headers.get_raw(name).and_then(|raw| raw.one());
        let tags = |name| headers.get_raw(name).map(|raw| Tags(raw.iter().map(<[u8]>::to_vec).collect()));
        let range = match *request.method() {
            Method::Get => one("Range").and_then(ByteRange::parse),
            _ => None,
        };
        Conditions {
            if_match: tags("If-Match"),
            if_none_match: tags("If-None-Match"),
            range,
            // Several of them match nothing.
            if_range: headers.get_raw("If-Range").map(|raw| raw.one().unwrap_or(b"").to_vec()),
        }
    }

    /// `If-Match`, which compares tags strongly, and then `If-None-Match`, which compares them weakly, since a proxy may
    /// have weakened ours.
    pub fn check(&self, fingerprint: &Fingerprint) -> Precondition {
        if self.if_match.is_none() && self.if_none_match.is_none() {
            return Precondition::Holds;
        }
        self.check_tag(&tag_of(fingerprint))
    }

    /// The same with a tag as it is sent.
    pub fn check_tag(&self, tag: &str) -> Precondition {
        if self.if_match.as_ref().is_some_and(|tags| !tags.have(tag, false)) {
            return Precondition::Failed;
        }
        match self.if_none_match {
            Some(ref tags) if tags.have(tag, true) => Precondition::Unmodified,
            _ => Precondition::Holds,
        }
    }

    /// The part of a picture of `length` bytes to send. If the parts that the client has may be of another picture
    /// (another tag, a weak one, a date), it gets all of this one.
    pub fn part(&self, fingerprint: &Fingerprint, length: usize) -> Part {
        let is_same = self
            .if_range
            .as_ref()
            .is_none_or(|if_range| if_range.trim_ascii() == tag_of(fingerprint).as_bytes());
        match self.range {
            Some(range) if is_same => range.of(length),
            _ => Part::Whole,
        }
    }
}
