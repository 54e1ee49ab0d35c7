//! The files of a folder, listed again when the folder has changed.

use std::borrow::Cow;
use std::collections::btree_map::{BTreeMap, Entry};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use super::mistakes::{Mistakes, Recognise};

/// How old a folder's modification time must be for its listing to be kept. A second change within the same tick
/// of the file system's clock would leave that time as it is; two seconds are longer than any tick.
const SETTLED: Duration = Duration::from_secs(2);

/// How long a listing is kept. Some changes do not touch the folder's modification time: for example, what a
/// symbolic link in it leads to.
const KEPT: Duration = Duration::from_secs(1);

/// Paths by name: the file names without their extensions.
pub type Files = BTreeMap<String, PathBuf>;

/// A folder of templates or fonts.
pub struct Folder {
    path: PathBuf,
    /// Those that count, in lower case.
    extensions: &'static [&'static str],
    recognise: Recognise,
    /// Of the files that go with others of the same name.
    companions: Option<&'static str>,
    last: Mutex<Option<Listing>>,
    mistakes: Mutex<Mistakes>,
}

/// What was in a folder.
struct Listing {
    taken: Instant,
    /// When the folder was modified.
    modified: SystemTime,
    listed: Listed,
}

/// The files of a folder.
#[derive(Clone, Default)]
pub struct Listed {
    /// Those that are served.
    pub files: Arc<Files>,
    /// Those that go with one of them: whatever has the name, file or not.
    pub companions: Arc<Files>,
}

impl Folder {
    /// Reads nothing yet.
    pub fn new(path: PathBuf, extensions: &'static [&'static str], recognise: Recognise) -> Folder {
        let (last, mistakes) = (Mutex::new(None), Mutex::default());
        Folder { path, extensions, recognise, companions: None, last, mistakes }
    }

    /// The same with companions that end in that extension.
    pub fn with_companions(self, extension: &'static str) -> Folder {
        Folder { companions: Some(extension), ..self }
    }

    /// The files by name, listed again if the folder has changed since the last time or that was more than a
    /// second ago. A folder that cannot be listed is logged and taken for empty: the built-in files are served all
    /// the same. So is what is wrong with its files, once.
    pub fn files(&self) -> Listed {
        let modified = fs::metadata(&self.path).and_then(|metadata| metadata.modified()).ok();
        if let Some(ref listing) = *self.last.lock().expect("nothing panics under this lock") {
            if modified == Some(listing.modified) && listing.taken.elapsed() < KEPT {
                return listing.listed.clone();
            }
        }
        let taken = Instant::now();
        let listed = self.list();
        // `modified` is from before the listing, so that a change in between makes the folder look newer.
        let is_settled = |modified: &SystemTime| modified.elapsed().is_ok_and(|age| age > SETTLED);
        let kept = match (modified.filter(is_settled), &listed) {
            (Some(modified), Ok(listed)) => Some(Listing { taken, modified, listed: listed.clone() }),
            _ => None,
        };
        *self.last.lock().expect("nothing panics under this lock") = kept;
        listed.unwrap_or_else(|error| {
            warn!("{} cannot be listed: {}", self.path.display(), error);
            Listed::default()
        })
    }

    /// Of two files with one name, the first in the order of their file names. Logs what is wrong.
    fn list(&self) -> io::Result<Listed> {
        let entries = fs::read_dir(&self.path)?.map(|entry| entry.map(|entry| entry.path()));
        let mut paths = entries.collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        let (mut files, mut hidden, mut companions) = (Files::new(), Vec::new(), Files::new());
        for path in paths {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            let name = name_of(&name.unwrap_or_default()).into_owned();
            let into = match self.serves(&path) {
                true => &mut files,
                false if self.is_companion(&path) => &mut companions,
                false => continue,
            };
            match into.entry(name) {
                Entry::Vacant(place) => {
                    place.insert(path);
                }
                Entry::Occupied(served) => hidden.push((served.get().clone(), path)),
            }
        }
        let mut mistakes = self.mistakes.lock().expect("nothing panics under this lock");
        for mistake in mistakes.found(&files, &hidden, &companions, self.recognise) {
            warn!("{}", mistake);
        }
        // What goes with no file has been told.
        companions.retain(|name, _| files.contains_key(name));
        Ok(Listed { files: Arc::new(files), companions: Arc::new(companions) })
    }

    fn is_companion(&self, path: &Path) -> bool {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let is_known =
            |known: &&str| extension.is_some_and(|extension| known.eq_ignore_ascii_case(extension));
        self.companions.as_ref().is_some_and(is_known) && !is_hidden(path)
    }

    fn serves(&self, path: &Path) -> bool {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("");
        let is_known = self.extensions.iter().any(|known| known.eq_ignore_ascii_case(extension));
        // Folders, pipes and devices may have any name.
        is_known && !is_hidden(path) && path.is_file()
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

/// The name that a file is asked for with: its file name without the extension, in NFC as the names in requests
/// are.
pub fn name_of(file_name: &str) -> Cow<'_, str> {
    use unicode_normalization::UnicodeNormalization;
    let stem = file_name.rfind('.').map_or(file_name, |dot| &file_name[..dot]);
    if stem.is_ascii() {
        Cow::Borrowed(stem)
    } else {
        Cow::Owned(stem.nfc().collect())
    }
}
