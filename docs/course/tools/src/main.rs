//! `course pictures` records and draws the pictures, `course site FOLDER` renders the pages, `course mutants` tries
//! whether the tests that the course calls guards are guards.

use std::env;
use std::path::Path;
use std::process::ExitCode;

use course::{mutants, pictures, site};

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["pictures"] => pictures::renew(),
        ["mutants"] => mutants::try_all(None),
        ["mutants", part] => mutants::try_all(Some(part)),
        ["site", folder] => site::render(Path::new(folder)),
        _ => Err("usage: course pictures | course site FOLDER | course mutants [PART]".to_string()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
