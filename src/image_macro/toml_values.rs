//! Parses a TOML document into [`Given`]s, each with its position, and collects what is wrong with it.
//!
//! A request ends at its first mistake. A file is written by an operator, who wants to hear of all of them, and to have
//! served what is right: so each value is parsed on its own.

use toml::de::{DeInteger, DeTable, DeValue};
use toml::Spanned;

use super::error::Invalid;
use super::fields::{doubled, Fields, Given, Value};
use super::place::Place;

/// As many mistakes of one file are told; the others are counted.
pub const MAX_MISTAKES: usize = 20;

/// Something wrong with a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    /// Where, counted from one; `None` if it is about all of the file.
    pub line: Option<usize>,
    /// What.
    pub sentence: String,
}

/// What is wrong with a text.
pub struct Mistakes<'a> {
    text: &'a str,
    told: Vec<Mistake>,
    untold: usize,
}

/// A table's entries, each with its position, in the order of the text.
pub type Entries<'a> = Vec<(Given, usize, &'a DeValue<'a>)>;

impl<'a> Mistakes<'a> {
    /// None yet.
    pub fn new(text: &str) -> Mistakes<'_> {
        Mistakes { text, told: Vec::new(), untold: 0 }
    }

    /// Adds one about what is at that byte.
    pub fn add(&mut self, at: Option<usize>, sentence: String) {
        if self.told.len() == MAX_MISTAKES {
            self.untold += 1;
            return;
        }
        let before = at.map(|at| self.text.as_bytes().get(..at).unwrap_or(self.text.as_bytes()));
        let line = before.map(|before| 1 + before.iter().filter(|&&byte| byte == b'\n').count());
        let mistake = Mistake { line, sentence };
        if !self.told.contains(&mistake) {
            self.told.push(mistake);
        }
    }

    /// All of them, by line.
    pub fn into_list(self) -> Vec<Mistake> {
        let Mistakes { mut told, untold, .. } = self;
        told.sort_by_key(|mistake| mistake.line);
        if untold > 0 {
            told.push(Mistake { line: None, sentence: format!("there are {} more mistakes", untold) });
        }
        told
    }

    /// The document. `None` if it is no TOML.
    pub fn parse(&mut self) -> Option<DeTable<'a>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let sentence = format!("it is not TOML: {}", error.message());
            self.add(error.span().map(|span| span.start), sentence);
        }
        Some(table.into_inner()).filter(|_| errors.is_empty())
    }

    /// The entries of a table that have a place. Only those that are no lists of tables have a value.
    pub fn entries<'t>(&mut self, table: &'t DeTable<'t>, place: Place) -> Entries<'t> {
        let mut sorted: Vec<_> = table.iter().collect();
        sorted.sort_by_key(|entry| entry.0.span().start);
        let mut seen = Fields::default();
        let mut entries = Vec::new();
        for (key, value) in sorted {
            let at = key.span().start;
            let given = place.field(key.get_ref()).and_then(|place| {
                if seen.contains(place) {
                    return Err(doubled(key.get_ref()));
                }
                seen.put(place, Value::Null);
                let value = if place.is_list() { Value::Null } else { value_at(place, value.get_ref())? };
                Ok(Given { place, value })
            });
            match given {
                Ok(given) => entries.push((given, at, value.get_ref())),
                Err(Invalid(sentence)) => self.add(Some(at), sentence),
            }
        }
        entries
    }

    /// The items of a list, up to a limit, each with its position.
    pub fn items<'t>(
        &mut self,
        (given, at, value): &(Given, usize, &'t DeValue<'t>),
        limit: usize,
    ) -> Vec<(Place, usize, &'t DeValue<'t>)> {
        let list = match value.as_array() {
            Some(list) => list,
            None => {
                let written = value_at(given.place, value).unwrap_or(Value::Null);
                self.add(Some(*at), given.place.refuse(&written).0);
                return Vec::new();
            }
        };
        if list.len() > limit {
            let sentence = format!(
                "\"{}\" has {} items, and at most {} are allowed: the others are ignored",
                given.place,
                list.len(),
                limit
            );
            self.add(Some(*at), sentence);
        }
        let items = list.iter().take(limit).enumerate();
        let item = |(index, item): (usize, &'t Spanned<DeValue<'t>>)| {
            Some((given.place.item(index).ok()?, item.span().start, item.get_ref()))
        };
        items.filter_map(item).collect()
    }
}

/// A value that stands there.
///
/// # Errors
/// If it is a list or a table, and there can be none, or not of that kind.
pub fn value_at(place: Place, value: &DeValue) -> Result<Value, Invalid> {
    Ok(match *value {
        DeValue::String(ref text) => Value::Text(text.to_string()),
        DeValue::Integer(ref integer) => Value::Number(number(integer)),
        DeValue::Float(ref float) => Value::Number(float.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(value) => Value::Bool(value),
        // There is no field for one: its text is what the error quotes.
        DeValue::Datetime(ref time) => return Err(place.refuse(time)),
        DeValue::Array(ref list) => {
            let items = list.iter().enumerate();
            let items = items.map(|(index, item)| value_at(place.item(index)?, item.get_ref()));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        DeValue::Table(ref table) => {
            let mut fields = Fields::default();
            for (key, value) in table {
                let place = place.field(key.get_ref())?;
                if fields.contains(place) {
                    return Err(doubled(key.get_ref()));
                }
                fields.put(place, value_at(place, value.get_ref())?);
            }
            Value::Fields(fields)
        }
    })
}

/// As requests have numbers. One that is too large for that is infinite, and no field takes it.
fn number(integer: &DeInteger) -> f64 {
    i64::from_str_radix(integer.as_str(), integer.radix()).map_or(f64::INFINITY, |number| number as f64)
}
