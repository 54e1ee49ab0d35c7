//! Reads `cost.json`, the results of `historical cost`, if it has been run.

use std::error::Error;
use std::path::Path;
use std::{fs, io};

use serde::Deserialize;

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
    pub threads: Option<f64>,
    #[serde(rename = "futures-0.1")]
    pub futures: Option<f64>,
    #[serde(rename = "async-await")]
    pub async_await: Option<f64>,
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
    /// In the order of the contestants.
    pub fn values(&self) -> [Option<f64>; 3] {
        [self.threads, self.futures, self.async_await]
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_may_lack_a_value_and_a_message_is_kept_as_it_is() -> Result<(), Box<dyn Error>> {
        let text = r#"{"rows": [{"measure": "lines", "unit": "lines", "note": "without tests",
                                 "threads": 200, "futures-0.1": 3000.5, "async-await": null}],
                       "messages": [{"mistake": "m", "contestant": "threads", "form": null, "lines": 3, "characters": 120,
                                     "longest_type": "T", "longest_type_characters": 1, "text": "a < b"}]}"#;
        let cost: Cost = serde_json::from_str(text)?;
        assert_eq!(cost.rows[0].values(), [Some(200.0), Some(3000.5), None]);
        assert_eq!(cost.messages[0].text, "a < b");
        Ok(())
    }

    #[test]
    fn no_file_is_no_cost() -> Result<(), Box<dyn Error>> {
        assert!(read(Path::new("/there/is/no/such/file"))?.is_none());
        Ok(())
    }
}
