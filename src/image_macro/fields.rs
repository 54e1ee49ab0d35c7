//! The tree that both a query string and a JSON object become: [`Fields`] of [`Value`]s. Its shape is right, because the
//! parsers reject what has no [`Place`]; [`super::decode`] works out what it means, once for both.

use std::fmt;

use super::align::VAlign;
use super::error::{shortened, Invalid};
use super::place::Place;

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
            Value::List(ref list) if list.is_empty() => f.write_str("an empty list"),
            Value::List(ref list) => write!(f, "a list of {}", list.len()),
            Value::Fields(_) => f.write_str("an object"),
        }
    }
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// Where it stands.
    pub place: Place,
    /// The value.
    pub value: Value,
}

/// The values of an object, in the order in which they were written. Their places differ.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields(Vec<Given>);

impl Value {
    /// Whether it stands for a field that is not given: `null`, or a text of nothing, as a browser sends it for what was
    /// left empty.
    pub fn is_blank(&self) -> bool {
        match *self {
            Value::Null => true,
            Value::Text(ref text) => text.trim().is_empty(),
            _ => false,
        }
    }
}

impl Fields {
    /// Removes a field, and returns it unless its value stands for one that is not given.
    pub fn take_given(&mut self, band: Option<VAlign>, name: &str) -> Option<Given> {
        self.take(band, name).filter(|given| !given.value.is_blank())
    }

    /// Removes a field and returns it. A field of the short form has a band.
    pub fn take(&mut self, band: Option<VAlign>, name: &str) -> Option<Given> {
        let index = self.0.iter().position(|given| given.place.name == name && given.place.band == band)?;
        Some(self.0.remove(index))
    }

    /// Those that have not been taken.
    pub fn rest(&self) -> &[Given] {
        &self.0
    }

    /// Whether there is a value at that place.
    pub fn contains(&self, place: Place) -> bool {
        self.0.iter().any(|given| given.place == place)
    }

    /// Adds a value. There must be none at its place yet.
    pub fn put(&mut self, place: Place, value: Value) {
        self.0.push(Given { place, value });
    }

    /// The value at a place, which is `Null` at first.
    pub fn entry(&mut self, place: Place) -> &mut Value {
        let index = self.0.iter().position(|given| given.place == place).unwrap_or_else(|| {
            self.put(place, Value::Null);
            self.0.len() - 1
        });
        &mut self.0[index].value
    }
}

/// The error about a key that is given twice.
pub fn doubled(key: &str) -> Invalid {
    Invalid(format!("the field {:?} is given twice", shortened(key.trim()).to_lowercase()))
}
