//! Tests that the reason of each failure is logged once, with its peer and request, at the level of its status.

use std::fs::OpenOptions;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::thread;

use util::{Folder, Program};

/// The lines of a program's log that have this in them, after some requests.
fn lines_with(arguments: &[&str], targets: &[&str], part: &str) -> Vec<String> {
    let mut program = Program::start(arguments);
    let mut client = program.connect();
    for target in targets {
        client.get(target);
    }
    program.signal(libc::SIGTERM);
    let log = program.rest_of_log();
    log.lines().filter(|line| line.contains(part)).map(str::to_string).collect()
}

#[test]
fn a_4xx_is_logged_once_as_information_with_its_request() {
    let lines = lines_with(&[], &["/caption?template=nobody&top_text=a%22b"], "there is no template");
    assert_eq!(lines.len(), 1, "{:?}", lines);
    assert!(lines[0].starts_with("memed: info: 127.0.0.1:"), "{}", lines[0]);
    let rest =
        "\"GET /caption?template=nobody&top_text=a%22b HTTP/1.1\" 404: there is no template \"nobody\"";
    assert!(lines[0].contains(rest), "{}", lines[0]);
}

#[test]
fn a_500_is_logged_once_as_an_error_with_its_request_and_its_causes() {
    let folder = Folder::new();
    folder.put("broken.png", b"\x89PNG\r\n\x1a\nand no more");
    let folder = folder.path().to_str().unwrap();
    let lines = lines_with(&["--templates", folder], &["/caption?template=broken"], "cannot be used");
    assert_eq!(lines.len(), 1, "{:?}", lines);
    assert!(lines[0].starts_with("memed: error: 127.0.0.1:"), "{}", lines[0]);
    let rest =
        "\"GET /caption?template=broken HTTP/1.1\" 500: the file of \"broken\" cannot be used, because it is damaged";
    assert!(lines[0].contains(rest), "{}", lines[0]);
}

/// The slowest there is: every frame is scaled and its colors chosen.
const SLOW: &str = "/caption?template=dramatic-raccoon&top_text=hi&width=399";

#[test]
fn a_504_is_logged_as_a_warning() {
    let lines = lines_with(&["--request-timeout", "0.01"], &[SLOW], "\" 504: ");
    assert_eq!(lines.len(), 1, "{:?}", lines);
    assert!(lines[0].starts_with("memed: warn: ") && lines[0].contains("not done in time"), "{}", lines[0]);
}

#[test]
fn each_503_is_logged_as_a_warning() {
    let mut program = Program::start(&["--queue", "0", "--request-timeout", "60"]);
    // Three pictures for two threads and no place to wait.
    let mut clients: Vec<_> = (0..3).map(|_| program.connect()).collect();
    for (index, client) in clients.iter_mut().enumerate() {
        client.ask("GET", &format!("{}{}", SLOW, index), &[]);
    }
    let statuses: Vec<_> = clients.iter_mut().map(|client| client.response().status).collect();
    let refused = statuses.iter().filter(|status| **status == 503).count();
    program.signal(libc::SIGTERM);
    let log = program.rest_of_log();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("\" 503: ")).collect();
    assert_eq!((refused, lines.len()), (1, 1), "{}", log);
    assert!(lines[0].starts_with("memed: warn: ") && lines[0].contains("the queue is full"), "{}", lines[0]);
}

/// journald splits lines of more than 48 KiB, and then a line is no JSON any more.
#[test]
fn of_a_long_target_the_beginning_is_logged() {
    for format in ["common", "json"] {
        for filler in ["\"", "a", "~"] {
            let target = format!("/images/nobody/{}", filler.repeat(30_000));
            let mut program = Program::start(&["--log-format", format]);
            program.connect().get(&target);
            program.signal(libc::SIGTERM);
            let log = program.rest_of_log();
            assert!(log.contains("/images/nobody/"), "{}", format);
            let longest = log.lines().map(str::len).max().unwrap();
            assert!(longest > 3000 && longest < 16 << 10, "{} of {}", longest, format);
        }
    }
}

#[test]
fn a_refused_head_is_logged_without_a_request() {
    let mut program = Program::start(&[]);
    let mut client = program.connect();
    client.send(b"BAD\r\n\r\n");
    assert_eq!(client.response().status, 400);
    let line = program.line_with("the first line must be");
    assert!(line.starts_with("memed: info: ") && line.contains("\"-\" 400: "), "{}", line);
}

#[test]
fn with_q_only_failures_of_ours_are_logged() {
    let folder = Folder::new();
    folder.put("broken.png", b"\x89PNG\r\n\x1a\nand no more");
    let folder = folder.path().to_str().unwrap();
    let arguments = ["-q", "--templates", folder, "--request-timeout", "0.01"];
    let targets = ["/nothing", SLOW, "/caption?template=broken"];
    let lines = lines_with(&arguments, &targets, "HTTP/1.1\" ");
    assert_eq!(lines.len(), 1, "{:?}", lines);
    assert!(lines[0].contains("\" 500: "), "{}", lines[0]);
}

/// hyper's `Date` header has the C library read the file of the time zone. A pipe stands for it here: the program
/// cannot get past it until it is opened for writing.
#[test]
fn the_time_zone_is_read_before_the_server_listens() {
    let folder = Folder::new();
    let zone = folder.path().join("zone");
    assert!(Command::new("mkfifo").arg(&zone).status().unwrap().success());
    let is_read = Arc::new(AtomicBool::new(false));
    let (of_writer, path) = (is_read.clone(), zone.clone());
    thread::spawn(move || {
        // Waits for a reader.
        let pipe = OpenOptions::new().write(true).open(path).unwrap();
        of_writer.store(true, Ordering::SeqCst);
        drop(pipe);
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_memed"));
    let program = Program::spawn(command.env_clear().env("TZ", format!(":{}", zone.display())));
    assert!(is_read.load(Ordering::SeqCst), "it listens, and has not read its time zone");
    assert_eq!(program.connect().get("/health").status, 200);
}
