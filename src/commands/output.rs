//! Where pictures go: into a file, whole or not at all, or to standard output.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use super::failure::Failure;
use command_line::Input;

/// Permissions of a new file, of which the process's mask takes some away.
#[cfg(unix)]
const NEW_FILE: u32 = 0o666;
/// As many symbolic links in a row are followed: as many as Linux follows.
const LINKS: usize = 40;

/// Writes a line to standard error. If nobody can read it there, nothing else fails for that.
pub fn tell(sentence: &str) {
    let _ = writeln!(io::stderr(), "memed: {}", sentence);
}

/// Writes a file under another name and then renames it, so that there is never a half of it under its own, and an
/// existing one is replaced at once or not at all. One that must be new fails with [`ErrorKind::AlreadyExists`].
///
/// What exists and is no file (`/dev/null`, a pipe) is written to as it is. Of a symbolic link, what it leads to is
/// replaced or, if it leads to nothing, created. Only to what must be new it is in the way, wherever it leads.
///
/// # Errors
/// Those of the file system.
pub fn write(path: &Path, bytes: &[u8], must_be_new: bool) -> io::Result<()> {
    if must_be_new {
        unfinished(path, None, bytes)?.persist_noclobber(path)?;
        return Ok(());
    }
    let (target, permissions) = match fs::metadata(path) {
        Ok(existing) if !existing.is_file() && !existing.is_dir() => {
            return File::options().write(true).open(path)?.write_all(bytes);
        }
        Ok(existing) => (path.canonicalize()?, Some(existing.permissions())),
        Err(ref error) if error.kind() == ErrorKind::NotFound => (end_of_links(path)?, None),
        // Links that lead in a circle, for one.
        Err(error) => return Err(error),
    };
    unfinished(&target, permissions, bytes)?.persist(&target)?;
    Ok(())
}

/// Where a path leads that leads to nothing: itself, if it is no symbolic link.
fn end_of_links(path: &Path) -> io::Result<PathBuf> {
    let mut end = path.to_path_buf();
    for _ in 0..=LINKS {
        match fs::read_link(&end) {
            Ok(next) => end = folder_of(&end).join(next),
            Err(_) => return Ok(end),
        }
    }
    // The system has just said that it ends. So somebody changes the links.
    Err(io::Error::other("too many symbolic links"))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."))
}

/// A new file with another name than any in the folder of `target`. Its drop removes it.
fn unfinished(target: &Path, permissions: Option<Permissions>, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(".memed-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(Permissions::from_mode(NEW_FILE));
    }
    let mut file = builder.tempfile_in(folder_of(target)).map_err(without_name)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.write_all(bytes)?;
    Ok(file)
}

/// The error alone: tempfile adds the name of its file, which says nothing to a reader.
fn without_name(error: io::Error) -> io::Error {
    let sentence = error.to_string();
    io::Error::new(error.kind(), sentence.split(" at path ").next().unwrap_or("").to_string())
}

/// Writes a picture to standard output.
///
/// # Errors
/// If that is a terminal, which would show it as noise and take some of it for commands; or if it cannot be written.
pub fn picture_to_standard_output(bytes: &[u8]) -> Result<(), Failure> {
    refuse_terminal()?;
    let mut out = io::stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    written.map_err(|error| Failure::unwritten("to standard output", &error))
}

/// The error about a terminal that standard output is.
///
/// # Errors
/// If it is one.
pub fn refuse_terminal() -> Result<(), Failure> {
    if io::stdout().is_terminal() {
        return Err(Failure::usage(
            "standard output is a terminal, which cannot show a picture: name a file, as in -o cat.png, or \
             redirect it, as in -o - > cat.png",
        ));
    }
    Ok(())
}

/// Writes text to standard output. A reader that has seen enough (`memed fonts | head -1`) is no error.
///
/// # Errors
/// If it cannot be written.
pub fn print(text: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(ref error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::unwritten("to standard output", error))
        }
        _ => Ok(()),
    }
}

/// Prints names, for people and for shells: one per line.
///
/// # Errors
/// If standard output cannot be written.
pub fn print_lines(names: &[String]) -> Result<(), Failure> {
    let lines: String = names.iter().map(|name| format!("{}\n", name)).collect();
    print(lines.as_bytes())
}

/// Reads all of an input, up to a limit.
///
/// # Errors
/// If it cannot be read, or is longer.
pub fn read(input: &Input, limit: usize) -> Result<Vec<u8>, Failure> {
    let name = name_of(input);
    let reader: Box<dyn Read> = match *input {
        Input::Standard => Box::new(io::stdin().lock()),
        Input::File(ref path) => Box::new(File::open(path).map_err(|error| Failure::unread(&name, &error))?),
    };
    let mut bytes = Vec::new();
    let read = reader.take(limit as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::unread(&name, &error))?;
    if bytes.len() > limit {
        return Err(Failure::data(format!("{} has more than {} bytes", name, limit)));
    }
    Ok(bytes)
}

/// What errors call an input.
pub fn name_of(input: &Input) -> String {
    match *input {
        Input::Standard => "standard input".to_string(),
        Input::File(ref path) => path.display().to_string(),
    }
}

/// A file name for a picture of a template, in which no character leads elsewhere.
pub fn file_name(prefix: &str, template: &str, end: &str) -> PathBuf {
    /// File systems allow 255 bytes.
    const KEPT: usize = 200;
    let safe = |c: char| if c.is_control() || "/\\:*?\"<>|".contains(c) { '_' } else { c };
    let mut stem: String = template.chars().map(safe).collect();
    let end_of_stem = (0..=KEPT.min(stem.len())).rev().find(|&at| stem.is_char_boundary(at));
    stem.truncate(end_of_stem.unwrap_or(0));
    PathBuf::from(format!("{}{}.{}", prefix, stem, end))
}

#[cfg(test)]
mod tests {
    use super::file_name;
    use std::path::Path;

    #[test]
    fn a_file_name_stays_in_its_folder_and_is_not_too_long() {
        assert_eq!(file_name("0001-", "cat", "png"), Path::new("0001-cat.png"));
        assert_eq!(file_name("", "a/../b\n", "gif"), Path::new("a_.._b_.gif"));
        let long = file_name("0001-", &"ü".repeat(200), "jpg");
        assert_eq!(long.to_str().unwrap().len(), 5 + 200 + 4);
    }
}
