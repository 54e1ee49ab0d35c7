//! Writes the results of `cost` as a table and as `cost.json`.

use std::error::Error;
use std::fmt::{self, Display};
use std::fs;
use std::path::{Path, PathBuf};

use comfy_table::{Cell, CellAlignment, Table, presets};
use serde::Serialize;

use super::contestants::NAMES;
use super::elsewhere::ELSEWHERE;
use super::messages::Message;

/// Everything.
#[derive(Serialize)]
pub struct Report {
    pub rows: Vec<Row>,
    pub messages: Vec<Message>,
}

/// One measure of all contestants. A smaller number is not necessarily a better one.
#[derive(Debug, PartialEq, Serialize)]
pub struct Row {
    measure: String,
    unit: String,
    /// How it was measured; may be empty.
    note: String,
    threads: Option<f64>,
    #[serde(rename = "futures-0.1")]
    futures: Option<f64>,
    #[serde(rename = "async-await")]
    async_await: Option<f64>,
    /// Where it can be measured in another language as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    go: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<f64>,
}

impl Row {
    /// A row of whole numbers, in the order of the contestants.
    pub fn new(measure: &str, unit: &str, note: &str, values: [usize; 3]) -> Row {
        Row::measured(measure, unit, note, values.map(|value| Some(value as f64)))
    }

    /// A row of numbers rounded to a tenth. `None`: there is nothing to measure.
    pub fn measured(measure: &str, unit: &str, note: &str, values: [Option<f64>; 3]) -> Row {
        let [threads, futures, async_await] =
            values.map(|value| value.map(|value| (value * 10.0).round() / 10.0));
        let [measure, unit, note] = [measure, unit, note].map(str::to_string);
        Row { measure, unit, note, threads, futures, async_await, go: None, node: None }
    }

    /// The same measure of the contestants in other languages.
    pub fn elsewhere(self, [go, node]: [Option<f64>; 2]) -> Row {
        let rounded = |value: Option<f64>| value.map(|value| (value * 10.0).round() / 10.0);
        Row { go: rounded(go), node: rounded(node), ..self }
    }

    fn values(&self) -> [Option<f64>; 5] {
        [self.threads, self.futures, self.async_await, self.go, self.node]
    }
}

impl Report {
    /// Writes `cost.json` into the folder, and says where it is.
    ///
    /// # Errors
    /// If the folder or the file cannot be made.
    pub fn write(&self, folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
        fs::create_dir_all(folder)?;
        let file = folder.join("cost.json");
        fs::write(&file, serde_json::to_string_pretty(self)? + "\n")?;
        Ok(file)
    }
}

impl Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [go, node] = ELSEWHERE.map(|one| one.name);
        let mut rows = table(&["measure", "unit", NAMES[0], NAMES[1], NAMES[2], go, node], 2);
        for row in &self.rows {
            let values = row.values().map(|value| value.map_or("–".to_string(), |value| value.to_string()));
            rows.add_row([vec![row.measure.clone(), row.unit.clone()], values.to_vec()].concat());
        }
        writeln!(out, "{rows}\n")?;

        let head = [
            "mistake",
            "contestant",
            "form",
            "lines",
            "characters",
            "longest type",
            "shown",
            "longest shown",
        ];
        let mut messages = table(&head, 3);
        for message in &self.messages {
            let (full, shown) = (&message.full, &message.shown);
            let names =
                [&message.mistake, message.contestant, message.form.unwrap_or("")].map(str::to_string);
            let values = [
                full.lines,
                full.characters,
                full.longest_type_characters,
                shown.characters,
                shown.longest_type_characters,
            ];
            messages.add_row([names.to_vec(), values.map(|value| value.to_string()).to_vec()].concat());
        }
        write!(out, "{messages}")
    }
}

/// A table whose first `words` columns hold text; the others are numbers, and are aligned right.
fn table(head: &[&str], words: usize) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(head.iter().map(Cell::new));
    for column in table.column_iter_mut().skip(words) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let rows = vec![
            Row::new("lines", "lines", "code", [1, 2000, 3]),
            Row::measured("mean depth", "levels", "", [None, Some(1.0 / 3.0), Some(2.0)]),
        ];
        Report { rows, messages: Vec::new() }
    }

    #[test]
    fn the_file_has_a_key_for_each_contestant() {
        let folder = tempfile::tempdir().unwrap();
        let file = report().write(&folder.path().join("new")).unwrap();
        let read: serde_json::Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        assert_eq!(read["rows"][0]["futures-0.1"], 2000.0);
        assert_eq!(read["rows"][0]["note"], "code");
        assert_eq!(read["rows"][1]["threads"], serde_json::Value::Null);
        assert_eq!(read["rows"][1]["futures-0.1"], 0.3);
        assert_eq!(read["rows"][1]["async-await"], 2.0);
    }

    #[test]
    fn the_table_has_a_line_for_each_row() {
        let shown = report().to_string();
        let line = shown.lines().find(|line| line.contains("mean depth")).unwrap();
        assert_eq!(
            line.split_whitespace().collect::<Vec<_>>(),
            ["mean", "depth", "levels", "–", "0.3", "2", "–", "–"]
        );
    }
}
