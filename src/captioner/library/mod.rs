//! The templates and fonts there are: names, never paths.
//!
//! A name that a client sends is compared with the names in a list; it never becomes part of a path. The
//! list is the files built into the program and, over them, the files of a folder. The folder is looked at for
//! each look-up, so that a change is seen by the next request, and listed anew if it has changed, or a second
//! after the last time. Its files' contents are hashed once.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use sha2::{Digest, Sha256};

use captioner::cache::Cache;

macro_rules! built_in {
    ($folder:literal: $($file:literal),* $(,)?) => {
        &[$(($file, include_bytes!(concat!("../../../data/", $folder, "/", $file)))),*]
    };
}

/// File names and contents.
type BuiltIn = &'static [(&'static str, &'static [u8])];

const TEMPLATES: BuiltIn = built_in!("templates":
    "astronaut.png", "cat.png", "coffee.jpg", "deal-with-it.gif",
    "dramatic-raccoon.gif", "raccoon.jpg", "rocket.jpg", "space.jpg",
);
const FONTS: BuiltIn = built_in!("fonts":
    "Anton.ttf", "BebasNeue.ttf", "ComicNeue.otf", "DejaVuSans.ttf", "PermanentMarker.ttf",
);

/// A file larger than this is refused before it is read.
const MAX_FILE: u64 = 64 << 20;

/// How long a folder must have been as it is for its listing to be kept: longer than clocks of file systems are
/// wrong. Another change within the same tick would not be seen.
const SETTLED: Duration = Duration::from_secs(2);

/// How long a listing is kept: there are changes that a folder's own time does not tell, such as what a link in it
/// leads to.
const KEPT: Duration = Duration::from_secs(1);

/// Bytes for the digests of files: thousands of them.
const DIGESTS: usize = 1 << 20;
/// Bytes of that for one file, about, but for its name.
const DIGEST: usize = 200;

/// Templates, or fonts.
pub struct Library {
    built_in: BuiltIn,
    folder: Option<PathBuf>,
    extensions: &'static [&'static str],
    /// SHA-256 of the files' contents.
    digests: Cache<(String, Version), [u8; 32]>,
    /// The last listing of the folder.
    listed: Mutex<Option<Listing>>,
}

/// Paths by the names that they are asked for with.
type Files = BTreeMap<String, PathBuf>;

/// What was in a folder.
struct Listing {
    taken: Instant,
    /// When the folder was modified.
    modified: SystemTime,
    files: Arc<Files>,
}

/// Where the content of one name is.
#[derive(Clone, Debug)]
pub struct Source {
    /// Changes when the content does.
    pub version: Version,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    BuiltIn(&'static [u8]),
    File(PathBuf),
}

/// Tells one content of a name from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// Compiled in: never changes.
    BuiltIn,
    /// Of a file: when it was last modified, and its length in bytes.
    File(SystemTime, u64),
}

impl Library {
    /// The built-in templates, and those of a folder.
    pub fn templates(folder: Option<PathBuf>) -> Library {
        Library::new(TEMPLATES, folder, &["gif", "jpeg", "jpg", "png"])
    }

    /// The built-in fonts, and those of a folder.
    pub fn fonts(folder: Option<PathBuf>) -> Library {
        Library::new(FONTS, folder, &["otf", "ttf"])
    }

    fn new(built_in: BuiltIn, folder: Option<PathBuf>, extensions: &'static [&'static str]) -> Library {
        Library { built_in, folder, extensions, digests: Cache::new(DIGESTS), listed: Mutex::new(None) }
    }

    /// Every name, sorted.
    pub fn names(&self) -> Vec<String> {
        let built_in = self.built_in.iter().map(|file| stem(file.0).into_owned());
        let names: BTreeSet<String> = self.files().keys().cloned().chain(built_in).collect();
        names.into_iter().collect()
    }

    /// The content of that name; the folder's wins over the built-in one.
    ///
    /// # Errors
    /// If the file system cannot tell when the file was modified.
    pub fn find(&self, name: &str) -> io::Result<Option<Source>> {
        if let Some(path) = self.files().get(name) {
            if let Some(source) = Source::of_file(path)? {
                return Ok(Some(source));
            }
        }
        let built_in = self.built_in.iter().find(|file| stem(file.0) == name);
        Ok(built_in.map(|file| Source::built_in(file.1)))
    }

    /// The content of every name.
    ///
    /// # Errors
    /// As [`Library::find`].
    pub fn sources(&self) -> io::Result<BTreeMap<String, Source>> {
        let built_in = self.built_in.iter();
        let mut sources: BTreeMap<_, _> =
            built_in.map(|file| (stem(file.0).into_owned(), Source::built_in(file.1))).collect();
        for (name, path) in self.files().iter() {
            if let Some(source) = Source::of_file(path)? {
                sources.insert(name.clone(), source);
            }
        }
        Ok(sources)
    }

    /// SHA-256 of a file's content, remembered for as long as the file is the same. `None` if it is built in.
    ///
    /// # Errors
    /// As [`Source::read`].
    pub fn digest(&self, name: &str, source: &Source) -> io::Result<Option<[u8; 32]>> {
        if source.is_built_in() {
            return Ok(None);
        }
        let key = (name.to_string(), source.version);
        if let Some(digest) = self.digests.get(&key) {
            return Ok(Some(*digest));
        }
        let digest = Arc::new(Sha256::digest(source.read()?).into());
        self.digests.insert(key, &digest, DIGEST + name.len());
        Ok(Some(*digest))
    }

    /// The folder's files by name: listed, if the folder has changed since it was the last time, or that is long ago.
    /// A folder that cannot be listed is told, and has none: what is built in is served all the same.
    fn files(&self) -> Arc<Files> {
        let folder = match self.folder {
            Some(ref folder) => folder,
            None => return Arc::default(),
        };
        let modified = fs::metadata(folder).and_then(|metadata| metadata.modified()).ok();
        if let Some(ref listing) = *self.listed.lock().expect("nothing panics under it") {
            if modified == Some(listing.modified) && listing.taken.elapsed() < KEPT {
                return listing.files.clone();
            }
        }
        let taken = Instant::now();
        let listed = self.list(folder).map(Arc::new);
        // Of a time before it was listed: a change meanwhile makes the folder look newer.
        let is_settled = |modified: &SystemTime| modified.elapsed().is_ok_and(|age| age > SETTLED);
        let kept = match (modified.filter(is_settled), &listed) {
            (Some(modified), Ok(files)) => Some(Listing { taken, modified, files: files.clone() }),
            _ => None,
        };
        *self.listed.lock().expect("nothing panics under it") = kept;
        listed.unwrap_or_else(|error| {
            warn!("{} cannot be listed: {}", folder.display(), error);
            Arc::default()
        })
    }

    /// Of two files with one name, the first in the order of their file names.
    fn list(&self, folder: &Path) -> io::Result<Files> {
        let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
        let mut paths = entries.collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        let mut files = Files::new();
        for path in paths.into_iter().filter(|path| self.is_ours(path)) {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            let name = stem(&name.unwrap_or_default()).into_owned();
            files.entry(name).or_insert(path);
        }
        Ok(files)
    }

    fn is_ours(&self, path: &Path) -> bool {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("");
        // A folder, pipe or device may have any name; only what is a file (or leads to one) can be served.
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let is_known = self.extensions.iter().any(|known| known.eq_ignore_ascii_case(extension));
        is_known && !is_hidden && path.is_file()
    }
}

impl Source {
    fn built_in(content: &'static [u8]) -> Source {
        Source { version: Version::BuiltIn, place: Place::BuiltIn(content) }
    }

    /// A file that was deleted since it was listed is as unknown as one that was never there.
    fn of_file(path: &Path) -> io::Result<Option<Source>> {
        match fs::metadata(path) {
            Ok(metadata) => {
                let version = Version::File(metadata.modified()?, metadata.len());
                Ok(Some(Source { version, place: Place::File(path.to_path_buf()) }))
            }
            Err(_) => Ok(None),
        }
    }

    /// Whether it is compiled in.
    pub fn is_built_in(&self) -> bool {
        self.version == Version::BuiltIn
    }

    /// The whole content.
    ///
    /// # Errors
    /// If the file cannot be read, or is larger than 64 MiB; with its path.
    pub fn read(&self) -> io::Result<Cow<'static, [u8]>> {
        let path = match self.place {
            Place::BuiltIn(content) => return Ok(Cow::Borrowed(content)),
            Place::File(ref path) => path,
        };
        let with_path =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {}", path.display(), error));
        let content = self.read_file(path).map_err(with_path)?;
        Ok(Cow::Owned(content))
    }

    fn read_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        let too_large = || io::Error::new(io::ErrorKind::InvalidData, "the file is larger than 64 MiB");
        match self.version {
            Version::File(_, length) if length > MAX_FILE => return Err(too_large()),
            _ => {}
        }
        let mut content = Vec::new();
        // It may have grown.
        File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut content)?;
        if content.len() as u64 > MAX_FILE {
            return Err(too_large());
        }
        Ok(content)
    }
}

/// The name of a file: what stands before its extension, in NFC as the names in requests are.
fn stem(file_name: &str) -> Cow<'_, str> {
    use unicode_normalization::UnicodeNormalization;
    let stem = file_name.rfind('.').map_or(file_name, |dot| &file_name[..dot]);
    if stem.is_ascii() {
        Cow::Borrowed(stem)
    } else {
        Cow::Owned(stem.nfc().collect())
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

    use super::{Library, MAX_FILE};

    /// A folder that is gone at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let path = env::temp_dir().join(format!("memed-library-{}-{}", name, process::id()));
            fs::create_dir_all(&path).unwrap();
            Folder(path)
        }

        fn is_old(&self) {
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
        // It has just changed, and may change again without looking newer.
        assert!(has("one") && !has("two"));
        assert!(!Arc::ptr_eq(&library.files(), &library.files()));
        folder.is_old();
        assert!(Arc::ptr_eq(&library.files(), &library.files()));
        fs::write(folder.0.join("two.png"), b"2").unwrap();
        assert!(has("one") && has("two"));
        folder.is_old();
        assert!(has("two"));
        fs::remove_file(folder.0.join("two.png")).unwrap();
        assert!(!has("two"));
        folder.is_old();
        fs::remove_dir_all(&folder.0).unwrap();
        assert!(!has("one") && has("cat"));
    }

    #[test]
    fn a_file_that_is_too_large_is_told_with_its_path_and_never_read() {
        let folder = Folder::new("large");
        let path = folder.0.join("large.ttf");
        // It has no blocks on the disk, so its length is all that there is of it.
        File::create(&path).unwrap().set_len(MAX_FILE * 1000).unwrap();
        let library = Library::fonts(Some(folder.0.clone()));
        let source = library.find("large").unwrap().unwrap();
        let error = library.digest("large", &source).unwrap_err().to_string();
        assert!(error.contains("large.ttf") && error.contains("64 MiB"), "{}", error);
    }
}
