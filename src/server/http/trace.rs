//! What ties a request to the logs of other programs: its `X-Request-Id`, and its `traceparent` (W3C Trace Context).
//!
//! The service makes a [`Trace`] of each head; the access log owns it, and the reply takes the identifier from there.

use std::cell::Cell;
use std::collections::hash_map::RandomState;
use std::fmt::Write;
use std::hash::{BuildHasher, Hasher};
use std::str;

use bytes::{Bytes, BytesMut};
use hyper::header::Headers;

use config::LogFormat;

/// The header with a request's identifier, in the request and in its response.
pub const REQUEST_ID: &str = "X-Request-Id";

/// The most characters that a client's own identifier may have.
const MAX_ID: usize = 128;
/// The bytes of a new identifier: as many as `Bytes` holds without an allocation.
const NEW_ID: usize = 31;
/// The most bytes of a `User-Agent` that are logged. Browsers send up to about 200.
const MAX_USER_AGENT: usize = 256;
/// The length of a `traceparent` of version 00: `00-` trace `-` parent `-` flags.
const TRACE_PARENT: usize = 55;

/// Makes the [`Trace`] of each request. Lives on the reactor's thread.
pub struct Tracer {
    /// Tells the identifiers of this server from those of others, and from its own before a restart.
    instance: u64,
    /// Counts the identifiers made here.
    next: Cell<u64>,
    /// Whether the log has fields for more than the identifier.
    is_detailed: bool,
}

/// What is known of a request beside what HTTP needs to answer it.
pub struct Trace {
    id: Bytes,
    /// `None` if the log has no fields for them.
    details: Option<Details>,
}

/// What only a log with fields has.
struct Details {
    parent: Option<TraceParent>,
    user_agent: Option<String>,
}

/// A valid `traceparent`: three numbers in lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceParent {
    /// The trace that the request is part of: 32 digits.
    pub trace_id: String,
    /// The span of the caller in it: 16 digits.
    pub parent_id: String,
    /// 2 digits. The lowest bit says whether the caller records the trace.
    pub flags: String,
}

impl Tracer {
    /// For a server that starts, and the log's format.
    pub fn new(format: LogFormat) -> Tracer {
        // The standard library's own source of random numbers, which asks the operating system once for each thread.
        // Among a million servers and restarts, the chance that two have the same 64 bits is 1 in 37 million.
        let instance = RandomState::new().build_hasher().finish();
        Tracer { instance, next: Cell::new(0), is_detailed: format == LogFormat::Json }
    }

    /// Of a request with these headers.
    pub fn trace(&self, headers: &Headers) -> Trace {
        let id = own_id(headers).unwrap_or_else(|| self.new_id());
        if !self.is_detailed {
            return Trace { id, details: None };
        }
        let parent = only(headers, "traceparent").and_then(TraceParent::parse);
        let user_agent = only(headers, "User-Agent").map(shown);
        Trace { id, details: Some(Details { parent, user_agent }) }
    }

    /// A new identifier: no other request has it, here or anywhere. It can be guessed; nothing depends on that.
    ///
    /// No system call, no lock, no allocation.
    fn new_id(&self) -> Bytes {
        let number = self.next.get();
        self.next.set(number.wrapping_add(1));
        let mut id = BytesMut::with_capacity(NEW_ID);
        write!(id, "{:016x}-{:x}", self.instance, number)
            .expect("a counter has up to 14 digits for centuries");
        id.freeze()
    }
}

impl Trace {
    /// The identifier, for the log.
    pub fn id(&self) -> &str {
        str::from_utf8(&self.id).expect("it is checked, or made here, of ASCII characters")
    }

    /// The caller's place in a trace. `None` if it sent none, or one that is not valid, or if the log has no field for it.
    pub fn parent(&self) -> Option<&TraceParent> {
        self.details.as_ref()?.parent.as_ref()
    }

    /// The client's program, if the log has a field for it.
    pub fn user_agent(&self) -> Option<&str> {
        self.details.as_ref()?.user_agent.as_deref()
    }

    /// The identifier, for the header.
    pub fn id_bytes(&self) -> Bytes {
        self.id.clone()
    }
}

impl TraceParent {
    /// Parses the value of a `traceparent` as strictly as W3C Trace Context wants it: what is not valid is not there.
    ///
    /// A version above 00 is read as 00, and may have more behind another dash; ff is no version.
    pub fn parse(value: &[u8]) -> Option<TraceParent> {
        let value = str::from_utf8(value).ok()?;
        let (known, more) = value.split_at_checked(TRACE_PARENT)?;
        let parts: Vec<&str> = known.split('-').collect();
        let is_hex = |part: &&str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let is_zero = |part: &str| part.bytes().all(|byte| byte == b'0');
        if !parts.iter().all(is_hex) {
            return None;
        }
        let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        if lengths != [2, 32, 16, 2] || is_zero(parts[1]) || is_zero(parts[2]) {
            return None;
        }
        match parts[0] {
            "ff" => return None,
            "00" if !more.is_empty() => return None,
            _ if !more.is_empty() && !more.starts_with('-') => return None,
            _ => {}
        }
        let owned = |part: usize| parts[part].to_string();
        Some(TraceParent { trace_id: owned(1), parent_id: owned(2), flags: owned(3) })
    }
}

/// The client's own identifier, if it sent one that fits into a header and a log as it is.
fn own_id(headers: &Headers) -> Option<Bytes> {
    let is_good = |byte: &u8| byte.is_ascii_alphanumeric() || b"._:+/=@-".contains(byte);
    let id = only(headers, REQUEST_ID)?;
    let is_valid = !id.is_empty() && id.len() <= MAX_ID && id.iter().all(is_good);
    Some(id).filter(|_| is_valid).map(Bytes::from)
}

/// The value of the only field of that name, without the space around it. Of several, none can be chosen.
fn only<'a>(headers: &'a Headers, name: &str) -> Option<&'a [u8]> {
    headers.get_raw(name).and_then(|lines| lines.one()).map(<[u8]>::trim_ascii)
}

/// The beginning of a value as text. A byte that is not UTF-8 becomes U+FFFD.
fn shown(value: &[u8]) -> String {
    String::from_utf8_lossy(&value[..value.len().min(MAX_USER_AGENT)]).into_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use hyper::header::Headers;

    use super::{TraceParent, Tracer};
    use config::LogFormat;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const PARENT: &str = "00f067aa0ba902b7";

    fn headers(fields: &[(&'static str, &[u8])]) -> Headers {
        let mut headers = Headers::new();
        for &(name, value) in fields {
            headers.append_raw(name, value.to_vec());
        }
        headers
    }

    #[test]
    fn new_identifiers_differ_within_a_server_and_between_servers() {
        let (a, b) = (Tracer::new(LogFormat::Common), Tracer::new(LogFormat::Common));
        let none = Headers::new();
        let ids = (0..1000).flat_map(|_| vec![a.trace(&none), b.trace(&none)]);
        let ids: HashSet<String> = ids.map(|trace| trace.id().to_string()).collect();
        assert_eq!(ids.len(), 2000);
        assert!(ids.iter().all(|id| id.len() <= super::NEW_ID), "{:?}", ids.iter().next());
    }

    #[test]
    fn a_clients_identifier_is_kept_if_it_is_valid_and_there_is_one() {
        let tracer = Tracer::new(LogFormat::Common);
        let id = |fields: &[(&'static str, &[u8])]| tracer.trace(&headers(fields)).id().to_string();
        let long = [b'a'; 129];
        for good in [&b"a"[..], b"AZaz09._:+/=@-", b"0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0", &long[..128]] {
            assert_eq!(id(&[("X-Request-Id", good)]).as_bytes(), good);
        }
        assert_eq!(id(&[("X-Request-Id", b" spaced\t")]), "spaced");
        for bad in [&b""[..], b"a b", b"a,b", b"\"a\"", b"a;b", b"<a>", b"\xc3\xa4", b"\xff", b"a\x7f", &long]
        {
            let made = id(&[("X-Request-Id", bad)]);
            assert_eq!(made.split('-').next().map(str::len), Some(16), "{:?} became {:?}", bad, made);
        }
        assert_ne!(id(&[("X-Request-Id", b"a"), ("X-Request-Id", b"a")]), "a");
    }

    #[test]
    fn a_traceparent_is_valid_as_w3c_says() {
        let parse = |text: &str| TraceParent::parse(text.as_bytes());
        let of_version = |version: &str, more: &str| format!("{}-{}-{}-01{}", version, TRACE, PARENT, more);
        let expected = TraceParent {
            trace_id: TRACE.to_string(),
            parent_id: PARENT.to_string(),
            flags: "01".to_string(),
        };
        for good in [("00", ""), ("01", ""), ("cc", "-what-the-future-brings"), ("fe", "-")] {
            assert_eq!(parse(&of_version(good.0, good.1)), Some(expected.clone()), "{:?}", good);
        }
        for bad in [("00", "-more"), ("00", "0"), ("01", "0"), ("ff", ""), ("0", ""), ("000", ""), ("0g", "")]
        {
            assert_eq!(parse(&of_version(bad.0, bad.1)), None, "{:?}", bad);
        }
        let zeros = "0".repeat(32);
        for bad in [
            String::new(),
            "00".to_string(),
            TRACE.to_string(),
            of_version("00", "")[..54].to_string(),
            of_version("00", "").to_uppercase(),
            of_version("00", "").replace('-', "_"),
            format!("00-{}-{}-01", zeros, PARENT),
            format!("00-{}-{}-01", TRACE, &zeros[..16]),
            format!("00-{}-{}-0", &TRACE[1..], PARENT),
            format!("00-{}-{}0-0", TRACE, PARENT),
            format!("00-{}-{}-é", TRACE, PARENT),
            format!("00-{}é-{}-01", &TRACE[2..], PARENT),
            "-".repeat(55),
            "0".repeat(55),
        ] {
            assert_eq!(parse(&bad), None, "{:?}", bad);
        }
        assert_eq!(TraceParent::parse(&[0xff; 55]), None);
    }

    #[test]
    fn a_trace_is_read_for_a_log_that_has_fields_for_it_and_never_from_two_headers() {
        let parent = format!("00-{}-{}-00", TRACE, PARENT);
        let field = ("traceparent", parent.as_bytes());
        let fields = [field, ("User-Agent", &b"curl/8 \xff\"\n"[..])];
        let (common, json) = (Tracer::new(LogFormat::Common), Tracer::new(LogFormat::Json));
        assert!(common.trace(&headers(&fields)).parent().is_none());
        let trace = json.trace(&headers(&fields));
        assert_eq!(trace.parent().map(|parent| &*parent.flags), Some("00"));
        assert_eq!(trace.user_agent(), Some("curl/8 \u{fffd}\""));
        assert!(json.trace(&headers(&[field, field])).parent().is_none());
        let long = json.trace(&headers(&[("User-Agent", &[b'a'; 10_000])]));
        assert_eq!(long.user_agent().map(|agent| agent.len()), Some(256));
    }
}
