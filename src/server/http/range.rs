//! `Range`: which bytes of a picture a client asks for, as RFC 9110 has it.

use std::str;

/// The part of a picture to send.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// All of it.
    Whole,
    /// The bytes from the first of these to the last, both included.
    Bytes(usize, usize),
    /// None: the range begins after the end of the picture.
    Unsatisfiable,
}

/// A range as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ByteRange {
    /// From the first of these bytes to the last, both included, or to the end.
    From(u64, Option<u64>),
    /// That many bytes at the end.
    Last(u64),
}

impl ByteRange {
    /// Parses the value of the header. `None` for anything but one range of bytes, and the header is then ignored.
    ///
    /// Pitfall: hyper's own `Range` drops what it cannot parse, so that `bytes=0-1,x` and `bytes=+0-+1` both become
    /// `bytes=0-1`. Pinned by `a_range_that_is_malformed_is_ignored` below.
    pub fn parse(value: &[u8]) -> Option<ByteRange> {
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

    /// The part of a picture of `length` bytes.
    pub fn of(self, length: usize) -> Part {
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

/// Digits only. A number of more than 64 bits becomes the largest of 64; no picture is that large.
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
