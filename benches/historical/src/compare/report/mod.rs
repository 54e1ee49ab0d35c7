//! Writes the results: a table for the terminal, the HTML page, and JSON for programs.

mod cost;
mod method;
mod page;
mod plots;
mod scene;
pub mod table;

use std::error::Error;
use std::fs;
use std::path::Path;

use super::results::Results;

/// Writes `results.json` and `index.html`; the page includes the figures of `cost.json` if that file exists.
///
/// # Errors
/// If the folder cannot be written to, or `cost.json` cannot be understood.
pub fn write(results: &Results, folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::write(folder.join("results.json"), serde_json::to_string_pretty(results)? + "\n")?;
    let cost = cost::read(&folder.join("cost.json"))?;
    fs::write(folder.join("index.html"), page::html(results, cost.as_ref()))?;
    Ok(())
}
