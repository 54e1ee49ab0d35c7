//! Checks what README, NOTES, CHANGELOG and `docs/` name: files and functions in backticks, links with their anchors,
//! and the map of the sources. (Cargo runs tests in the folder of the package.)
//!
//! A path in backticks is relative to the package, to `src/` or to a room. Code spans that follow the path of a file,
//! with only a comma between, are functions and types of that file. A name with three underscores or more is a function.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const ROOTS: &[&str] = &["", "src", "src/server", "src/captioner"];
/// Where paths begin. Other spans with a slash are media types, URLs, or files that a command makes.
const FOLDERS: &[&str] = &["src", "tests", "docs", "benches", "examples", "fuzz", "data", "deploy", ".ci"];

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {}", path.display(), error))
}

/// Every file below a folder whose name has that end.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below = paths.flat_map(|path| if path.is_dir() { files(&path, end) } else { vec![path] });
    below.filter(|path| path.to_string_lossy().ends_with(end)).collect()
}

fn sources() -> String {
    let folders = ["src", "tests", "benches", "examples", "docs"].iter();
    folders.flat_map(|folder| files(Path::new(folder), ".rs")).map(|path| read(&path)).collect()
}

/// A document without its blocks of code.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect::<Vec<_>>().join("\n\n")
}

/// The place that a code span names, `None` if it names none, or an error if nothing is there.
fn place(span: &str) -> Option<Result<PathBuf, String>> {
    let is_path = span.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
    let is_ours = span.contains('/') && FOLDERS.contains(&span.split('/').next().unwrap_or(""));
    if !is_path || !(is_ours || span.ends_with(".rs") || span.ends_with(".md")) {
        return None;
    }
    let mut places = ROOTS.iter().map(|root| Path::new(root).join(span));
    Some(places.find(|path| path.exists()).ok_or(format!("`{}` does not exist", span)))
}

fn is_function_name(span: &str) -> bool {
    let is_word = span.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    is_word && span.matches('_').count() >= 3 && !span.starts_with("memed_")
}

fn wrong_spans(prose: &str, sources: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for paragraph in prose.split("\n\n") {
        let paragraph = paragraph.replace('\n', " ");
        let parts: Vec<_> = paragraph.split('`').collect();
        let mut file: Option<PathBuf> = None;
        for at in (1..parts.len()).step_by(2) {
            let (is_of_file, span) = (parts[at - 1] == ", ", parts[at]);
            let is_in = |code: String| {
                code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == span)
            };
            match (place(span), file.take()) {
                (Some(Err(error)), _) => wrong.push(error),
                (Some(Ok(path)), _) => file = Some(path).filter(|path| path.is_file()),
                (None, Some(ref path)) if is_of_file && !is_in(read(path)) => {
                    wrong.push(format!("`{}` is not in {}", span, path.display()))
                }
                (None, before) => file = before.filter(|_| is_of_file),
            }
            if is_function_name(span) && !sources.contains(&format!("fn {}(", span)) {
                wrong.push(format!("there is no function `{}`", span));
            }
        }
    }
    wrong
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|&character| character.is_alphanumeric() || " -_".contains(character));
    kept.collect::<String>().trim().to_lowercase().replace(' ', "-")
}

fn wrong_links(prose: &str, document: &Path) -> Vec<String> {
    let links = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let is_right = |link: &str| {
        let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
        let target = if path.is_empty() { document.to_path_buf() } else { document.with_file_name(path) };
        let is_it = |line: &str| line.starts_with('#') && anchor(line.trim_start_matches('#')) == fragment;
        target.exists() && (fragment.is_empty() || self::prose(&read(&target)).lines().any(is_it))
    };
    let wrong = links.filter(|link| !link.starts_with("http") && !is_right(link));
    wrong.map(|link| format!("the link to {} leads nowhere", link)).collect()
}

/// The files of a map, which has a line for each file, or for several, indented below their folder.
fn mapped(map: &str) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for line in map.lines().filter(|line| !line.trim().is_empty()) {
        folders.truncate((line.len() - line.trim_start().len()) / 2);
        for name in line.split_whitespace().take_while(|name| name.ends_with('/') || name.ends_with(".rs")) {
            match name.strip_suffix('/') {
                Some(folder) => folders.push(folder),
                None => files.push(folders.iter().collect::<PathBuf>().join(name)),
            }
        }
    }
    files
}

#[test]
fn what_the_documents_name_exists() {
    let mut documents = files(Path::new("docs"), ".md");
    documents.extend(files(Path::new("deploy"), ".md"));
    documents.extend(["README.md", "NOTES.md", "CHANGELOG.md"].iter().map(PathBuf::from));
    let (sources, mut wrong) = (sources(), Vec::new());
    for document in documents {
        let prose = prose(&read(&document));
        let errors = wrong_spans(&prose, &sources).into_iter().chain(wrong_links(&prose, &document));
        wrong.extend(errors.map(|error| format!("{}: {}", document.display(), error)));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_map_has_every_source_file_and_no_other() {
    let notes = read(Path::new("NOTES.md"));
    let map = notes.split("```").find(|block| block.starts_with("\nsrc/")).expect("NOTES has a map");
    let mapped: BTreeSet<_> = mapped(map).into_iter().collect();
    let existing: BTreeSet<_> = files(Path::new("src"), ".rs").into_iter().collect();
    let differences: Vec<_> = mapped.symmetric_difference(&existing).collect();
    assert!(differences.is_empty(), "only on the map or only in src/: {:#?}", differences);
}

/// The files that a page shows code of, each with that code. A comment before a block of code names the file.
fn shown(page: &str) -> Vec<(&str, &str)> {
    let mut shown = Vec::new();
    let parts: Vec<_> = page.split("```").collect();
    for at in (1..parts.len()).step_by(2) {
        let comment = parts[at - 1].trim_end().rsplit('\n').next().unwrap_or("");
        let file = comment.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
        let (_, code) = parts[at].split_once('\n').expect("a block begins with its language");
        shown.extend(file.map(|file| (file, code)));
    }
    shown
}

#[test]
fn the_pages_for_clients_show_the_examples_as_they_are_run() {
    let (run, mut all) = (read(Path::new("examples/clients/run.sh")), BTreeSet::new());
    for page in files(Path::new("docs/clients"), ".md") {
        for (file, code) in shown(&read(&page)) {
            let example = read(Path::new(file));
            assert!(example.contains(code), "{} shows what is not in {}: {}", page.display(), file, code);
            all.insert(file.to_string());
        }
    }
    assert!(all.len() >= 9, "{:?}", all);
    for file in all {
        let name = Path::new(&file).file_name().unwrap().to_str().unwrap();
        let name = name.strip_suffix(".rs").unwrap_or(name);
        assert!(run.contains(name), "nothing runs {}", file);
    }
    assert_eq!(shown("a\n<!-- b.py -->\n```python\nc\n```\nd\n```sh\ne\n```\n"), [("b.py", "c\n")]);
}

#[test]
fn a_wrong_name_would_be_seen() {
    let spans = |prose: &str| wrong_spans(prose, "fn is_it_there_now() {}").len();
    assert_eq!(spans("`src/main.rs`, `main`; `is_it_there_now`; `server/mod.rs`, `Server`,\n`bind` `no`"), 0);
    assert_eq!(spans("`GET /health`, `image/png`, `report/index.html`, `memed_requests_timed_out_total`"), 0);
    assert_eq!(
        spans("`src/no.rs`, `no`; `connection/no.rs`; `src/main.rs`, `main`, `no`; `is_it_not_there`"),
        4
    );
    let links = |prose: &str| wrong_links(prose, Path::new("README.md")).len();
    assert_eq!(links("[a](NOTES.md) [b](NOTES.md#the-map) [c](#numbers) [d](https://example.com/no)"), 0);
    assert_eq!(links("[a](NO.md) [b](NOTES.md#no)"), 2);
    assert_eq!(mapped("a/\n  b.rs c.rs   words\n  d/   words\n    e.rs\n  f.rs").len(), 4);
}
