//! Parses a query string into [`Fields`]: `application/x-www-form-urlencoded`, with brackets for lists and objects
//! (`captions[]=a`, `captions[0][text]=a`, `color[r]=255`).

use percent_encoding::percent_decode;

use super::caption::MAX_CAPTIONS;
use super::error::{shortened, Invalid};
use super::fields::{doubled, Fields, Value};
use super::place::Place;

/// The most steps from a request to a value: no field is deeper than `captions[0][color][r]`.
const MAX_STEPS: usize = 4;

/// The fields of a query string, still escaped. Every value is a [`Value::Text`] at the end.
///
/// # Errors
/// At the first pair whose key or value is not UTF-8, whose key has brackets that do not match or no place in a request,
/// or is given twice.
pub fn from_query(query: &str) -> Result<Fields, Invalid> {
    let mut fields = Fields::default();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, text) = pair.split_once('=').unwrap_or((pair, ""));
        let (key, text) = (unescaped(key)?, unescaped(text)?);
        add(&mut fields, &key, text)?;
    }
    Ok(fields)
}

/// Adds a pair, unescaped. The fields of a form are named as those of a query string.
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
fn unescaped(text: &str) -> Result<String, Invalid> {
    let spaced: Vec<_> = text.bytes().map(|byte| if byte == b'+' { b' ' } else { byte }).collect();
    let decoded = percent_decode(&spaced).decode_utf8();
    decoded.map(|text| text.into_owned()).map_err(|_| {
        Invalid(format!("{:?} in the query string is not UTF-8 once unescaped", shortened(text)))
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
