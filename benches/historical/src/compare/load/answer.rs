//! What is asked, and whether the answer is the right one.

use std::sync::atomic::{AtomicU64, Ordering};

/// Header fields of an answer, at most.
const FIELDS: usize = 32;
/// What a client sends as a picture of its own: the template of [`Ask::Jpeg`], of 213 kB, so that these two differ in how
/// the picture gets to the server, and in that it has to be decoded.
const OWN: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/templates/raccoon.jpg"));

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Answered without drawing anything.
    Health,
    /// A small JPEG template, drawn in about a millisecond.
    Jpeg,
    /// An animation of 15 frames.
    Gif,
    /// An animation with a palette for each frame: the longest drawing there is.
    LongGif,
    /// The same small JPEG, asked for in JSON.
    Posted,
    /// The same, on a JPEG that the client sends.
    Own,
    /// A picture that the server has kept.
    Kept(Kind),
    /// The same, from a client that has it already.
    NotModified,
    /// The names of the templates.
    Templates,
}

/// A format of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Jpeg,
    Png,
    Gif,
}

impl Kind {
    /// Whether a body is of this format, from its first byte to its last.
    fn is_of(self, body: &[u8]) -> bool {
        match self {
            Kind::Jpeg => body.starts_with(&[0xFF, 0xD8, 0xFF]) && body.ends_with(&[0xFF, 0xD9]),
            Kind::Png => body.starts_with(b"\x89PNG\r\n\x1a\n") && body.ends_with(b"IEND\xAE\x42\x60\x82"),
            Kind::Gif => body.starts_with(b"GIF89a") && body.ends_with(&[0x3B]),
        }
    }
}

/// The target of a GET for the picture of a template. `number` makes up a text, of the same length for each.
pub fn caption(template: &str, number: u64) -> String {
    format!("/caption?template={template}&{}", texts(number))
}

fn texts(number: u64) -> String {
    format!("top_text=picture+number&bottom_text={number:09}")
}

/// A GET. `fields` are whole lines of the head.
pub fn get(target: &str, fields: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: compare\r\n{fields}\r\n").into_bytes()
}

fn post(target: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST {target} HTTP/1.1\r\nHost: compare\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

impl Ask {
    /// The bytes of a request. Pictures have another text each time, always of the same length.
    pub fn request(self, number: &AtomicU64) -> Vec<u8> {
        let next = || number.fetch_add(1, Ordering::Relaxed);
        match self {
            Ask::Health => get("/health", ""),
            Ask::Templates => get("/templates", ""),
            Ask::Posted => {
                let number = next();
                let body = format!(
                    r#"{{"template":"raccoon","top_text":"picture number","bottom_text":"{number:09}"}}"#
                );
                post("/caption", "application/json", body.as_bytes())
            }
            Ask::Own => post(&format!("/caption?{}", texts(next())), "image/jpeg", OWN),
            Ask::Gif | Ask::Kept(Kind::Gif) => get(&caption("deal-with-it", next()), ""),
            Ask::LongGif => get(&caption("dramatic-raccoon", next()), ""),
            Ask::Kept(Kind::Png) => get(&caption("cat", next()), ""),
            Ask::Jpeg | Ask::Kept(Kind::Jpeg) | Ask::NotModified => get(&caption("raccoon", next()), ""),
        }
    }

    /// Whether each request is the same.
    pub fn has_one_request(self) -> bool {
        matches!(self, Ask::Health | Ask::Templates)
    }

    /// The status of the right answer.
    fn status(self) -> u16 {
        if self == Ask::NotModified { 304 } else { 200 }
    }

    /// Whether a body is of the kind that was asked for, from its first byte to its last.
    fn is_answered_by(self, body: &[u8]) -> bool {
        match self {
            Ask::Health => body.trim_ascii() == br#"{"status":"ok"}"#,
            Ask::Templates => body.starts_with(b"[\"") && body.trim_ascii_end().ends_with(b"\"]"),
            Ask::Jpeg | Ask::Posted | Ask::Own => Kind::Jpeg.is_of(body),
            Ask::Gif | Ask::LongGif => Kind::Gif.is_of(body),
            Ask::Kept(kind) => kind.is_of(body),
            Ask::NotModified => body.is_empty(),
        }
    }
}

/// Where an answer ends, and what kind of one it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Bytes of its head and its body.
    pub length: usize,
    /// `None` if it is the right one.
    pub wrong: Option<Wrong>,
    /// The server takes no other request on this connection.
    pub is_last: bool,
}

/// Why an answer is not the right one, or is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    /// It has this status.
    Status(u16),
    /// It is no HTTP, or does not tell its length.
    Malformed,
    /// Its body is not what was asked for.
    Body,
    /// The connection was closed before its end.
    Closed,
    /// The connection was reset before its end: the server did not read all that it was sent.
    Reset,
    /// It did not come in time.
    Late,
}

impl Wrong {
    /// In a few words.
    pub fn sentence(self) -> String {
        match self {
            Wrong::Status(status) => format!("answered with {status}"),
            Wrong::Malformed => "answered with something that is not HTTP".to_string(),
            Wrong::Body => "answered with the wrong body".to_string(),
            Wrong::Closed => "closed without a complete answer".to_string(),
            Wrong::Reset => "reset without a complete answer".to_string(),
            Wrong::Late => "not answered in time".to_string(),
        }
    }
}

/// Looks at what has come so far.
///
/// Gives `Ok(None)` if more must come, and `Err` if what there is can become no answer.
pub fn parse(ask: Ask, bytes: &[u8]) -> Result<Option<Answer>, Wrong> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    let head = match response.parse(bytes).map_err(|_| Wrong::Malformed)? {
        httparse::Status::Complete(head) => head,
        httparse::Status::Partial => return Ok(None),
    };
    let field = |name: &str| {
        let field = response.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(field.value).ok()
    };
    // A 304 has no body, whatever length it names: that is the picture's.
    let body: usize = match response.code {
        Some(304) => 0,
        _ => field("content-length").and_then(|length| length.trim().parse().ok()).ok_or(Wrong::Malformed)?,
    };
    let length = head.checked_add(body).ok_or(Wrong::Malformed)?;
    if bytes.len() < length {
        return Ok(None);
    }
    let is_last = field("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    let wrong = match response.code {
        Some(status) if status != ask.status() => Some(Wrong::Status(status)),
        Some(_) if ask.is_answered_by(&bytes[head..length]) => None,
        Some(_) => Some(Wrong::Body),
        None => Some(Wrong::Malformed),
    };
    Ok(Some(Answer { length, wrong, is_last }))
}

/// The `ETag` of an answer.
pub fn tag(bytes: &[u8]) -> Option<String> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    response.parse(bytes).ok()?;
    let field = response.headers.iter().find(|field| field.name.eq_ignore_ascii_case("etag"))?;
    std::str::from_utf8(field.value).ok().map(str::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEALTH: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{\"status\":\"ok\"}";

    #[test]
    fn an_answer_is_there_with_its_last_byte() {
        for end in 0..HEALTH.len() {
            assert_eq!(parse(Ask::Health, &HEALTH[..end]), Ok(None), "{end} bytes");
        }
        let answer = Answer { length: HEALTH.len(), wrong: None, is_last: false };
        assert_eq!(parse(Ask::Health, HEALTH), Ok(Some(answer)));
        // What comes after it is not a part of it.
        assert_eq!(parse(Ask::Health, &[HEALTH, b"HTTP/1.1"].concat()), Ok(Some(answer)));
    }

    #[test]
    fn a_wrong_answer_is_told_apart() {
        let wrong =
            |ask, bytes: &[u8]| parse(ask, bytes).map(|answer| answer.and_then(|answer| answer.wrong));
        let busy = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
        assert_eq!(wrong(Ask::Gif, busy), Ok(Some(Wrong::Status(503))));
        assert!(parse(Ask::Gif, busy).is_ok_and(|answer| answer.is_some_and(|answer| answer.is_last)));
        assert_eq!(wrong(Ask::Jpeg, HEALTH), Ok(Some(Wrong::Body)));
        let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n\xFF\xD8\xFF\xE0\xFF";
        assert_eq!(wrong(Ask::Jpeg, cut), Ok(Some(Wrong::Body)));
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n\xFF\xD8\xFF\xFF\xD9";
        assert_eq!(wrong(Ask::Jpeg, whole), Ok(None));
        assert_eq!(wrong(Ask::Health, b"no HTTP at all\r\n\r\n"), Err(Wrong::Malformed));
        assert_eq!(wrong(Ask::Health, b"HTTP/1.1 200 OK\r\n\r\n"), Err(Wrong::Malformed));
    }

    #[test]
    fn a_304_has_no_body_whatever_length_it_names() {
        let known = b"HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 5\r\n\r\n";
        let answer = Answer { length: known.len(), wrong: None, is_last: false };
        assert_eq!(parse(Ask::NotModified, known), Ok(Some(answer)));
        assert_eq!(tag(known).as_deref(), Some("\"a\""));
        let wrong = |ask, bytes: &[u8]| parse(ask, bytes).map(|answer| answer.map(|answer| answer.wrong));
        assert_eq!(wrong(Ask::Kept(Kind::Png), known), Ok(Some(Some(Wrong::Status(304)))));
        assert_eq!(wrong(Ask::NotModified, HEALTH), Ok(Some(Some(Wrong::Status(200)))));
    }

    #[test]
    fn no_two_pictures_have_the_same_text_and_all_have_the_same_length() {
        for ask in [Ask::Jpeg, Ask::Posted, Ask::Own] {
            let number = AtomicU64::new(98);
            let requests: Vec<_> = (0..3).map(|_| ask.request(&number)).collect();
            assert!(requests[0] != requests[1] && requests[1] != requests[2]);
            assert!(requests.iter().all(|request| request.len() == requests[0].len()));
        }
    }

    #[test]
    fn an_own_picture_is_all_of_the_body() {
        let request = Ask::Own.request(&AtomicU64::new(123));
        let head = &request[..request.len() - OWN.len()];
        let head = std::str::from_utf8(head).expect("a head is text");
        assert!(head.starts_with("POST /caption?top_text=picture+number&bottom_text=000000123 HTTP/1.1\r\n"));
        assert!(head.ends_with(&format!("\r\nContent-Length: {}\r\n\r\n", OWN.len())));
        assert!(Kind::Jpeg.is_of(OWN) && request.ends_with(OWN));
    }
}
