//! `Content-Disposition`: the name under which a browser saves a picture, as RFC 6266 has it.
//!
//! The name comes from a template, and those of folders can have any letters. A header has only ASCII, so such a name is
//! there twice: as it is, in the escapes of RFC 8187, and with `_` for what ASCII lacks, for programs that do not know them.

use bytes::Bytes;
use percent_encoding::{utf8_percent_encode, AsciiSet, NON_ALPHANUMERIC};

use image_macro::Format;

/// What is escaped in `filename*`: all but the `attr-char` of RFC 8187.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The value for a picture that is shown in its place, and is saved as `name` with the extension of its format.
pub fn inline(name: &str, format: Format) -> Bytes {
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let mut value = format!("inline; filename=\"{}.{}\"", plain, format.extension());
    if plain != name {
        let escaped = utf8_percent_encode(name, ESCAPED);
        value.push_str(&format!("; filename*=UTF-8''{}.{}", escaped, format.extension()));
    }
    Bytes::from(value)
}

/// Whether all programs take a character of a quoted name for what it is. Some decode a `%`, or cut a path at a slash of
/// either kind.
fn is_plain(c: char) -> bool {
    c == ' ' || c.is_ascii_graphic() && !"\"\\%/".contains(c)
}

#[cfg(test)]
mod tests {
    use super::inline;
    use image_macro::Format;

    #[test]
    fn a_name_is_quoted_and_escaped_if_it_is_not_plain() {
        for (name, expected) in [
            ("cat", "inline; filename=\"cat.png\""),
            ("deal-with-it", "inline; filename=\"deal-with-it.png\""),
            ("two words; a=b", "inline; filename=\"two words; a=b.png\""),
            ("caf\u{e9}", "inline; filename=\"caf_.png\"; filename*=UTF-8''caf%C3%A9.png"),
            ("a\"b\\c%41", "inline; filename=\"a_b_c_41.png\"; filename*=UTF-8''a%22b%5Cc%2541.png"),
            ("\r\nX: 1", "inline; filename=\"__X: 1.png\"; filename*=UTF-8''%0D%0AX%3A%201.png"),
        ] {
            assert_eq!(inline(name, Format::Png), expected.as_bytes(), "{:?}", name);
        }
    }

    #[test]
    fn the_extension_is_that_of_the_format() {
        assert_eq!(inline("a", Format::Jpeg), b"inline; filename=\"a.jpg\""[..]);
        assert_eq!(inline("a", Format::Gif), b"inline; filename=\"a.gif\""[..]);
    }
}
