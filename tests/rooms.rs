//! Checks the imports in `src`: which room may use which crate and which other room, and that no files import each
//! other in a circle.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust file below a folder and its code, without comments and without its unit tests.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(folder).expect("the room is there") {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources.extend(self::sources(&path));
        } else {
            sources.push((path.clone(), code(&fs::read_to_string(&path).unwrap())));
        }
    }
    sources
}

/// Unit tests stand at the end of a file.
fn code(text: &str) -> String {
    let tested = text.split("#[cfg(test)]\nmod tests").next().unwrap_or("");
    let code = tested.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.collect::<Vec<_>>().join("\n")
}

/// Whether a path (`name::…`) or an import of `name` is in the code.
fn mentions(code: &str, name: &str) -> bool {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    code.match_indices(name).any(|(start, _)| {
        let before = code[..start].chars().next_back();
        let after = &code[start + name.len()..];
        let begins = before.is_none_or(|character| !is_word(character))
            && !code[..start].ends_with("self::")
            && !code[..start].ends_with("super::");
        let is_path = after.starts_with("::") && begins;
        let is_import = (after.starts_with(';') || after.starts_with(',') || after.starts_with('}'))
            && (code[..start].ends_with("use ") || code[..start].ends_with("extern crate "));
        is_path || is_import
    })
}

fn assert_free_of(room: &str, strangers: &[&str]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room);
    let sources = sources(&folder);
    assert!(sources.len() > 3, "{} is empty", room);
    for (path, code) in sources {
        for stranger in strangers {
            assert!(!mentions(&code, stranger), "{} uses {}", path.display(), stranger);
        }
    }
}

const FUTURES: &[&str] =
    &["futures", "futures_cpupool", "hyper", "tokio_core", "tokio_io", "tokio_signal", "tokio_timer", "net2"];

#[test]
fn what_is_asked_knows_neither_futures_nor_pixels_nor_the_other_rooms() {
    assert_free_of("image_macro", FUTURES);
    assert_free_of("image_macro", &["image", "rusttype", "gif", "captioner", "server", "config", "std::fs"]);
}

#[test]
fn how_it_is_drawn_knows_no_futures_and_no_server() {
    assert_free_of("captioner", FUTURES);
    assert_free_of("captioner", &["server", "config", "httparse"]);
}

#[test]
fn how_it_is_carried_touches_no_pixel() {
    assert_free_of("server", &["image", "rusttype", "gif", "jpeg_encoder", "std::fs"]);
}

/// So they draw the same as the server, but not by its way.
#[test]
fn the_commands_know_no_futures_and_no_server() {
    assert_free_of("commands", FUTURES);
    assert_free_of("commands", &["server", "image", "rusttype", "gif"]);
}

/// `impl Trait` is younger than the code that `server` stands for: its futures are boxed.
#[test]
fn how_it_is_carried_has_no_impl_trait() {
    for (path, code) in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server")) {
        // What is left is `impl Trait for Type`, at the start of a line.
        let is_type = |line: &str| line.trim_start().find("impl ").is_some_and(|start| start > 0);
        assert_eq!(code.lines().find(|line| is_type(line)), None, "{}", path.display());
    }
}

/// Module paths of a source's imports. `module` is its own.
fn imports(code: &str, module: &[String]) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for statement in code.split(';') {
        // An import stands at the start of a line, as `use` or `pub use`.
        let lines: Vec<_> = statement.lines().collect();
        let start = lines.iter().rposition(|line| {
            let line = line.trim_start();
            line.starts_with("use ") || line.starts_with("pub use ")
        });
        let tree = start.map(|start| lines[start..].concat());
        if let Some(tree) = tree.as_ref().and_then(|tree| tree.split_once("use ")) {
            expand(&[], tree.1.trim(), &mut paths);
        }
    }
    paths.into_iter().map(|path| absolute(path, module)).collect()
}

/// Writes out the braces of an import.
fn expand(prefix: &[String], tree: &str, paths: &mut Vec<Vec<String>>) {
    let (path, group) = match tree.split_once('{') {
        Some((path, group)) => (path, group.trim_end().strip_suffix('}')),
        None => (tree.split(" as ").next().unwrap_or(""), None),
    };
    let names = path.split("::").map(str::trim).filter(|name| !name.is_empty());
    let prefix: Vec<_> = prefix.iter().cloned().chain(names.map(str::to_string)).collect();
    let group = match group {
        Some(group) => group,
        None => return paths.push(prefix),
    };
    let (mut depth, mut start) = (0, 0);
    for (index, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&prefix, &group[start..index], paths);
                start = index + 1;
            }
            _ => {}
        }
    }
    if !group[start..].trim().is_empty() {
        expand(&prefix, &group[start..], paths);
    }
}

/// A path from the root of the crate: in edition 2015 an import is one, unless it begins with `self` or `super`.
fn absolute(path: Vec<String>, module: &[String]) -> Vec<String> {
    let mut base: Vec<String> = Vec::new();
    let mut rest = path.as_slice();
    if let Some("self") | Some("super") = rest.first().map(String::as_str) {
        base = module.to_vec();
    }
    while let Some((first, after)) = rest.split_first() {
        match first.as_str() {
            "super" => drop(base.pop()),
            "self" => {}
            _ => break,
        }
        rest = after;
    }
    base.extend(rest.iter().filter(|name| *name != "self").cloned());
    base
}

/// The modules of a crate and the modules that each of them imports from.
type Graph = BTreeMap<Vec<String>, Vec<Vec<String>>>;

fn graph(files: &[(Vec<String>, String)]) -> Graph {
    let is_module = |path: &[String]| files.iter().any(|(module, _)| module.as_slice() == path);
    // The longest beginning of a path that is a module: what follows is an item of it.
    let owner = |path: Vec<String>| {
        (1..=path.len()).rev().map(|end| path[..end].to_vec()).find(|path| is_module(path))
    };
    let edges = |(module, code): &(Vec<String>, String)| {
        let owners = imports(code, module).into_iter().filter_map(owner);
        (module.clone(), owners.filter(|owner| owner != module).collect())
    };
    files.iter().map(edges).collect()
}

/// A cycle of imports, if there is one.
fn circle(graph: &Graph) -> Option<Vec<String>> {
    fn visit(graph: &Graph, way: &mut Vec<Vec<String>>, done: &mut Vec<Vec<String>>) -> bool {
        let here = way.last().cloned().unwrap_or_default();
        if way[..way.len() - 1].contains(&here) {
            return true;
        }
        if done.contains(&here) {
            return false;
        }
        for next in graph.get(&here).into_iter().flatten() {
            way.push(next.clone());
            if visit(graph, way, done) {
                return true;
            }
            way.pop();
        }
        done.push(here);
        false
    }
    let mut done = Vec::new();
    graph.keys().find_map(|start| {
        let mut way = vec![start.clone()];
        if visit(graph, &mut way, &mut done) {
            Some(way.iter().map(|module| module.join("::")).collect())
        } else {
            None
        }
    })
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let module = |path: &Path| {
        let path = path.strip_prefix(&root).unwrap().with_extension("");
        let mut names: Vec<_> = path.iter().map(|name| name.to_str().unwrap().to_string()).collect();
        if names.last().is_some_and(|name| name == "mod") {
            names.pop();
        }
        names
    };
    let files: Vec<_> = sources(&root).into_iter().map(|(path, code)| (module(&path), code)).collect();
    let graph = graph(&files);
    // The server's handlers share the application's state, so these edges must have been seen.
    let app = vec!["server".to_string(), "app".to_string()];
    assert!(graph.values().filter(|edges| edges.contains(&app)).count() > 5, "imports are not seen");
    assert_eq!(circle(&graph), None);
}

#[test]
fn a_circle_would_be_seen() {
    let name = |path: &str| path.split("::").map(str::to_string).collect::<Vec<_>>();
    let file = |path: &str, code: &str| (name(path), code.to_string());
    let parent = file("a", "mod b;\nmod c;\nuse self::b::{B, x as y};\nuse std::fmt;");
    let child = file("a::c", "use a::b::{self, B};\nuse super::b;");
    let files = [parent.clone(), file("a::b", "struct B;"), child.clone()];
    assert_eq!(graph(&files)[&name("a::c")], vec![name("a::b"); 3]);
    assert_eq!(circle(&graph(&files)), None);
    // A child that imports from the parent that imports from it.
    let files = [parent, file("a::b", "use std::io;\n    use super::A;\nstruct B;"), child];
    assert!(circle(&graph(&files)).is_some());
}

#[test]
fn the_wall_would_be_seen_to_fall() {
    assert!(mentions("use futures::Future;", "futures"));
    assert!(mentions("    ::hyper::Error", "hyper"));
    assert!(mentions("use image;", "image"));
    assert!(!mentions("use image_macro::Color;", "image"));
    assert!(!mentions("let image = 3;", "image"));
    assert!(!mentions("use self::gif::x;", "gif"));
}
