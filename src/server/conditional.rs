//! What a client has already: `If-None-Match`, `Range` and `If-Range`, as RFC 9110 has them.

use std::str;

use hyper::header::{EntityTag, IfNoneMatch};
use hyper::server::Request;
use hyper::Method;

use captioner::Fingerprint;

/// Under which conditions a picture is wanted, and which part of it.
#[derive(Debug, Default)]
pub struct Conditions {
    if_none_match: Option<IfNoneMatch>,
    range: Option<ByteRange>,
    if_range: Option<Vec<u8>>,
}

/// What of a picture is to be sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// All of it.
    Whole,
    /// From the first of these bytes up to the last.
    Bytes(usize, usize),
    /// The range begins after its end.
    Unsatisfiable,
}

/// A range as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum ByteRange {
    /// From the first of these bytes up to the last, or to the end.
    From(u64, Option<u64>),
    /// So many bytes at the end.
    Last(u64),
}

/// The tag of a picture. Strong: whoever has it has the bytes.
pub fn tag_of(fingerprint: &Fingerprint) -> EntityTag {
    EntityTag::strong(fingerprint.to_string())
}

impl Conditions {
    /// Those of a GET or HEAD. A HEAD has no range.
    ///
    /// Pitfall: hyper's own `Range` drops what it cannot parse, and takes `bytes=0-1,x` for `bytes=0-1` and
    /// `bytes=+0-+1` for the same. So that header is parsed here. Its `IfNoneMatch` drops what it cannot
    /// parse, too, but that is no tag of ours. Pinned by `a_range_that_is_malformed_is_ignored` below.
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
            // More than one of them is none of ours.
            if_range: headers.get_raw("If-Range").map(|raw| raw.one().unwrap_or(b"").to_vec()),
        }
    }

    /// Whether the client has the picture already. Weak tags count: so do those that a proxy has weakened.
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

    /// Which part of a picture of that many bytes to send. If the client's other parts are not of this very
    /// picture, or nobody knows (a date, a weak tag), it gets all of it.
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

impl ByteRange {
    /// Of a header's value. `None` if it is anything but one range of bytes: then the header is ignored.
    fn parse(value: &[u8]) -> Option<ByteRange> {
        let (unit, ranges) = str::from_utf8(value).ok()?.trim().split_once('=')?;
        if !unit.eq_ignore_ascii_case("bytes") {
            return None;
        }
        let mut ranges = ranges.split(',').map(str::trim).filter(|range| !range.is_empty());
        let (first, last) = ranges.next()?.split_once('-')?;
        if ranges.next().is_some() {
            return None;
        }
        match (first, last) {
            ("", last) => number(last).map(ByteRange::Last),
            (first, "") => Some(ByteRange::From(number(first)?, None)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                if first <= last {
                    Some(ByteRange::From(first, Some(last)))
                } else {
                    None
                }
            }
        }
    }

    /// The part of so many bytes that it is.
    fn of(self, length: usize) -> Part {
        let end = length as u64;
        let (first, last) = match self {
            ByteRange::From(first, last) => (first, last.map_or(end, |last| last.saturating_add(1)).min(end)),
            ByteRange::Last(count) => (end.saturating_sub(count), end),
        };
        if first < last {
            Part::Bytes(first as usize, last as usize - 1)
        } else {
            Part::Unsatisfiable
        }
    }
}

/// Digits only. More than 64 bits are as good as 64: no picture is as large.
fn number(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::{ByteRange, Part};

    fn part(value: &str) -> Part {
        ByteRange::parse(value.as_bytes()).map_or(Part::Whole, |range| range.of(100))
    }

    #[test]
    fn one_range_in_each_form() {
        assert_eq!(part("bytes=0-0"), Part::Bytes(0, 0));
        assert_eq!(part("bytes=10-19"), Part::Bytes(10, 19));
        assert_eq!(part("bytes=99-"), Part::Bytes(99, 99));
        assert_eq!(part("bytes=0-"), Part::Bytes(0, 99));
        assert_eq!(part("bytes=-1"), Part::Bytes(99, 99));
        assert_eq!(part(" Bytes=10-19, "), Part::Bytes(10, 19));
    }

    #[test]
    fn a_range_beyond_the_end_ends_there() {
        assert_eq!(part("bytes=90-100"), Part::Bytes(90, 99));
        assert_eq!(part("bytes=90-18446744073709551615"), Part::Bytes(90, 99));
        assert_eq!(part("bytes=90-99999999999999999999999"), Part::Bytes(90, 99));
        assert_eq!(part("bytes=-101"), Part::Bytes(0, 99));
        assert_eq!(part("bytes=-99999999999999999999999"), Part::Bytes(0, 99));
    }

    #[test]
    fn a_range_that_begins_after_the_end_cannot_be_satisfied() {
        for value in &["bytes=100-", "bytes=100-100", "bytes=99999999999999999999-", "bytes=-0"] {
            assert_eq!(part(value), Part::Unsatisfiable, "{}", value);
        }
    }

    #[test]
    fn a_range_that_is_malformed_is_ignored() {
        for value in &[
            "",
            "bytes",
            "bytes=",
            "bytes=,",
            "bytes=-",
            "bytes=1",
            "bytes=x-1",
            "bytes=0-x",
            "bytes=2-1",
            "bytes=+0-+1",
            "bytes=0-1-2",
            "bytes=--1",
            "bytes=0 - 1",
            "bytes 0-1",
            "items=0-1",
            "=0-1",
        ] {
            assert_eq!(part(value), Part::Whole, "{}", value);
        }
    }

    #[test]
    fn several_ranges_are_ignored() {
        for value in &["bytes=0-1,3-4", "bytes=0-1,x", "bytes=x,0-1", "bytes=0-1,-1"] {
            assert_eq!(part(value), Part::Whole, "{}", value);
        }
    }
}
