//! The sessions of the course: commands for a shell that ask a running server, and what they print.
//!
//! In a page they are a block of commands after `<!-- server: KNOBS -->`, and a block of their output. In the latter, `…`
//! stands for anything within a line.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use util::{Folder, Program};

struct Session {
    page: PathBuf,
    knobs: Vec<String>,
    commands: String,
    output: String,
}

fn sessions(page: PathBuf) -> Vec<Session> {
    let text = fs::read_to_string(&page).unwrap();
    let after_marks = text.split("<!-- server:").skip(1);
    let sessions = after_marks.map(|rest| {
        let (knobs, rest) = rest.split_once(" -->\n```sh\n").expect("commands follow the mark");
        let (commands, rest) = rest.split_once("```\n").expect("the commands end");
        let output = rest.strip_prefix("\n```text\n").and_then(|rest| rest.split("```").next());
        Session {
            page: page.clone(),
            knobs: knobs.split_whitespace().map(str::to_string).collect(),
            commands: commands.to_string(),
            output: output.expect("an output follows the commands").to_string(),
        }
    });
    sessions.collect()
}

/// Whether a line is that pattern, in which `…` stands for anything.
fn is_like(line: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('…');
    let first = parts.next().unwrap_or("");
    let mut rest = match line.strip_prefix(first) {
        Some(rest) => rest,
        None => return false,
    };
    let parts: Vec<_> = parts.collect();
    for (number, part) in parts.iter().enumerate() {
        // The last part ends the line.
        let at = if number + 1 == parts.len() { rest.rfind(part) } else { rest.find(part) };
        rest = match at {
            Some(at) => &rest[at + part.len()..],
            None => return false,
        };
    }
    rest.is_empty()
}

fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

#[test]
fn sessions_of_the_course_end_as_the_pages_say() {
    if !["bash", "curl"].iter().all(|program| is_there(program)) {
        eprintln!("left out: it takes bash and curl");
        return;
    }
    let pages = fs::read_dir("docs/course").unwrap().map(|entry| entry.unwrap().path());
    let pages = pages.filter(|path| path.extension().is_some_and(|end| end == "md"));
    let sessions: Vec<_> = pages.flat_map(sessions).collect();
    assert!(!sessions.is_empty(), "the course has no sessions");
    for session in sessions {
        let server =
            Program::run(Command::new(env!("CARGO_BIN_EXE_memed")).arg("127.0.0.1:0").args(&session.knobs));
        let commands = session.commands.replace("127.0.0.1:1337", &server.address.to_string());
        let folder = Folder::new();
        let ran = Command::new("bash")
            .args(["-c", &commands])
            .current_dir(folder.path())
            .env("MEMED_PID", server.id().to_string())
            .output()
            .unwrap();
        let output = String::from_utf8_lossy(&ran.stdout).into_owned();
        let (lines, patterns): (Vec<_>, Vec<_>) =
            (output.lines().collect(), session.output.lines().collect());
        let is_right = lines.len() == patterns.len()
            && lines.iter().zip(&patterns).all(|(line, pattern)| is_like(line, pattern));
        let errors = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(is_right, "{}:\n{}{}{}", session.page.display(), session.commands, output, errors);
    }
}

#[test]
fn an_output_that_is_wrong_would_be_seen() {
    assert!(is_like("took 12 ms", "took … ms") && is_like("a", "a") && is_like("x, y, z", "x…, …z"));
    assert!(!is_like("took 12 s", "took … ms") && !is_like("ab", "a") && !is_like("a", "ab"));
}
