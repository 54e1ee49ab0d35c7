//! What packages, containers and shells use.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::{end, memed, names, run};
use util::{Folder, Program};

#[test]
fn templates_and_fonts_are_listed_one_per_line_with_those_of_a_folder() {
    let folder = Folder::new();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    fs::copy(data.join("templates/coffee.jpg"), folder.path().join("mine.jpg")).unwrap();
    fs::copy(data.join("fonts/BebasNeue.ttf"), folder.path().join("Mine.ttf")).unwrap();
    let built_in = run(&folder, &["templates"]).text();
    assert!(built_in.lines().count() >= 8 && built_in.contains("\ncat\n") && built_in.ends_with('\n'));
    let with_folder = run(&folder, &["templates", "--templates", "."]).text();
    let lines: Vec<_> = with_folder.lines().collect();
    assert_eq!(lines.len(), built_in.lines().count() + 1);
    assert!(lines.contains(&"mine") && lines.is_sorted(), "{:?}", lines);
    let fonts = end(memed(&folder).arg("fonts").env("MEMED_FONTS", "."), b"").text();
    assert!(fonts.lines().any(|font| font == "Mine") && fonts.lines().any(|font| font == "Anton"));
    run(&folder, &["templates", "--templates", "no"])
        .failed(64, &["--templates is \"no\", and must be a folder"]);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let folder = Folder::new();
    let memed = env!("CARGO_BIN_EXE_memed");
    for arguments in ["--help", "templates", "completions bash", "man caption"] {
        // A pipe whose reader is gone before anything is written.
        let script = format!("{{ sleep 0.1; '{}' {}; echo $? >&3; }} 3>code | true", memed, arguments);
        let ended = end(Command::new("sh").current_dir(folder.path()).args(["-c", &script]), b"");
        ended.succeeded();
        // `true` may end before the other, but `sh` waits for both.
        assert_eq!(fs::read_to_string(folder.path().join("code")).unwrap(), "0\n", "{}", arguments);
    }
}

#[test]
fn health_is_zero_for_a_server_that_serves_and_one_for_anything_else() {
    let folder = Folder::new();
    let program = Program::start(&[]);
    let address = program.address.to_string();
    let port = format!(":{}", program.address.port());
    let url = format!("http://localhost:{}/", program.address.port());
    for server in [&address, &port, &url] {
        assert_eq!(run(&folder, &["health", server]).text(), "ok\n");
    }
    // In a container, the address is that of the server.
    for server in [address.clone(), format!("0.0.0.0{}", port)] {
        assert_eq!(end(memed(&folder).arg("health").env("MEMED_ADDRESS", server), b"").text(), "ok\n");
    }
    run(&folder, &["health", &format!("{}/nothing", address)]).failed(1, &["/nothing: 404 "]);
    drop(program);
    run(&folder, &["health", &address])
        .failed(1, &[&format!("http://{}/health: Connection refused", address)]);
    run(&folder, &["health", "no.such.host.invalid"])
        .failed(1, &["http://no.such.host.invalid:1337/health: "]);
}

/// A server that answers each connection with that, a byte at a time.
fn fake(answer: &'static [u8], pause: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let _ = socket.read(&mut [0; 1024]);
        for byte in answer {
            if socket.write_all(&[*byte]).is_err() {
                break;
            }
            thread::sleep(pause);
        }
    });
    address
}

#[test]
fn health_says_what_is_wrong_and_takes_no_longer_than_its_timeout() {
    let folder = Folder::new();
    let none = Duration::from_millis(0);
    let stopping = fake(b"HTTP/1.1 503 Service Unavailable\r\n\r\n{\"status\": \"stopping\"}", none);
    run(&folder, &["health", &stopping]).failed(1, &[": 503 stopping"]);
    run(&folder, &["health", &fake(b"SSH-2.0\r\n\r\n", none)]).failed(1, &["the answer is not HTTP"]);
    run(&folder, &["health", &fake(b"", none)]).failed(1, &["the answer is not HTTP"]);
    // A listener that never accepts: the system connects for it.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let slow = fake(&[b'H'; 4096], Duration::from_millis(20));
    for address in [silent.local_addr().unwrap().to_string(), slow] {
        let start = Instant::now();
        run(&folder, &["health", &address, "--timeout", "0.3"]).failed(1, &["no answer within 0.3 s"]);
        let took = start.elapsed();
        assert!(took >= Duration::from_millis(290) && took < Duration::from_secs(5), "{:?}", took);
    }
}

/// Whether a program is there; otherwise says that something is not checked.
fn is_there(program: &str) -> bool {
    let mut command = Command::new(program);
    let is_there = command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !is_there {
        eprintln!("not checked, because there is no {}", program);
    }
    is_there
}

#[test]
fn completions_know_all_flags_and_shells_take_them() {
    let folder = Folder::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = run(&folder, &["completions", shell]).text();
        for word in ["caption", "batch", "bottom-outline", "jpeg-quality", "health"] {
            assert!(script.contains(word), "{} is not in the completions of {}", word, shell);
        }
        folder.put(shell, script.as_bytes());
        if ["bash", "fish", "zsh"].contains(&shell) && is_there(shell) {
            end(Command::new(shell).arg("-n").arg(folder.path().join(shell)), b"").succeeded();
        }
    }
    if is_there("bash") {
        let script = "source ./bash; COMP_WORDS=(memed caption --top-c); COMP_CWORD=2; \
                      _memed memed --top-c caption; echo \"${COMPREPLY[@]}\"";
        let ended = end(Command::new("bash").current_dir(folder.path()).args(["-c", script]), b"");
        assert_eq!(ended.text(), "--top-color --top-case\n");
    }
}

#[test]
fn man_pages_are_written_for_each_command_and_render_without_a_warning() {
    let folder = Folder::new();
    run(&folder, &["man", "--out", "man"]).succeeded();
    let folder_of_pages = folder.path().join("man");
    let pages = names(&folder_of_pages);
    assert!(pages.contains(&"memed.1".to_string()) && pages.contains(&"memed-caption.1".to_string()));
    assert_eq!(pages.len(), 9);
    assert_eq!(
        run(&folder, &["man", "caption"]).text(),
        fs::read_to_string(folder_of_pages.join("memed-caption.1")).unwrap()
    );
    if !is_there("groff") {
        return;
    }
    for page in &pages {
        let rendered = end(
            Command::new("groff").args(["-ww", "-man", "-Tascii", "-P-cbou"]).arg(folder_of_pages.join(page)),
            b"",
        );
        let text = rendered.text();
        for part in ["NAME", "SYNOPSIS", "OPTIONS"] {
            assert!(text.contains(part), "{} is not in {}: {}", part, page, text);
        }
    }
    let page = run(&folder, &["man"]).text();
    assert!(page.contains("memed\\-caption(1)") && page.contains("\\-\\-render\\-threads"), "{}", page);
}
