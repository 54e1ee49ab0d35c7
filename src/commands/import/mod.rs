//! `memed import memegen`: makes templates of memegen's folders.
//!
//! Each is a folder, with `config.yml` and `default.png`. It becomes a picture and, beside it, a `.toml` with its boxes.

mod config;
mod notes;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::str;

use super::failure::{in_full, Failure};
use super::{interrupt, output};
use captioner::{Cancel, CaptionError, Captioner, Format};
use command_line::Input;
use image_macro::{normal_name, shortened, MAX_NAME, MAX_NOTES};

use self::config::Config;

/// The largest configuration, in bytes. memegen's have 1 KiB.
const MAX_CONFIG: usize = 64 << 10;
/// The largest picture, in bytes: that of templates.
const MAX_PICTURE: usize = 64 << 20;
/// Of a template with several pictures, the first of these is taken: only a GIF can be animated.
const ENDS: &[&str] = &["gif", "png", "jpg", "jpeg"];
/// As many failed templates are named at the end.
const NAMED: usize = 20;

/// What became of a folder.
enum Outcome {
    /// It is a template now. Sentences about what is lost, and about what is a little different with many.
    Written { told: Vec<String>, common: Vec<String> },
    /// It is none, or one that memegen does not serve.
    Skipped(&'static str),
}

/// Makes templates of all folders in `from`, and tells what is lost.
///
/// # Errors
/// If there are none, or any of them failed; the others have been written then.
pub fn run(captioner: &Captioner, from: &Path, to: &Path, replaces: bool) -> Result<(), Failure> {
    let cancel = interrupt::watch(|| {});
    let folders = folders(from).map_err(|error| Failure::unread(&from.display().to_string(), &error))?;
    let is_new = !to.exists();
    fs::create_dir_all(to).map_err(|error| Failure::unwritten(&to.display().to_string(), &error))?;
    let import = Import { captioner, to, replaces, cancel: &cancel };
    let (mut names, mut written, mut failed) = (BTreeSet::new(), 0, Vec::new());
    let mut all_common: BTreeMap<String, usize> = BTreeMap::new();
    for folder in &folders {
        let shown = folder.file_name().map_or_else(String::new, |name| shortened(&name.to_string_lossy()));
        match import.folder(folder, &mut names) {
            Ok(Outcome::Written { told, common }) => {
                written += 1;
                if !told.is_empty() {
                    output::tell(&format!("{}: {}", shown, told.join("; ")));
                }
                for sentence in common.into_iter().collect::<BTreeSet<_>>() {
                    *all_common.entry(sentence).or_insert(0) += 1;
                }
            }
            Ok(Outcome::Skipped("")) => {}
            Ok(Outcome::Skipped(why)) => output::tell(&format!("{} is left out: {}", shown, why)),
            Err(ref failure) if failure.is_interrupt() => {
                let sentence = format!("interrupted: {} of {} templates are written", written, folders.len());
                return Err(Failure::interrupted(sentence));
            }
            Err(failure) => {
                output::tell(&format!("{}: {}", shown, failure.sentence));
                failed.push(shown);
            }
        }
    }
    if written + failed.len() == 0 {
        if is_new {
            let _ = fs::remove_dir(to); // it is empty
        }
        let inner = if from.join("templates").is_dir() {
            format!("; did you mean {}?", from.join("templates").display())
        } else {
            String::new()
        };
        let sentence = "has no folders with a config.yml or a default.png, as memegen's templates have";
        return Err(Failure::data(format!("{} {}{}", from.display(), sentence, inner)));
    }
    for (sentence, count) in &all_common {
        output::tell(&format!("{} ({})", sentence, templates(*count)));
    }
    output::print(format!("{} written to {}\n", templates(written), to.display()).as_bytes())?;
    match failed.len() {
        0 => Ok(()),
        count => {
            let named = failed.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
            let more = if count > NAMED { ", …" } else { "" };
            Err(Failure::undone(format!("{} failed: {}{}", templates(count), named, more)))
        }
    }
}

fn templates(count: usize) -> String {
    if count == 1 {
        "1 template".to_string()
    } else {
        format!("{} templates", count)
    }
}

/// The folders in a folder, sorted.
fn folders(from: &Path) -> ::std::io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(from)?.map(|entry| entry.map(|entry| entry.path()));
    let mut folders = paths.collect::<::std::io::Result<Vec<_>>>()?;
    folders.retain(|path| path.is_dir());
    folders.sort();
    Ok(folders)
}

struct Import<'a> {
    captioner: &'a Captioner,
    to: &'a Path,
    replaces: bool,
    cancel: &'a Cancel,
}

impl<'a> Import<'a> {
    /// Makes a template of a folder. `names` are those of the templates before.
    fn folder(&self, folder: &Path, names: &mut BTreeSet<String>) -> Result<Outcome, Failure> {
        let files = files(folder)?;
        let pictures: Vec<_> =
            files.iter().filter(|name| stem(name) == "default" && !is_placeholder(name)).collect();
        let has_config = files.iter().any(|name| name == "config.yml");
        if !has_config && pictures.is_empty() {
            return Ok(Outcome::Skipped(""));
        }
        let name = name_of(folder)?;
        if name.starts_with('_') || name.starts_with('.') {
            return Ok(Outcome::Skipped("memegen does not list it either"));
        }
        if !names.insert(name.clone()) {
            return Err(Failure::data("another template has the same name"));
        }

        let mut told = Vec::new();
        let config = if has_config {
            let path = folder.join("config.yml");
            decode(&read(&path, MAX_CONFIG)?, &mut told)
                .map_err(|sentence| Failure::data(format!("config.yml: {}", sentence)))?
        } else {
            told.push("it has no config.yml, so it has the boxes of memegen's default".to_string());
            Config::default()
        };
        let picture = ENDS.iter().filter_map(|end| pictures.iter().find(|name| has_end(name, end))).next();
        let picture = *picture.ok_or_else(|| match pictures.first() {
            Some(other) => Failure::data(format!("{} is neither a JPEG, a PNG nor a GIF", other)),
            None => Failure::data("it has no picture: default.png, default.jpg or default.gif is missing"),
        })?;
        let others: Vec<_> = files
            .iter()
            .filter(|name| *name != picture && *name != "config.yml" && is_picture(name))
            .cloned()
            .collect();
        if !others.is_empty() {
            told.push(format!("{} left out", listed(&others)));
        }

        let bytes = read(&folder.join(picture), MAX_PICTURE)?;
        let info = self.captioner.picture_info(&bytes, self.cancel).map_err(|error| match error {
            CaptionError::Cancelled => Failure::interrupted(""),
            error => Failure::data(format!("{}: {}", picture, in_full(&error))),
        })?;
        let mut notes = notes::write(&config, (info.width, info.height));
        if notes.toml.len() > MAX_NOTES {
            return Err(Failure::data(format!("what is noted of it is larger than {} KiB", MAX_NOTES >> 10)));
        }
        told.append(&mut notes.told);
        self.write(&name, info.format, &bytes, &notes.toml)?;
        Ok(Outcome::Written { told, common: notes.common })
    }

    /// Writes the two files of a template. What they contain decides the end of the picture's name.
    fn write(&self, name: &str, format: Format, picture: &[u8], toml: &str) -> Result<(), Failure> {
        let path = |end: &str| self.to.join(format!("{}.{}", name, end));
        let end = format.extension();
        let exists = |end: &&&str| path(end).symlink_metadata().is_ok();
        if let Some(other) = ENDS.iter().filter(|other| **other != end).find(exists) {
            let sentence = format!("{} has the same name: remove it first", path(other).display());
            return Err(Failure::data(sentence));
        }
        let files = [(path(end), picture), (path("toml"), toml.as_bytes())];
        let existing = |path: &Path| Failure {
            code: 73,
            sentence: format!("{} exists already: --force replaces it", path.display()),
        };
        // Before any of them is written.
        if let Some((path, _)) = files.iter().find(|file| !self.replaces && file.0.symlink_metadata().is_ok())
        {
            return Err(existing(path));
        }
        for (path, bytes) in &files {
            output::write(path, bytes, !self.replaces).map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => existing(path),
                _ => Failure::unwritten(&path.display().to_string(), &error),
            })?;
        }
        Ok(())
    }
}

/// The name of a template, which a request can ask for.
fn name_of(folder: &Path) -> Result<String, Failure> {
    let name = folder.file_name().and_then(|name| name.to_str());
    let name = normal_name(name.ok_or_else(|| Failure::data("its name is not UTF-8"))?);
    match name.chars().count() {
        0 => Err(Failure::data("its name is blank")),
        1..=MAX_NAME => Ok(name),
        _ => Err(Failure::data(format!("its name is longer than {} characters", MAX_NAME))),
    }
}

/// The names of the files in a folder, sorted. What is no file may never end.
fn files(folder: &Path) -> Result<Vec<String>, Failure> {
    let unread = |error| Failure::unread(&folder.display().to_string(), &error);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unread)? {
        let entry = entry.map_err(unread)?;
        if let (true, Ok(name)) = (entry.path().is_file(), entry.file_name().into_string()) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn read(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    output::read(&Input::File(path.to_path_buf()), limit)
}

fn decode(bytes: &[u8], told: &mut Vec<String>) -> Result<Config, String> {
    let text = str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_string())?;
    Config::decode(yaml::parse(text)?, told)
}

fn stem(file_name: &str) -> &str {
    file_name.rsplit_once('.').map_or(file_name, |name| name.0)
}

fn has_end(file_name: &str, end: &str) -> bool {
    file_name.rsplit_once('.').is_some_and(|name| name.1.eq_ignore_ascii_case(end))
}

/// memegen keeps a place for a picture that it could not load.
fn is_placeholder(file_name: &str) -> bool {
    has_end(file_name, "img")
}

fn is_picture(file_name: &str) -> bool {
    ["gif", "png", "jpg", "jpeg", "webp"].iter().any(|end| has_end(file_name, end))
}

/// A few of the names.
fn listed(names: &[String]) -> String {
    const FEW: usize = 3;
    let few = names.iter().take(FEW).map(|name| shortened(name)).collect::<Vec<_>>().join(", ");
    match names.len() {
        0..=FEW => few,
        count => format!("{} and {} more pictures", few, count - FEW),
    }
}
