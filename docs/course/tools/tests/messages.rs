//! Whether the compiler says of today's mistakes what the pages show.
//!
//! `playground/today/messages/*.rs` do not compile, and what the compiler says is beside each of them. With another
//! compiler: `UPDATE=1 cargo test -p course --test messages`, and read what has changed.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use course::pages::course;

/// What the compiler says, without the folder of its own sources, which is another on each machine.
fn message(file: &Path) -> String {
    let output = tempfile::tempdir().expect("there is a place for temporary files");
    let compiled = Command::new("rustc")
        .args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "--out-dir"])
        .arg(output.path())
        .arg(file.file_name().expect("it is a file"))
        .current_dir(file.parent().expect("it is in a folder"))
        .output()
        .expect("rustc runs");
    assert!(!compiled.status.success(), "{} compiles", file.display());
    let message = String::from_utf8(compiled.stderr).expect("it says text");
    let line = |line: &str| match line
        .split_once("--> /")
        .and_then(|(before, path)| Some((before, path.find("/library/")?, path)))
    {
        Some((before, at, path)) => {
            format!("{before}--> $RUST{}", path[at..].split(':').next().unwrap_or_default())
        }
        None => line.to_string(),
    };
    message.lines().map(line).map(|line| line + "\n").collect()
}

/// With the component `rust-src`, messages quote the standard library; the kept ones come from a compiler that could not.
fn quotes_the_standard_library() -> bool {
    let sysroot = Command::new("rustc")
        .args(["--print", "sysroot"])
        .current_dir(course())
        .output()
        .expect("rustc runs");
    Path::new(String::from_utf8_lossy(&sysroot.stdout).trim()).join("lib/rustlib/src/rust/library").exists()
}

#[test]
fn the_compiler_says_of_todays_mistakes_what_it_said() {
    if quotes_the_standard_library() {
        eprintln!("left out, because rust-src is installed");
        return;
    }
    let entries =
        fs::read_dir(course().join("playground/today/messages")).expect("the messages have a folder");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    let mut compared = 0;
    for file in paths.filter(|path| path.extension().is_some_and(|end| end == "rs")) {
        let (kept, now) = (file.with_extension("stderr"), message(&file));
        if env::var_os("UPDATE").is_some() {
            fs::write(&kept, &now).expect("it can be written");
        }
        let kept = fs::read_to_string(&kept).unwrap_or_default();
        assert!(now == kept, "{}: the compiler says\n{now}", file.display());
        compared += 1;
    }
    assert!(compared >= 2, "only {compared} messages were compared");
}
