//! The templates and fonts that exist, by name.
//!
//! A name that a client sends is compared with the names in a list; it never becomes part of a path. The list is
//! the files built into the program and those of a folder, which take precedence. The folder is looked at for each
//! look-up, so that the next request sees a change.

mod folder;
mod mistakes;
mod notes;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use memed_data::{self, BuiltIn};
use sha2::{Digest, Sha256};

use captioner::cache::Cache;
use captioner::file::decode::format_of;
use image_macro::TemplateNotes;

use self::folder::{name_of, Files, Folder, Listed};
use self::notes::Shelf;
pub use self::source::{Content, FileKey, Source, Version};

/// Capacity of the cache of digests, in bytes: enough for thousands of files.
const DIGESTS: usize = 1 << 20;
/// About what one of them takes, in bytes, without its name.
const DIGEST: usize = 200;

/// The fonts that lend glyphs and have no name: they are not in [`Library::fonts`].
pub fn fallback_fonts() -> &'static [BuiltIn] {
    memed_data::FALLBACK_FONTS
}

/// All templates, or all fonts.
pub struct Library {
    built_in: &'static [BuiltIn],
    folder: Option<Folder>,
    /// SHA-256 of the contents of the folder's files.
    digests: Cache<FileKey, [u8; 32]>,
    /// The names of the last listing that was asked for them.
    named: Mutex<Named>,
    /// What is noted beside the files.
    notes: Shelf,
}

/// The names in a listing of the folder, together with the built-in ones.
#[derive(Clone, Default)]
struct Named {
    /// The listing, to see whether it is still the same.
    files: Arc<Files>,
    /// Sorted.
    names: Arc<Vec<String>>,
}

impl Library {
    /// The built-in templates, and those of a folder.
    pub fn templates(folder: Option<PathBuf>) -> Library {
        let recognise =
            |head: &[u8]| format_of(head).map(drop).ok_or("it is neither a JPEG, a PNG nor a GIF");
        let folder = folder
            .map(|path| Folder::new(path, &["gif", "jpeg", "jpg", "png"], recognise).with_companions("toml"));
        Library::new(memed_data::TEMPLATES, folder)
    }

    /// The built-in fonts, and those of a folder.
    pub fn fonts(folder: Option<PathBuf>) -> Library {
        let recognise = |head: &[u8]| match head.first_chunk() {
            Some(b"\0\x01\0\0" | b"OTTO" | b"true" | b"ttcf") => Ok(()),
            _ => Err("it is not a TrueType or OpenType font"),
        };
        let folder = folder.map(|path| Folder::new(path, &["otf", "ttc", "ttf"], recognise));
        Library::new(memed_data::FONTS, folder)
    }

    fn new(built_in: &'static [BuiltIn], folder: Option<Folder>) -> Library {
        let (named, notes) = (Mutex::default(), Shelf::default());
        Library { built_in, folder, digests: Cache::new(DIGESTS), named, notes }
    }

    /// Every name, sorted. Collected once for each listing of the folder: a folder may have thousands.
    pub fn names(&self) -> Arc<Vec<String>> {
        let files = self.listed().unwrap_or_default().files;
        let last = self.named.lock().expect("nothing panics under this lock").clone();
        if Arc::ptr_eq(&last.files, &files) && !last.names.is_empty() {
            return last.names;
        }
        let built_in = self.built_in.iter().map(|file| name_of(file.file_name).into_owned());
        let names: BTreeSet<String> = files.keys().cloned().chain(built_in).collect();
        let named = Named { files, names: Arc::new(names.into_iter().collect()) };
        *self.named.lock().expect("nothing panics under this lock") = named.clone();
        named.names
    }

    /// Where the content of that name is, if there is one.
    ///
    /// # Errors
    /// As [`Source::of_file`].
    pub fn find(&self, name: &str) -> io::Result<Option<Source>> {
        if let Some(path) = self.listed().as_ref().and_then(|listed| listed.files.get(name)) {
            // A file that was deleted since it was listed does not hide a built-in one.
            if let Some(source) = Source::of_file(path)? {
                return Ok(Some(source));
            }
        }
        let built_in = self.built_in.iter().find(|file| name_of(file.file_name) == name);
        Ok(built_in.map(|file| Source::built_in(file.content)))
    }

    /// Where the content of every name is.
    ///
    /// # Errors
    /// As [`Source::of_file`].
    pub fn sources(&self) -> io::Result<BTreeMap<String, Source>> {
        let built_in = self.built_in.iter();
        let mut sources: BTreeMap<_, _> = built_in
            .map(|file| (name_of(file.file_name).into_owned(), Source::built_in(file.content)))
            .collect();
        for (name, path) in self.listed().iter().flat_map(|listed| listed.files.iter()) {
            if let Some(source) = Source::of_file(path)? {
                sources.insert(name.clone(), source);
            }
        }
        Ok(sources)
    }

    /// SHA-256 of a file's content, cached for as long as the file stays the same. `None` if it is built in.
    ///
    /// # Errors
    /// As [`Source::read`].
    pub fn digest(&self, name: &str, source: &Source) -> io::Result<Option<[u8; 32]>> {
        if source.is_built_in() {
            return Ok(None);
        }
        if let Some(digest) = self.digests.get(&FileKey::new(name, source.version)) {
            return Ok(Some(*digest));
        }
        let content = source.read()?;
        let digest = Arc::new(Sha256::digest(&content.bytes).into());
        if let Some(version) = content.version {
            self.digests.insert(FileKey::new(name, version), &digest, DIGEST + name.len());
        }
        Ok(Some(*digest))
    }

    /// Whether there is a content of that name.
    pub fn has(&self, name: &str) -> bool {
        self.built_in.iter().any(|file| name_of(file.file_name) == name)
            || self.listed().is_some_and(|listed| listed.files.contains_key(name))
    }

    /// What is noted of a template. Reads a file only if it is new or has changed, and then logs what is wrong with it.
    /// `fonts` are those that it can name.
    pub fn notes(&self, name: &str, source: &Source, fonts: &Library) -> Arc<TemplateNotes> {
        if source.is_built_in() {
            return notes::of_built_in(name);
        }
        let files = self.listed().unwrap_or_default().companions;
        self.notes.get(name, &files, &|font| fonts.has(font))
    }

    fn listed(&self) -> Option<Listed> {
        self.folder.as_ref().map(Folder::files)
    }
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::fs::{self, File};
    use std::path::PathBuf;
    use std::process;
    use std::sync::Arc;
    use std::time::{Duration, SystemTime};

    use super::source::{Version, MAX_FILE};
    use super::Library;

    /// A folder that is removed at the end of the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let path = env::temp_dir().join(format!("memed-library-{}-{}", name, process::id()));
            fs::create_dir_all(&path).unwrap();
            Folder(path)
        }

        fn make_old(&self) {
            let hour_ago = SystemTime::now() - Duration::from_secs(3600);
            File::open(&self.0).unwrap().set_modified(hour_ago).unwrap();
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_folder_is_listed_again_when_it_has_changed_and_only_then() {
        let folder = Folder::new("changes");
        fs::write(folder.0.join("one.png"), b"1").unwrap();
        let library = Library::templates(Some(folder.0.clone()));
        let has = |name: &str| library.find(name).unwrap().is_some();
        let is_kept = || Arc::ptr_eq(&library.listed().unwrap().files, &library.listed().unwrap().files);
        // It has just changed, and may change again without looking newer.
        assert!(has("one") && !has("two"));
        assert!(!is_kept());
        folder.make_old();
        assert!(is_kept());
        // So are its names: to sort thousands of them for each request would hold up whatever looks at files.
        assert!(Arc::ptr_eq(&library.names(), &library.names()));
        fs::write(folder.0.join("two.png"), b"2").unwrap();
        assert!(has("one") && has("two"));
        assert!(library.names().contains(&"two".to_string()));
        folder.make_old();
        assert!(has("two"));
        fs::remove_file(folder.0.join("two.png")).unwrap();
        assert!(!has("two"));
        folder.make_old();
        fs::remove_dir_all(&folder.0).unwrap();
        assert!(!has("one") && has("cat"));
    }

    #[test]
    fn a_file_that_is_too_large_is_an_error_with_its_path_and_is_never_read() {
        let folder = Folder::new("large");
        let path = folder.0.join("large.ttf");
        // It has no blocks on the disk, so its length is all that there is of it.
        File::create(&path).unwrap().set_len(MAX_FILE * 1000).unwrap();
        let library = Library::fonts(Some(folder.0.clone()));
        let source = library.find("large").unwrap().unwrap();
        let error = library.digest("large", &source).unwrap_err().to_string();
        assert!(error.contains("large.ttf") && error.contains("64 MiB"), "{}", error);
    }

    #[test]
    fn the_digest_of_a_file_that_was_replaced_after_its_look_up_is_kept_for_the_new_one() {
        let folder = Folder::new("replaced");
        let path = folder.0.join("one.png");
        fs::write(&path, b"old").unwrap();
        let library = Library::templates(Some(folder.0.clone()));
        let old = library.find("one").unwrap().unwrap();
        let digest_of_old = library.digest("one", &old).unwrap();
        let library = Library::templates(Some(folder.0.clone()));
        fs::write(&path, b"newer").unwrap();
        let digest = library.digest("one", &old).unwrap();
        assert_ne!(digest, digest_of_old);
        // Back again, with its time: under the old version there must be nothing of the new content.
        fs::write(&path, b"old").unwrap();
        match old.version {
            Version::File { modified, .. } => File::open(&path).unwrap().set_modified(modified).unwrap(),
            Version::BuiltIn => unreachable!("it is a file"),
        }
        assert_eq!(library.digest("one", &old).unwrap(), digest_of_old);
    }
}
