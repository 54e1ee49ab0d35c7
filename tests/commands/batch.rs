//! Many pictures at once.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use image;
use libc;

use super::{memed, names, run, run_with, Ended};
use util::{until, Folder, LONG};

const LINES: &str = r#"{"template": "cat", "top_text": "one"}

{"template": "raccoon", "captions": ["two", "lines"], "width": 320}
{"template": "cta"}
not json
{"template": "cat", "widht": 1}
{"template": "deal-with-it", "format": "png"}"#;

#[test]
fn each_line_is_a_picture_and_what_fails_stops_no_other() {
    let folder = Folder::new();
    folder.put("lines.jsonl", LINES.as_bytes());
    let batch = ["caption", "--batch", "lines.jsonl", "--out", "out/pictures"];
    let ended = run(&folder, &batch);
    ended.failed(
        1,
        &[
            "memed: line 4: there is no template \"cta\"; did you mean cat?",
            "memed: line 5: it is no request: ",
            "memed: line 6: it is no request: \"widht\" is not a field",
            "memed: 3 pictures in out/pictures, 3 failed: lines 4, 5, 6\n",
        ],
    );
    assert!(ended.out.is_empty());
    let out = folder.path().join("out/pictures");
    let expected = ["0001-cat.png", "0003-raccoon.jpg", "0007-deal-with-it.png"];
    assert_eq!(names(&out), expected);
    // They are those of the single command, and of any number of threads.
    let single = run(&folder, &["caption", "raccoon", "two", "lines", "--width", "320", "-o", "-"]);
    assert!(fs::read(out.join("0003-raccoon.jpg")).unwrap() == single.out);
    let before: Vec<_> = expected.iter().map(|name| fs::read(out.join(name)).unwrap()).collect();
    run(&folder, &[&batch[..], &["--render-threads", "7"]].concat()).failed(1, &["3 failed"]);
    let after: Vec<_> = expected.iter().map(|name| fs::read(out.join(name)).unwrap()).collect();
    assert!(before == after);
    assert_eq!(names(&out), expected);
}

#[test]
fn lines_come_from_standard_input_and_a_success_is_a_sentence_or_nothing() {
    let folder = Folder::new();
    let lines = b"\xef\xbb\xbf{\"template\": \"cat\"}\r\n{\"template\": \"cat\"}\r\n";
    let batch = ["caption", "--batch", "-", "--out", "a"];
    run_with(&folder, &batch, lines).failed(0, &["memed: 2 pictures in a\n"]);
    assert_eq!(names(&folder.path().join("a")), ["0001-cat.png", "0002-cat.png"]);
    run_with(&folder, &[&batch[..], &["-q"]].concat(), lines).succeeded();
    run_with(&folder, &batch, b"").failed(0, &["0 pictures in a"]);
    // Not a terminal, so there is no bar.
    assert!(!run_with(&folder, &batch, lines).said.contains('\r'));
}

#[test]
fn a_line_that_is_too_long_costs_only_itself() {
    let folder = Folder::new();
    let lines = [&[b'x'; 500_000][..], b"\n{\"template\": \"cat\"}"].concat();
    let ended = run_with(&folder, &["caption", "--batch", "-", "--out", "a"], &lines);
    ended.failed(1, &["line 1: it has more than 131072 bytes", "1 picture in a, 1 failed: line 1\n"]);
    assert_eq!(names(&folder.path().join("a")), ["0002-cat.png"]);
}

#[test]
fn a_file_that_cannot_be_written_is_a_line_that_failed() {
    let folder = Folder::new();
    fs::create_dir_all(folder.path().join("a/0001-cat.png")).unwrap();
    let lines = b"{\"template\": \"cat\"}\n{\"template\": \"cat\"}";
    let ended = run_with(&folder, &["caption", "--batch", "-", "--out", "a"], lines);
    ended.failed(1, &["line 1: cannot write a/0001-cat.png: ", "1 picture in a, 1 failed: line 1"]);
    assert_eq!(names(&folder.path().join("a")), ["0001-cat.png", "0002-cat.png"]);
}

/// A batch that reads from a pipe.
fn batch_of_a_pipe(folder: &Folder) -> (Child, ChildStdin) {
    let mut command = memed(folder);
    command.args(["caption", "--batch", "-", "--out", "a", "--render-threads", "3"]);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stdin = child.stdin.take().unwrap();
    (child, stdin)
}

fn has_pictures(out: &Path) -> bool {
    out.exists() && names(out).iter().any(|name| name.ends_with(".png") || name.ends_with(".gif"))
}

/// Signals a batch that has no end once it has drawn some pictures, and checks what it leaves.
fn interrupted(signal: libc::c_int, line: &'static str) -> Duration {
    let folder = Folder::new();
    let (child, mut stdin) = batch_of_a_pipe(&folder);
    let writing = thread::spawn(move || while stdin.write_all(line.as_bytes()).is_ok() {});
    until(|| has_pictures(&folder.path().join("a")));
    let took = signalled(child, signal, &folder);
    writing.join().unwrap();
    took
}

/// Signals a batch once, and checks what it says and leaves. Returns how long it took to end.
fn signalled(mut child: Child, signal: libc::c_int, folder: &Folder) -> Duration {
    let out = folder.path().join("a");
    // Sound: `kill` touches no memory of ours, and the process is our child, not waited for yet.
    assert_eq!(unsafe { libc::kill(child.id() as libc::pid_t, signal) }, 0);
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > LONG {
            child.kill().unwrap();
            panic!("the signal does not end it");
        }
        thread::sleep(Duration::from_millis(1));
    }
    let took = start.elapsed();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let ended = Ended { code: output.status.code(), out: output.stdout, said };
    ended.failed(130, &["memed: interrupted: ", " in a\n"]);
    assert!(!ended.said.contains("failed"), "{}", ended.said);
    let names = names(&out);
    assert!(ended.said.contains(&format!("interrupted: {} picture", names.len())), "{}", ended.said);
    for name in names {
        assert!(!name.ends_with(".part"), "{}", name);
        image::open(out.join(&name)).unwrap_or_else(|error| panic!("{}: {}", name, error));
    }
    took
}

#[test]
fn a_signal_ends_a_batch_soon_and_leaves_only_whole_pictures() {
    let small = "{\"template\": \"cat\", \"top_text\": \"again and again\"}\n";
    for &signal in &[libc::SIGINT, libc::SIGTERM] {
        assert!(interrupted(signal, small) < LONG / 4);
    }
    // A slow one, in the middle of which the signal arrives.
    let slow = "{\"template\": \"dramatic-raccoon\", \"top_text\": \"hi\", \"width\": 200}\n";
    assert!(interrupted(libc::SIGINT, slow) < LONG / 4);
}

/// `read` cannot be cancelled, so no thread that must end may be in it.
#[test]
fn a_signal_ends_a_batch_that_waits_for_a_line() {
    for &signal in &[libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        let folder = Folder::new();
        let (child, mut stdin) = batch_of_a_pipe(&folder);
        // The second line has no end yet.
        stdin.write_all(b"{\"template\": \"cat\"}\n{\"template\": ").unwrap();
        until(|| has_pictures(&folder.path().join("a")));
        assert!(signalled(child, signal, &folder) < LONG / 4);
        assert_eq!(names(&folder.path().join("a")), ["0001-cat.png"]);
        drop(stdin);
    }
    // While one thread draws, and others wait.
    let folder = Folder::new();
    let (child, mut stdin) = batch_of_a_pipe(&folder);
    let slow = b"{\"template\": \"dramatic-raccoon\", \"top_text\": \"hi\", \"width\": 1000}\n";
    stdin.write_all(&[&b"{\"template\": \"cat\"}\n"[..], slow].concat()).unwrap();
    until(|| has_pictures(&folder.path().join("a")));
    assert!(signalled(child, libc::SIGTERM, &folder) < LONG / 4);
    drop(stdin);
}

/// Whether anybody reads what is said of a line makes no difference to the others.
#[cfg(target_os = "linux")]
#[test]
fn a_standard_error_that_cannot_be_written_costs_no_picture() {
    let folder = Folder::new();
    let lines = "x\n".repeat(30) + &"{\"template\": \"cat\", \"width\": 40}\n".repeat(6);
    folder.put("lines.jsonl", lines.as_bytes());
    let mut command = memed(&folder);
    command.args(["caption", "--batch", "lines.jsonl", "--out", "a"]);
    let full = File::options().write(true).open("/dev/full").unwrap();
    let status = command.stderr(full).status().unwrap();
    assert_eq!(status.code(), Some(1));
    assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 6);
}
