//! Reads `cost.json`, the results of `historical cost`, if it has been run, and writes its part of the page.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::{fs, io};

use maud::{Markup, html};
use serde::Deserialize;

use crate::compare::contestants;
use crate::compare::figures::{Better, Figure, Side, Verdict};
use crate::compare::reading::Reading;
use crate::compare::words::{list, number};
use crate::cost::TRANSPORT;

/// What it answers.
pub const QUESTION: &str = "What does it cost to write, read and build?";

/// The whole file.
#[derive(Deserialize)]
pub struct Cost {
    pub rows: Vec<Row>,
    #[serde(default)]
    pub messages: Vec<Message>,
}

/// One measure, of all contestants.
#[derive(Deserialize)]
pub struct Row {
    pub measure: String,
    #[serde(default)]
    pub unit: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
    /// A number for each contestant that has one, by its name.
    #[serde(flatten)]
    values: BTreeMap<String, serde_json::Value>,
}

/// What the compiler says to a mistake.
#[derive(Deserialize)]
pub struct Message {
    pub mistake: String,
    pub contestant: String,
    /// Boxed or not, of the contestant that has both.
    #[serde(default)]
    pub form: Option<String>,
    pub lines: u64,
    pub characters: u64,
    #[serde(default)]
    pub longest_type_characters: u64,
    #[serde(default)]
    pub text: String,
}

impl Row {
    pub fn value(&self, contestant: &str) -> Option<f64> {
        self.values.get(contestant)?.as_f64()
    }
}

impl Cost {
    /// The lines of code that carry requests, as a figure; `None` if they were not counted.
    pub fn headline(&self) -> Option<Figure> {
        let row = self.rows.iter().find(|row| row.measure == format!("lines, {TRANSPORT}"))?;
        let side = |name: &&str| Some(Side::new(name, vec![Reading::from(row.value(name)?)]));
        Some(Figure {
            measure: "lines of code that carry requests".to_string(),
            unit: String::new(),
            variant: None,
            better: Better::Neither,
            telling: None,
            sides: self.contestants().iter().filter_map(side).collect(),
            floor: None,
            verdict: Verdict::None { why: String::new() },
        })
    }

    /// The contestants of which there is any value, in the order of their list.
    fn contestants(&self) -> Vec<&'static str> {
        let has_one = |name: &&str| self.rows.iter().any(|row| row.value(name).is_some());
        contestants::ALL.iter().map(|one| one.name).filter(has_one).collect()
    }
}

/// The counts, the least first. futures-0.1 does more than the others.
pub fn sentence(lines: &Figure) -> String {
    let mut counts: Vec<(f64, &str)> =
        lines.sides.iter().filter_map(|side| Some((side.spread?.median, side.contestant.as_str()))).collect();
    counts.sort_by(|one, other| one.0.total_cmp(&other.0));
    let counts: Vec<_> = counts.iter().map(|(count, name)| format!("{name} {}", number(*count))).collect();
    format!("Lines of code that carry requests: {}. futures-0.1 does more than the others.", list(&counts))
}

/// `None` if there is no such file.
///
/// # Errors
/// If it is there, and is not what `cost` writes.
pub fn read(file: &Path) -> Result<Option<Cost>, Box<dyn Error>> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let cost = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(Some(cost))
}

/// The part of the page about it.
pub fn section(cost: &Cost) -> Markup {
    let names = cost.contestants();
    html! {
        section id="cost" {
            span.label { "cost" }
            h2 { (QUESTION) }
            p { "Counted in the sources, the binaries and the compiler's error messages." }
            div.wide {
                table {
                    thead {
                        tr { th { "measure" } th { "unit" } @for name in &names { th.number { (name) } } }
                    }
                    tbody {
                        @for row in &cost.rows {
                            tr {
                                td { (row.measure) @if let Some(note) = &row.note { small { (note) } } }
                                td { @if let Some(unit) = &row.unit { (unit) } }
                                @for name in &names {
                                    td.number { (row.value(name).map_or("–".to_string(), number)) }
                                }
                            }
                        }
                    }
                }
            }
            @for message in &cost.messages { (message_details(message)) }
        }
    }
}

fn message_details(message: &Message) -> Markup {
    html! {
        details {
            summary {
                strong { (message.contestant) } @if let Some(form) = &message.form { ", " (form) }
                ": " (message.mistake) ": " (message.lines) @if message.lines == 1 { " line, " } @else { " lines, " } (message.characters) " characters"
                @if message.longest_type_characters > 0 {
                    "; the longest type has " (message.longest_type_characters)
                }
            }
            pre { (message.text) }
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A row with a value of the first contestant, and a message. All texts are this one.
    pub fn made_up(text: &str) -> Cost {
        let some = || Some(text.to_string());
        let values = [("threads".to_string(), 1.0.into())].into();
        let row = Row { measure: text.to_string(), unit: some(), note: some(), values };
        let message = Message {
            mistake: text.to_string(),
            contestant: text.to_string(),
            form: some(),
            lines: 1,
            characters: 2,
            longest_type_characters: 3,
            text: text.to_string(),
        };
        Cost { rows: vec![row], messages: vec![message] }
    }

    #[test]
    fn a_row_may_lack_a_value_and_a_message_is_kept_as_it_is() -> Result<(), Box<dyn Error>> {
        let text = r#"{"rows": [{"measure": "lines", "unit": "lines", "note": "without tests",
                                 "threads": 200, "futures-0.1": 3000.5, "async-await": null}],
                       "messages": [{"mistake": "m", "contestant": "threads", "form": null, "lines": 3, "characters": 120,
                                     "longest_type": "T", "longest_type_characters": 1, "text": "a < b"}]}"#;
        let cost: Cost = serde_json::from_str(text)?;
        assert_eq!(cost.contestants(), ["threads", "futures-0.1"]);
        let values = ["threads", "futures-0.1", "async-await", "nobody"].map(|name| cost.rows[0].value(name));
        assert_eq!(values, [Some(200.0), Some(3000.5), None, None]);
        assert_eq!(cost.messages[0].text, "a < b");
        Ok(())
    }

    #[test]
    fn the_page_begins_with_the_lines_that_carry_requests() {
        let mut cost = made_up("files, whole server");
        assert!(cost.headline().is_none());
        cost.rows[0].measure = format!("lines, {TRANSPORT}");
        cost.rows[0].values =
            [("threads".to_string(), 1200.0.into()), ("go".to_string(), 300.0.into())].into();
        let said = cost.headline().map(|figure| sentence(&figure));
        assert!(said.is_some_and(|said| said.contains(": go 300 and threads 1,200.")));
    }

    #[test]
    fn no_file_is_no_cost() -> Result<(), Box<dyn Error>> {
        assert!(read(Path::new("/there/is/no/such/file"))?.is_none());
        Ok(())
    }
}
