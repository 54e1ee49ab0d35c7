//! Judges the head of a request before hyper sees it.
//!
//! hyper 0.11 answers a malformed head with a bare status and no sentence, reads `Content-Length: +5` as 5
//! (RUSTSEC-2021-0078), and accepts `Transfer-Encoding` together with `Content-Length`. So [`super::intake`] holds a
//! head back until it is complete, [`check`] reads it with httparse, the parser that hyper itself uses, and hyper
//! gets only heads that it will read in the same way.

use std::mem::MaybeUninit;

use httparse::{self, Header};
use hyper::{StatusCode, Uri};
use memchr::memchr;
use thiserror::Error;

/// The most bytes of a request target: 16 captions of 256 characters, each percent-escaped as three, is
/// 12 KiB; in Cyrillic twice that.
pub const MAX_TARGET: usize = 32 << 10;
/// The most bytes of a whole head.
pub const MAX_HEAD: usize = 64 << 10;
/// The most header fields. hyper has room for no more.
const MAX_FIELDS: usize = 100;

/// How the bytes after a head are framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// That many bytes of body, then the next head.
    Length(u64),
    /// Chunks. hyper knows the word `chunked` in lower case only, so `Intake` rewrites it.
    Chunked {
        /// Where the word begins in the head.
        word: usize,
    },
}

/// Why a head is refused. The connection must be closed after the answer, because it is not known where the next
/// request begins.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{sentence}")]
pub struct Rejection {
    /// 4xx or 505.
    pub status: StatusCode,
    /// What the client is told.
    pub sentence: String,
}

impl Rejection {
    fn new<S: Into<String>>(status: StatusCode, sentence: S) -> Rejection {
        Rejection { status, sentence: sentence.into() }
    }

    /// 408: the head is not complete, and its time is up.
    pub fn late() -> Rejection {
        Rejection::new(StatusCode::RequestTimeout, "the head of the request took too long")
    }

    /// 400 with a sentence.
    pub fn malformed<S: Into<String>>(sentence: S) -> Rejection {
        Rejection::new(StatusCode::BadRequest, sentence)
    }
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
    if first_line > MAX_TARGET {
        return target_too_long();
    }
    let sentence = format!("the head of the request is larger than {} bytes", MAX_HEAD);
    Rejection::new(StatusCode::RequestHeaderFieldsTooLarge, sentence)
}

/// Judges a complete head.
///
/// # Errors
/// The [`Rejection`] to answer with.
pub fn check(head: &[u8]) -> Result<Framing, Rejection> {
    let mut fields = [MaybeUninit::uninit(); MAX_FIELDS];
    let mut request = httparse::Request::new(&mut []);
    match request.parse_with_uninit_headers(head, &mut fields) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => {
            return Err(Rejection::malformed("the head of the request is not complete"))
        }
        Err(error) => return Err(unparseable(error, head)),
    }
    let target = request.path.unwrap_or("");
    if target.len() > MAX_TARGET {
        return Err(target_too_long());
    }
    // hyper takes a bare word for an authority, as a proxy would, and refuses a URL that it cannot parse without
    // saying why. It takes every path: see `hyper_takes_every_path`.
    let is_url = || target.contains("://") && target.parse::<Uri>().is_ok();
    if target != "*" && !target.starts_with('/') && !is_url() {
        return Err(Rejection::malformed("the request target is neither a path nor a URL"));
    }
    let is_http_1_0 = request.version == Some(0);
    match only(request.headers, "host") {
        Ok(Some(_)) => {}
        Ok(None) if is_http_1_0 => {}
        Ok(None) | Err(_) => return Err(Rejection::malformed("there must be one Host field")),
    }
    match (only(request.headers, "transfer-encoding"), only(request.headers, "content-length")) {
        (Ok(None), Ok(None)) => Ok(Framing::Length(0)),
        (Ok(None), Ok(Some(length))) => content_length(length),
        (Ok(None), Err(_)) => {
            Err(Rejection::malformed("there must be one Content-Length field, not several"))
        }
        (_, Ok(Some(_))) | (_, Err(_)) => {
            Err(Rejection::malformed("Transfer-Encoding and Content-Length contradict each other: send one"))
        }
        (_, Ok(None)) if is_http_1_0 => {
            Err(Rejection::malformed("HTTP/1.0 has no Transfer-Encoding: send a Content-Length"))
        }
        (Ok(Some(coding)), Ok(None)) if coding.eq_ignore_ascii_case(b"chunked") => {
            // httparse returns slices of the head, so the distance of the two is where the word begins.
            Ok(Framing::Chunked { word: coding.as_ptr() as usize - head.as_ptr() as usize })
        }
        (_, Ok(None)) => {
            Err(Rejection::malformed("the only Transfer-Encoding supported is \"chunked\", once"))
        }
    }
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
    let (mut count, mut value) = (0, None);
    for field in fields.iter().filter(|field| field.name.eq_ignore_ascii_case(name)) {
        count += 1;
        value = Some(field.value.trim_ascii());
    }
    if count > 1 {
        return Err(count);
    }
    Ok(value)
}

fn target_too_long() -> Rejection {
    let sentence = format!("the URL is longer than {} bytes: POST /caption takes JSON", MAX_TARGET);
    Rejection::new(StatusCode::UriTooLong, sentence)
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
    words.next().is_some_and(|word| word.starts_with(b"HTTP/")) && words.next().is_none()
}

/// Whether a head can begin with that byte, the first of a method. What is not HTTP at all, such as a TLS hello, is
/// refused without waiting for more of it.
pub fn can_begin_with(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::{check, too_large, Framing, Search, MAX_TARGET};
    use hyper::Uri;

    fn status(head: &str) -> u16 {
        match check(head.as_bytes()) {
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
    fn hyper_takes_every_path() {
        for &path in &["*", "/", "//", "/#?", "/?#", "/://", "/[", "/é", "/%", "/\u{7f}"] {
            assert!(path.parse::<Uri>().is_ok(), "{:?}", path);
        }
    }

    #[test]
    fn framing() {
        assert_eq!(super::blank_lines(b"\r\n\n\rGET"), 4);
        let framing = |fields: &str| check(format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", fields).as_bytes());
        assert_eq!(framing(""), Ok(Framing::Length(0)));
        assert_eq!(framing("Content-Length: 5\r\n"), Ok(Framing::Length(5)));
        assert_eq!(framing("content-length:  05 \r\n"), Ok(Framing::Length(5)));
        let chunked = "Transfer-Encoding: Chunked\r\n";
        assert_eq!(
            framing(chunked),
            Ok(Framing::Chunked { word: "GET / HTTP/1.1\r\nHost: a\r\n".len() + 19 })
        );
        for fields in [
            "Content-Length: +5\r\n",
            "Content-Length: -5\r\n",
            "Content-Length: 5, 5\r\n",
            "Content-Length: 0x5\r\n",
            "Content-Length:\r\n",
            "Content-Length: 5\r\nContent-Length: 5\r\n",
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: identity\r\n",
            "Transfer-Encoding:\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        ]
        .iter()
        {
            assert_eq!(
                framing(fields).map_err(|rejection| rejection.status.as_u16()),
                Err(400),
                "{}",
                fields
            );
        }
        let huge = framing("Content-Length: 99999999999999999999\r\n");
        assert_eq!(huge.map_err(|rejection| rejection.status.as_u16()), Err(413));
    }

    #[test]
    fn first_lines_and_fields() {
        assert_eq!(status("GET / HTTP/1.0\r\n\r\n"), 200);
        assert_eq!(status("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
        assert_eq!(status("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
        assert_eq!(status("GET / HTTP/1.1\r\n\r\n"), 400);
        assert_eq!(status("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
        assert_eq!(status("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
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
