//! Parses a query string or a JSON object into the same tree of [`Value`]s, whose meaning [`super::decode`] then
//! works out once for both.
//!
//! Keys are trimmed and lower-cased here. A key that is given twice is an error: serde's own maps would silently
//! keep the last one, and query string libraries would make a list of the two.

use std::fmt;

use percent_encoding::percent_decode;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json;

use super::caption::MAX_CAPTIONS;
use super::error::Invalid;

/// The largest number of fields in one object. There are fewer names than that.
const MAX_FIELDS: usize = 100;

/// A value as it was written.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// JSON's `null`.
    Null,
    /// JSON's `true` or `false`.
    Bool(bool),
    /// A JSON number. Integers up to 2^53 are exact; no field takes more.
    Number(f64),
    /// A JSON string, or any value of a query string.
    Text(String),
    /// A JSON array, or `name[]=…` and `name[0]=…` in a query string.
    List(Vec<Value>),
    /// A JSON object, or `name[key]=…` in a query string.
    Fields(Fields),
}

/// How an error quotes it: a simple value as it is, a list or an object by its kind.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match *self {
            Value::Null => f.write_str("null"),
            Value::Bool(value) => value.fmt(f),
            Value::Number(value) => f.write_str(&shortened(&value.to_string())),
            Value::Text(ref text) => write!(f, "{:?}", shortened(text)),
            Value::List(ref list) => write!(f, "a list of {}", list.len()),
            Value::Fields(_) => f.write_str("an object"),
        }
    }
}

/// Values by name, in the order in which they were written. Names are unique.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields(Vec<(String, Value)>);

impl Fields {
    /// Removes a field and returns its value.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        let index = self.0.iter().position(|field| field.0 == name)?;
        Some(self.0.remove(index).1)
    }

    /// Adds a field. Its name must be a new one.
    pub fn put(&mut self, name: String, value: Value) {
        self.0.push((name, value));
    }

    /// The names of the fields that have not been taken.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|field| field.0.as_str())
    }

    /// The name of a field that has not been taken.
    pub fn leftover(&self) -> Option<&str> {
        self.0.first().map(|field| field.0.as_str())
    }

    fn insert(&mut self, key: &str, value: Value) -> Result<(), Invalid> {
        let name = normal(key);
        self.check_room()?;
        if self.0.iter().any(|field| field.0 == name) {
            return Err(doubled(&name));
        }
        self.0.push((name, value));
        Ok(())
    }

    /// The value of a field. A new field is added with `Null`.
    fn entry(&mut self, name: String) -> Result<&mut Value, Invalid> {
        let index = match self.0.iter().position(|field| field.0 == name) {
            Some(index) => index,
            None => {
                self.check_room()?;
                self.0.push((name, Value::Null));
                self.0.len() - 1
            }
        };
        Ok(&mut self.0[index].1)
    }

    /// A look-up searches all names, so their number is limited.
    fn check_room(&self) -> Result<(), Invalid> {
        if self.0.len() < MAX_FIELDS {
            return Ok(());
        }
        Err(Invalid(format!("there are more than {} fields", MAX_FIELDS)))
    }
}

/// Keys are case-insensitive and trimmed.
fn normal(key: &str) -> String {
    key.trim().to_lowercase()
}

fn doubled(name: &str) -> Invalid {
    Invalid(format!("the field {:?} is given twice", shortened(name)))
}

/// The fields of a JSON object.
///
/// # Errors
/// If it is not JSON, not an object, nested deeper than serde_json's 128 levels, or has a key twice.
pub fn from_json(body: &[u8]) -> Result<Fields, Invalid> {
    match serde_json::from_slice(body) {
        Ok(Value::Fields(fields)) => Ok(fields),
        Ok(_) => Err(Invalid("the body must be a JSON object, as in {\"template\": \"cat\"}".into())),
        Err(error) => Err(Invalid(format!("the body is not the JSON that is needed: {}", error))),
    }
}

/// The fields of a query string: `application/x-www-form-urlencoded`, with brackets for lists and objects
/// (`captions[]=a`, `captions[0][text]=a`, `color[r]=255`). Every value is a [`Value::Text`] at the end.
///
/// # Errors
/// If a key or value is not UTF-8, brackets do not match, or a name is given twice.
pub fn from_query(query: &str) -> Result<Fields, Invalid> {
    let mut fields = Fields::default();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, '=');
        let key = unescaped(halves.next().unwrap_or(""))?;
        let text = unescaped(halves.next().unwrap_or(""))?;
        let mut path = path_of(&key)?.into_iter();
        let first = path.next().unwrap_or_default();
        place(fields.entry(first)?, path.as_slice(), &key, text)?;
    }
    Ok(fields)
}

/// `+` is a space, `%41` is `A`. A `%` that escapes nothing stays a `%`, as the URL standard has it: people type
/// `100%`.
fn unescaped(text: &str) -> Result<String, Invalid> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode(spaced.as_bytes()).decode_utf8();
    decoded.map(|text| text.into_owned()).map_err(|_| {
        Invalid(format!("{:?} in the query string is not UTF-8 once unescaped", shortened(text)))
    })
}

/// `captions[0][text]` becomes `captions`, `0`, `text`.
fn path_of(key: &str) -> Result<Vec<String>, Invalid> {
    let malformed = || Invalid(format!("the field name {:?} has brackets that do not match", shortened(key)));
    let mut parts = key.split('[');
    let mut path = vec![normal(parts.next().unwrap_or(""))];
    for part in parts {
        path.push(normal(part.strip_suffix(']').ok_or_else(malformed)?));
    }
    if path.iter().any(|part| part.contains(']')) {
        return Err(malformed());
    }
    // No field is deeper than `captions[0][color][r]`. Values are built, compared and dropped recursively, so their
    // depth must be limited.
    if path.len() > 4 {
        return Err(Invalid(format!("the field name {:?} has too many brackets", shortened(key))));
    }
    Ok(path)
}

/// Puts the text where the path leads. `Null` stands for a value that has not been given yet: a query string has no
/// null of its own.
fn place(value: &mut Value, path: &[String], key: &str, text: String) -> Result<(), Invalid> {
    let (step, rest) = match path.split_first() {
        None if *value == Value::Null => {
            *value = Value::Text(text);
            return Ok(());
        }
        None => return Err(doubled(&normal(key))),
        Some(split) => split,
    };
    let index = step.parse::<usize>().ok();
    if *value == Value::Null {
        let is_list = step.is_empty() || index.is_some();
        *value = if is_list { Value::List(Vec::new()) } else { Value::Fields(Fields::default()) };
    }
    match (value, index) {
        (&mut Value::List(ref mut list), None) if step.is_empty() => {
            list.push(Value::Null);
            place(list.last_mut().expect("just pushed"), rest, key, text)
        }
        (&mut Value::List(ref mut list), Some(index)) if index <= list.len() && index <= MAX_CAPTIONS => {
            if index == list.len() {
                list.push(Value::Null);
            }
            place(&mut list[index], rest, key, text)
        }
        (&mut Value::List(_), Some(_)) => Err(Invalid(format!(
            "{:?} is out of order: number the items of a list 0, 1, 2, …, at most {} of them",
            shortened(key),
            MAX_CAPTIONS
        ))),
        (&mut Value::Fields(ref mut fields), _) if !step.is_empty() => {
            place(fields.entry(step.clone())?, rest, key, text)
        }
        _ => Err(Invalid(format!("the field {:?} contradicts another of the same name", shortened(key)))),
    }
}

/// The beginning of a text from the client, short enough to be quoted in an error.
pub fn shortened(text: &str) -> String {
    const KEPT: usize = 60;
    match text.char_indices().nth(KEPT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields = Fields::default();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value()?;
            fields.insert(&key, value).map_err(A::Error::custom)?;
        }
        Ok(Value::Fields(fields))
    }
}
