//! Parses a JSON object into [`Fields`].
//!
//! serde's own maps would silently keep the last value of a key that is given twice, and its trees would be built before
//! anything in them is checked. Here each value is parsed at its [`Place`], and what has none ends the parsing.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json;

use super::error::Invalid;
use super::fields::{doubled, Fields, Value};
use super::place::Place;

/// The byte order mark that some programs begin a text with.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A text without the byte order mark that it may begin with.
pub fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(MARK).unwrap_or(text)
}

/// The fields of a JSON object, which a byte order mark may precede.
///
/// # Errors
/// At the first thing in it that is not JSON, has no place in a request, or is given twice.
pub fn from_json(body: &[u8]) -> Result<Fields, Invalid> {
    let refused = Cell::new(None);
    let mut parser = serde_json::Deserializer::from_slice(without_mark(body));
    let request = Parse { place: Ok(Place::REQUEST), refused: &refused };
    let value = request.deserialize(&mut parser).and_then(|value| parser.end().map(|()| value));
    match value {
        Ok(Value::Fields(fields)) => Ok(fields),
        Ok(other) => Err(Place::REQUEST.refuse(&other)),
        Err(error) => Err(refused
            .take()
            .unwrap_or_else(|| Invalid(format!("the body is not the JSON that is needed: {}", error)))),
    }
}

/// Where the error goes that ends the parsing: serde_json would add a line and a column to it.
type Refused<'a> = &'a Cell<Option<Invalid>>;

fn refuse<E: Error>(refused: Refused, invalid: Invalid) -> E {
    refused.set(Some(invalid));
    E::custom("refused")
}

/// Parses the value at a place, or nothing if there is no such place.
struct Parse<'a> {
    place: Result<Place, Invalid>,
    refused: Refused<'a>,
}

impl<'de, 'a> DeserializeSeed<'de> for Parse<'a> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let refused = self.refused;
        let place = self.place.map_err(|invalid| refuse(refused, invalid))?;
        deserializer.deserialize_any(ValueVisitor { place, refused })
    }
}

struct ValueVisitor<'a> {
    place: Place,
    refused: Refused<'a>,
}

impl<'de, 'a> Visitor<'de> for ValueVisitor<'a> {
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
        let ValueVisitor { place, refused } = self;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Parse { place: place.item(list.len()), refused })? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let ValueVisitor { place, refused } = self;
        let mut fields = Fields::default();
        while let Some(field) = entries.next_key_seed(Key { object: place, fields: &fields, refused })? {
            let value = entries.next_value_seed(Parse { place: Ok(field), refused })?;
            fields.put(field, value);
        }
        Ok(Value::Fields(fields))
    }
}

/// Parses a key: the place of its value.
struct Key<'a> {
    object: Place,
    /// Those before it.
    fields: &'a Fields,
    refused: Refused<'a>,
}

impl<'de, 'a> DeserializeSeed<'de> for Key<'a> {
    type Value = Place;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Place, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, 'a> Visitor<'de> for Key<'a> {
    type Value = Place;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Place, E> {
        let Key { object, fields, refused } = self;
        let place = object.field(key).map_err(|invalid| refuse(refused, invalid))?;
        if fields.contains(place) {
            return Err(refuse(refused, doubled(key)));
        }
        Ok(place)
    }
}
