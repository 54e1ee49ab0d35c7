//! What is noted beside the pictures, read once for each version of its file.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use memed_data;

use image_macro::{Mistake, TemplateNotes, MAX_NOTES};

use super::folder::{name_of, Files};
use super::source::{Source, Version};

/// The notes that were read, by name: as many as the folder has.
#[derive(Default)]
pub struct Shelf(Mutex<BTreeMap<String, Read>>);

/// A file as it was read.
#[derive(Clone)]
struct Read {
    path: PathBuf,
    /// `None` if there is no file, but something else, or a link to nothing.
    version: Option<Version>,
    /// Why it could not be read. It is tried again: who may read a file can change without a trace in its version.
    failure: Option<String>,
    notes: Arc<TemplateNotes>,
}

impl Shelf {
    /// The notes in the file of that name. Logs what is wrong with it when it reads it.
    pub fn get(&self, name: &str, files: &Files, is_font: &dyn Fn(&str) -> bool) -> Arc<TemplateNotes> {
        let path = match files.get(name) {
            Some(path) => path,
            None => return Arc::default(),
        };
        // What is no file may never end.
        let is_file = fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
        let source = if is_file { Source::of_file(path).ok().and_then(|source| source) } else { None };
        let version = source.as_ref().map(|source| source.version);
        let last = self.shelf().get(name).filter(|last| last.path == *path).cloned();
        let last_failure = match last {
            Some(ref last) if last.failure.is_none() && last.version == version => return last.notes.clone(),
            last => last.and_then(|last| last.failure),
        };
        let mut read = Read { path: path.clone(), version, failure: None, notes: Arc::default() };
        match source.map(|source| source.read_up_to(MAX_NOTES as u64)) {
            None => warn!("{} is not a file, so it is not used", path.display()),
            Some(Err(ref error)) if error.kind() == ErrorKind::FileTooLarge => {
                warn!("{}, so it is not used", error);
            }
            Some(Err(error)) => {
                let failure = error.to_string();
                if last_failure.as_ref() != Some(&failure) {
                    warn!("{}, so it is not used", failure);
                }
                read.failure = Some(failure);
            }
            Some(Ok(content)) => {
                let (notes, mistakes) = TemplateNotes::parse(&content.bytes, is_font);
                mistakes.iter().for_each(|mistake| tell(path, mistake));
                read.notes = Arc::new(notes);
                match content.version {
                    Some(version) => read.version = Some(version),
                    None => return read.notes,
                }
            }
        }
        let notes = read.notes.clone();
        let mut shelf = self.shelf();
        shelf.insert(name.to_string(), read);
        if shelf.len() > files.len() {
            shelf.retain(|name, _| files.contains_key(name));
        }
        notes
    }

    fn shelf(&self) -> MutexGuard<'_, BTreeMap<String, Read>> {
        self.0.lock().expect("nothing panics under this lock")
    }
}

fn tell(path: &Path, mistake: &Mistake) {
    match mistake.line {
        Some(line) => warn!("{}, line {}: {}", path.display(), line, mistake.sentence),
        None => warn!("{}: {}", path.display(), mistake.sentence),
    }
}

/// The notes of a template that is compiled in.
pub fn of_built_in(template: &str) -> Arc<TemplateNotes> {
    static NOTES: OnceLock<BTreeMap<String, Arc<TemplateNotes>>> = OnceLock::new();
    let all = NOTES.get_or_init(|| {
        let parsed = memed_data::NOTES.iter().map(|file| {
            // That they have no mistakes and name built-in fonts is a test.
            let (notes, _) = TemplateNotes::parse(file.content, &|_| true);
            (name_of(file.file_name).into_owned(), Arc::new(notes))
        });
        parsed.collect()
    });
    all.get(template).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use memed_data;

    use super::{name_of, of_built_in, TemplateNotes};
    use captioner::library::Library;

    #[test]
    fn built_in_notes_have_no_mistakes_and_keywords_in_lower_case() {
        let fonts = Library::fonts(None);
        for file in memed_data::NOTES {
            let (notes, mistakes) = TemplateNotes::parse(file.content, &|font| fonts.has(font));
            assert_eq!(mistakes, [], "{}", file.file_name);
            let is_lower = |word: &String| *word == word.to_lowercase();
            assert!(!notes.keywords.is_empty() && notes.keywords.iter().all(is_lower), "{}", file.file_name);
            assert_eq!(*of_built_in(&name_of(file.file_name)), notes);
        }
        assert_eq!(*of_built_in("none"), TemplateNotes::default());
    }
}
