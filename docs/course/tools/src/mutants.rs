//! Whether the tests that the course calls guards are guards: each line that one of them guards is taken out, in a copy
//! of the project, and the test must fail then.
//!
//! `mutants.toml` has the changes. Run on demand, since it builds the playground many times, and the server for some.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::pages::{course, root};

/// A build, and a test that may hang.
const LONGEST: Duration = Duration::from_secs(600);
/// For a test that was built already.
const HANGS: Duration = Duration::from_secs(60);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutants {
    mutant: Vec<Mutant>,
}

/// A change, and the test that must see it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutant {
    /// The lesson that speaks of it; `None`: the article.
    pub lesson: Option<u32>,
    /// What is changed, in words.
    pub what: String,
    pub file: String,
    /// What the file has, once.
    pub take: String,
    /// What it gets instead.
    pub put: String,
    /// The test that guards it.
    pub test: String,
    /// Whether that is a test of the server's own package; else of the playground.
    #[serde(default)]
    pub server: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    Passes,
    Fails,
    Hangs,
    /// It does not compile, which is no guard of a test.
    Breaks,
    /// There is no test of that name in the package.
    Missing,
}

/// The list.
///
/// # Errors
/// If it cannot be read.
pub fn list() -> Result<Vec<Mutant>, String> {
    let path = course().join("mutants.toml");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mutants: Mutants = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(mutants.mutant)
}

impl Mutant {
    /// The file with the change.
    ///
    /// # Errors
    /// If the file does not have what is to be taken out, or has it more than once.
    pub fn apply(&self, source: &str) -> Result<String, String> {
        match source.matches(&self.take).count() {
            1 => Ok(source.replace(&self.take, &self.put)),
            count => Err(format!("{} has {:?} {count} times", self.file, self.take)),
        }
    }
}

/// Tries all of them, or those whose test has that in its name, and prints what each test does.
///
/// # Errors
/// If a test does not see its change, or does not pass without it.
pub fn try_all(part: Option<&str>) -> Result<(), String> {
    let copy = root().join("target/mutants/copy");
    copy_project(&copy)?;
    let mutants: Vec<_> =
        list()?.into_iter().filter(|mutant| part.is_none_or(|part| mutant.test.contains(part))).collect();
    let mut passes = BTreeMap::new();
    let mut missed = Vec::new();
    for mutant in &mutants {
        let path = copy.join(&mutant.file);
        let source = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", mutant.file))?;
        let changed = mutant.apply(&source)?;
        let before = *passes.entry(&mutant.test).or_insert_with(|| run(&copy, mutant));
        fs::write(&path, changed).map_err(|error| error.to_string())?;
        let outcome = run(&copy, mutant);
        fs::write(&path, source).map_err(|error| error.to_string())?;
        let words = match outcome {
            Outcome::Fails => "fails",
            Outcome::Hangs => "hangs",
            Outcome::Passes => "passes",
            Outcome::Breaks => "does not compile",
            Outcome::Missing => "is not there",
        };
        println!("{}: {}: {words}", mutant.test, mutant.what);
        if before != Outcome::Passes {
            missed.push(format!("{} does not pass without the change", mutant.test));
        }
        if !matches!(outcome, Outcome::Fails | Outcome::Hangs) {
            missed.push(format!("{} {words} with the change: {}", mutant.test, mutant.what));
        }
    }
    if !missed.is_empty() {
        return Err(missed.join("\n"));
    }
    Ok(())
}

/// Copies what Git knows of, and what it would know of if it were added.
fn copy_project(copy: &Path) -> Result<(), String> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .map_err(|error| format!("git: {error}"))?;
    for name in String::from_utf8_lossy(&listed.stdout).lines() {
        let (from, to) = (root().join(name), copy.join(name));
        let Ok(content) = fs::read(&from) else { continue };
        // What is the same keeps its time, so that it is not built again.
        if fs::read(&to).is_ok_and(|there| there == content) {
            continue;
        }
        let folder = to.parent().ok_or("a file is in a folder")?;
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&to, content))
            .map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

/// Runs the test of a mutant in the copy. Builds it first, so that a build that takes long is not taken for a hang.
fn run(copy: &Path, mutant: &Mutant) -> Outcome {
    let package = if mutant.server { "memed" } else { "playground" };
    let targets: &[&str] = if mutant.server { &["--lib", "--test", "tests"] } else { &["--lib"] };
    let cargo = |more: &[&str]| {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(["test", "-q", "-p", package]).args(targets).args(more).current_dir(copy);
        command
            .env("CARGO_TARGET_DIR", copy.with_file_name("build"))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    };
    match within(&mut cargo(&["--no-run"]), LONGEST) {
        Some(true) => {}
        _ => return Outcome::Breaks,
    }
    // A name that no test has would pass.
    let listed = cargo(&[&mutant.test, "--", "--list"]).stdout(Stdio::piped()).output();
    let is_there = listed.is_ok_and(|listed| String::from_utf8_lossy(&listed.stdout).contains(": test"));
    if !is_there {
        return Outcome::Missing;
    }
    match within(&mut cargo(&[&mutant.test]), HANGS) {
        Some(true) => Outcome::Passes,
        Some(false) => Outcome::Fails,
        None => Outcome::Hangs,
    }
}

/// Whether a command succeeds; `None`: it takes longer, and was ended with all that it has started.
fn within(command: &mut Command, time: Duration) -> Option<bool> {
    use std::os::unix::process::CommandExt;
    let mut child = command.process_group(0).spawn().ok()?;
    let start = Instant::now();
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status.success());
        }
        if start.elapsed() > time {
            // The group of the child, which is its leader.
            let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status();
            let _ = child.wait();
            return None;
        }
        thread::sleep(Duration::from_millis(20));
    }
}
