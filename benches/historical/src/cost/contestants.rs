//! Lists the source files of each contestant, by what they do.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::count::Counts;
use super::source::Source;
use crate::compare::contestants::ALL;

/// The contestants, by the names that all reports have for them.
pub const NAMES: [&str; 3] = [ALL[0].name, ALL[1].name, ALL[2].name];

/// The package of this program, and that of `memed`.
pub const HERE: &str = env!("CARGO_MANIFEST_DIR");
/// The package of the mistakes that the compiler reports.
pub const MESSAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/messages");
/// From [`HERE`].
pub const TO_MEMED: &str = "../..";

/// What a file of a server does, compared with the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It carries requests: every contestant has to.
    Carries,
    /// It says what the answer is: the two new contestants share theirs.
    Answers,
    /// It guards against clients that are slow, gone or malformed, or is the HTTP where no library has it: hyper 1
    /// and its timers do that for async-await.
    Guards,
    /// It does what the others do not.
    More,
}

/// Where its files are: from [`HERE`], a file or a folder with all that is in it.
type Files = &'static [(Part, &'static str)];

/// What each is made of, in the order of [`NAMES`].
const FILES: [Files; 3] = [
    &[
        (Part::Carries, "src/bin/threads/main.rs"),
        (Part::Carries, "src/bin/threads/accept.rs"),
        (Part::Carries, "src/bin/threads/connection.rs"),
        (Part::Carries, "src/bin/threads/connections.rs"),
        (Part::Carries, "src/bin/threads/render.rs"),
        (Part::Guards, "src/bin/threads/http.rs"),
        (Part::Answers, "src/carried"),
    ],
    MEMED,
    &[(Part::Carries, "src/bin/async-await"), (Part::Answers, "src/carried")],
];

/// `memed` does more than the others, and a file can be in one part only. So `connection/mod.rs` is here with the way
/// that it ends connections of slow clients, and `conditional.rs` is not, though the others know `If-None-Match`.
const MEMED: Files = &[
    // The others have a main.rs, too: the command line, the listener, signals, the end.
    (Part::Carries, "../../src/main.rs"),
    (Part::Carries, "../../src/server/mod.rs"),
    (Part::Carries, "../../src/server/app.rs"),
    (Part::Carries, "../../src/server/future_ext.rs"),
    (Part::Carries, "../../src/server/signals.rs"),
    (Part::Carries, "../../src/server/connection/mod.rs"),
    (Part::Carries, "../../src/server/connection/accept.rs"),
    (Part::Carries, "../../src/server/connection/drain.rs"),
    (Part::Carries, "../../src/server/http/body.rs"),
    (Part::Carries, "../../src/server/http/mod.rs"),
    (Part::Carries, "../../src/server/picture/mod.rs"),
    (Part::Carries, "../../src/server/pool/mod.rs"),
    (Part::Carries, "../../src/server/pool/deadline.rs"),
    (Part::Carries, "../../src/server/routes/mod.rs"),
    // Counterparts of src/carried.
    (Part::Answers, "../../src/server/http/failures.rs"),
    (Part::Answers, "../../src/server/http/reply.rs"),
    (Part::Answers, "../../src/server/numbers/counters.rs"),
    (Part::Answers, "../../src/server/numbers/mod.rs"),
    (Part::Answers, "../../src/server/pages/caption.rs"),
    (Part::Answers, "../../src/server/pages/health.rs"),
    (Part::Answers, "../../src/server/pages/listing.rs"),
    (Part::Answers, "../../src/server/pages/mod.rs"),
    (Part::Answers, "../../src/server/pages/stats.rs"),
    (Part::Answers, "../../src/server/picture/kept.rs"),
    (Part::Answers, "../../src/server/preload.rs"),
    (Part::Answers, "../../src/server/routes/table.rs"),
    // hyper 0.11 accepts heads and chunks that it must not, waits for ever, and notices no hang-up.
    (Part::Guards, "../../src/server/connection/alarm.rs"),
    (Part::Guards, "../../src/server/connection/caller.rs"),
    (Part::Guards, "../../src/server/connection/chunks.rs"),
    (Part::Guards, "../../src/server/connection/clock.rs"),
    (Part::Guards, "../../src/server/connection/closing.rs"),
    (Part::Guards, "../../src/server/connection/head.rs"),
    (Part::Guards, "../../src/server/connection/hyper_io.rs"),
    (Part::Guards, "../../src/server/connection/intake.rs"),
    (Part::Guards, "../../src/server/connection/patience.rs"),
    (Part::Guards, "../../src/server/connection/rejection.rs"),
    (Part::Guards, "../../src/server/connection/state.rs"),
    (Part::Guards, "../../src/server/connection/target.rs"),
    // Fair shares for all clients, where the others have a semaphore of a line.
    (Part::More, "../../src/server/budget.rs"),
    (Part::More, "../../src/server/client.rs"),
    (Part::More, "../../src/server/connection/rounds.rs"),
    (Part::More, "../../src/server/connection/slots.rs"),
    (Part::More, "../../src/server/pool/queue.rs"),
    // The access log and its traces, conditions and ranges, one drawing for several requests, histograms, OpenMetrics, Server-Timing.
    (Part::More, "../../src/server/http/access_log.rs"),
    (Part::More, "../../src/server/http/conditional.rs"),
    (Part::More, "../../src/server/http/range.rs"),
    (Part::More, "../../src/server/http/trace.rs"),
    (Part::More, "../../src/server/numbers/latency.rs"),
    (Part::More, "../../src/server/pages/metrics.rs"),
    // A socket of systemd's, and its notifications.
    (Part::More, "../../src/passed_socket.rs"),
    (Part::More, "../../src/server/supervisor.rs"),
    // Forms, bodies of any type, links, the page: the others have none of them. Three of these files have a client's own
    // picture in them, too, which the others take in `Part::Carries` and `Part::Answers`: that is in favour of memed.
    (Part::More, "../../src/server/http/disposition.rs"),
    (Part::More, "../../src/server/pages/announced.rs"),
    (Part::More, "../../src/server/pages/first_bytes.rs"),
    (Part::More, "../../src/server/pages/images.rs"),
    (Part::More, "../../src/server/pages/openapi.rs"),
    (Part::More, "../../src/server/pages/operations.rs"),
    (Part::More, "../../src/server/pages/upload.rs"),
    (Part::More, "../../src/server/pages/web.rs"),
    (Part::More, "../../src/server/picture/flights.rs"),
    (Part::More, "../../src/server/picture/timing.rs"),
];

/// Counts in the parts that `wanted` has, of each contestant, in the order of [`NAMES`].
///
/// # Errors
/// If a file is not there, or is not Rust.
pub fn counts(wanted: &[Part]) -> Result<[Counts; 3], Box<dyn Error>> {
    let mut counts = [Counts::default(), Counts::default(), Counts::default()];
    for (contestant, counts) in counts.iter_mut().enumerate() {
        for (_, path) in FILES[contestant].iter().filter(|(part, _)| wanted.contains(part)) {
            for file in files(path)? {
                *counts += Counts::of(&parsed(&file)?);
            }
        }
    }
    Ok(counts)
}

/// The files of one contestant, all parts of it.
///
/// # Errors
/// If one is not there, or is not Rust.
pub fn sources(contestant: usize) -> Result<Vec<Source>, Box<dyn Error>> {
    let mut sources = Vec::new();
    for (_, path) in FILES[contestant] {
        for file in files(path)? {
            sources.push(parsed(&file)?);
        }
    }
    Ok(sources)
}

/// Reads and parses a file.
///
/// # Errors
/// If it is not there, or is not Rust; then with its path.
pub fn parsed(file: &Path) -> Result<Source, Box<dyn Error>> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(Source::parse(&text).map_err(|error| format!("{}: {error}", file.display()))?)
}

/// A file, or all Rust files of a folder, at any depth.
///
/// # Errors
/// If there is none.
pub fn files(path: &str) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let path = Path::new(HERE).join(path);
    let mut files = Vec::new();
    collect(&path, &mut files).map_err(|error| format!("{}: {error}", path.display()))?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    if files.is_empty() {
        return Err(format!("{}: there is no source", path.display()).into());
    }
    files.sort();
    Ok(files)
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    fs::read_dir(path)?.try_for_each(|entry| collect(&entry?.path(), files))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_of_memeds_server_is_in_one_part_and_parses() {
        let mut listed: Vec<_> = MEMED.iter().map(|(_, path)| Path::new(HERE).join(path)).collect();
        listed.sort();
        let mut there = files("../../src/server").unwrap();
        for program in ["../../src/main.rs", "../../src/passed_socket.rs"] {
            there.extend(files(program).unwrap());
        }
        // Tests are left out in all files, and these are nothing else.
        there.retain(|path| !path.to_string_lossy().ends_with("_tests.rs"));
        there.sort();
        assert_eq!(listed, there);
        for file in there {
            assert!(parsed(&file).unwrap().lines() > 3, "{}", file.display());
        }
    }

    #[test]
    fn each_file_of_the_threads_is_in_one_part() {
        let listed = FILES[0].iter().filter(|(_, path)| path.starts_with("src/bin")).count();
        assert_eq!(listed, files("src/bin/threads").unwrap().len());
    }

    #[test]
    fn a_file_that_is_not_there_is_told_with_its_path() {
        let error = files("src/nowhere").and_then(|files| parsed(&files[0])).err().unwrap().to_string();
        assert!(error.contains("nowhere"), "{error}");
    }
}
