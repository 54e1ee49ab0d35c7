//! The pages of the course, and the marked blocks in them.
//!
//! A comment before a block of code says where the block comes from:
//!
//! - `<!-- code: FILE NAME -->`: it is part of the item NAME (a function, a type, an `impl`) in FILE. A line that is
//!   only `// …` stands for lines left out. FILE is relative to the package of the server, or begins with the name and
//!   version of a crate, as in `futures-0.1.31/src/poll.rs`.
//! - `<!-- output: EXAMPLE -->`: what that example of the playground prints. `today/EXAMPLE`: of the playground of today.
//! - `<!-- server: KNOBS -->`: commands for a shell, while a server with these knobs runs. A block of their output follows.
//!   `tests/course.rs` of the server runs them.
//! - `<!-- message: FILE -->`: part of a file that is kept true by another test, a message of the compiler for example.
//!   A line that is only `…` stands for lines left out.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The package of the server.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../..")
        .canonicalize()
        .expect("the tools are in docs/course/tools")
}

/// The folder of the course.
pub fn course() -> PathBuf {
    root().join("docs/course")
}

/// The numbers and names of the lessons' files, in their order.
///
/// # Panics
/// If the folder of the course cannot be read.
pub fn lessons() -> Vec<PathBuf> {
    let mut lessons: Vec<_> = markdown().into_iter().filter(|path| is_lesson(path)).collect();
    lessons.sort();
    lessons
}

fn is_lesson(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with(|first: char| first.is_ascii_digit()))
}

/// All pages.
///
/// # Panics
/// If the folder of the course cannot be read.
pub fn markdown() -> Vec<PathBuf> {
    let entries = fs::read_dir(course()).expect("the course has a folder");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    let mut pages: Vec<_> = paths.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    pages.sort();
    pages
}

/// A command that runs an example of a playground; `today/EXAMPLE` is one of the playground of today.
pub fn run_example(example: &str) -> Command {
    let (folder, name) = match example.strip_prefix("today/") {
        Some(name) => ("playground/today", name),
        None => ("playground", example),
    };
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["run", "--quiet", "--example", name]).current_dir(course().join(folder));
    command.env_remove("RUST_BACKTRACE").env_remove("RUST_LOG");
    command
}

/// Where a block comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// An item of a source file.
    Code { file: String, name: String },
    /// What an example prints.
    Output { example: String },
    /// Commands that ask a running server.
    Server,
    /// Part of a text.
    Message { file: String },
}

/// A marked block of code.
#[derive(Debug)]
pub struct Block {
    pub page: PathBuf,
    /// The number of its first line, from one.
    pub line: usize,
    pub origin: Origin,
    pub text: String,
}

/// The marked blocks of a page.
///
/// # Errors
/// A mark that is not understood, or that has no block after it.
pub fn blocks(page: &Path) -> Result<Vec<Block>, String> {
    let text = fs::read_to_string(page).map_err(|error| format!("{}: {error}", page.display()))?;
    let lines: Vec<_> = text.lines().collect();
    let mut blocks = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(mark) = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->")) else {
            continue;
        };
        // For whoever speaks to a slide.
        if mark.starts_with("note: ") {
            continue;
        }
        let place = format!("{}:{}", page.display(), at + 1);
        let origin = origin(mark).ok_or_else(|| format!("{place}: what is {mark:?}?"))?;
        if !lines.get(at + 1).is_some_and(|line| line.starts_with("```")) {
            return Err(format!("{place}: no block of code follows"));
        }
        let block: Vec<_> =
            lines[at + 2..].iter().take_while(|line| !line.starts_with("```")).copied().collect();
        blocks.push(Block { page: page.to_path_buf(), line: at + 3, origin, text: block.join("\n") });
    }
    Ok(blocks)
}

fn origin(mark: &str) -> Option<Origin> {
    let (kind, rest) = mark.split_once(": ")?;
    let words: Vec<_> = rest.split_whitespace().collect();
    match (kind, &words[..]) {
        ("code", [file, name]) => Some(Origin::Code { file: file.to_string(), name: name.to_string() }),
        ("output", [example]) => Some(Origin::Output { example: example.to_string() }),
        ("server", _) => Some(Origin::Server),
        ("message", [file]) => Some(Origin::Message { file: file.to_string() }),
        _ => None,
    }
}
