//! What the body of a POST is, as its first bytes tell, whatever its type says; and the answer to one that should be a
//! picture and is none.

use hyper::StatusCode;

use captioner::{format_of, CaptionError, Flaw};
use image_macro::without_mark;
use server::http::reply::Reply;

/// How far the name of a form's first field is looked for. No field has a longer one.
const LONGEST_NAME: usize = 64;
/// How much white space is skipped, at most: as much as a body of JSON has by default. A picture's body is larger, and to
/// look through it would hold up the reactor.
const MOST_SPACE: usize = 128 << 10;

/// What a body is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// There is none, or only white space.
    Nothing,
    /// A JPEG, a PNG or a GIF.
    Picture,
    /// JSON: an object, or a list, with which no form begins either.
    Json,
    /// It begins as an urlencoded form does, with a name and `=`.
    Form,
    /// None of them.
    Unknown,
}

impl Kind {
    /// The kind of this body.
    pub fn of(body: &[u8]) -> Kind {
        if format_of(body).is_some() {
            return Kind::Picture;
        }
        let text = without_mark(body);
        match text[..MOST_SPACE.min(text.len())].trim_ascii_start().first() {
            None if text.len() > MOST_SPACE => Kind::Unknown,
            None => Kind::Nothing,
            Some(b'{') | Some(b'[') => Kind::Json,
            Some(_) if begins_as_form(body) => Kind::Form,
            Some(_) => Kind::Unknown,
        }
    }

    /// The answer if this should be a picture and is none. `has_fields`: because there are fields in the query string.
    pub fn refusal(self, has_fields: bool) -> Reply {
        let sentence = match self {
            Kind::Nothing => {
                "the body is empty, and must be a picture: a JPEG, a PNG or a GIF. For a template, send a GET"
            }
            Kind::Json if has_fields => {
                "there are fields in the query string and a body that is JSON: put all of them into the body, or send a \
                 GET. Only a picture has its fields in the query string"
            }
            Kind::Form if has_fields => {
                "there are fields in the query string and a body that is a form: put all of them into the form, or send \
                 a GET. Only a picture has its fields in the query string"
            }
            _ => return Reply::from(&CaptionError::BadPicture { flaw: Flaw::Format, cause: None }),
        };
        Reply::error(StatusCode::BadRequest, sentence)
    }
}

fn begins_as_form(body: &[u8]) -> bool {
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.+%[]".contains(byte);
    let name = body.iter().take(LONGEST_NAME).take_while(|byte| is_of_name(byte)).count();
    name > 0 && body.get(name) == Some(&b'=')
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn the_first_bytes_tell_what_a_body_is() {
        for &(kind, bodies) in &[
            (Kind::Nothing, &[b"".as_ref(), b" \r\n", b"\xef\xbb\xbf"][..]),
            (Kind::Picture, &[b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a"]),
            (Kind::Json, &[b"{}", b" \n[", b"\xef\xbb\xbf{\"", b"\xef\xbb\xbf \t{"]),
            (Kind::Form, &[b"top_text=", b"a=b&c=d", b"captions[0][text]=a", b"caption%5B%5D=\xff", b"+t=1"]),
            (
                Kind::Unknown,
                &[b"a", b"=", b"=a", b"hello", b"<svg id=\"a\"/>", b"RIFF\x10\0=\0WEBP", b"\xff\xd8="],
            ),
            (Kind::Unknown, &[b"data:image/png;base64,aaa=", &[b'a'; 100]]),
        ] {
            for body in bodies {
                assert_eq!(Kind::of(body), kind, "{:?}", String::from_utf8_lossy(body));
            }
        }
        let of_parts = |start: &[u8], end: &[u8]| Kind::of(&[start, end].concat());
        assert_eq!(of_parts(&[b'a'; 64], b"=b"), Kind::Form);
        assert_eq!(of_parts(&[b'a'; 65], b"=b"), Kind::Unknown);
        assert_eq!(of_parts(&[b' '; super::MOST_SPACE - 1], b"{}"), Kind::Json);
        assert_eq!(of_parts(&[b' '; super::MOST_SPACE], b"{}"), Kind::Unknown);
    }
}
