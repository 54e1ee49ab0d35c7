//! Parses a query string into [`Fields`]: `application/x-www-form-urlencoded`, with brackets for lists and objects
//! (`captions[]=a`, `captions[0][text]=a`, `color[r]=255`).

use std::str;

use percent_encoding::percent_decode;

use super::caption::MAX_CAPTIONS;
use super::error::{shortened, Invalid};
use super::fields::{doubled, Fields, Value};
use super::place::Place;

/// The most steps from a request to a value: no field is deeper than `captions[0][color][r]`.
const MAX_STEPS: usize = 4;

/// Keys that mean nothing here, because others add them to any URL: to get past a cache, or to know where a click came
/// from. `utm_` stands for all that begin so.
const IGNORED: &[&str] = &["_", "v", "utm_", "fbclid", "gclid"];

/// How an error calls a form.
const FORM: &str = "the form";

/// What to do about a form in another encoding, which is how a page in Windows-1252 sends it.
pub const CHARSET_OF_FORMS: &str =
    "a browser sends a form in the encoding of its page, so give the page <meta charset=utf-8>, or the form \
     accept-charset=utf-8";

/// The fields of a query string, still escaped. Every value is a [`Value::Text`] at the end.
///
/// # Errors
/// At the first pair whose key or value is not UTF-8, whose key has brackets that do not match or no place in a request,
/// or is given twice.
pub fn from_query(query: &str) -> Result<Fields, Invalid> {
    from_pairs(query, "the query string")
}

/// The fields of a form that is written as a query string.
///
/// # Errors
/// As [`from_query`].
pub fn from_body(body: &[u8]) -> Result<Fields, Invalid> {
    let text =
        str::from_utf8(body).map_err(|_| Invalid(format!("{} is not UTF-8: {}", FORM, CHARSET_OF_FORMS)))?;
    from_pairs(text, FORM)
}

/// Whether nothing in a query string means anything.
pub fn is_ignored(query: &str) -> bool {
    pairs(query).all(|(key, _)| unescaped(key, "").is_ok_and(|key| is_ignored_key(&key)))
}

/// The pairs of a query string, still escaped.
pub fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Whether a key, unescaped, is one that others add.
pub fn is_ignored_key(key: &str) -> bool {
    let key = key.trim();
    let starts_with = |start: &str| key.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start));
    IGNORED.iter().any(|ignored| starts_with(ignored) && (key.len() == ignored.len() || *ignored == "utm_"))
}

/// `source` is how an error calls what the pairs are in.
fn from_pairs(written: &str, source: &str) -> Result<Fields, Invalid> {
    let mut fields = Fields::default();
    for (key, text) in pairs(written) {
        let key = unescaped(key, source)?;
        if !is_ignored_key(&key) {
            add(&mut fields, &key, unescaped(text, source)?)?;
        }
    }
    Ok(fields)
}

/// Adds a pair, unescaped, whose key is none of those that are ignored. The fields of a form are named as those of a query
/// string.
///
/// # Errors
/// If the key has brackets that do not match or no place in a request, or is given twice.
pub fn add(fields: &mut Fields, key: &str, text: String) -> Result<(), Invalid> {
    let (steps, count) = steps_of(key)?;
    let field = Place::REQUEST.field(steps[0])?;
    put(fields.entry(field), field, &steps[1..count], key, text)
}

/// `+` is a space, `%41` is `A`. A `%` that escapes nothing stays a `%`, as the URL standard has it: people type
/// `100%`.
pub fn unescaped(text: &str, source: &str) -> Result<String, Invalid> {
    let spaced: Vec<_> = text.bytes().map(|byte| if byte == b'+' { b' ' } else { byte }).collect();
    let decoded = percent_decode(&spaced).decode_utf8();
    decoded.map(|text| text.into_owned()).map_err(|_| {
        let sentence = format!("{:?} in {} is not UTF-8 once unescaped", shortened(text), source);
        Invalid(if source == FORM { format!("{}: {}", sentence, CHARSET_OF_FORMS) } else { sentence })
    })
}

/// `captions[0][text]` becomes `captions`, `0`, `text`, and their number.
fn steps_of(key: &str) -> Result<([&str; MAX_STEPS], usize), Invalid> {
    let malformed = |how: &str| Invalid(format!("the field name {:?} has {}", shortened(key), how));
    let (mut steps, mut count) = ([""; MAX_STEPS], 0);
    for part in key.split('[') {
        let step = if count == 0 { Some(part) } else { part.strip_suffix(']') };
        let step = step.filter(|step| !step.contains(']'));
        let step = step.ok_or_else(|| malformed("brackets that do not match"))?;
        *steps.get_mut(count).ok_or_else(|| malformed("too many brackets"))? = step.trim();
        count += 1;
    }
    Ok((steps, count))
}

/// Puts the text where the steps lead. `Null` stands for a value that has not been given yet: a query string has no null
/// of its own.
fn put(value: &mut Value, place: Place, steps: &[&str], key: &str, text: String) -> Result<(), Invalid> {
    let (step, rest) = match steps.split_first() {
        None if *value == Value::Null => {
            *value = Value::Text(text);
            return Ok(());
        }
        None => return Err(doubled(key)),
        Some(split) => split,
    };
    let index = step.parse().ok();
    let is_item = step.is_empty() || index.is_some();
    if *value == Value::Null {
        *value = if is_item { Value::List(Vec::new()) } else { Value::Fields(Fields::default()) };
    }
    match *value {
        Value::List(ref mut list) if is_item => {
            let index = index.unwrap_or(list.len());
            if index > list.len() {
                return Err(Invalid(format!(
                    "{:?} is out of order: number the items of a list 0, 1, 2, …, at most {} of them",
                    shortened(key),
                    MAX_CAPTIONS
                )));
            }
            let item = place.item(index)?;
            if index == list.len() {
                list.push(Value::Null);
            }
            put(&mut list[index], item, rest, key, text)
        }
        Value::Fields(ref mut fields) if !step.is_empty() => {
            let field = place.field(step)?;
            put(fields.entry(field), field, rest, key, text)
        }
        _ => Err(Invalid(format!("the field {:?} contradicts another of the same name", shortened(key)))),
    }
}
