//! Decodes a [`Link`]: a picture by its path, `/images/{template}/{top}/{bottom}.{extension}`, as one pastes it into a
//! page or a chat; and writes such paths.
//!
//! A picture has many links (`-` for `_`, `.jpeg`, `color=red`, keys that others have added), and one in its normal form,
//! which is written from what the link has been decoded to. The server sends a client that has another one there, so that
//! caches see one. Two links that differ in how they are percent-encoded are the same, since proxies change that: none of
//! them is sent to the other, so there is no loop.

use std::borrow::Cow;

use percent_encoding::{percent_decode, utf8_percent_encode, AsciiSet, NON_ALPHANUMERIC};

use super::caption::{ImageMacro, MAX_CAPTIONS};
use super::decode::{bands_of, image_macro, number};
use super::error::{shortened, Invalid};
use super::escapes::{segment_of, text_of};
use super::fields::{Fields, Given, Value};
use super::format::Format;
use super::normal::query_of;
use super::place::{options, Place};
use super::query;
use super::spot::Spot;
use super::values::normal_name;

/// Where links are.
pub const PREFIX: &str = "/images/";

/// What is percent-encoded in the value of a query string: all but what never has a meaning.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// What is percent-encoded in a path: not what may be there with no other meaning. Parentheses would end a link in
/// Markdown.
const IN_PATH: &AsciiSet = &IN_QUERY
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// The fields that a link has in its path, or cannot have. It can have all others of the short form in its query string.
const NO_OPTIONS: [&str; 4] = ["template", "text", "format", "captions"];

/// A link.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// The picture.
    pub image_macro: ImageMacro,
    /// Where its normal form is, as a reference without a host; `None` if the link is in its normal form.
    pub moved: Option<String>,
}

impl Link {
    /// Decodes a path that begins with `/images/`, and a query string, as they were sent.
    ///
    /// # Errors
    /// [`Invalid`], with the sentence for the client.
    pub fn parse(path: &str, query: &str) -> Result<Link, Invalid> {
        // The name of the folder may be percent-encoded, too.
        let inside = path.splitn(3, '/').nth(2).unwrap_or("");
        let segments = inside.split('/').map(decoded).collect::<Result<Vec<_>, _>>()?;
        let (template, texts, format) = parts_of(&segments)?;
        let bands = bands_of(texts.len());

        let mut fields = Fields::default();
        fields.put(Place::REQUEST.field("template")?, Value::Text(template));
        for (band, text) in bands.iter().zip(&texts) {
            fields.put(Place::REQUEST.field(&format!("{}_text", band.name()))?, Value::Text(text.clone()));
        }
        if texts.len() > bands.len() {
            let all = texts.iter().cloned().map(Value::Text).collect();
            fields.put(Place::REQUEST.field("captions")?, Value::List(all));
        }
        for given in query::from_query(query)?.rest() {
            if NO_OPTIONS.contains(&given.place.name) {
                return Err(no_option(given));
            }
            fields.put(given.place, given.value.clone());
        }
        let mut image_macro = image_macro(fields)?.in_format(format)?;
        number(&mut image_macro.captions, texts.len());

        let normal = segments_of(&image_macro.template, &texts_of(&image_macro, texts.len()), format);
        let options = query_of(&image_macro);
        let is_normal = segments == normal && pairs_of(query).as_ref() == Some(&options);
        let moved = if is_normal { None } else { Some(path_of_segments(&normal) + &escaped(&options)) };
        Ok(Link { image_macro, moved })
    }
}

/// So many texts, as they are drawn. Of one that is blank it is empty.
fn texts_of(image_macro: &ImageMacro, count: usize) -> Vec<&str> {
    let mut texts = vec![""; count];
    for caption in &image_macro.captions {
        if let Spot::Numbered(number, _) = caption.spot {
            texts[number] = &caption.text;
        }
    }
    texts
}

/// The template, the texts and the format that the segments after [`PREFIX`] name.
fn parts_of(segments: &[Cow<str>]) -> Result<(String, Vec<String>, Format), Invalid> {
    let (last, before) = segments.split_last().expect("even nothing is split into one");
    let extension = last.rsplit_once('.').and_then(|(last, extension)| {
        let format = Format::of_extension(extension)?;
        Some((last, format))
    });
    let (last, format) = extension.ok_or_else(|| no_format(last))?;
    let mut names = before.iter().map(|segment| &**segment).chain(Some(last));
    let template = normal_name(names.next().expect("there is a last one"));
    let texts: Vec<String> = names.map(text_of).collect();
    if texts.len() > MAX_CAPTIONS {
        return Err(Invalid(format!(
            "the link has {} texts, and at most {} are allowed; in a text, a slash is written ~s",
            texts.len(),
            MAX_CAPTIONS
        )));
    }
    let count = count_without_blanks(&texts);
    Ok((template, texts.into_iter().take(count).collect(), format))
}

/// How many texts there are without blank ones at the end that say nothing: the others stay in their places without them.
fn count_without_blanks<T: AsRef<str>>(texts: &[T]) -> usize {
    // Control characters become spaces.
    let is_white = |c: char| c.is_whitespace() || c.is_control();
    let is_blank = |index: usize| texts[index].as_ref().chars().all(is_white);
    let mut count = texts.len();
    // Of three texts, the second one is in the middle; of two, below.
    while count > 0 && is_blank(count - 1) && (count != 3 || is_blank(1)) {
        count -= 1;
    }
    count
}

/// The pairs of a query string; `None` if one of them is not UTF-8, as those that are ignored need not be.
fn pairs_of(query: &str) -> Option<Vec<(String, String)>> {
    let unescaped = |text| query::unescaped(text, "").ok();
    query::pairs(query).map(|(key, value)| Some((unescaped(key)?, unescaped(value)?))).collect()
}

/// The path of a template with these texts, of which those may be empty that are not there.
pub fn path_of(template: &str, texts: &[&str], format: Format) -> String {
    path_of_segments(&segments_of(template, &texts[..count_without_blanks(texts)], format))
}

/// The link of a template without text, small enough to be shown among others.
pub fn thumbnail_of(template: &str, format: Format) -> String {
    format!("{}?width={}", path_of(template, &[], format), THUMBNAIL)
}

/// The width of a thumbnail, in pixels.
pub const THUMBNAIL: u32 = 240;

/// The segments of a link after [`PREFIX`], not percent-encoded.
fn segments_of(template: &str, texts: &[&str], format: Format) -> Vec<Cow<'static, str>> {
    let mut segments = vec![template.to_string()];
    segments.extend(texts.iter().map(|text| segment_of(text)));
    if let Some(last) = segments.last_mut() {
        last.push('.');
        last.push_str(format.extension());
    }
    segments.into_iter().map(Cow::from).collect()
}

fn path_of_segments(segments: &[Cow<str>]) -> String {
    let encoded = segments.iter().map(|segment| utf8_percent_encode(segment, IN_PATH).to_string());
    PREFIX.to_string() + &encoded.collect::<Vec<_>>().join("/")
}

/// A query string with its `?`, or nothing.
fn escaped(options: &[(String, String)]) -> String {
    let pairs: Vec<_> = options
        .iter()
        .map(|(key, value)| format!("{}={}", key, utf8_percent_encode(value, IN_QUERY)))
        .collect();
    if pairs.is_empty() {
        String::new()
    } else {
        format!("?{}", pairs.join("&"))
    }
}

fn decoded(segment: &str) -> Result<Cow<'_, str>, Invalid> {
    let decoded = percent_decode(segment.as_bytes()).decode_utf8();
    decoded.map_err(|_| Invalid(format!("{:?} in the path is not UTF-8 once unescaped", shortened(segment))))
}

fn no_format(last: &str) -> Invalid {
    Invalid(format!(
        "the link ends in {:?}, and must end in .jpg, .png or .gif, as in /images/cat/top_text/bottom_text.jpg",
        shortened(last)
    ))
}

fn no_option(given: &Given) -> Invalid {
    Invalid(format!(
        "\"{}\" cannot be in the query string of a link, which has template, texts and format in its path: there are {}",
        given.place,
        options(&NO_OPTIONS)
    ))
}
