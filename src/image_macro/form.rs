//! Decodes a form, as browsers send one that has a file in it: the fields of a query string, and perhaps a picture.

use super::caption::{Edit, ImageMacro};
use super::decode::{edit_of_own, image_macro};
use super::error::{shortened, Invalid};
use super::fields::{doubled, Fields};
use super::multipart::{parts, Boundary};
use super::place::PICTURE;
use super::query;

/// The most bytes of any other part: more than the longest text that a caption may have, before NFC.
const MAX_FIELD: usize = 16 << 10;

/// What a form asks for.
#[derive(Debug, PartialEq)]
pub enum Form<'a> {
    /// A template with captions.
    Template(ImageMacro),
    /// Captions on the picture in the form, whose bytes these are.
    Picture(&'a [u8], Edit),
}

/// Decodes the body of a form, `multipart/form-data`. The bytes of the picture are not copied.
///
/// The fields mean what they mean in a query string, also if they are empty. A picture that is empty counts as not given,
/// since that is what a browser sends if no file was chosen.
///
/// # Errors
/// [`Invalid`], with the sentence for the client.
pub fn from_form<'a>(body: &'a [u8], boundary: &Boundary) -> Result<Form<'a>, Invalid> {
    let mut picture = None;
    let mut fields = Fields::default();
    for part in parts(body, boundary)? {
        if part.name.trim().eq_ignore_ascii_case(PICTURE) {
            if picture.replace(part.value).is_some() {
                return Err(doubled(&part.name));
            }
        } else if !query::is_ignored_key(&part.name) {
            let text = text_of(&part.name, part.value)?;
            query::add(&mut fields, &part.name, text)?;
        }
    }
    match picture.filter(|picture| !picture.is_empty()) {
        Some(picture) => Ok(Form::Picture(picture, edit_of_own(fields)?)),
        None => image_macro(fields).map(Form::Template).map_err(|invalid| without_picture(invalid, picture)),
    }
}

fn text_of(name: &str, value: &[u8]) -> Result<String, Invalid> {
    if value.len() > MAX_FIELD {
        let sentence = format!("the field {:?} has more than {} bytes", shortened(name), MAX_FIELD);
        return Err(Invalid(sentence));
    }
    let text = String::from_utf8(value.to_vec());
    text.map_err(|_| {
        Invalid(format!("the field {:?} is not text in UTF-8: {}", shortened(name), query::CHARSET_OF_FORMS))
    })
}

/// If the field for the picture is there and empty, its sender will want to know that.
fn without_picture(invalid: Invalid, picture: Option<&[u8]>) -> Invalid {
    match picture {
        Some(_) => Invalid(format!("the field {:?} has no file in it, and {}", PICTURE, invalid)),
        None => invalid,
    }
}

#[cfg(test)]
mod tests {
    use super::{from_form, Boundary, Form, Invalid};
    use image_macro::from_query;

    fn boundary() -> Boundary {
        Boundary::of(b"multipart/form-data; boundary=b").unwrap().unwrap()
    }

    /// A form with these fields.
    fn form(fields: &[(&str, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for &(name, value) in fields {
            let head = format!("--b\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n", name);
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(value);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--b--\r\n");
        body
    }

    fn refused(fields: &[(&str, &[u8])]) -> String {
        let Invalid(sentence) = from_form(&form(fields), &boundary()).unwrap_err();
        sentence
    }

    #[test]
    fn the_fields_are_those_of_a_query_string_also_if_they_are_empty() {
        let body = form(&[
            ("template", b"cat"),
            ("Top_Text", b"a\r\nb"),
            ("bottom_text", b"c"),
            ("font", b""),
            ("width", b" "),
            ("top_outline", b""),
            ("picture", b""),
            ("color[r]", b"1"),
            ("color[g]", b"2"),
            ("color[b]", b"3"),
        ]);
        let same = "template=cat&top_text=a%0Ab&bottom_text=c&color=rgb(1+2+3)&top_outline=none";
        assert_eq!(from_form(&body, &boundary()), Ok(Form::Template(from_query(same).unwrap())));
    }

    #[test]
    fn keys_that_others_add_are_ignored() {
        let added: [(&str, &[u8]); 5] =
            [("_", b"1"), ("v", b"2"), ("utm_source", b"\xff"), ("FBCLID", b"x"), ("gclid", &[b'a'; 20_000])];
        let body = form(&[&[("template", b"cat".as_ref())], &added[..], &added[..]].concat());
        assert_eq!(from_form(&body, &boundary()), Ok(Form::Template(from_query("template=cat").unwrap())));
    }

    #[test]
    fn a_picture_is_not_copied_and_takes_the_place_of_the_template() {
        let picture = b"\xff\xd8\r\n--\r\n--b\0\r\n--bb\r\n".as_ref();
        let body = form(&[("template", b""), ("PICTURE ", picture), ("bottom_text", "é".as_bytes())]);
        match from_form(&body, &boundary()) {
            Ok(Form::Picture(found, edit)) => {
                assert_eq!(found, picture);
                assert!(body.as_ptr_range().contains(&found.as_ptr()));
                assert_eq!((edit.captions.len(), edit.captions[0].text.as_str()), (1, "é"));
            }
            other => panic!("{:?}", other),
        }
    }

    #[test]
    fn what_a_form_must_not_have() {
        let picture: (&str, &[u8]) = ("picture", b"p");
        assert!(refused(&[picture, ("template", b"cat")]).contains("\"template\" contradicts the picture"));
        assert!(refused(&[picture, picture]).contains("\"picture\" is given twice"));
        assert!(refused(&[picture, ("font", b"a"), ("font", b"a")]).contains("\"font\" is given twice"));
        assert!(refused(&[("font", b""), ("font", b"")]).contains("\"font\" is given twice"));
        assert!(refused(&[("fnot", b"")]).contains("\"fnot\" is not a field"));
        assert!(refused(&[picture, ("a\u{e9}%22", b"1")]).contains("\"aé\\\"\" is not a field"));
        assert!(refused(&[picture, ("top_text", b"\xff")]).contains("\"top_text\" is not text in UTF-8"));
        assert!(refused(&[("top_text", &[b'a'; 20_000])]).contains("has more than 16384 bytes"));
        assert!(refused(&[("top_text", b"a")]).contains("\"template\" is missing"));
        let empty = refused(&[("picture", b""), ("top_text", b"a")]);
        assert!(
            empty.contains("\"picture\" has no file in it, and the field \"template\" is missing"),
            "{}",
            empty
        );
    }
}
