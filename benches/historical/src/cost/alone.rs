//! Each contestant as a package of its own, written to a temporary folder, for cargo to tell what it needs and how
//! long it builds.
//!
//! Here, `threads` and `async-await` share a package with each other and with this program, and they draw with a
//! `memed` that has a whole server in it. Alone, each has the dependencies that its own sources name, and a
//! `memed` without its room `server`. Nothing is copied: the manifests point to the sources.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Item, Meta, parse_quote};
use tempfile::TempDir;
use toml::{Table, Value};

use super::contestants::{self, HERE, NAMES, TO_MEMED};
use super::source::is_punct;

/// What a manifest may keep: what says which crates are needed.
const KEPT: [&str; 4] = ["package", "dependencies", "target", "profile"];

/// The packages. Dropped, they are gone.
pub struct Alone {
    folder: TempDir,
}

/// A package that cargo can be called for.
pub struct Package {
    /// Of its manifest.
    pub folder: PathBuf,
    /// Of its program; the library without a server has none.
    pub program: Option<&'static str>,
}

impl Alone {
    /// Writes them.
    ///
    /// # Errors
    /// If a source or a manifest cannot be read, or the temporary folder not be written.
    pub fn write() -> Result<Alone, Box<dyn Error>> {
        let folder = TempDir::with_prefix("historical-")?;
        let memed = Path::new(HERE).join(TO_MEMED).canonicalize()?;
        write_captioner(&memed, &folder.path().join("captioner"))?;
        for contestant in [0, 2] {
            write_contestant(contestant, &memed, &folder.path().join(NAMES[contestant]))?;
        }
        Ok(Alone { folder })
    }

    /// `memed` without its server: what all three contestants have in common.
    pub fn captioner(&self) -> Package {
        Package { folder: self.folder.path().join("captioner"), program: None }
    }

    /// The contestants, in the order of [`NAMES`]. `memed` is a package of its own as it is.
    pub fn contestants(&self) -> [Package; 3] {
        let new = |name| Package { folder: self.folder.path().join(name), program: Some(name) };
        let memed = Package { folder: Path::new(HERE).join(TO_MEMED), program: Some("memed") };
        [new(NAMES[0]), memed, new(NAMES[2])]
    }

    /// For target folders.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// The manifest of a package, without what is about tests, benches and workspaces.
fn manifest(package: &Path) -> Result<Table, Box<dyn Error>> {
    let mut manifest: Table = fs::read_to_string(package.join("Cargo.toml"))?.parse()?;
    manifest.retain(|key, _| KEPT.contains(&key));
    if let Some(package) = manifest.get_mut("package").and_then(Value::as_table_mut) {
        package.retain(|key, _| ["name", "version", "edition"].contains(&key));
    }
    manifest.insert("workspace".to_string(), Table::from_iter([("resolver".to_string(), "3".into())]).into());
    let dependencies = manifest.get_mut("dependencies").and_then(Value::as_table_mut);
    // The manifest is written elsewhere, and paths in it are relative.
    for dependency in dependencies.into_iter().flatten().filter_map(|(_, value)| value.as_table_mut()) {
        if let Some(relative) = dependency.get("path").and_then(Value::as_str) {
            let absolute = package.canonicalize()?.join(relative);
            dependency.insert("path".to_string(), absolute.to_string_lossy().into_owned().into());
        }
    }
    Ok(manifest)
}

/// Drops the dependencies that `keeps` does not want by the name that sources have for them, also those for some
/// targets only.
fn keep_dependencies(manifest: &mut Table, keeps: &dyn Fn(&str) -> bool) {
    let retain = |table: &mut Table| {
        if let Some(Value::Table(dependencies)) = table.get_mut("dependencies") {
            dependencies.retain(|name, _| keeps(&name.replace('-', "_")));
        }
    };
    retain(manifest);
    let targets = manifest.get_mut("target").and_then(Value::as_table_mut);
    for (_, target) in targets.into_iter().flatten() {
        target.as_table_mut().map(retain);
    }
}

/// The names of the dependencies as sources have them.
fn dependencies(manifest: &Table) -> BTreeSet<String> {
    let of = |table: &Table| -> Vec<String> {
        let dependencies = table.get("dependencies").and_then(Value::as_table);
        dependencies.into_iter().flat_map(Table::keys).map(|name| name.replace('-', "_")).collect()
    };
    let targets = manifest.get("target").and_then(Value::as_table);
    let of_targets = targets.into_iter().flatten().filter_map(|(_, target)| target.as_table()).flat_map(of);
    of_targets.chain(of(manifest)).collect()
}

/// `memed` without its server and the log of the program, and without the crates that only these name.
fn write_captioner(memed: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    let mut manifest = manifest(memed)?;
    let all = dependencies(&manifest);
    let named_in = |folders: &[&str]| -> Result<BTreeSet<String>, Box<dyn Error>> {
        let mut named = BTreeSet::new();
        for folder in folders {
            for file in contestants::files(&format!("{TO_MEMED}/src/{folder}"))? {
                add_named(&contestants::parsed(&file)?.tokens, &all, &mut named);
            }
        }
        Ok(named)
    };
    let server = named_in(&["server", "logging.rs", "main.rs", "passed_socket.rs"])?;
    let mut rest = named_in(&["captioner", "command_line", "config.rs", "descriptors.rs", "image_macro"])?;
    let mut library = contestants::parsed(&memed.join("src/lib.rs"))?.syntax;
    // Macros are called by their own names, so their crate is never named: `log`. Where the macros are listed
    // (`#[macro_use(try_ready)]`), they are those of the server.
    let with_macros = library.items.iter().filter_map(|item| match item {
        Item::ExternCrate(krate) if krate.attrs.iter().any(is_macro_use_of_all) => {
            Some(krate.ident.to_string())
        }
        _ => None,
    });
    rest.extend(with_macros);
    let keeps = |name: &str| rest.contains(name) || !server.contains(name);
    keep_dependencies(&mut manifest, &keeps);

    library.items.retain(|item| match item {
        Item::ExternCrate(krate) => {
            !all.contains(&krate.ident.to_string()) || keeps(&krate.ident.to_string())
        }
        Item::Mod(room) => room.ident != "server" && room.ident != "logging",
        _ => true,
    });
    for item in &mut library.items {
        if let Item::Mod(room) = item {
            let file = memed.join(format!("src/{}.rs", room.ident));
            let file = if file.exists() { file } else { memed.join(format!("src/{}/mod.rs", room.ident)) };
            let file = file.to_string_lossy();
            room.attrs.push(parse_quote!(#[path = #file]));
        }
    }
    // What is only for its server is left without use, and its comments are gone.
    library.attrs = vec![parse_quote!(#![allow(unused_imports)])];
    fs::create_dir_all(to.join("src"))?;
    fs::write(to.join("src/lib.rs"), library.into_token_stream().to_string())?;
    write_package(memed, manifest, to)
}

/// Whether an attribute is `#[macro_use]` without a list of macros.
fn is_macro_use_of_all(attribute: &Attribute) -> bool {
    matches!(&attribute.meta, Meta::Path(path) if path.is_ident("macro_use"))
}

/// One of the two contestants of this package: its program, the library that they share, and no dependency but
/// those that these two name.
fn write_contestant(contestant: usize, memed: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    let here = Path::new(HERE);
    let mut manifest = manifest(here)?;
    let all = dependencies(&manifest);
    let mut named = BTreeSet::new();
    for source in contestants::sources(contestant)? {
        add_named(&source.tokens, &all, &mut named);
    }
    keep_dependencies(&mut manifest, &|name| named.contains(name));
    let path = |path: PathBuf| Value::from(path.to_string_lossy().into_owned());
    let table = |entries: [(&str, Value); 2]| {
        Table::from_iter(entries.map(|(name, value)| (name.to_string(), value)))
    };
    if let Some(dependencies) = manifest.get_mut("dependencies").and_then(Value::as_table_mut) {
        dependencies
            .insert("memed".into(), Table::from_iter([("path".into(), "../captioner".into())]).into());
    }
    let library = table([("name", "historical".into()), ("path", path(here.join("src/lib.rs")))]);
    let main = here.join("src/bin").join(NAMES[contestant]).join("main.rs");
    let program = table([("name", NAMES[contestant].into()), ("path", path(main))]);
    manifest.insert("lib".into(), library.into());
    manifest.insert("bin".into(), vec![Value::from(program)].into());
    fs::create_dir_all(to)?;
    write_package(memed, manifest, to)
}

/// With the profiles and the exact versions that everything else here is built with.
fn write_package(memed: &Path, mut manifest: Table, to: &Path) -> Result<(), Box<dyn Error>> {
    let root: Table = fs::read_to_string(memed.join("Cargo.toml"))?.parse()?;
    if let Some(profile) = root.get("profile") {
        manifest.insert("profile".into(), profile.clone());
    }
    fs::write(to.join("Cargo.toml"), toml::to_string(&manifest)?)?;
    fs::copy(memed.join("Cargo.lock"), to.join("Cargo.lock"))?;
    if memed.join("rust-toolchain").exists() {
        fs::copy(memed.join("rust-toolchain"), to.join("rust-toolchain"))?;
    }
    Ok(())
}

/// Adds the crates among `all` that paths begin with, also in macros and attributes, or that are imported as they
/// are.
fn add_named(tokens: &TokenStream, all: &BTreeSet<String>, named: &mut BTreeSet<String>) {
    let tokens: Vec<_> = tokens.clone().into_iter().collect();
    let is_colons = |at: usize| {
        let both = [tokens.get(at), tokens.get(at + 1)];
        both.iter().all(|token| token.is_some_and(|token| is_punct(token, ':')))
    };
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => add_named(&group.stream(), all, named),
            TokenTree::Ident(name) => {
                let name = name.to_string();
                let is_import = |word: &TokenTree| ["use", "crate"].contains(&word.to_string().as_str());
                let is_imported = at > 0 && is_import(&tokens[at - 1]);
                // `a::bytes::b` is somebody else's; `::bytes::b` is how the edition of 2015 begins a path.
                let is_inner = at > 2
                    && is_colons(at - 2)
                    && matches!(&tokens[at - 3], TokenTree::Ident(word) if word != "use");
                if all.contains(&name) && !is_inner && (is_colons(at + 1) || is_imported) {
                    named.insert(name);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<String> {
        let all = ["bytes", "hyper", "tokio", "syn"].map(str::to_string).into();
        let mut named = BTreeSet::new();
        add_named(&text.parse().unwrap(), &all, &mut named);
        named.into_iter().collect()
    }

    #[test]
    fn a_crate_is_named_by_its_paths_wherever_they_stand() {
        assert_eq!(named("use bytes::Bytes;"), ["bytes"]);
        assert_eq!(named("use {bytes::Bytes, hyper::{self, Body}};"), ["bytes", "hyper"]);
        assert_eq!(named("extern crate hyper; use ::tokio::net;"), ["hyper", "tokio"]);
        assert_eq!(named("#[tokio::main] async fn a() { b!(c(::bytes::d)); }"), ["bytes", "tokio"]);
        assert_eq!(named("use hyper;"), ["hyper"]);
    }

    #[test]
    fn the_same_word_for_something_else_names_no_crate() {
        assert!(
            named("fn a(bytes: &[u8]) { self.bytes(bytes); crate::hyper::b(); super::tokio::c; }").is_empty()
        );
        assert!(named("use self::bytes::Bytes; struct Syn { syn: u8 } // hyper::Body").is_empty());
    }

    #[test]
    fn only_what_is_named_stays_in_a_manifest() {
        let mut manifest: Table = "
            [dependencies]
            hyper-util = '0.1'
            tokio = { version = '1' }
            [target.'cfg(unix)'.dependencies]
            nix = '0.31'
            rustix = '1'
        "
        .parse()
        .unwrap();
        assert_eq!(
            dependencies(&manifest).into_iter().collect::<Vec<_>>(),
            ["hyper_util", "nix", "rustix", "tokio"]
        );
        keep_dependencies(&mut manifest, &|name| ["hyper_util", "rustix"].contains(&name));
        assert_eq!(dependencies(&manifest).into_iter().collect::<Vec<_>>(), ["hyper_util", "rustix"]);
    }

    #[test]
    fn memed_without_its_server_has_no_crate_of_2017_but_its_captioners() {
        let folder = TempDir::new().unwrap();
        write_captioner(&Path::new(HERE).join(TO_MEMED).canonicalize().unwrap(), folder.path()).unwrap();
        let manifest: Table = fs::read_to_string(folder.path().join("Cargo.toml")).unwrap().parse().unwrap();
        let dependencies = dependencies(&manifest);
        assert!(dependencies.contains("image") && dependencies.contains("log"), "{dependencies:?}");
        for name in ["futures", "hyper", "tokio_core", "prometheus_client"] {
            assert!(!dependencies.contains(name), "{name} is there");
        }
        let data = manifest["dependencies"]["memed-data"]["path"].as_str().unwrap();
        assert!(folder.path().join(data).join("Cargo.toml").is_file(), "{data} is not there from elsewhere");
        let library = fs::read_to_string(folder.path().join("src/lib.rs")).unwrap();
        assert!(!library.contains("pub mod server") && library.contains("pub mod captioner"), "{library}");
    }
}
