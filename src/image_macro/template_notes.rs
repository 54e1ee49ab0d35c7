//! What is noted of a template beside its picture, in `NAME.toml`: where its texts stand and how they look, where it is
//! from, and by which words it is found.
//!
//! Its fields have the names, the limits and the sentences of requests. What is wrong is told and left out, and the rest
//! is used.

use std::str;

use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

use super::align::VAlign;
use super::caption::MAX_CAPTIONS;
use super::decode::{in_order, look, text_box};
use super::error::Invalid;
use super::fields::{self, Fields, Given};
use super::look::Look;
use super::place::Place;
use super::spot::TextBox;
pub use super::toml_values::Mistake;
use super::toml_values::{value_at, Entries, Mistakes};

/// The largest file, in bytes.
pub const MAX_NOTES: usize = 64 << 10;
/// The most boxes of a template: as many as there can be captions.
pub const MAX_BOXES: usize = MAX_CAPTIONS;
/// The most words to find a template by.
pub const MAX_KEYWORDS: usize = 64;

/// What is noted of a template.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TemplateNotes {
    /// Where its picture is from. Not blank.
    pub source: Option<String>,
    /// Words that it is found by, beside its name.
    pub keywords: Vec<String>,
    /// Texts that show what it is for.
    pub example: Vec<String>,
    /// Where its texts stand, in their order. If there are none, they stand in bands.
    pub boxes: Vec<TemplateBox>,
    /// How texts on it look, wherever they stand, unless a request or their box says otherwise.
    pub look: Look,
}

/// Where one text of a template stands, and how it looks unless a request says otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplateBox {
    /// Where it stands.
    pub text_box: TextBox,
    /// Its own look, or that of all texts.
    pub look: Look,
}

impl TemplateNotes {
    /// Reads a file, and tells what is wrong with it. `is_font` says whether there is a font of that name; one that there
    /// is not is told and kept, for it may be there later.
    pub fn parse(file: &[u8], is_font: &dyn Fn(&str) -> bool) -> (TemplateNotes, Vec<Mistake>) {
        let of_all = |sentence: String| vec![Mistake { line: None, sentence }];
        if file.len() > MAX_NOTES {
            return (TemplateNotes::default(), of_all(too_long()));
        }
        let text = match str::from_utf8(file) {
            Ok(text) => text,
            Err(error) => {
                let before = &file[..error.valid_up_to()];
                let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
                let mistake = Mistake { line: Some(line), sentence: "it is not UTF-8".to_string() };
                return (TemplateNotes::default(), vec![mistake]);
            }
        };
        let mut mistakes = Mistakes::new(text);
        let notes = match mistakes.parse() {
            Some(document) => Reader { mistakes: &mut mistakes, is_font }.notes(&document),
            None => TemplateNotes::default(),
        };
        (notes, mistakes.into_list())
    }
}

impl TemplateNotes {
    /// As they are told, with all sides of the boxes written out. How their texts look is for the template to know.
    pub fn to_json(&self) -> Map<String, Value> {
        let TemplateNotes { ref source, ref keywords, ref example, ref boxes, look: _ } = *self;
        let boxes: Vec<_> = boxes.iter().map(|of_template| of_template.text_box).map(json_of_box).collect();
        let fields = [
            ("source", json!(source)),
            ("keywords", json!(keywords)),
            ("example", json!(example)),
            ("boxes", json!(boxes)),
        ];
        fields.iter().map(|(name, value)| (name.to_string(), value.clone())).collect()
    }
}

/// What a share or an angle is told in: as many digits as one writes. The `f64` of an `f32` has more.
const DIGITS: f64 = 1e6;

/// A share or an angle as a client reads it.
pub fn told(number: f32) -> f64 {
    (f64::from(number) * DIGITS).round() / DIGITS
}

fn json_of_box(text_box: TextBox) -> Value {
    // No box is empty.
    let length = |number| told(number).max(1.0 / DIGITS);
    let TextBox { left, top, width, height, angle, padding, valign } = text_box;
    json!({
        "left": told(left),
        "top": told(top),
        "width": length(width),
        "height": length(height),
        "angle": told(angle),
        "padding": told(padding),
        "valign": valign.name(),
    })
}

/// The sentence about a file that is too long.
pub fn too_long() -> String {
    format!("it is larger than {} KiB", MAX_NOTES >> 10)
}

struct Reader<'r, 'a: 'r> {
    mistakes: &'r mut Mistakes<'a>,
    is_font: &'r dyn Fn(&str) -> bool,
}

impl<'r, 'a> Reader<'r, 'a> {
    fn notes(&mut self, document: &DeTable) -> TemplateNotes {
        let entries = self.mistakes.entries(document, Place::NOTES);
        let (lists, others): (Entries, Entries) =
            entries.into_iter().partition(|entry| entry.0.place.is_list());
        let times = lines_of_times(&others);
        let (source, mut of_all) = self.decoded(others, |mut fields| {
            let source = fields.take_given(None, "source").map(Given::source).transpose()?;
            Ok((source, look(&mut fields, None)?))
        });
        self.check_times(&mut of_all, times, |name| name.to_string());
        let mut notes = TemplateNotes { source, ..TemplateNotes::default() };
        for list in &lists {
            match list.0.place.name {
                "keywords" => notes.keywords = self.texts(list, MAX_KEYWORDS),
                "example" => notes.example = self.texts(list, MAX_CAPTIONS),
                _ => {
                    let items = self.mistakes.items(list, MAX_BOXES);
                    notes.boxes = items.into_iter().filter_map(|item| self.text_box(item, &of_all)).collect();
                }
            }
        }
        notes.look = of_all;
        notes
    }

    /// The texts of a list that are not blank.
    fn texts(&mut self, list: &(Given, usize, &DeValue), limit: usize) -> Vec<String> {
        let mut texts = Vec::new();
        for (place, at, value) in self.mistakes.items(list, limit) {
            match value_at(place, value).and_then(|value| Given { place, value }.text()) {
                Ok(ref text) if text.trim().is_empty() => {}
                Ok(text) => texts.push(text.trim().to_string()),
                Err(Invalid(sentence)) => self.mistakes.add(Some(at), sentence),
            }
        }
        texts
    }

    /// One box. A field of it that is wrong is left out, not all of it: the texts after it would move.
    fn text_box(
        &mut self,
        (place, at, value): (Place, usize, &DeValue),
        of_all: &Look,
    ) -> Option<TemplateBox> {
        let table = match value.as_table() {
            Some(table) => table,
            None => {
                self.mistakes.add(Some(at), place.refuse(&fields::Value::Null).0);
                return None;
            }
        };
        let entries = self.mistakes.entries(table, place);
        let times = lines_of_times(&entries);
        let (text_box, own) = self.decoded(entries, |mut fields| {
            let valign = fields.take_given(None, "valign");
            let valign = valign.map(|given| given.choice(VAlign::parse)).transpose()?;
            let text_box = text_box(&mut fields)?.unwrap_or(TextBox::WHOLE);
            let text_box = TextBox { valign: valign.unwrap_or(text_box.valign), ..text_box };
            Ok((Some(text_box), look(&mut fields, None)?))
        });
        let (own_from, own_to) = (own.from.is_some(), own.to.is_some());
        let mut look = own.or(of_all);
        self.check_times(&mut look, times, |name| {
            let is_own = if name == "from" { own_from } else { own_to };
            if is_own {
                format!("{}.{}", place, name)
            } else {
                name.to_string()
            }
        });
        let text_box = text_box.unwrap_or(TextBox::WHOLE);
        Some(TemplateBox { text_box, look })
    }

    /// Lets a text that would disappear before it appears stay, and tells of it. They are checked when both are known, since
    /// either may be that of all boxes. `lines`: where in this table they are.
    fn check_times(&mut self, look: &mut Look, lines: Vec<usize>, place: impl Fn(&str) -> String) {
        if let (Err(Invalid(sentence)), Some(&at)) =
            (in_order(look, || (place("from"), place("to"))), lines.last())
        {
            self.mistakes.add(Some(at), sentence);
            look.to = None;
        }
    }

    /// Decodes the fields of a table, without those that are wrong or contradict one before them.
    fn decoded<T: Default>(
        &mut self,
        entries: Entries,
        decode: fn(Fields) -> Result<(T, Look), Invalid>,
    ) -> (T, Look) {
        let (mut right, mut decoded) = (Fields::default(), (T::default(), Look::default()));
        for (Given { place, value }, at, _) in entries {
            let mut tried = right.clone();
            tried.put(place, value);
            match decode(tried.clone()) {
                Ok(so_far) => {
                    right = tried;
                    decoded = so_far;
                }
                Err(Invalid(sentence)) => self.mistakes.add(Some(at), sentence),
            }
            match decoded.1.font {
                Some(ref font) if place.name == "font" && !(self.is_font)(font) => {
                    let sentence = format!(
                        "\"{}\" is {:?}, and there is no such font: `memed fonts` lists them",
                        place, font
                    );
                    self.mistakes.add(Some(at), sentence);
                }
                _ => {}
            }
        }
        decoded
    }
}

/// Where `from` and `to` are, as far as they are given.
fn lines_of_times(entries: &Entries) -> Vec<usize> {
    let times = entries.iter().filter(|entry| matches!(entry.0.place.name, "from" | "to"));
    times.map(|entry| entry.1).collect()
}
