//! `memed caption --batch`: a picture for each line, drawn on all cores.
//!
//! Each thread takes the next line, draws it, writes its file, and takes another; one more thread reads ahead by two
//! lines. So memory does not grow with the file, and a line that fails costs only itself. Failures are told when they
//! happen, and at the end once more by their numbers.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, IsTerminal};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::caption::{warn_of_small_text, MAX_JSON};
use super::failure::Failure;
use super::feed::Feed;
use super::lines::{Line, Lines};
use super::{interrupt, output};
use captioner::{Cancel, Captioner};
use command_line::Input;
use config::{Config, LogLevel};
use image_macro::from_json;

/// As many failed lines are named at the end.
const NAMED: usize = 20;

/// Draws all lines. Returns an error if any of them failed, after the others have been drawn.
///
/// # Errors
/// If the lines cannot be read, the folder cannot be made, or any picture is not drawn or written.
pub fn run(config: &Config, captioner: &Captioner, input: &Input, folder: &Path) -> Result<(), Failure> {
    let name = output::name_of(input);
    let unread = |error| Failure::unread(&name, &error);
    let (reader, length): (Box<dyn BufRead + Send>, Option<u64>) = match *input {
        Input::Standard => (Box::new(BufReader::new(io::stdin())), None),
        Input::File(ref path) => {
            let file = File::open(path).map_err(unread)?;
            let metadata = file.metadata().map_err(unread)?;
            (Box::new(BufReader::new(file)), Some(metadata.len()).filter(|_| metadata.is_file()))
        }
    };
    fs::create_dir_all(folder).map_err(|error| Failure::unwritten(&folder.display().to_string(), &error))?;

    let is_quiet = config.log == LogLevel::Events || config.log == LogLevel::Errors;
    let bar = bar(length, is_quiet);
    let feed = Feed::default();
    let feed_of_signal = feed.clone();
    let cancel = interrupt::watch(move || feed_of_signal.close());
    feed.start(Lines::new(reader, MAX_JSON))
        .map_err(|error| Failure::undone(format!("cannot start a thread: {}", error)))?;
    let batch = Batch { captioner, folder, feed, outcome: Mutex::default(), bar: &bar, cancel };
    thread::scope(|scope| {
        for number in 1..config.render_threads {
            let thread = thread::Builder::new().name(format!("render-{}", number));
            // Fewer threads draw the same pictures.
            if let Err(error) = thread.spawn_scoped(scope, || batch.work()) {
                warn!("cannot start a thread: {}", error);
                break;
            }
        }
        batch.work();
    });
    bar.finish_and_clear();
    let is_interrupted = batch.cancel.check().is_err();
    let outcome = batch.outcome.into_inner().expect("nothing panics under this lock");
    outcome.summary(&name, folder, is_interrupted, is_quiet)
}

/// A bar on a terminal, or nothing. Without a length it counts.
fn bar(length: Option<u64>, is_quiet: bool) -> ProgressBar {
    if is_quiet || !io::stderr().is_terminal() {
        return ProgressBar::with_draw_target(length, ProgressDrawTarget::hidden());
    }
    let template = match length {
        Some(_) => "{bar:30} {percent:>3} %, {msg}, {eta} left",
        None => "{spinner} {msg}",
    };
    let style = ProgressStyle::with_template(template).expect("it is well-formed");
    let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr()).with_style(style);
    bar.with_message("0 drawn, 0 failed")
}

/// What the threads share.
struct Batch<'a> {
    captioner: &'a Captioner,
    folder: &'a Path,
    /// Closed by Ctrl-C.
    feed: Feed,
    outcome: Mutex<Outcome>,
    bar: &'a ProgressBar,
    /// Set by Ctrl-C.
    cancel: Cancel,
}

/// What has become of the lines so far.
#[derive(Default)]
struct Outcome {
    written: usize,
    failed: usize,
    /// The first of those that failed, in their order. Not all: a file may have a million.
    failed_lines: Vec<usize>,
    /// Why reading has stopped.
    unread: Option<io::Error>,
}

impl<'a> Batch<'a> {
    /// Draws lines until there are no more.
    fn work(&self) {
        while let Some(read) = self.feed.next() {
            self.bar.set_position(read.position);
            match read.line {
                Ok(line) => self.finish(line),
                Err(error) => {
                    self.outcome.lock().expect("nothing panics under this lock").unread = Some(error);
                }
            }
        }
    }

    /// Draws a line, and notes how that went.
    fn finish(&self, Line { number, text }: Line) {
        // As in the server, a panic costs only the picture that it happened in.
        let drawn = panic::catch_unwind(AssertUnwindSafe(|| self.draw(number, text)));
        let drawn = drawn.unwrap_or_else(|_| Err(Failure::undone("drawing it panicked, which is a bug")));
        let mut outcome = self.outcome.lock().expect("nothing panics under this lock");
        match drawn {
            Ok(()) => outcome.written += 1,
            // What was interrupted has not failed.
            Err(_) if self.cancel.check().is_err() => {}
            Err(Failure { sentence, .. }) => {
                outcome.failed_at(number);
                self.tell(number, &sentence);
            }
        }
        self.bar.set_message(format!("{} drawn, {} failed", outcome.written, outcome.failed));
    }

    fn draw(&self, number: usize, text: Option<Vec<u8>>) -> Result<(), Failure> {
        let text = text.ok_or_else(|| Failure::data(format!("it has more than {} bytes", MAX_JSON)))?;
        let image_macro = from_json(&text).map_err(|error| Failure::of_json("it is no request", error))?;
        let picture = self
            .captioner
            .caption(&image_macro, &self.cancel)
            .map_err(|error| Failure::of_caption(&error, self.captioner))?;
        warn_of_small_text(&picture, &mut |sentence| self.tell(number, &format!("warning: {}", sentence)));
        let end = picture.format.extension();
        let name = output::file_name(&format!("{:04}-", number), &image_macro.template, end);
        let path = self.folder.join(name);
        output::write(&path, &picture.bytes, false)
            .map_err(|error| Failure::unwritten(&path.display().to_string(), &error))
    }

    /// Writes a line to standard error, above the bar.
    fn tell(&self, number: usize, sentence: &str) {
        self.bar.suspend(|| output::tell(&format!("line {}: {}", number, sentence)));
    }
}

impl Outcome {
    /// Keeps the smallest numbers, in order: threads do not fail in that of the lines.
    fn failed_at(&mut self, number: usize) {
        self.failed += 1;
        let place = self.failed_lines.partition_point(|&other| other < number);
        self.failed_lines.insert(place, number);
        self.failed_lines.truncate(NAMED);
    }

    fn summary(self, name: &str, folder: &Path, is_interrupted: bool, is_quiet: bool) -> Result<(), Failure> {
        let plural = if self.written == 1 { "" } else { "s" };
        let written = format!("{} picture{} in {}", self.written, plural, folder.display());
        let numbers: Vec<_> = self.failed_lines.iter().map(usize::to_string).collect();
        let more = match self.failed - self.failed_lines.len() {
            0 => String::new(),
            more => format!(" and {} more", more),
        };
        let failed = match self.failed {
            0 => String::new(),
            1 => format!(", 1 failed: line {}", numbers[0]),
            failed => format!(", {} failed: lines {}{}", failed, numbers.join(", "), more),
        };
        if let Some(error) = self.unread {
            let Failure { code, sentence } = Failure::unread(name, &error);
            return Err(Failure { code, sentence: format!("{}; {}{}", sentence, written, failed) });
        }
        if is_interrupted {
            return Err(Failure::interrupted(format!("interrupted: {}{}", written, failed)));
        }
        if self.failed > 0 {
            return Err(Failure::undone(format!("{}{}", written, failed)));
        }
        if !is_quiet {
            output::tell(&written);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, NAMED};
    use std::path::Path;

    #[test]
    fn the_summary_names_the_first_lines_that_failed_in_their_order() {
        let mut outcome = Outcome { written: 1, ..Outcome::default() };
        for number in (1..=NAMED + 5).rev() {
            outcome.failed_at(number);
        }
        let failure = outcome.summary("lines", Path::new("out"), false, false).unwrap_err();
        assert_eq!(failure.code, 1);
        assert!(
            failure.sentence.starts_with("1 picture in out, 25 failed: lines 1, 2, 3, "),
            "{}",
            failure.sentence
        );
        assert!(failure.sentence.ends_with(" 19, 20 and 5 more"), "{}", failure.sentence);
    }
}
