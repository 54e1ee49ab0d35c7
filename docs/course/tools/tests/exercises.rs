//! Whether the exercises are red as they are given, and green as they are solved.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use course::mutants;
use course::pages::{course, markdown, root};

/// The lessons that have an exercise there, as the names of their features.
fn features(playground: &Path) -> Vec<String> {
    let manifest: toml::Table =
        fs::read_to_string(playground.join("Cargo.toml")).unwrap().parse().expect("it is a manifest");
    let features = manifest["features"].as_table().unwrap().keys();
    features.filter(|name| name.starts_with("lesson-")).cloned().collect()
}

/// The results of the tests, by name, or the errors of the build.
fn test(playground: &Path, features: &str) -> Result<Vec<(String, bool)>, String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        // Without the examples, which other tests run: for each lesson they would be built anew.
        .args(["test", "--tests", "--no-fail-fast", "--features", features])
        .current_dir(playground)
        .output()
        .expect("Cargo runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let result = |line: &str| {
        let (name, result) = line.strip_prefix("test ")?.split_once(" ... ")?;
        Some((name.to_string(), result == "ok"))
    };
    let results: Vec<_> = said.lines().filter_map(result).collect();
    if results.is_empty() { Err(String::from_utf8_lossy(&output.stderr).into_owned()) } else { Ok(results) }
}

fn playgrounds() -> [std::path::PathBuf; 2] {
    ["playground", "playground/today"].map(|name| course().join(name))
}

#[test]
fn solutions_are_green() {
    for playground in playgrounds() {
        let results = test(&playground, &(features(&playground).join(",") + ",solutions")).unwrap();
        let red: Vec<_> = results.iter().filter(|result| !result.1).collect();
        assert!(red.is_empty(), "{}: {red:?}", playground.display());
        assert!(results.len() >= 2 * features(&playground).len(), "there are only {} tests", results.len());
    }
}

/// Some tests pass before anything is written: those that keep a solution from breaking what was right. But of each
/// lesson some must fail, and each exercise must compile.
#[test]
fn exercises_are_red() {
    for playground in playgrounds() {
        for feature in features(&playground) {
            let results = test(&playground, &feature).unwrap_or_else(|error| panic!("{feature}: {error}"));
            let red = results.iter().filter(|result| !result.1).count();
            assert!(red >= 2 || red == results.len(), "{feature}: only {red} of {} are red", results.len());
        }
    }
}

#[test]
fn mutants_still_apply() {
    for mutant in mutants::list().unwrap() {
        let source = fs::read_to_string(root().join(&mutant.file)).unwrap();
        let changed = mutant.apply(&source).unwrap_or_else(|error| panic!("{error}"));
        assert_ne!(changed, source, "{}", mutant.what);
        let tests = [root().join("src"), root().join("tests")];
        let is_in = |folder: &Path| {
            let found =
                Command::new("grep").args(["-rqw", &format!("fn {}", mutant.test)]).arg(folder).status();
            found.is_ok_and(|status| status.success())
        };
        assert!(tests.iter().any(|folder| is_in(folder)), "there is no test {}", mutant.test);
    }
}

/// Names with as many underscores, in code of a page, are those of tests.
const UNDERSCORES: usize = 3;

#[test]
fn every_test_that_a_page_names_is_tried_by_a_mutant() {
    let tried: BTreeSet<_> = mutants::list().unwrap().into_iter().map(|mutant| mutant.test).collect();
    let mut named = BTreeSet::new();
    for page in markdown() {
        let text = fs::read_to_string(page).unwrap();
        let words = text.split('`').skip(1).step_by(2);
        let is_name = |word: &&str| word.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase());
        let names = words.filter(is_name).filter(|word| word.matches('_').count() >= UNDERSCORES);
        named.extend(names.map(str::to_string));
    }
    assert!(named.len() >= 10, "{named:?}");
    let untried: Vec<_> = named.difference(&tried).collect();
    assert!(untried.is_empty(), "no mutant tries {untried:?}");
}
