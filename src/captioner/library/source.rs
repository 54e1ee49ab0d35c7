//! Where the content of a template or font is, and reading it.
//!
//! A file can be replaced at any moment. So whatever is cached for a file carries a [`Version`], and
//! [`Source::read`] returns the version of the content that it has actually read, which need not be the one that
//! the caller saw before.

use std::borrow::Cow;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Size limit of a file, in bytes. A larger one is refused before it is read.
pub const MAX_FILE: u64 = 64 << 20;

/// How often a file is read that changes while it is being read.
const ATTEMPTS: usize = 3;

/// Identifies one content of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// Compiled in: never changes.
    BuiltIn,
    /// Of a file.
    File {
        /// When it was last written.
        modified: SystemTime,
        /// Bytes.
        length: u64,
    },
}

/// One content of one name: what everything that is derived from a file is cached by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileKey {
    /// The template's or font's name.
    pub name: String,
    /// Which content of that name.
    pub version: Version,
}

/// Where the content of one name is.
#[derive(Clone, Debug)]
pub struct Source {
    /// The version when it was looked up.
    pub version: Version,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    BuiltIn(&'static [u8]),
    File(PathBuf),
}

/// The whole content of a file.
#[derive(Debug)]
pub struct Content {
    /// The bytes.
    pub bytes: Cow<'static, [u8]>,
    /// The version of these bytes. `None` if the file kept changing while it was read: nothing that is derived
    /// from them may be cached.
    pub version: Option<Version>,
}

impl Version {
    fn of(metadata: &Metadata) -> io::Result<Version> {
        Ok(Version::File { modified: metadata.modified()?, length: metadata.len() })
    }
}

impl FileKey {
    /// That version of that name.
    pub fn new(name: &str, version: Version) -> FileKey {
        FileKey { name: name.to_string(), version }
    }
}

impl Source {
    /// A content that is compiled in.
    pub fn built_in(content: &'static [u8]) -> Source {
        Source { version: Version::BuiltIn, place: Place::BuiltIn(content) }
    }

    /// A file, as it is now. `None` if it does not exist (any more).
    ///
    /// # Errors
    /// If the file system does not record when files were modified.
    pub fn of_file(path: &Path) -> io::Result<Option<Source>> {
        match fs::metadata(path) {
            Ok(metadata) => {
                let version = Version::of(&metadata)?;
                Ok(Some(Source { version, place: Place::File(path.to_path_buf()) }))
            }
            Err(_) => Ok(None),
        }
    }

    /// Whether it is compiled in.
    pub fn is_built_in(&self) -> bool {
        self.version == Version::BuiltIn
    }

    /// The whole content, as it is now.
    ///
    /// # Errors
    /// If the file cannot be read, or is larger than 64 MiB; the error names its path.
    pub fn read(&self) -> io::Result<Content> {
        self.read_up_to(MAX_FILE)
    }

    /// The same with another limit, in bytes.
    ///
    /// # Errors
    /// As [`Source::read`]; [`io::ErrorKind::FileTooLarge`] beyond the limit.
    pub fn read_up_to(&self, limit: u64) -> io::Result<Content> {
        let path = match self.place {
            Place::BuiltIn(bytes) => {
                return Ok(Content { bytes: Cow::Borrowed(bytes), version: Some(Version::BuiltIn) })
            }
            Place::File(ref path) => path,
        };
        unchanged(|| Reading::of(path, limit)).map_err(|error| {
            let sentence = format!("{}: {}", path.display(), error);
            io::Error::new(error.kind(), sentence)
        })
    }
}

/// A file read once.
struct Reading {
    bytes: Vec<u8>,
    before: Version,
    after: Version,
}

impl Reading {
    fn of(path: &Path, limit: u64) -> io::Result<Reading> {
        // Asking the open file, not the path, makes the version that of these bytes even if another file takes the
        // path meanwhile.
        let file = File::open(path)?;
        let before = file.metadata()?;
        let mut bytes = Vec::new();
        if before.len() <= limit {
            // One byte more than allowed, for it may have grown.
            (&file).take(limit + 1).read_to_end(&mut bytes)?;
        }
        if before.len().max(bytes.len() as u64) > limit {
            let sentence = format!("the file is larger than {}", in_words(limit));
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, sentence));
        }
        Ok(Reading { bytes, before: Version::of(&before)?, after: Version::of(&file.metadata()?)? })
    }
}

/// A limit as it is told.
fn in_words(bytes: u64) -> String {
    match bytes >> 20 {
        0 => format!("{} KiB", bytes >> 10),
        mib => format!("{} MiB", mib),
    }
}

/// Reads until the file stays the same meanwhile, a few times at most.
fn unchanged<F: FnMut() -> io::Result<Reading>>(mut read: F) -> io::Result<Content> {
    let mut attempts = 1;
    loop {
        let Reading { bytes, before, after } = read()?;
        let is_unchanged = before == after;
        if is_unchanged || attempts == ATTEMPTS {
            return Ok(Content { bytes: bytes.into(), version: Some(after).filter(|_| is_unchanged) });
        }
        attempts += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::SystemTime;

    use super::{unchanged, Content, Reading, Version, ATTEMPTS};

    fn version(length: u64) -> Version {
        Version::File { modified: SystemTime::UNIX_EPOCH, length }
    }

    /// Reads a file whose version goes through these while it is read.
    fn read(readings: &[(u64, u64)]) -> (Content, usize) {
        let mut count = 0;
        let content = unchanged(|| {
            let (before, after) = readings[count];
            count += 1;
            Ok(Reading { bytes: vec![count as u8], before: version(before), after: version(after) })
        });
        (content.unwrap(), count)
    }

    #[test]
    fn a_file_that_changes_while_it_is_read_is_read_again() {
        let (content, count) = read(&[(1, 1), (9, 9)]);
        assert_eq!((content.version, count), (Some(version(1)), 1));
        let (content, count) = read(&[(1, 2), (2, 3), (3, 3), (9, 9)]);
        assert_eq!((&*content.bytes, content.version, count), (&[3][..], Some(version(3)), 3));
    }

    #[test]
    fn a_file_that_never_stops_changing_has_no_version() {
        let (content, count) = read(&[(1, 2), (2, 3), (3, 4), (4, 4)]);
        assert_eq!((&*content.bytes, content.version, count), (&[3][..], None, ATTEMPTS));
    }

    #[test]
    fn an_error_is_not_tried_again() {
        let mut count = 0;
        let content = unchanged(|| {
            count += 1;
            Err(io::ErrorKind::PermissionDenied.into())
        });
        assert_eq!((content.unwrap_err().kind(), count), (io::ErrorKind::PermissionDenied, 1));
    }
}
