//! Replays inputs kept from fuzzing: those that cover the most code, and those that once broke the program. The fuzz
//! targets in `fuzz/` run the same checks.

use std::fs;
use std::panic;
use std::path::{Path, PathBuf};

#[path = "../fuzz/checks.rs"]
mod checks;

fn inputs(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
    entries.into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
}

fn check(target: &str, inputs: &[PathBuf]) {
    assert!(!inputs.is_empty(), "there is no input for {}", target);
    for path in inputs {
        let input = fs::read(path).unwrap();
        let result = panic::catch_unwind(|| checks::run(target, &input));
        assert!(result.is_ok(), "{}", path.display());
    }
}

/// Every input of a target that is kept.
fn check_all(target: &str) {
    check(target, &inputs(&format!("fuzz/corpus/{}", target)));
    let regressions = inputs(&format!("tests/regressions/{}", target));
    if !regressions.is_empty() {
        check(target, &regressions);
    }
}

#[test]
fn query_strings_are_understood_or_refused() {
    check_all("query");
}

#[test]
fn json_is_understood_or_refused() {
    check_all("json");
}

#[test]
fn any_text_is_drawn() {
    check_all("text");
}

#[test]
fn gifs_are_drawn_on_or_refused() {
    check_all("gif");
}

#[test]
fn jpegs_are_drawn_on_or_refused() {
    check_all("jpeg");
}

#[test]
fn pngs_are_drawn_on_or_refused() {
    check_all("png");
}

#[test]
fn uploads_are_drawn_on_or_refused() {
    check_all("upload");
}
