//! Judges the target of a request, and the name of the host, for [`super::head`].

use std::net::Ipv6Addr;
use std::str;

use hyper::{StatusCode, Uri};
use memchr::memchr;

use super::rejection::Rejection;

/// The most bytes of a request target: 16 captions of 256 characters, each percent-escaped as three, is
/// 12 KiB; in Cyrillic twice that.
pub const MAX: usize = 32 << 10;

/// Judges the target of a request with that method.
///
/// # Errors
/// The [`Rejection`] to answer with.
pub fn check(target: &str, method: &str) -> Result<(), Rejection> {
    if target.len() > MAX {
        return Err(too_long());
    }
    if method == "CONNECT" {
        return Err(Rejection::new(StatusCode::NotImplemented, "CONNECT is for proxies, and this is none"));
    }
    if memchr(b'#', target.as_bytes()).is_some() {
        let sentence = "a \"#\" ends the URL: in a text or a color it must be escaped as %23";
        return Err(Rejection::malformed(sentence));
    }
    if target == "*" || target.starts_with('/') {
        return Ok(());
    }
    // hyper takes a bare word for an authority, as a proxy would, and refuses a URL that it cannot parse without
    // saying why. It takes every path: see `hyper_takes_every_path`.
    let authority = target.split_once("://").map(|(_, rest)| rest.split(['/', '?']).next().unwrap_or(""));
    match authority {
        Some(authority) if authority.contains('@') => {
            Err(Rejection::malformed("the URL must have no user name and no password"))
        }
        Some(authority)
            if !authority.is_empty()
                && is_authority(authority.as_bytes())
                && target.parse::<Uri>().is_ok() =>
        {
            Ok(())
        }
        Some(_) | None => Err(Rejection::malformed("the request target is neither a path nor a URL")),
    }
}

/// Whether it is `host` or `host:port` (RFC 3986, section 3.2), or nothing at all, which is what a client sends whose
/// target has no host.
pub fn is_authority(value: &[u8]) -> bool {
    let value = match str::from_utf8(value) {
        Ok(value) => value,
        Err(_) => return false,
    };
    let is_port = |rest: &str| {
        rest.is_empty()
            || rest.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if let Some((address, rest)) = value.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (address.parse::<Ipv6Addr>().is_ok() || is_future_address(address)) && is_port(rest);
    }
    let end = value.find(':').unwrap_or(value.len());
    let (name, rest) = value.split_at(end);
    is_name(name) && is_port(rest) && (!name.is_empty() || rest.is_empty())
}

/// Whether it is a `reg-name`: letters, digits, some signs, and escapes.
fn is_name(name: &str) -> bool {
    let mut escapes = name.split('%');
    let is_plain = |part: &str| {
        part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte))
    };
    let is_escape = |part: &str| {
        let digits = part.get(..2).unwrap_or("");
        digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) && is_plain(&part[2..])
    };
    escapes.next().is_some_and(is_plain) && escapes.all(is_escape)
}

/// Whether it is an `IPvFuture`, such as `v1.fe80::a+en1`.
fn is_future_address(address: &str) -> bool {
    let rest = address.strip_prefix(['v', 'V']);
    rest.and_then(|rest| rest.split_once('.')).is_some_and(|(version, address)| {
        !version.is_empty()
            && version.bytes().all(|byte| byte.is_ascii_hexdigit())
            && !address.is_empty()
            && address.split(':').all(|part| is_name(part) && !part.contains('%'))
    })
}

/// The answer to a target that is too long.
pub fn too_long() -> Rejection {
    let sentence = format!("the URL is longer than {} bytes: POST /caption takes JSON", MAX);
    Rejection::new(StatusCode::UriTooLong, sentence)
}

#[cfg(test)]
mod tests {
    use super::{check, is_authority};
    use hyper::Uri;

    #[test]
    fn hyper_takes_every_path() {
        for &path in &["*", "/", "//", "/?#", "/://", "/[", "/é", "/%", "/\u{7f}"] {
            assert!(path.parse::<Uri>().is_ok(), "{:?}", path);
        }
    }

    #[test]
    fn hosts() {
        for host in [
            "",
            "a",
            "a.b",
            "a:80",
            "a:",
            "127.0.0.1:1337",
            "[::1]",
            "[::1]:80",
            "[v1.a:b]",
            "a_b",
            "a%2Db",
            "!$&'()*+,;=",
        ] {
            assert!(is_authority(host.as_bytes()), "{:?}", host);
        }
        for not_a_host in [
            "a b", "a/b", "a:xx", "a:80:80", ":80", "a@b", "a?b", "a#b", "[::1", "::1", "[]", "[::1]x",
            "[a]", "a%2", "a%zz", "a\\b", "<a>", "\"a\"", "é", "a\tb", "[v.a]", "[v1.]",
        ] {
            assert!(!is_authority(not_a_host.as_bytes()), "{:?}", not_a_host);
        }
        assert!(!is_authority(b"\xff"));
    }

    #[test]
    fn targets() {
        let status = |target: &str, method: &str| {
            check(target, method).err().map(|rejection| rejection.status.as_u16())
        };
        for target in [
            "/",
            "/a?b",
            "*",
            "//",
            "http://a",
            "http://a/",
            "http://a:80/b?c",
            "https://a?b",
            "http://[::1]/",
        ] {
            assert_eq!(status(target, "GET"), None, "{:?}", target);
        }
        for target in [
            "a",
            "",
            "a:80",
            "/a#b",
            "/#",
            "#",
            "http://a/#b",
            "http://u@a/",
            "http://u:p@a/",
            "http:///a",
            "http://a b/",
            "http://a:x/",
            "?a",
            "http:/a",
        ] {
            assert_eq!(status(target, "GET"), Some(400), "{:?}", target);
        }
        assert_eq!(status("a:443", "CONNECT"), Some(501));
    }
}
