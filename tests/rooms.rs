//! The walls between the rooms: who may use which crate, and who may call whom. Read off the sources.

use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust file below a folder, with what is in it, comments left out.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(folder).expect("the room is there") {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources.extend(self::sources(&path));
        } else {
            let text = fs::read_to_string(&path).unwrap();
            let code: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            sources.push((path, code.join("\n")));
        }
    }
    sources
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
    assert_free_of("server", &["image", "rusttype", "gif", "jpeg_encoder", "color_quant", "std::fs"]);
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
