//! What an operator should be told of a folder: files that cannot be served, or not under the name that was meant.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// As many bytes of a file as tell what it is.
const HEAD: usize = 16;

/// What has been found in a folder so far.
#[derive(Default)]
pub struct Mistakes {
    /// What is wrong with each file that was looked into.
    files: BTreeMap<PathBuf, Option<String>>,
    told: BTreeSet<String>,
}

/// What a file is, by its first bytes: `Err` with what it is not.
pub type Recognise = fn(&[u8]) -> Result<(), &'static str>;

impl Mistakes {
    /// Looks at a listing, paths by name, and into the files that were not in the one before. Returns what has not been told before.
    ///
    /// `hidden`: files that have the name of another, which is served. `companions`: those that go with a file of their name.
    pub fn found(
        &mut self,
        files: &BTreeMap<String, PathBuf>,
        hidden: &[(PathBuf, PathBuf)],
        companions: &BTreeMap<String, PathBuf>,
        recognise: Recognise,
    ) -> Vec<String> {
        let mut all = BTreeSet::new();
        for (served, hidden) in hidden {
            all.insert(format!("{} is not served: {} has the same name", hidden.display(), served.display()));
        }
        for (_, path) in companions.iter().filter(|companion| !files.contains_key(companion.0)) {
            all.insert(format!("{} is not used: there is no picture of that name beside it", path.display()));
        }
        let mut by_words: BTreeMap<Vec<&str>, &Path> = BTreeMap::new();
        for (name, path) in files {
            if let Some(other) = by_words.insert(name.split_whitespace().collect(), path) {
                all.insert(format!(
                    "the names of {} and {} differ in spaces only",
                    other.display(),
                    path.display()
                ));
            }
        }
        let mut looked_into = BTreeMap::new();
        for path in files.values() {
            let fault = self.files.remove(path).unwrap_or_else(|| fault_of(path, recognise));
            all.extend(
                fault.iter().map(|fault| format!("{} cannot be used, because {}", path.display(), fault)),
            );
            looked_into.insert(path.clone(), fault);
        }
        self.files = looked_into;
        let new = all.difference(&self.told).cloned().collect();
        self.told = all;
        new
    }
}

fn fault_of(path: &Path, recognise: Recognise) -> Option<String> {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD as u64).read_to_end(&mut head));
    if let Err(error) = read {
        return Some(error.to_string());
    }
    let what_not = recognise(&head).err()?;
    Some(match other_format(&head) {
        Some(format) => format!("{}, but {}", what_not, format),
        None => what_not.to_string(),
    })
}

/// A format that a file is taken for a supported one in, by whoever named it.
fn other_format(head: &[u8]) -> Option<&'static str> {
    let brand = head.get(4..12).unwrap_or(&[]);
    match head {
        [] => Some("empty"),
        _ if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") => Some("a WebP"),
        _ if brand.starts_with(b"ftypavi") => Some("an AVIF"),
        _ if brand.starts_with(b"ftyphei") || brand.starts_with(b"ftypmif") => Some("a HEIC"),
        _ if brand.starts_with(b"ftyp") => Some("a video"),
        _ if head.starts_with(b"BM") => Some("a BMP"),
        _ if head.starts_with(b"II*\0") || head.starts_with(b"MM\0*") => Some("a TIFF"),
        _ if head.starts_with(b"<svg") || head.starts_with(b"<?xml") => Some("an SVG"),
        _ if head.starts_with(b"wOFF") || head.starts_with(b"wOF2") => Some("a WOFF"),
        _ => None,
    }
}
