//! Judges the head of a request before hyper sees it.
//!
//! hyper 0.11 answers a malformed head with a bare status and no sentence, reads `Content-Length: +5` as 5
//! (RUSTSEC-2021-0078), and accepts `Transfer-Encoding` together with `Content-Length`. So [`super::intake`] holds a
//! head back until it is complete, [`check`] reads it with httparse, the parser that hyper itself uses, and hyper
//! gets only heads that it will read in the same way.

use std::mem::MaybeUninit;
use std::ops::Range;

use super::rejection::Rejection;
use super::target::{self, is_authority};
use httparse::{self, Header};
use hyper::StatusCode;
use memchr::{memchr, memchr_iter};

/// The most bytes of a whole head.
pub const MAX_HEAD: usize = 64 << 10;
/// The most header fields. hyper has room for no more.
const MAX_FIELDS: usize = 100;
/// The most options of `Connection`. hyper makes a string of each.
const MAX_OPTIONS: usize = 100;

/// What [`check`] tells of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// How the bytes after it are framed.
    pub framing: Framing,
    /// Whether the client waits for a 100 before it sends the body. hyper does not get to see that.
    pub expects_continue: bool,
}

/// How the bytes after a head are framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// That many bytes of body, then the next head.
    Length(u64),
    /// Chunks.
    Chunked,
}

/// Searches a head that arrives in pieces for its end, which is an empty line. Lines end with LF, with or without CR
/// before it, as in httparse.
#[derive(Debug, Default)]
pub struct Search {
    searched: usize,
    /// Whether this is not the first line, and only CR has been seen of it.
    line_is_empty: bool,
}

impl Search {
    /// Whether nothing has been searched yet.
    pub fn is_new(&self) -> bool {
        self.searched == 0
    }

    /// The index after the empty line. `bytes` begins with the bytes of the last call, and not with an empty line.
    pub fn end_in(&mut self, bytes: &[u8]) -> Option<usize> {
        loop {
            let unsearched = &bytes[self.searched..];
            let line_end = memchr(b'\n', unsearched);
            let of_line = &unsearched[..line_end.unwrap_or(unsearched.len())];
            self.line_is_empty = self.line_is_empty && of_line.iter().all(|&byte| byte == b'\r');
            self.searched += of_line.len();
            line_end?;
            self.searched += 1;
            if self.line_is_empty {
                return Some(self.searched);
            }
            self.line_is_empty = true;
        }
    }
}

/// The number of bytes that are empty lines before a head, which RFC 9112 (2.2) lets a server skip.
pub fn blank_lines(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|&&byte| byte == b'\r' || byte == b'\n').count()
}

/// The answer to a head that is incomplete and too large already.
pub fn too_large(bytes: &[u8]) -> Rejection {
    let first_line = bytes.iter().take_while(|&&byte| byte != b'\n').count();
    if first_line > target::MAX {
        return target::too_long();
    }
    let sentence = format!("the head of the request is larger than {} bytes", MAX_HEAD);
    Rejection::new(StatusCode::RequestHeaderFieldsTooLarge, sentence)
}

/// Judges a complete head, and rewrites what hyper would misread: the word `chunked`, which it knows in lower case only,
/// a minor version of HTTP above 1, and the expectation of a 100, which it would fulfil before anybody has looked at the
/// request.
///
/// # Errors
/// The [`Rejection`] to answer with.
pub fn check(head: &mut [u8]) -> Result<Head, Rejection> {
    lower_minor_version(head);
    let Judged { framing, word, expectation, expects_continue } = judge(head)?;
    head[word].make_ascii_lowercase();
    head[expectation].fill(b' ');
    Ok(Head { framing, expects_continue })
}

/// A head that was accepted, and what is to be rewritten in it.
struct Judged {
    framing: Framing,
    expects_continue: bool,
    /// Where the word `chunked` is. Empty if it is not there.
    word: Range<usize>,
    /// Where the value of `Expect` is. Empty if it is not there.
    expectation: Range<usize>,
}

fn judge(head: &[u8]) -> Result<Judged, Rejection> {
    let mut fields = [MaybeUninit::uninit(); MAX_FIELDS];
    let mut request = httparse::Request::new(&mut []);
    match request.parse_with_uninit_headers(head, &mut fields) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => {
            return Err(Rejection::malformed("the head of the request is not complete"))
        }
        Err(error) => return Err(unparseable(error, head)),
    }
    target::check(request.path.unwrap_or(""), request.method.unwrap_or(""))?;
    let (fields, is_http_1_0) = (&*request.headers, request.version == Some(0));
    match only(fields, "host") {
        Ok(Some(host)) if is_authority(host) => {}
        Ok(Some(_)) => {
            return Err(Rejection::malformed("Host is not the name of a host, with or without a port"))
        }
        Ok(None) if is_http_1_0 => {}
        Ok(None) | Err(_) => return Err(Rejection::malformed("there must be one Host field")),
    }
    let options = fields.iter().filter(|field| field.name.eq_ignore_ascii_case("connection"));
    if options.map(|field| memchr_iter(b',', field.value).count()).sum::<usize>() > MAX_OPTIONS {
        let sentence = format!("the field Connection has more than {} options", MAX_OPTIONS);
        return Err(Rejection::new(StatusCode::RequestHeaderFieldsTooLarge, sentence));
    }
    // httparse returns slices of the head, so the distance of the two is where the value begins.
    let place_of = |value: &[u8]| {
        let start = value.as_ptr() as usize - head.as_ptr() as usize;
        start..start + value.len()
    };
    let framing = framing(fields, is_http_1_0)?;
    let word = match framing {
        Framing::Chunked => all(fields, "transfer-encoding").first().map_or(0..0, |coding| place_of(coding)),
        Framing::Length(_) => 0..0,
    };
    // Several of them are no expectation that we know, and hyper knows none of those either.
    let expectation = only(fields, "expect").ok().and_then(|value| value);
    let is_continue = expectation.is_some_and(|value| value.eq_ignore_ascii_case(b"100-continue"));
    let expectation = expectation.filter(|_| is_continue).map_or(0..0, place_of);
    Ok(Judged { framing, expects_continue: is_continue && !is_http_1_0, word, expectation })
}

/// Makes `HTTP/1.2` and above `HTTP/1.1`, which a recipient takes them for (RFC 9110, section 2.5).
fn lower_minor_version(head: &mut [u8]) {
    const VERSION: &[u8] = b" HTTP/1.";
    let line = memchr(b'\n', head).map_or(0, |end| head[..end].trim_ascii_end().len());
    if let Some((minor, rest)) = head[..line].split_last_mut() {
        if rest.ends_with(VERSION) && minor.is_ascii_digit() && *minor > b'1' {
            *minor = b'1';
        }
    }
}

fn framing(fields: &[Header], is_http_1_0: bool) -> Result<Framing, Rejection> {
    let codings = all(fields, "transfer-encoding");
    match (&codings[..], only(fields, "content-length")) {
        ([], Ok(None)) => Ok(Framing::Length(0)),
        ([], Ok(Some(length))) => content_length(length),
        ([], Err(_)) => Err(Rejection::malformed("there must be one Content-Length field, not several")),
        (_, Ok(Some(_))) | (_, Err(_)) => {
            Err(Rejection::malformed("Transfer-Encoding and Content-Length contradict each other: send one"))
        }
        (_, Ok(None)) if is_http_1_0 => {
            Err(Rejection::malformed("HTTP/1.0 has no Transfer-Encoding: send a Content-Length"))
        }
        ([coding], Ok(None)) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Framing::Chunked),
        (_, Ok(None)) => Err(unknown_coding(&codings)),
    }
}

/// The answer to a `Transfer-Encoding` other than `chunked`: 501 if the body's end can be found, and 400 if it cannot
/// (RFC 9112, sections 6.1 and 6.3).
fn unknown_coding(fields: &[&[u8]]) -> Rejection {
    let is_chunked = |coding: &&[u8]| coding.eq_ignore_ascii_case(b"chunked");
    let codings = fields.iter().flat_map(|field| field.split(|&byte| byte == b',')).map(<[u8]>::trim_ascii);
    let codings: Vec<_> = codings.filter(|coding| !coding.is_empty()).collect();
    let is_framed =
        codings.last().is_some_and(is_chunked) && codings.iter().filter(|c| is_chunked(c)).count() == 1;
    let status =
        if is_framed && codings.len() > 1 { StatusCode::NotImplemented } else { StatusCode::BadRequest };
    Rejection::new(status, "the only Transfer-Encoding supported is \"chunked\", once")
}

/// The values of all fields of that name, in order.
fn all<'a>(fields: &[Header<'a>], name: &str) -> Vec<&'a [u8]> {
    let named = fields.iter().filter(|field| field.name.eq_ignore_ascii_case(name));
    named.map(|field| field.value.trim_ascii()).collect()
}

fn content_length(value: &[u8]) -> Result<Framing, Rejection> {
    if value.is_empty() || !value.iter().all(|byte| byte.is_ascii_digit()) {
        return Err(Rejection::malformed("Content-Length must be digits and nothing else"));
    }
    let digits = String::from_utf8_lossy(value);
    digits.parse().map(Framing::Length).map_err(|_| {
        Rejection::new(StatusCode::PayloadTooLarge, "the Content-Length is larger than any body can be")
    })
}

/// Returns the value of the only field of that name, if there is one.
///
/// # Errors
/// The number of fields of that name, if there are several.
fn only<'a>(fields: &[Header<'a>], name: &str) -> Result<Option<&'a [u8]>, usize> {
    let mut named = fields.iter().filter(|field| field.name.eq_ignore_ascii_case(name));
    match (named.next(), named.count()) {
        (field, 0) => Ok(field.map(|field| field.value.trim_ascii())),
        (_, more) => Err(1 + more),
    }
}

fn unparseable(error: httparse::Error, head: &[u8]) -> Rejection {
    use httparse::Error::*;
    match error {
        TooManyHeaders => Rejection::new(
            StatusCode::RequestHeaderFieldsTooLarge,
            format!("the request has more than {} header fields", MAX_FIELDS),
        ),
        Version if names_a_version(head) => {
            Rejection::new(StatusCode::HttpVersionNotSupported, "only HTTP/1.1 and HTTP/1.0 are supported")
        }
        Version => Rejection::malformed(
            "the first line must be a method, a URL and HTTP/1.1, and a space in the URL must be escaped as %20",
        ),
        HeaderName => Rejection::malformed("the name of a header field has a byte that no name may have"),
        HeaderValue => Rejection::malformed("the value of a header field has a byte that no value may have"),
        NewLine => Rejection::malformed("a line of the head does not end with CR LF"),
        Token => Rejection::malformed(
            "the first line must be a method, a URL and HTTP/1.1, the URL percent-escaped or UTF-8",
        ),
        Status => Rejection::malformed("this is a response, not a request"),
    }
}

/// Whether the first line is three words, the third of which is a version of HTTP.
fn names_a_version(head: &[u8]) -> bool {
    let mut lines = head.split(|&byte| byte == b'\n').skip_while(|line| line.trim_ascii().is_empty());
    let mut words = lines.next().unwrap_or(b"").split(|&byte| byte == b' ').skip(2);
    let version = words.next().map_or(&b""[..], <[u8]>::trim_ascii_end);
    let is_version = matches!(*version, [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
        if major.is_ascii_digit() && minor.is_ascii_digit());
    is_version && words.next().is_none()
}

/// Whether a head can begin with that byte, the first of a method. What is not HTTP at all, such as a TLS hello, is
/// refused without waiting for more of it.
pub fn can_begin_with(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::{check, too_large, Framing, Head, Search};
    use server::connection::target::MAX as MAX_TARGET;

    fn status(head: &str) -> u16 {
        match check(&mut head.as_bytes().to_vec()) {
            Ok(_) => 200,
            Err(rejection) => rejection.status.as_u16(),
        }
    }

    #[test]
    fn where_a_head_ends() {
        for &(bytes, end) in &[
            ("GET / HTTP/1.1\r\n\r\nrest", Some(18)),
            ("GET / HTTP/1.1\n\nrest", Some(16)),
            ("GET / HTTP/1.1\r\n\r\r\r\r\r\nrest", Some(22)),
            ("GET / HTTP/1.1\n\rA: b\n\nrest", Some(22)),
            ("GET / HTTP/1.1\r\nA: b\r\n", None),
            ("", None),
        ] {
            assert_eq!(Search::default().end_in(bytes.as_bytes()), end, "{:?}", bytes);
            let in_pieces = |lengths: &[usize]| {
                let mut search = Search::default();
                lengths.iter().find_map(|&length| search.end_in(&bytes.as_bytes()[..length]))
            };
            let byte_by_byte: Vec<_> = (1..=bytes.len()).collect();
            assert_eq!(in_pieces(&byte_by_byte), end, "{:?}", bytes);
            for first in 0..bytes.len() {
                assert_eq!(in_pieces(&[first, bytes.len()]), end, "{:?} after {}", bytes, first);
            }
        }
    }

    #[test]
    fn framing() {
        assert_eq!(super::blank_lines(b"\r\n\n\rGET"), 4);
        let framing = |fields: &str| {
            let mut head = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", fields).into_bytes();
            check(&mut head).map(|head| head.framing).map_err(|rejection| rejection.status.as_u16())
        };
        for (fields, expected) in [
            ("", Ok(Framing::Length(0))),
            ("Content-Length: 5\r\n", Ok(Framing::Length(5))),
            ("content-length:  05 \r\n", Ok(Framing::Length(5))),
            ("Transfer-Encoding: Chunked\r\n", Ok(Framing::Chunked)),
            ("Content-Length: +5\r\n", Err(400)),
            ("Content-Length: -5\r\n", Err(400)),
            ("Content-Length: 5, 5\r\n", Err(400)),
            ("Content-Length: 0x5\r\n", Err(400)),
            ("Content-Length:\r\n", Err(400)),
            ("Content-Length: 5\r\nContent-Length: 5\r\n", Err(400)),
            ("Content-Length: 5\r\nContent-Length: 6\r\n", Err(400)),
            ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", Err(400)),
            ("Content-Length: 99999999999999999999\r\n", Err(413)),
            ("Transfer-Encoding: gzip, chunked\r\n", Err(501)),
            ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", Err(501)),
            ("Transfer-Encoding: x-own, Chunked\r\n", Err(501)),
            ("Transfer-Encoding: identity\r\n", Err(400)),
            ("Transfer-Encoding: gzip\r\n", Err(400)),
            ("Transfer-Encoding: chunked, gzip\r\n", Err(400)),
            ("Transfer-Encoding: chunked, chunked\r\n", Err(400)),
            ("Transfer-Encoding:\r\n", Err(400)),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", Err(400)),
        ] {
            assert_eq!(framing(fields), expected, "{}", fields);
        }
    }

    #[test]
    fn what_hyper_would_misread_is_rewritten() {
        let rewritten = |version: &str, fields: &str| {
            let mut head = format!("GET / HTTP/{}\r\nHost: a\r\n{}\r\n", version, fields).into_bytes();
            let Head { expects_continue, .. } = check(&mut head).unwrap();
            (String::from_utf8(head).unwrap(), expects_continue)
        };
        let head = |fields: &str| format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", fields);
        assert_eq!(rewritten("1.2", ""), (head(""), false));
        assert_eq!(
            rewritten("1.9", "Transfer-Encoding: CHUNKED\r\n"),
            (head("Transfer-Encoding: chunked\r\n"), false)
        );
        assert_eq!(rewritten("1.1", "Expect: 100-Continue\r\n"), (head("Expect:             \r\n"), true));
        assert!(!rewritten("1.0", "Expect: 100-continue\r\n").1);
        assert_eq!(rewritten("1.1", "Expect: other\r\n"), (head("Expect: other\r\n"), false));
    }

    #[test]
    fn first_lines_and_fields() {
        assert_eq!(status("GET / HTTP/1.0\r\n\r\n"), 200);
        assert_eq!(status("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
        assert_eq!(status("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
        assert_eq!(status("GET / HTTP/1.1\r\n\r\n"), 400);
        assert_eq!(status("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
        for (version, expected) in [
            ("2.0", 505),
            ("0.9", 505),
            ("3.0", 505),
            ("1.2", 200),
            ("1.10", 400),
            ("11", 400),
            ("1", 400),
            ("x", 400),
            ("1.x", 400),
            ("", 400),
        ] {
            assert_eq!(
                status(&format!("GET / HTTP/{}\r\nHost: a\r\n\r\n", version)),
                expected,
                "{}",
                version
            );
        }
        assert_eq!(status("GET / http/1.1\r\nHost: a\r\n\r\n"), 400);
        assert_eq!(status("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400);
        assert_eq!(status("GET / HTTP/1.1\r\nHost: a\r\nConnection: a,b,close\r\n\r\n"), 200);
        let options = format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: {}\r\n\r\n", "a,".repeat(200));
        assert_eq!(status(&options), 431);
        assert_eq!(status("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
        assert_eq!(status("GET /\r\nHost: a\r\n\r\n"), 400);
        assert_eq!(status("GET nowhere HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
        assert_eq!(status("G@T / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
        assert_eq!(status("GET / HTTP/1.1\r\nHo st: a\r\n\r\n"), 400);
        assert_eq!(status("GET / HTTP/1.1\r\nHost: a\r\nA: \0\r\n\r\n"), 400);
        assert_eq!(status(&format!("GET / HTTP/1.0\r\n{}\r\n", "A: b\r\n".repeat(101))), 431);
        assert_eq!(status(&format!("GET /{} HTTP/1.0\r\n\r\n", "a".repeat(MAX_TARGET))), 414);
        assert_eq!(too_large(&[b'a'; MAX_TARGET + 1]).status.as_u16(), 414);
        assert_eq!(too_large(b"GET / HTTP/1.1\r\nA: bbb").status.as_u16(), 431);
    }
}
