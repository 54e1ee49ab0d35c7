//! The commands of the program: pictures without a server, lists, probes, completions, man pages.

/// Many pictures at once.
mod batch;
/// Templates of another program.
mod import;
/// What is typed wrong, is not there, or cannot be written.
mod mistakes;
/// What packages, containers and shells use.
mod shell;

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{symlink, PermissionsExt};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use image::{self, GenericImageView, ImageFormat};

use util::{until, Folder, Program};

/// How a run of the program ended.
pub struct Ended {
    pub code: Option<i32>,
    pub out: Vec<u8>,
    /// What it said on standard error.
    pub said: String,
}

impl Ended {
    /// Standard output as text, of a run that did what it should.
    pub fn text(self) -> String {
        self.succeeded();
        String::from_utf8(self.out).unwrap()
    }

    pub fn succeeded(&self) {
        assert_eq!((self.code, self.said.as_str()), (Some(0), ""));
    }

    /// Asserts that it failed with that code and said each of these.
    pub fn failed(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, Some(code), "{}", self.said);
        for part in parts {
            assert!(self.said.contains(part), "{:?} is not in {:?}", part, self.said);
        }
    }
}

/// The program, to be run in a folder with nothing in its environment.
pub fn memed(folder: &Folder) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_memed"));
    command.current_dir(folder.path()).env_clear();
    command
}

/// Runs it with these arguments and this on standard input.
pub fn run_with(folder: &Folder, arguments: &[&str], input: &[u8]) -> Ended {
    end(memed(folder).args(arguments), input)
}

pub fn run(folder: &Folder, arguments: &[&str]) -> Ended {
    run_with(folder, arguments, b"")
}

/// Runs a command to its end.
pub fn end(command: &mut Command, input: &[u8]) -> Ended {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // It may end without having read everything.
    let writing = thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    Ended { code: output.status.code(), out: output.stdout, said }
}

/// The names of the files in a folder, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn format_of(bytes: &[u8]) -> ImageFormat {
    image::guess_format(bytes).unwrap()
}

#[test]
fn a_command_draws_the_bytes_that_the_server_sends_for_the_same_request() {
    let folder = Folder::new();
    let program = Program::start(&[]);
    let mut client = program.connect();
    for (arguments, query) in [
        (&["cat", "I can haz"][..], "template=cat&top_text=I%20can%20haz"),
        (&["cat", "50% & more", "a+b=c"], "template=cat&top_text=50%25%20%26%20more&bottom_text=a%2Bb%3Dc"),
        (&["raccoon", "a", "b", "c"], "template=raccoon&top_text=a&middle_text=b&bottom_text=c"),
        (&["raccoon", "", "below", "--width", "300"], "template=raccoon&bottom_text=below&width=300"),
        (
            &[
                "deal-with-it",
                "--bottom-text",
                "x",
                "--bottom-color=red",
                "--height",
                "99",
                "--font",
                "BebasNeue",
            ],
            "template=deal-with-it&bottom_text=x&bottom_color=red&height=99&font=BebasNeue",
        ),
        (
            &[
                "cat",
                "--align",
                "left",
                "--outline",
                "none",
                "--size",
                "20",
                "--format=jpg",
                "--",
                "-1 is \u{1f600}",
            ],
            "template=cat&top_text=-1%20is%20%F0%9F%98%80&align=left&outline=none&size=20&format=jpeg",
        ),
    ] {
        let ended = run(&folder, &[&["caption", "-o", "-"], arguments].concat());
        assert_eq!((ended.code, ended.said.as_str()), (Some(0), ""), "{:?}", arguments);
        let response = client.get(&format!("/caption?{}", query));
        assert_eq!(response.status, 200, "{}", query);
        assert!(ended.out == response.body, "{:?} is not {}", arguments, query);
    }
}

#[test]
fn the_end_of_the_file_name_is_the_format() {
    let folder = Folder::new();
    for (name, format) in [
        ("a.png", ImageFormat::Png),
        ("b.JPG", ImageFormat::Jpeg),
        ("c.jpeg", ImageFormat::Jpeg),
        ("d.gif", ImageFormat::Gif),
        // No end: the template's own.
        ("e", ImageFormat::Jpeg),
    ] {
        run(&folder, &["caption", "rocket", "up", "--width", "320", "-o", name]).succeeded();
        let bytes = fs::read(folder.path().join(name)).unwrap();
        assert_eq!(format_of(&bytes), format, "{}", name);
        assert_eq!(image::load_from_memory(&bytes).unwrap().width(), 320);
    }
    run(&folder, &["caption", "rocket", "up", "--format", "gif", "-o", "f.tmp"]).succeeded();
    assert_eq!(format_of(&fs::read(folder.path().join("f.tmp")).unwrap()), ImageFormat::Gif);
    assert_eq!(names(folder.path()), ["a.png", "b.JPG", "c.jpeg", "d.gif", "e", "f.tmp"]);
}

#[test]
fn a_file_without_a_name_gets_the_name_of_its_template_and_replaces_none() {
    let folder = Folder::new();
    assert_eq!(run(&folder, &["caption", "cat", "hi"]).text(), "cat.png\n");
    assert_eq!(run(&folder, &["caption", "cat", "hi", "--format", "jpeg"]).text(), "cat.jpg\n");
    run(&folder, &["caption", "cat", "again"]).failed(73, &["cat.png exists already", "-o cat.png"]);
    // One's own picture is not replaced either.
    let own = run(&folder, &["caption", "--template-file", "cat.png", "mine"]);
    assert_eq!(own.text(), "cat-captioned.png\n");
    assert_eq!(names(folder.path()), ["cat-captioned.png", "cat.jpg", "cat.png"]);
}

#[test]
fn json_and_own_pictures_are_those_that_the_server_draws() {
    let folder = Folder::new();
    let program = Program::start(&[]);
    let mut client = program.connect();
    let json = br#"{"template": "cat", "width": 200, "captions": [{"text": "x", "valign": "middle"}]}"#;
    let served = client.post("/caption", "application/json", json).picture("png").to_vec();
    let ended = run_with(&folder, &["caption", "--json", "-", "-o", "-"], json);
    assert_eq!((ended.code, ended.said.as_str()), (Some(0), ""));
    assert!(ended.out == served);
    // As some editors save it.
    folder.put("request.json", &[b"\xef\xbb\xbf", &json[..]].concat());
    run(&folder, &["caption", "--json", "request.json", "-o", "x.png"]).succeeded();
    assert!(fs::read(folder.path().join("x.png")).unwrap() == served);
    // The end of the name is the format where the JSON has none.
    run(&folder, &["caption", "--json", "request.json", "-o", "x.gif"]).succeeded();
    assert_eq!(format_of(&fs::read(folder.path().join("x.gif")).unwrap()), ImageFormat::Gif);

    let photo = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/templates/rocket.jpg");
    let photo = fs::read(photo).unwrap();
    folder.put("photo.jpg", &photo);
    let served =
        client.post("/caption?top_text=mine&color=red", "image/jpeg", &photo).picture("jpeg").to_vec();
    run(&folder, &["caption", "--template-file", "photo.jpg", "mine", "--color", "red", "-o", "y.jpg"])
        .succeeded();
    assert!(fs::read(folder.path().join("y.jpg")).unwrap() == served);
    let ended =
        run_with(&folder, &["caption", "--template-file", "-", "mine", "--color", "red", "-o", "-"], &photo);
    assert!(ended.out == served, "{}", ended.said);
    folder.put("edit.json", br#"{"top_text": "mine", "color": [255, 0, 0]}"#);
    let both = ["caption", "--json", "edit.json", "--template-file", "photo.jpg", "-o", "z.jpg"];
    run(&folder, &both).succeeded();
    assert!(fs::read(folder.path().join("z.jpg")).unwrap() == served);
}

#[test]
fn a_picture_replaces_a_file_as_a_whole_and_what_is_no_file_is_written_to() {
    let folder = Folder::new();
    folder.put("old.png", b"old");
    let old = folder.path().join("old.png");
    fs::set_permissions(&old, Permissions::from_mode(0o640)).unwrap();
    symlink("old.png", folder.path().join("link.png")).unwrap();
    run(&folder, &["caption", "cat", "new", "-o", "link.png"]).succeeded();
    assert_eq!(image::open(&old).unwrap().dimensions(), (451, 300));
    assert!(fs::symlink_metadata(folder.path().join("link.png")).unwrap().is_symlink());
    assert_eq!(fs::metadata(&old).unwrap().permissions().mode() & 0o777, 0o640);
    // A new file is as readable as the process's mask lets it be.
    let mut shell = Command::new("sh");
    shell.current_dir(folder.path()).env("MEMED", env!("CARGO_BIN_EXE_memed"));
    end(shell.args(["-c", "umask 022; \"$MEMED\" caption cat hi -o new.png"]), b"").succeeded();
    let new = fs::metadata(folder.path().join("new.png")).unwrap();
    assert_eq!(new.permissions().mode() & 0o777, 0o644);
    run(&folder, &["caption", "cat", "hi", "-o", "/dev/null"]).succeeded();
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    assert_eq!(names(folder.path()), ["link.png", "new.png", "old.png"]);
}

#[test]
fn a_symbolic_link_that_leads_to_nothing_yet_is_kept_and_what_it_leads_to_is_made() {
    let folder = Folder::new();
    let here = |name: &str| folder.path().join(name);
    fs::create_dir_all(here("out/deep")).unwrap();
    symlink("out/deep", here("short")).unwrap();
    // Through a folder that is a link itself: what is above it is above what it leads to.
    symlink("short/../second.png", here("first.png")).unwrap();
    symlink(here("out/third.png"), here("out/second.png")).unwrap();
    symlink("loop.png", here("pool.png")).unwrap();
    symlink("pool.png", here("loop.png")).unwrap();
    symlink("no/such.png", here("astray.png")).unwrap();
    symlink("elsewhere.png", here("cat.png")).unwrap();
    for text in ["made", "replaced"] {
        run(&folder, &["caption", "cat", text, "-o", "first.png"]).succeeded();
        assert_eq!(image::open(here("out/third.png")).unwrap().dimensions(), (451, 300));
    }
    let looped = run(&folder, &["caption", "cat", "hi", "-o", "loop.png"]);
    looped.failed(73, &["cannot write loop.png: Too many levels of symbolic links"]);
    run(&folder, &["caption", "cat", "hi", "-o", "astray.png"])
        .failed(73, &["cannot write astray.png: No such file or directory"]);
    // A name that we choose is taken even if it leads to nothing.
    run(&folder, &["caption", "cat", "hi"]).failed(73, &["cat.png exists already"]);
    fs::remove_file(here("cat.png")).unwrap();
    symlink("cat.png", here("cat.png")).unwrap();
    run(&folder, &["caption", "cat", "hi"]).failed(73, &["cat.png exists already"]);
    let links = ["astray.png", "cat.png", "first.png", "loop.png", "out", "pool.png", "short"];
    assert_eq!(names(folder.path()), links);
    assert_eq!(names(&here("out")), ["deep", "second.png", "third.png"]);
    for link in ["astray.png", "first.png", "loop.png", "out/second.png"] {
        assert!(fs::symlink_metadata(here(link)).unwrap().is_symlink(), "{}", link);
    }
}

#[test]
fn knobs_work_behind_the_command_before_it_and_from_the_environment() {
    let folder = Folder::new();
    let coffee = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/templates/coffee.jpg");
    folder.put("mine.jpg", &fs::read(coffee).unwrap());
    let first = run(&folder, &["caption", "mine", "hi", "--templates", ".", "-o", "-"]);
    first.succeeded();
    let second = run(&folder, &["--templates", ".", "caption", "mine", "hi", "-o", "-"]);
    let third =
        end(memed(&folder).args(["caption", "mine", "hi", "-o", "-"]).env("MEMED_TEMPLATES", "."), b"");
    assert!(first.out == second.out && first.out == third.out, "{}{}", second.said, third.said);
    let large = run(&folder, &["caption", "cat", "hi", "-o", "-", "--format", "jpg"]);
    let small = run(&folder, &["caption", "cat", "hi", "-o", "-", "--format", "jpg", "--jpeg-quality", "20"]);
    assert!(small.out.len() * 3 < large.out.len() * 2, "{}", small.out.len());
}

#[test]
fn too_much_text_is_a_warning() {
    let folder = Folder::new();
    let text = "word ".repeat(50);
    let ended = run(&folder, &["caption", "cat", "--width", "60", &text, "-o", "x.png"]);
    ended.failed(0, &["memed: warn: too much text to be read in caption 1"]);
    run(&folder, &["-qq", "caption", "cat", "--width", "60", &text, "-o", "x.png"]).succeeded();
}

#[test]
fn open_shows_the_file_in_the_program_of_the_desktop() {
    let folder = Folder::new();
    folder.put(
        "xdg-open",
        b"#!/bin/sh\nprintf '%s' \"$1\" > \"$SHOWN.part\" && mv \"$SHOWN.part\" \"$SHOWN\"\n",
    );
    fs::set_permissions(folder.path().join("xdg-open"), Permissions::from_mode(0o755)).unwrap();
    let shown = folder.path().join("shown");
    let show = |arguments: &[&str]| {
        let _ = fs::remove_file(&shown);
        let path = format!("{}:/usr/bin:/bin", folder.path().display());
        let mut command = memed(&folder);
        command.env("PATH", path).env("SHOWN", &shown).env("TMPDIR", folder.path());
        let ended = end(command.args(arguments), b"");
        assert_eq!(ended.code, Some(0), "{}", ended.said);
        until(|| shown.exists());
        (fs::read_to_string(&shown).unwrap(), ended.text())
    };
    assert_eq!(
        show(&["caption", "cat", "hi", "--open", "-o", "a.png"]),
        ("a.png".to_string(), String::new())
    );
    let (path, printed) = show(&["caption", "cat", "hi", "--open"]);
    assert_eq!(printed, format!("{}\n", path));
    assert!(path.starts_with(folder.path().to_str().unwrap()) && path.ends_with("-cat.png"), "{}", path);
    image::open(path).unwrap();
}
