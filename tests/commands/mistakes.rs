//! What is typed wrong, is not there, or cannot be written.

use std::fs::File;
use std::io::Read;
use std::os::fd::FromRawFd;
use std::process::Stdio;
use std::ptr;

use libc;

use super::{memed, names, run, run_with};
use util::Folder;

#[test]
fn a_bad_command_line_names_what_is_wrong_and_what_is_allowed_and_exits_with_64() {
    let folder = Folder::new();
    for (line, parts) in [
        ("caption", &["the template is missing", "`memed templates`", "run `memed caption --help`"][..]),
        (
            "caption cat a b c d e f g h i j k l m n o p q",
            &["there are 17 texts, and at most 16 are allowed"],
        ),
        (
            "caption cat --width 0 --color redd --size huge --top-align up",
            &[
                "--width is \"0\", and must be a whole number of pixels from 1 to 4096",
                "--color is \"redd\", and must be an opaque color",
                "--size is \"huge\", and must be",
                "--top-align is \"up\", and must be left, center or right",
            ],
        ),
        ("caption cat --widht 3", &["'--widht' found; did you mean --width?"]),
        ("caption cat --nonsense", &["a text that begins with \"-\" goes behind \"--\""]),
        ("caption cat a --top-text b", &["--top-text contradicts the top text"]),
        ("caption cat --queue 3", &["'--queue'"]),
        ("--queue 3 caption cat", &["--queue is for the server: `memed caption` does not take it"]),
        (":8080 caption cat", &["the address is for the server"]),
        (
            "caption cat --jpeg-quality 0",
            &["--jpeg-quality is \"0\", and must be a whole number from 1 to 100"],
        ),
        ("caption cat -o a.webp", &["-o is a.webp, and must end in .jpg, .jpeg, .png or .gif", "--format"]),
        ("caption cat -o a.png --format gif", &["the format is gif, and -o is a.png"]),
        ("caption cat -o - --open", &["--open contradicts -o -"]),
        ("caption cat --json a.json", &["the template contradicts --json"]),
        ("caption --json a.json --width 3", &["--width contradicts --json"]),
        ("caption --json - --template-file -", &["cannot both be standard input"]),
        ("caption cat --out dir", &["--out is for the pictures of --batch", "-o"]),
        ("caption --batch a.jsonl", &["--out is missing"]),
        ("caption --batch a.jsonl -o b.png", &["-o is for one picture"]),
        ("caption --batch a.jsonl --out b --open", &["--open contradicts --batch"]),
        ("caption --batch a.jsonl --out b cat", &["the template contradicts --batch"]),
        ("captoin", &["the address is \"captoin\"", "did you mean `memed caption`?"]),
        ("captoin cat", &["memed: \"captoin\" is no command; did you mean `memed caption`?"]),
        (
            "-q --queue 3 captoin cat hi -o a.png",
            &["\"captoin\" is no command; did you mean `memed caption`?"],
        ),
        ("captoin --width 3 cat", &["did you mean `memed caption`?"]),
        ("healht http://localhost", &["did you mean `memed health`?"]),
        // The value of a flag is no command; and an address is one.
        ("--templates fonst cat dog", &["unexpected argument 'dog' found"]),
        ("127.0.0.1 cat", &["unexpected argument 'cat' found"]),
        ("meme cat", &["unexpected argument 'cat' found"]),
        ("serve nowhere:", &["the address is \"nowhere:\"", "run `memed serve --help`"]),
        ("health https://localhost", &["the URL is \"https://localhost\"", "http://ADDRESS:PORT"]),
        ("health --timeout 0", &["--timeout is \"0\", and must be a number of seconds from 0.01 to 60"]),
        ("completions basic", &["invalid value 'basic'", "bash"]),
        ("completions", &["SHELL"]),
        ("man nothing", &["invalid value 'nothing'", "caption"]),
        ("templates cat", &["unexpected argument 'cat'"]),
    ] {
        let ended = run(&folder, &line.split(' ').collect::<Vec<_>>());
        ended.failed(64, parts);
        assert!(!ended.said.contains("URL, \"#\""), "{}", ended.said);
        assert!(ended.out.is_empty());
    }
    assert!(names(folder.path()).is_empty());
}

#[test]
fn what_is_not_there_or_is_damaged_has_a_sentence_and_a_code_of_its_own() {
    let folder = Folder::new();
    folder.put("text.txt", b"no picture");
    folder.put("cut.json", b"{\"template\": ");
    folder.put("field.json", b"{\"template\": \"cat\", \"widht\": 3}");
    folder.put("none.json", b"{}");
    for (line, code, parts) in [
        (
            "caption cta hi -o a.png",
            65,
            &["there is no template \"cta\"; did you mean cat? `memed templates`"][..],
        ),
        (
            "caption cat hi --font Antonn -o a.png",
            65,
            &["no font \"Antonn\"; did you mean Anton? `memed fonts`"],
        ),
        ("caption --template-file text.txt hi", 65, &["text.txt: ", "neither a JPEG, a PNG nor a GIF"]),
        ("caption --template-file no.jpg hi", 66, &["cannot read no.jpg: No such file"]),
        ("caption --template-file . hi", 66, &["cannot read .: Is a directory"]),
        ("caption --json cut.json", 65, &["cut.json: the body is not the JSON that is needed: EOF"]),
        ("caption --json field.json", 65, &["field.json: \"widht\" is not a field"]),
        ("caption --json none.json", 65, &["\"template\" is missing: `memed templates` lists them"]),
        ("caption cat hi -o no/a.png", 73, &["cannot write no/a.png: No such file or directory"]),
        ("caption cat hi -o .", 73, &["cannot write .: "]),
        ("caption --batch no.jsonl --out out", 66, &["cannot read no.jsonl: No such file"]),
        ("caption --batch cut.json --out text.txt", 73, &["cannot write text.txt: "]),
    ] {
        let ended = run(&folder, &line.split(' ').collect::<Vec<_>>());
        ended.failed(code, parts);
        assert!(!ended.said.contains(".part"), "{}", ended.said);
    }
    let huge = vec![b' '; (128 << 10) + 1];
    run_with(&folder, &["caption", "--json", "-"], &huge)
        .failed(65, &["standard input has more than 131072 bytes"]);
    assert_eq!(names(folder.path()), ["cut.json", "field.json", "none.json", "text.txt"]);
}

/// A pseudo-terminal: what one writes to the second, one reads from the first.
fn terminal() -> (File, File) {
    let (mut master, mut slave) = (0, 0);
    // Sound: both descriptors are written before they are read, and nothing else owns them.
    unsafe {
        assert_eq!(libc::openpty(&mut master, &mut slave, ptr::null_mut(), ptr::null(), ptr::null()), 0);
        (File::from_raw_fd(master), File::from_raw_fd(slave))
    }
}

#[test]
fn a_terminal_gets_no_picture_but_a_sentence() {
    let folder = Folder::new();
    let (mut screen, end) = terminal();
    let mut command = memed(&folder);
    let command = command.args(["caption", "cat", "hi", "-o", "-"]).stdout(end).stderr(Stdio::piped());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("standard output is a terminal") && said.contains("-o cat.png"), "{}", said);
    // The other end is closed when the command is dropped, and then there is nothing to read.
    command.stdout(Stdio::null());
    let mut shown = Vec::new();
    let _ = screen.read_to_end(&mut shown);
    assert_eq!(shown, b"");
}
