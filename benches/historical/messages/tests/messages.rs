//! What the compiler says about the same mistake, made with threads, with futures 0.1 and with async/await.
//!
//! Each folder of `tests/messages` is a mistake, each file in it a way to make it, with what the compiler says
//! beside it. `cost` measures those texts, and this test keeps them true: it compiles the files and compares. If
//! the texts are to change, for example with another compiler, run `TRYBUILD=overwrite cargo test -p messages` and
//! read what has changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// With the component `rust-src`, messages quote the standard library; the kept ones come from a compiler that
/// could not. Those that would are left out then.
fn quotes_the_standard_library() -> bool {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output().expect("there is a rustc");
    let sysroot = String::from_utf8(sysroot.stdout).expect("its folder is UTF-8");
    Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library").exists()
}

fn files() -> Vec<PathBuf> {
    // From the package's own folder, where tests run: trybuild takes what it is given for the name of the file.
    let mistakes = fs::read_dir("tests/messages").expect("the folder of mistakes is there");
    let mistakes = mistakes.map(|mistake| mistake.expect("it can be read").path());
    let files = mistakes.flat_map(|mistake| fs::read_dir(mistake).expect("a mistake is a folder"));
    let files = files.map(|file| file.expect("it can be read").path());
    files.filter(|file| file.extension().is_some_and(|extension| extension == "rs")).collect()
}

#[test]
fn the_compiler_says_what_it_said() {
    let quotes = quotes_the_standard_library();
    let tests = trybuild::TestCases::new();
    let mut compared = 0;
    for file in files() {
        let kept = fs::read_to_string(file.with_extension("stderr")).unwrap_or_default();
        if quotes && kept.contains("--> $RUST/") {
            eprintln!("left out, because rust-src is installed: {}", file.display());
            continue;
        }
        tests.compile_fail(file);
        compared += 1;
    }
    // Two of the three mistakes in four ways have nothing of the standard library in their messages.
    assert!(compared >= 8, "only {compared} messages were compared");
}
