//! Gets the compiler's error messages as a terminal shows them, with long types cut short. trybuild's have every type
//! in full.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use tempfile::TempDir;
use toml::{Table, Value};

use super::contestants::{HERE, MESSAGES, TO_MEMED};
use super::messages::Mistake;
use crate::compare::contestants::cargo;

/// The crates that mistakes are made with.
const CRATES: [&str; 3] = ["futures01", "futures-cpupool", "tokio"];

/// What cargo prints a line of for each message of the compiler, as far as it is read here.
#[derive(Deserialize)]
struct Line {
    target: Option<Target>,
    message: Option<Diagnostic>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[derive(Deserialize)]
struct Diagnostic {
    level: String,
    /// None for the summary at the end.
    spans: Vec<serde_json::Value>,
    rendered: Option<String>,
}

/// What it shows of each, in the order given. Checks the crates that they need first: seconds.
///
/// # Errors
/// If cargo cannot be run, or one of them compiles.
pub fn shown(mistakes: &[Mistake]) -> Result<Vec<String>, Box<dyn Error>> {
    let folder = TempDir::with_prefix("historical-")?;
    write_package(mistakes, folder.path())?;
    let mut command = Command::new(cargo());
    command.current_dir(folder.path()).args(["check", "--offline", "--quiet", "--keep-going"]);
    command.args(["--message-format", "json"]).arg("--target-dir").arg(folder.path().join("target"));
    let output = command.env_remove("RUSTFLAGS").output()?;
    let mut shown = errors(&String::from_utf8(output.stdout)?)?;
    let mut all = Vec::new();
    for (number, mistake) in mistakes.iter().enumerate() {
        let said = shown.remove(&name(number)).ok_or_else(|| {
            let said = String::from_utf8_lossy(&output.stderr);
            format!("{}: it compiles, but should not: {said}", mistake.file.display())
        })?;
        all.push(without_folders(&said, folder.path()));
    }
    Ok(all)
}

fn name(number: usize) -> String {
    format!("mistake-{number}")
}

/// A package whose programs are the mistakes, where they are.
fn write_package(mistakes: &[Mistake], to: &Path) -> Result<(), Box<dyn Error>> {
    let manifest: Table = fs::read_to_string(Path::new(MESSAGES).join("Cargo.toml"))?.parse()?;
    let dependencies: Table = manifest
        .get("dev-dependencies")
        .and_then(Value::as_table)
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.clone()))
        .filter(|(name, _)| CRATES.contains(&name.as_str()))
        .collect();
    let programs = mistakes.iter().enumerate().map(|(number, mistake)| {
        let path = mistake.file.to_string_lossy().into_owned();
        Value::from(Table::from_iter([("name".into(), name(number).into()), ("path".into(), path.into())]))
    });
    let package = [("name", "mistakes"), ("version", "0.0.0"), ("edition", "2024")];
    let package = package.map(|(key, value)| (key.to_string(), Value::from(value)));
    let manifest = Table::from_iter([
        ("package".into(), Table::from_iter(package).into()),
        ("workspace".into(), Table::new().into()),
        ("dependencies".into(), dependencies.into()),
        ("bin".into(), programs.collect::<Vec<_>>().into()),
    ]);
    fs::write(to.join("Cargo.toml"), toml::to_string(&manifest)?)?;
    let memed = Path::new(HERE).join(TO_MEMED);
    for file in ["Cargo.lock", "rust-toolchain"] {
        fs::copy(memed.join(file), to.join(file))?;
    }
    Ok(())
}

/// The errors of each program, as they are shown, one after the other.
fn errors(lines: &str) -> Result<BTreeMap<String, String>, serde_json::Error> {
    let mut errors = BTreeMap::<_, String>::new();
    for line in lines.lines() {
        let Line { target: Some(target), message: Some(message) } = serde_json::from_str(line)? else {
            continue;
        };
        if message.level == "error" && !message.spans.is_empty() {
            errors.entry(target.name).or_default().push_str(message.rendered.as_deref().unwrap_or_default());
        }
    }
    Ok(errors)
}

/// Removes the folders of this machine from paths, so that the numbers are the same everywhere.
fn without_folders(text: &str, temporary: &Path) -> String {
    let text = text.replace(&format!("{MESSAGES}/"), "").replace(&temporary.display().to_string(), "$DIR");
    let lines = text.lines().map(|line| match line.find("--> /").or(line.find("::: /")) {
        Some(arrow) => format!("{}{}\n", &line[..arrow + 4], without_home(&line[arrow + 4..])),
        None => format!("{}\n", without_number(line)),
    });
    lines.collect()
}

/// The name of the file with the whole of a type that was cut short, without the number that is in it.
fn without_number(line: &str) -> String {
    match line.split_once("long-type-") {
        Some((before, after)) => {
            format!("{before}long-type{}", after.trim_start_matches(|digit: char| digit.is_ascii_digit()))
        }
        None => line.to_string(),
    }
}

/// The path of a crate from its own folder on, and that of the standard library from its sources on.
fn without_home(path: &str) -> String {
    if let Some((_, path)) = path.split_once("/registry/src/") {
        // The folder of the registry has a number in its name.
        return format!("$CARGO/{}", path.split_once('/').map_or(path, |(_, path)| path));
    }
    path.split_once("/library/").map_or(path.to_string(), |(_, path)| format!("$RUST/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_errors_with_a_place_count() {
        let lines = r#"{"reason": "compiler-artifact", "target": {"name": "futures"}}
{"target": {"name": "a"}, "message": {"level": "warning", "spans": [1], "rendered": "unused"}}
{"target": {"name": "a"}, "message": {"level": "error", "spans": [1], "rendered": "one\n"}}
{"target": {"name": "b"}, "message": {"level": "error", "spans": [1], "rendered": "three\n"}}
{"target": {"name": "a"}, "message": {"level": "error", "spans": [1], "rendered": "two\n"}}
{"target": {"name": "a"}, "message": {"level": "error", "spans": [], "rendered": "aborting"}}
{"reason": "build-finished", "success": false}"#;
        let errors = errors(lines).unwrap();
        assert_eq!(errors["a"], "one\ntwo\n");
        assert_eq!(errors["b"], "three\n");
    }

    #[test]
    fn folders_of_the_machine_are_left_out() {
        let text = format!(
            "  --> {MESSAGES}/tests/a.rs:1:2\n  --> /home/me/.cargo/registry/src/index-1/tokio-1.0.0/src/a.rs:3:4\n  \
             ::: /rustc/59807616/library/core/src/a.rs:5:6\n  = note: written to '/tmp/x/target/a.long-type-123.txt'\n"
        );
        let expected = "  --> tests/a.rs:1:2\n  --> $CARGO/tokio-1.0.0/src/a.rs:3:4\n  \
                        ::: $RUST/core/src/a.rs:5:6\n  = note: written to '$DIR/target/a.long-type.txt'\n";
        assert_eq!(without_folders(&text, Path::new("/tmp/x")), expected);
    }
}
