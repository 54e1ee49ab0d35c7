//! What is asked, and whether the answer is the right one.

use std::sync::atomic::{AtomicU64, Ordering};

/// Header fields of an answer, at most.
const FIELDS: usize = 32;

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
}

impl Ask {
    /// The bytes of a request. Pictures have another text each time, always of the same length.
    pub fn request(self, number: &AtomicU64) -> String {
        let picture = |template| {
            let number = number.fetch_add(1, Ordering::Relaxed);
            format!("/caption?template={template}&top_text=picture+number&bottom_text={number:09}")
        };
        let target = match self {
            Ask::Health => "/health".to_string(),
            Ask::Jpeg => picture("raccoon"),
            Ask::Gif => picture("deal-with-it"),
            Ask::LongGif => picture("dramatic-raccoon"),
        };
        format!("GET {target} HTTP/1.1\r\nHost: compare\r\n\r\n")
    }

    /// Whether a body is of the kind that was asked for, from its first byte to its last.
    fn is_answered_by(self, body: &[u8]) -> bool {
        match self {
            Ask::Health => body.trim_ascii() == br#"{"status":"ok"}"#,
            Ask::Jpeg => body.starts_with(&[0xFF, 0xD8, 0xFF]) && body.ends_with(&[0xFF, 0xD9]),
            Ask::Gif | Ask::LongGif => body.starts_with(b"GIF89a") && body.ends_with(&[0x3B]),
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
    let body: usize =
        field("content-length").and_then(|length| length.trim().parse().ok()).ok_or(Wrong::Malformed)?;
    let length = head.checked_add(body).ok_or(Wrong::Malformed)?;
    if bytes.len() < length {
        return Ok(None);
    }
    let is_last = field("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    let wrong = match response.code {
        Some(200) if ask.is_answered_by(&bytes[head..length]) => None,
        Some(200) => Some(Wrong::Body),
        status => Some(status.map_or(Wrong::Malformed, Wrong::Status)),
    };
    Ok(Some(Answer { length, wrong, is_last }))
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
    fn no_two_pictures_have_the_same_text_and_all_have_the_same_length() {
        let number = AtomicU64::new(98);
        let requests: Vec<_> = (0..3).map(|_| Ask::Jpeg.request(&number)).collect();
        assert!(requests[0] != requests[1] && requests[1] != requests[2]);
        assert!(requests.iter().all(|request| request.len() == requests[0].len()));
    }
}
