//! The pictures: each is drawn from what a program recorded.
//!
//! `pictures/NAME.toml` says what a picture shows and which example of a playground records it, `NAME.tsv` has the
//! record (microseconds, thread, who, what), and `NAME.svg` is drawn from the two.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::draw;
use crate::pages::{course, run_example};
use crate::strace;

/// What a picture shows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    pub kind: Kind,
    pub title: String,
    /// The same as the picture, in words.
    pub description: String,
    /// The example that records it; `today/EXAMPLE` is one of the playground of today.
    pub example: Option<String>,
    /// Or a file of this folder that strace wrote.
    pub strace: Option<String>,
    /// How lanes show time.
    #[serde(default)]
    pub time: Time,
    /// The lanes to be shown, from left to right. None: all, in the order of their first event.
    #[serde(default)]
    pub lanes: Vec<String>,
    /// From an event, `who: what`, to the lane of another.
    #[serde(default)]
    pub arrows: Vec<[String; 2]>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A lane for each future or thread, time downwards.
    Lanes,
    /// Cells in rows and columns.
    Grid,
    /// What becomes of a success and of an error.
    Rails,
    /// Boxes in boxes.
    Nested,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Time {
    /// Only the order is shown.
    #[default]
    Order,
    /// Each event has its time.
    Real,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Microseconds since the first event.
    pub at: u64,
    pub thread: String,
    pub who: String,
    pub what: String,
}

/// The folder of the pictures.
pub fn folder() -> PathBuf {
    course().join("pictures")
}

/// The names of all pictures.
///
/// # Panics
/// If the folder cannot be read.
pub fn names() -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("the pictures have a folder");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    let tomls = paths.filter(|path| path.extension().is_some_and(|end| end == "toml"));
    let mut names: Vec<_> =
        tomls.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).collect();
    names.sort();
    names
}

impl Picture {
    /// Reads the file of that name.
    ///
    /// # Errors
    /// If it cannot be read or says something unknown.
    pub fn read(name: &str) -> Result<Picture, String> {
        let path = folder().join(format!("{name}.toml"));
        let text = read(&path)?;
        toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// What was recorded for it.
    ///
    /// # Errors
    /// If nothing was, or it cannot be read.
    pub fn recorded(&self, name: &str) -> Result<Vec<Event>, String> {
        if let Some(file) = &self.strace {
            let events = strace::events(&read(&folder().join(file))?).into_iter();
            return Ok(events.map(|(at, thread, who, what)| Event { at, thread, who, what }).collect());
        }
        let text = read(&folder().join(format!("{name}.tsv")))?;
        text.lines().map(|line| parse(line).ok_or_else(|| format!("{name}.tsv: what is {line:?}?"))).collect()
    }

    /// Draws it from what was recorded.
    pub fn draw(&self, events: &[Event]) -> String {
        let drawing = match self.kind {
            Kind::Lanes => draw::lanes::draw(events, &self.lanes, &self.arrows, self.time),
            Kind::Grid => draw::grid::draw(events),
            Kind::Rails => draw::rails::draw(events),
            Kind::Nested => draw::nested::draw(events),
        };
        draw::svg(&self.title, &self.description, &drawing)
    }

    /// Runs its example, and returns what happened.
    ///
    /// # Errors
    /// If it fails or records nothing.
    pub fn record(&self) -> Result<Vec<Event>, String> {
        let example = self.example.as_deref().ok_or("it has no example")?;
        let trace = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
        let ran = run_example(example).env("TRACE_FILE", trace.path()).output();
        let ran = ran.map_err(|error| error.to_string())?;
        if !ran.status.success() {
            return Err(format!("{example} fails:\n{}", String::from_utf8_lossy(&ran.stderr)));
        }
        let events: Option<Vec<_>> = read(trace.path())?.lines().map(parse).collect();
        let events = events.ok_or_else(|| format!("{example} writes a line that is no event"))?;
        if events.is_empty() { Err(format!("{example} records nothing")) } else { Ok(events) }
    }
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn parse(line: &str) -> Option<Event> {
    let mut parts = line.splitn(4, '\t').map(str::to_string);
    let at = parts.next()?.parse().ok()?;
    Some(Event { at, thread: parts.next()?, who: parts.next()?, what: parts.next()? })
}

/// Records all pictures that have an example, and draws all.
///
/// # Errors
/// The first thing that fails.
pub fn renew() -> Result<(), String> {
    let write = |name: String, text: String| {
        fs::write(folder().join(&name), text).map_err(|error| format!("{name}: {error}"))
    };
    for name in names() {
        let picture = Picture::read(&name)?;
        if picture.example.is_some() {
            let mut lines = String::new();
            for Event { at, thread, who, what } in
                picture.record().map_err(|error| format!("{name}: {error}"))?
            {
                let _ = writeln!(lines, "{at}\t{thread}\t{who}\t{what}");
            }
            write(format!("{name}.tsv"), lines)?;
        }
        write(format!("{name}.svg"), picture.draw(&picture.recorded(&name)?))?;
    }
    Ok(())
}
