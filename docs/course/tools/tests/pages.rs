//! Whether the pages show what the sources say and what the examples print.
//!
//! `UPDATE=1 cargo test -p course` writes what the examples print into the pages. Read what has changed.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::Path;

use course::excerpts::{Files, is_in, items};
use course::pages::{Block, Origin, blocks, markdown, run_example};
use course::site;

fn all_blocks() -> Vec<Block> {
    markdown().iter().flat_map(|page| blocks(page).unwrap_or_else(|error| panic!("{error}"))).collect()
}

fn place(block: &Block) -> String {
    format!("{}:{}", block.page.file_name().unwrap().to_string_lossy(), block.line)
}

#[test]
fn excerpts_are_what_the_sources_say() {
    let files = Files::find();
    let mut wrong = Vec::new();
    for block in all_blocks() {
        let problem = match &block.origin {
            Origin::Code { file, name } => files.read(file).and_then(|source| {
                let found = items(name, &source);
                match found.iter().any(|item| is_in(&block.text, item, "// …")) {
                    true => Ok(()),
                    false if found.is_empty() => Err(format!("{file} has no {name}")),
                    false => Err(format!("that is not what {name} in {file} says")),
                }
            }),
            Origin::Message { file } => files.read(file).and_then(|text| {
                let lines: Vec<_> = text.lines().collect();
                is_in(&block.text, &lines, "…").then_some(()).ok_or(format!("that is not what {file} says"))
            }),
            Origin::Output { .. } | Origin::Server => Ok(()),
        };
        wrong.extend(problem.err().map(|problem| format!("{}: {problem}", place(&block))));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What an example prints. Panics go to the other output.
fn output_of(example: &str) -> String {
    let command = run_example(example).output().expect("Cargo runs");
    assert!(command.status.success(), "{example} fails:\n{}", String::from_utf8_lossy(&command.stderr));
    String::from_utf8(command.stdout).expect("it prints text").trim_end().to_string()
}

#[test]
fn examples_print_what_the_pages_show() {
    let updates = env::var_os("UPDATE").is_some();
    let (mut outputs, mut wrong) = (BTreeMap::new(), Vec::new());
    // From the last one on, so that the line numbers of the others stay right.
    for block in all_blocks().iter().rev() {
        let Origin::Output { example } = &block.origin else { continue };
        let output = outputs.entry(example.clone()).or_insert_with(|| output_of(example));
        if block.text == *output {
            continue;
        }
        if updates {
            replace(&block.page, block, output);
        } else {
            wrong.push(format!("{}: {example} prints\n{output}", place(block)));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn replace(page: &Path, block: &Block, output: &str) {
    let text = fs::read_to_string(page).unwrap();
    let mut lines: Vec<_> = text.lines().collect();
    let count = if block.text.is_empty() { 0 } else { block.text.lines().count() };
    // An empty block may have an empty line or none.
    let start = block.line - 1;
    let end = lines[start..]
        .iter()
        .position(|line| line.starts_with("```"))
        .map_or(start + count, |end| start + end);
    lines.splice(start..end, output.lines());
    fs::write(page, lines.join("\n") + "\n").unwrap();
}

#[test]
fn an_excerpt_that_is_wrong_would_be_seen() {
    let source = "/// It adds.\nfn add(a: u32) -> u32 {\n    // Why.\n    let b = 1;\n\n    a + b\n}\n\nfn other() {\n}\n";
    let found = items("add", source);
    assert_eq!((found.len(), items("sub", source).len()), (1, 0));
    let is_right = |excerpt: &str| is_in(excerpt, &found[0], "// …");
    assert!(is_right("let b = 1;\na + b") && is_right("fn add(a: u32) -> u32 {\n    let b = 1;\n"));
    assert!(is_right("fn add(a: u32) -> u32 {\n    // …\n    a + b\n}") && is_right("// Why."));
    assert!(
        !is_right("a + b\nlet b = 1;")
            && !is_right("fn add(a: u32) -> u32 {\n    a + b")
            && !is_right("fn other() {")
    );
    assert!(!is_right("") && !is_right("let b = 2;"));
}

#[test]
fn every_link_of_the_site_leads_somewhere() {
    let folder = tempfile::tempdir().unwrap();
    site::render(folder.path()).unwrap();
    let pages = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let pages: Vec<_> = pages.filter(|path| path.extension().is_some_and(|end| end == "html")).collect();
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    let (mut links, mut wrong) = (0, Vec::new());
    for page in &pages {
        let text = read(page);
        let targets = [" href=\"", " src=\""].into_iter().flat_map(|mark| text.split(mark).skip(1));
        for target in
            targets.filter_map(|rest| rest.split('"').next()).filter(|target| !target.contains("://"))
        {
            let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
            let there = if file.is_empty() { page.clone() } else { folder.path().join(file) };
            let has_it = || read(&there).contains(&format!("id=\"{fragment}\""));
            if !there.exists() || !(fragment.is_empty() || has_it()) {
                wrong.push(format!("{}: {target}", page.file_name().unwrap().to_string_lossy()));
            }
            links += 1;
        }
    }
    assert!(wrong.is_empty() && links > 500, "of {links} links:\n{}", wrong.join("\n"));
}
