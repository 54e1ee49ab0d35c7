//! Whether a block of a page is what the file that it names has.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::pages::root;

/// Finds the files that excerpts come from: of the server, and of the crates that it is built with.
pub struct Files {
    /// By name and version, as in `futures-0.1.31`.
    crates: HashMap<String, PathBuf>,
}

impl Files {
    /// Asks Cargo where the crates are.
    ///
    /// # Panics
    /// If Cargo does not say.
    pub fn find() -> Files {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let asked =
            Command::new(cargo).args(["metadata", "--format-version", "1"]).current_dir(root()).output();
        let metadata: serde_json::Value = serde_json::from_slice(&asked.expect("Cargo runs").stdout)
            .expect("Cargo says where the crates are");
        let packages = metadata["packages"].as_array().expect("there are packages");
        let crates = packages.iter().map(|package| {
            let of = |key: &str| package[key].as_str().expect("it is a string");
            let folder =
                PathBuf::from(of("manifest_path")).parent().expect("a file is in a folder").to_path_buf();
            (format!("{}-{}", of("name"), of("version")), folder)
        });
        Files { crates: crates.collect() }
    }

    /// The text of a file.
    ///
    /// # Errors
    /// If there is no such file.
    pub fn read(&self, file: &str) -> Result<String, String> {
        let of_crate = file.split_once('/').and_then(|(name, rest)| Some(self.crates.get(name)?.join(rest)));
        let path = of_crate.unwrap_or_else(|| root().join(file));
        fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))
    }
}

/// Whether the lines of an excerpt are in a text, in their order. Between `gap`s they follow each other, but for
/// comments and attributes that the excerpt leaves out. How far a line is indented does not matter.
pub fn is_in(excerpt: &str, text: &[&str], gap: &str) -> bool {
    let pieces: Vec<Vec<&str>> = excerpt
        .lines()
        .map(str::trim)
        .collect::<Vec<_>>()
        .split(|&line| line == gap)
        .map(|piece| piece.iter().copied().filter(|line| !line.is_empty()).collect())
        .filter(|piece: &Vec<_>| !piece.is_empty())
        .collect();
    let mut rest: Vec<&str> = text.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
    for piece in &pieces {
        let Some(end) = (0..rest.len()).find_map(|at| end_of(piece, &rest, at)) else { return false };
        rest.drain(..end);
    }
    !pieces.is_empty()
}

/// Where the piece ends in the text, if it begins there.
fn end_of(piece: &[&str], text: &[&str], start: usize) -> Option<usize> {
    let mut at = start;
    for (number, line) in piece.iter().enumerate() {
        while number > 0 && text.get(at)? != line && is_comment(text[at]) {
            at += 1;
        }
        if text.get(at)? != line {
            return None;
        }
        at += 1;
    }
    Some(at)
}

fn is_comment(line: &str) -> bool {
    line.starts_with("//") || line.starts_with("#[")
}

/// The items of that name in a source, each with its comments: functions, types, traits, macros, and the `impl`s of a
/// type. The source is formatted, so an item ends at the first closing brace that is indented as it is.
pub fn items<'a>(name: &str, source: &'a str) -> Vec<Vec<&'a str>> {
    let lines: Vec<_> = source.lines().collect();
    let mut items = Vec::new();
    for at in 0..lines.len() {
        if !defines(lines[at], name) {
            continue;
        }
        let indent = |line: &str| line.len() - line.trim_start().len();
        let is_end = |line: &&str| {
            indent(line) == indent(lines[at])
                && (line.trim().starts_with('}') || line.ends_with(';') || line.trim_end().ends_with('}'))
        };
        let end = lines[at..].iter().position(is_end).map_or(lines.len(), |end| at + end + 1);
        let before =
            lines[..at].iter().rev().take_while(|line| is_comment(line.trim()) && !line.trim().is_empty());
        items.push(lines[at - before.count()..end].to_vec());
    }
    items
}

fn defines(line: &str, name: &str) -> bool {
    let words: Vec<_> = line
        .split(|character: char| !character.is_alphanumeric() && character != '_')
        .filter(|word| !word.is_empty())
        .collect();
    let at = words.iter().position(|&word| word == name);
    let kind = ["fn", "struct", "enum", "trait", "type", "const", "mod", "macro_rules", "static"];
    let is_item = at.is_some_and(|at| at > 0 && kind.contains(&words[at - 1]));
    is_item || (words.first() == Some(&"impl") && at.is_some() && !line.trim_start().starts_with("//"))
}
