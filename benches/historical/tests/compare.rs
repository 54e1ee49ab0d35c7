//! Runs `historical compare` once, end to end: build, start, request, stop, write the report.

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

#[test]
fn a_scene_is_played_and_written_down() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compare");
    let output = Command::new(env!("CARGO_BIN_EXE_historical"))
        .args([
            "compare",
            "--quick",
            "--rounds",
            "1",
            "--scene",
            "framework",
            "--only",
            "futures-0.1",
            "--out",
        ])
        .arg(&folder)
        .output()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let table = String::from_utf8(output.stdout)?;
    assert!(table.contains("requests per second"), "{table}");

    let results: serde_json::Value = serde_json::from_str(&fs::read_to_string(folder.join("results.json"))?)?;
    let scene = &results["scenes"][0];
    assert_eq!(scene["name"], "framework");
    assert_eq!(scene["troubles"].as_array().map(Vec::len), Some(0), "{scene}");
    // Where server and clients share the processors: apart, unoptimised clients may be the limit, and then there is none.
    let rate = &scene["figures"][1]["sides"][0]["values"][0];
    assert!(rate.as_f64().is_some_and(|rate| rate > 100.0), "{rate} requests per second");
    let page = fs::read_to_string(folder.join("index.html"))?;
    assert!(page.contains("futures-0.1"));
    assert!(results["machine"]["commit"].as_str().is_some_and(|commit| page.contains(commit)));

    // Nothing is played now, and nothing is different.
    let before = fs::read(folder.join("results.json"))?;
    let output = Command::new(env!("CARGO_BIN_EXE_historical"))
        .args(["compare", "--reanalyze"])
        .arg(&folder)
        .output()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8(output.stdout)? == table, "the table differs");
    assert!(
        fs::read(folder.join("results.json"))? == before
            && fs::read_to_string(folder.join("index.html"))? == page
    );
    Ok(())
}

#[test]
fn a_folder_that_cannot_be_is_told_before_anything_is_played() -> Result<(), Box<dyn Error>> {
    // A file is no folder.
    let no_folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    for command in ["compare", "cost"] {
        let output = Command::new(env!("CARGO_BIN_EXE_historical"))
            .args([command, "--out"])
            .arg(&no_folder)
            .output()?;
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr)?;
        assert!(said.starts_with("historical: cannot write to the folder"), "{said}");
        assert!(said.contains("Cargo.toml") && said.lines().count() == 1, "{said}");
        assert!(output.stdout.is_empty());
    }
    Ok(())
}
