//! Parses `multipart/form-data` (RFC 7578), in a body that has arrived as a whole: finds its parts, and copies none.
//!
//! Parsers that disagree about where a part ends are a danger, so what the RFC does not allow is refused: a head that is
//! folded or has no name, an encoding, a last boundary that is missing.

use std::str;

use httparse::{self, Status};
use memchr::memmem::Finder;

use super::error::{shortened, Invalid};

/// The most characters of a boundary (RFC 2046, section 5.1.1).
const MAX_BOUNDARY: usize = 70;
/// The most parts: more than a request has fields.
const MAX_PARTS: usize = 256;
/// The most bytes of a part's head. File names can be long.
const MAX_HEAD: usize = 8 << 10;
/// The most header fields of a part. There are three that mean something.
const MAX_HEADERS: usize = 8;

/// What separates the parts of a form.
#[derive(Clone, Debug, PartialEq)]
pub struct Boundary(String);

impl Boundary {
    /// The boundary that a `Content-Type` names; `None` if it is not that of a form with parts.
    ///
    /// # Errors
    /// [`Invalid`], if it names none, or one that RFC 2046 does not allow.
    pub fn of(content_type: &[u8]) -> Option<Result<Boundary, Invalid>> {
        let is_form = |kind: &str| kind.eq_ignore_ascii_case("multipart/form-data");
        let end = content_type.iter().position(|&byte| byte == b';').unwrap_or(content_type.len());
        if !str::from_utf8(&content_type[..end]).is_ok_and(|kind| is_form(kind.trim())) {
            return None;
        }
        let values = str::from_utf8(content_type).ok().and_then(parameters);
        let boundary = values.and_then(|values| only(&values, "boundary").map(str::to_string));
        let is_allowed = |text: &String| {
            text.len() <= MAX_BOUNDARY
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte))
                && text.ends_with(|last| last != ' ')
        };
        let needed = || {
            let sentence =
                "a form needs \"Content-Type: multipart/form-data; boundary=…\", with a boundary of \
                            up to 70 characters";
            Invalid(sentence.to_string())
        };
        Some(boundary.filter(is_allowed).map(Boundary).ok_or_else(needed))
    }
}

/// A part of a form.
#[derive(Debug, PartialEq)]
pub struct Part<'a> {
    /// The field's name.
    pub name: String,
    /// Its value, or the content of a file.
    pub value: &'a [u8],
}

/// The parts of a form, in their order. What is before the first boundary or after the last one is no part.
///
/// # Errors
/// [`Invalid`], with the sentence for the client.
pub fn parts<'a>(body: &'a [u8], boundary: &Boundary) -> Result<Vec<Part<'a>>, Invalid> {
    let Boundary(ref boundary) = *boundary;
    let delimiter = format!("\r\n--{}", boundary);
    let lines = Lines { body, finder: Finder::new(delimiter.as_bytes()), length: delimiter.len() };
    let mut parts = Vec::new();
    // The first one needs no line before it.
    let first =
        if body.starts_with(&delimiter.as_bytes()[2..]) { lines.at(0, delimiter.len() - 2) } else { None };
    let mut line = first.or_else(|| lines.after(0)).ok_or_else(|| malformed("it has no boundary"))?;
    while !line.is_last {
        if parts.len() == MAX_PARTS {
            return Err(malformed(&format!("it has more than {} parts", MAX_PARTS)));
        }
        let next = lines.after(line.end).ok_or_else(|| malformed("its last boundary is missing"))?;
        parts.push(part(&body[line.end..next.start])?);
        line = next;
    }
    Ok(parts)
}

fn malformed(why: &str) -> Invalid {
    Invalid(format!("the form is malformed: {}", why))
}

/// The lines of a body that are a boundary.
struct Lines<'a> {
    body: &'a [u8],
    /// Finds the end of a line, two dashes, and the boundary.
    finder: Finder<'a>,
    /// Bytes of these.
    length: usize,
}

/// One of these lines.
struct Line {
    /// Where the value before it ends.
    start: usize,
    /// Where the head after it begins.
    end: usize,
    is_last: bool,
}

impl<'a> Lines<'a> {
    /// The next one. Each byte is looked at once, but for those of lines that only begin as a boundary.
    fn after(&self, mut from: usize) -> Option<Line> {
        loop {
            let start = from + self.finder.find(&self.body[from..])?;
            if let Some(line) = self.at(start, self.length) {
                return Some(line);
            }
            from = start + self.length;
        }
    }

    /// The line whose boundary is at `start` and takes so many bytes, if it goes on as it must: with two dashes, or with
    /// nothing but blanks.
    fn at(&self, start: usize, length: usize) -> Option<Line> {
        let rest = &self.body[start + length..];
        if rest.starts_with(b"--") {
            return Some(Line { start, end: self.body.len(), is_last: true });
        }
        let blanks = rest.iter().take_while(|&&byte| byte == b' ' || byte == b'\t').count();
        let end = start + length + blanks + 2;
        if rest[blanks..].starts_with(b"\r\n") {
            Some(Line { start, end, is_last: false })
        } else {
            None
        }
    }
}

/// A part from its head and value.
fn part(bytes: &[u8]) -> Result<Part<'_>, Invalid> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let (end, headers) = match httparse::parse_headers(&bytes[..bytes.len().min(MAX_HEAD)], &mut headers) {
        Ok(Status::Complete(parsed)) => parsed,
        Ok(Status::Partial) => return Err(malformed("the head of a part is too large, or has no end")),
        Err(error) => return Err(malformed(&format!("the head of a part is wrong: {}", error))),
    };
    let mut disposition = None;
    for header in headers {
        let value = str::from_utf8(header.value).map_err(|_| malformed("the head of a part is not UTF-8"))?;
        if header.name.eq_ignore_ascii_case("Content-Disposition") {
            if disposition.replace(value).is_some() {
                return Err(malformed("a part has two Content-Dispositions"));
            }
        } else if header.name.eq_ignore_ascii_case("Content-Transfer-Encoding") {
            let is_none = |name: &&str| name.eq_ignore_ascii_case(value.trim());
            if !["binary", "8bit", "7bit"].iter().any(is_none) {
                let sentence =
                    format!("a part is encoded as {:?}, and must be sent as it is", shortened(value));
                return Err(malformed(&sentence));
            }
        }
    }
    let name = disposition
        .and_then(name_in)
        .ok_or_else(|| malformed("a part needs one \"Content-Disposition: form-data; name=\\\"…\\\"\""))?;
    Ok(Part { name, value: &bytes[end..] })
}

/// The name in a `Content-Disposition` of a form. Browsers escape three characters in it.
fn name_in(disposition: &str) -> Option<String> {
    let kind = disposition.split(';').next().unwrap_or("");
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return None;
    }
    let values = parameters(disposition)?;
    let name = only(&values, "name")?;
    Some(name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n"))
}

/// The value of a parameter that is there once.
fn only<'a>(values: &'a [(&str, String)], wanted: &str) -> Option<&'a str> {
    let mut found = values.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
    match (found.next(), found.next()) {
        (Some((_, value)), None) if !value.is_empty() => Some(value),
        _ => None,
    }
}

/// The parameters of a header field, as in `form-data; name="a"; filename="b;c"`. `None` if they are malformed.
fn parameters(field: &str) -> Option<Vec<(&str, String)>> {
    let mut rest = match field.split_once(';') {
        Some((_, rest)) => rest.trim(),
        None => "",
    };
    let mut values = Vec::new();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let (value, after) = after.split_at(after.find(';').unwrap_or(after.len()));
                (value.trim().to_string(), after)
            }
        };
        let is_plain = |text: &str| !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '"');
        if name.is_empty() || !is_plain(name) {
            return None;
        }
        values.push((name, value));
        rest = match after.trim_start() {
            "" => "",
            more => more.strip_prefix(';')?.trim_start(),
        };
    }
    Some(values)
}

/// A text up to its closing quote, and what follows. Only quotes and backslashes are escaped by a backslash: an old
/// browser may send the path of a file with them.
fn unquoted(quoted: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut characters = quoted.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match (character, characters.peek()) {
            ('"', _) => return Some((text, &quoted[at + 1..])),
            ('\\', Some(&(_, escaped))) if escaped == '"' || escaped == '\\' => {
                text.push(escaped);
                characters.next();
            }
            _ => text.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{parts, Boundary, Invalid, Part};

    const HEAD: &str = "Content-Disposition: form-data; name=\"a\"\r\n\r\n";

    fn of(content_type: &str) -> Option<Result<Boundary, Invalid>> {
        Boundary::of(content_type.as_bytes())
    }

    fn boundary(text: &str) -> Boundary {
        of(&format!("multipart/form-data; boundary=\"{}\"", text)).unwrap().unwrap()
    }

    fn parsed(body: &str) -> Result<Vec<(String, String)>, String> {
        let of_part = |part: &Part| (part.name.clone(), String::from_utf8(part.value.to_vec()).unwrap());
        let parts = parts(body.as_bytes(), &boundary("b"));
        parts.map(|parts| parts.iter().map(of_part).collect()).map_err(|Invalid(sentence)| sentence)
    }

    /// The value of the only part, whose name is `a`.
    fn value(body: &str) -> String {
        let mut parts = parsed(body).unwrap();
        assert_eq!(parts.len(), 1, "{:?}", parts);
        assert_eq!(parts[0].0, "a");
        parts.remove(0).1
    }

    fn assert_malformed(body: &str, part: &str) {
        let sentence = parsed(body).expect_err(body);
        assert!(sentence.contains(part), "{:?}: {}", body, sentence);
    }

    #[test]
    fn a_boundary_is_quoted_or_not_and_has_up_to_70_characters() {
        let is = |content_type: &str, text: &str| of(content_type) == Some(Ok(Boundary(text.to_string())));
        assert!(is("multipart/form-data; boundary=----WebKitFormBoundaryx1", "----WebKitFormBoundaryx1"));
        assert!(is("Multipart/Form-Data;charset=utf-8;BOUNDARY=\"a b:c\" ; x=y", "a b:c"));
        assert!(is("multipart/form-data; boundary=----=_Part_1", "----=_Part_1"));
        let longest = "x".repeat(70);
        assert!(is(&format!("multipart/form-data; boundary={}", longest), &longest));
        for wrong in [
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=\"\"",
            "multipart/form-data; boundary=\"a",
            "multipart/form-data; boundary=\"a \"",
            "multipart/form-data; boundary=a; boundary=a",
            "multipart/form-data; boundary=a\"b",
            "multipart/form-data; boundary=é",
            "multipart/form-data; boundary=a, multipart/form-data",
            &format!("multipart/form-data; boundary={}x", longest),
        ] {
            let refused = of(wrong).expect(wrong);
            assert!(refused.is_err() || wrong.contains(", "), "{}", wrong);
        }
        assert_eq!(of("multipart/mixed; boundary=b"), None);
        assert_eq!(of("application/json"), None);
        assert!(Boundary::of(b"multipart/form-data; boundary=\xff").unwrap().is_err());
        assert_eq!(Boundary::of(b"\xff"), None);
    }

    #[test]
    fn a_part_ends_at_a_line_that_is_the_boundary_and_nowhere_else() {
        let around = |value: &str| format!("--b\r\n{}{}\r\n--b--", HEAD, value);
        for text in [
            "",
            "x",
            "\r\n",
            "\r\n\r\n",
            "-",
            "\n--b\n",
            "\r\n--",
            "\r\n--bb\r\n",
            "\r\n--b.",
            "\r\n-- b\r\n",
            "\r--b\r\n",
            "\r\n--B\r\n",
            "\r\n--b x\r\n",
            "é\0",
            "\r\r\n",
        ] {
            assert_eq!(value(&around(text)), text);
        }
        // What is before and after is no part; blanks may follow a boundary.
        assert_eq!(value(&format!("preamble\r\n--b \t\r\n{}x\r\n--b--\r\n--b\r\nepilogue", HEAD)), "x");
        assert_eq!(value(&format!("\r\n{}", around("x"))), "x");
        assert_eq!(value(&format!("--bb\r\n{}", around("x").replacen("--b", "\r\n--b", 1))), "x");
        assert_eq!(parsed("--b--").unwrap(), []);
        let two = format!("--b\r\n{0}1\r\n--b\r\n{0}2\r\n--b--", HEAD);
        let a = |value: &str| ("a".to_string(), value.to_string());
        assert_eq!(parsed(&two).unwrap(), [a("1"), a("2")]);
    }

    #[test]
    fn a_form_that_does_not_end_is_malformed() {
        let whole = format!("--b\r\n{}x\r\n--b--", HEAD);
        for end in 0..whole.len() {
            assert!(parsed(&whole[..end]).is_err(), "{:?}", &whole[..end]);
        }
        assert_malformed("", "it has no boundary");
        assert_malformed("a=b", "it has no boundary");
        assert_malformed(&format!("--b\r\n{}x", HEAD), "its last boundary is missing");
        assert_malformed(&format!("--b\r\n{}x\r\n--b", HEAD), "its last boundary is missing");
    }

    #[test]
    fn heads_of_parts() {
        let with = |head: &str| parsed(&format!("--b\r\n{}\r\n\r\nx\r\n--b--", head));
        let name = |head: &str| with(head).map(|mut parts| parts.remove(0).0);
        let named = |parameters: &str| name(&format!("Content-Disposition: form-data; {}", parameters));
        for (parameters, expected) in [
            ("name=a", "a"),
            ("name=\"a b\"", "a b"),
            ("NAME=\"é\"", "é"),
            ("name=\"a%22b%0D%0A%41\"", "a\"b\r\n%41"),
            ("filename=\"name=x; C:\\dir\\f.png\"; name=\"a\"", "a"),
            ("filename=\"a\\\"b\\\\\"; name=\"a\";", "a"),
            ("name=\"a\"; filename=\"\"", "a"),
            ("name=\"a\"; filename*=UTF-8''b", "a"),
        ] {
            assert_eq!(named(parameters), Ok(expected.to_string()), "{}", parameters);
        }
        for wrong in [
            "",
            "name=",
            "name=\"\"",
            "name=\"a",
            "name=\"a\"b",
            "name=\"a\"; name=\"a\"",
            "name",
            "na me=a",
            "=a",
        ] {
            assert!(named(wrong).is_err(), "{:?}", wrong);
        }
        let disposition = "Content-Disposition: form-data; name=a";
        assert!(name(&format!("content-type: image/png\r\n{}", disposition)).is_ok());
        assert!(name(&format!("{}\r\nContent-Transfer-Encoding: BINARY", disposition)).is_ok());
        for wrong in [
            "Content-Type: image/png".to_string(),
            "Content-Disposition: attachment; name=a".to_string(),
            "Content-Disposition: form-data;\r\n name=a".to_string(),
            "no header".to_string(),
            format!("{0}\r\n{0}", disposition),
            format!("{}\r\nContent-Transfer-Encoding: base64", disposition),
            format!("{}\r\nX: {}", disposition, "x".repeat(10_000)),
            format!("{}{}", disposition, "\r\nX: y".repeat(8)),
        ] {
            assert!(with(&wrong).is_err(), "{}", wrong);
        }
        // It ends at a boundary.
        assert_malformed(&format!("--b\r\n{}--b--", HEAD), "the head of a part");
        // No head at all.
        assert_malformed("--b\r\n\r\nx\r\n--b--", "Content-Disposition");
        assert_malformed("--b\r\n--b--", "its last boundary is missing");
    }

    #[test]
    fn there_are_not_too_many_parts() {
        let many = |count: usize| format!("{}--b--", format!("--b\r\n{}x\r\n", HEAD).repeat(count));
        assert_eq!(parsed(&many(256)).unwrap().len(), 256);
        assert_malformed(&many(257), "more than 256 parts");
    }
}
