//! Tests the binary: its command line, threads, log and exit.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use libc;

use util::{until, Client, Folder, Program, LONG};

/// Exit code, standard output and standard error of a run that ends by itself.
fn run(arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_memed"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// One reactor. From tokio-core 0.1.13 on there would be more threads here.
#[cfg(target_os = "linux")]
#[test]
fn an_idle_server_has_a_reactor_a_timer_and_the_threads_that_draw() {
    assert_eq!(thread_names(&[]), ["memed", "render-0", "render-1", "timer"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_with_a_folder_has_one_thread_more_that_looks_at_files() {
    let folder = Folder::new();
    for knob in &["--templates", "--fonts"] {
        let names = thread_names(&[knob, folder.path().to_str().unwrap()]);
        assert_eq!(names, ["files-0", "memed", "render-0", "render-1", "timer"]);
    }
}

/// Of a server that idles.
#[cfg(target_os = "linux")]
fn thread_names(arguments: &[&str]) -> Vec<String> {
    let program = Program::start(arguments);
    let names = || {
        let tasks = fs::read_dir(format!("/proc/{}/task", program.id())).unwrap();
        let name = |task: fs::DirEntry| fs::read_to_string(task.path().join("comm")).unwrap();
        let mut names: Vec<_> = tasks.map(|task| name(task.unwrap()).trim().to_string()).collect();
        // The allocator has threads of its own, which it starts when it likes.
        names.retain(|name| !name.starts_with("jemalloc"));
        names.sort();
        names
    };
    // A thread gives itself its name, when it first runs.
    until(|| names().iter().filter(|name| *name == "memed").count() == 1);
    names()
}

#[cfg(target_os = "linux")]
#[test]
fn the_descriptor_table_is_large_before_it_is_needed() {
    let program = Program::start(&["--max-connections", "1000"]);
    let status = fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap();
    let size = status.lines().find_map(|line| line.strip_prefix("FDSize:")).expect("Linux tells it");
    assert!(size.trim().parse::<usize>().unwrap() >= 1000, "{}", size);
}

#[test]
fn the_binary_alone_in_an_empty_folder_serves_a_cat() {
    let folder = Folder::new();
    let binary = folder.path().join("moved");
    fs::copy(env!("CARGO_BIN_EXE_memed"), &binary).unwrap();
    let program = Program::spawn(Command::new(&binary).current_dir(folder.path()).env_clear());
    program.connect().get("/caption?template=cat&top_text=alone").picture("png");
}

#[test]
fn folders_add_to_what_is_built_in() {
    let folder = Folder::new();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    fs::copy(data.join("templates/coffee.jpg"), folder.path().join("mine.jpg")).unwrap();
    fs::copy(data.join("templates/coffee.jpg"), folder.path().join("cat.jpg")).unwrap();
    fs::copy(data.join("fonts/BebasNeue.ttf"), folder.path().join("Mine.ttf")).unwrap();
    let path = folder.path().to_str().unwrap();
    let program = Program::start(&["--templates", path, "--fonts", path, "--preload", "all"]);
    let mut client = program.connect();
    let templates = client.get("/templates").json();
    assert_eq!(templates.as_array().unwrap().len(), 11);
    assert!(templates.as_array().unwrap().contains(&"mine".into()));
    assert!(client.get("/fonts").json().as_array().unwrap().contains(&"Mine".into()));
    client.get("/caption?template=mine&top_text=mine&font=Mine").picture("jpeg");
    // The folder's name wins.
    client.get("/caption?template=cat&top_text=mine").picture("jpeg");
    // And what changes is seen by the next request.
    fs::copy(data.join("templates/astronaut.png"), folder.path().join("mine.jpg")).unwrap();
    client.get("/caption?template=mine&top_text=yours").picture("png");
    folder.remove("mine.jpg");
    assert_eq!(client.get("/caption?template=mine").status, 404);
}

#[test]
fn a_second_server_on_the_same_port_fails_at_start_and_says_why() {
    let program = Program::start(&[]);
    let address = program.address.to_string();
    let (code, _, log) = run(&[&address], &[]);
    assert_eq!(code, Some(71));
    assert!(log.contains(&format!("cannot listen on {}: Address already in use", address)), "{}", log);
    assert!(log.contains("choose another port, as in `memed 127.0.0.1:8080`"), "{}", log);
    // And the first one is as well as before.
    assert_eq!(program.connect().get("/health").status, 200);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let (code, _, _) = run(&["serve", &taken.local_addr().unwrap().to_string()], &[]);
    assert_eq!(code, Some(71));
}

#[test]
fn a_bad_command_line_is_told_as_a_whole_and_exits_with_64() {
    let environment = [("MEMED_RENDER_THREADS", "many"), ("MEMED_QEUE", "1")];
    let (code, _, log) = run(&["--queue", "x", "--jpeg-quality=0"], &environment);
    assert_eq!(code, Some(64));
    for part in &[
        "--queue is \"x\"",
        "--jpeg-quality is \"0\"",
        "MEMED_RENDER_THREADS is \"many\"",
        "MEMED_QEUE is not a variable of memed; did you mean MEMED_QUEUE?",
        "run `memed --help` for the options",
    ] {
        assert!(log.contains(part), "{} is not in {}", part, log);
    }
    assert_eq!(run(&["--no-such-knob"], &[]).0, Some(64));
    assert_eq!(run(&["a", "b"], &[]).0, Some(64));
    let (code, help, _) = run(&["--help"], &[]);
    assert_eq!(code, Some(0));
    assert!(help.contains("--shutdown-timeout"));
    let (code, version, _) = run(&["--version"], &[]);
    assert_eq!((code, version), (Some(0), format!("memed {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn each_signal_delivers_the_caption_in_flight_and_ends_the_process_right_after() {
    for &signal in &[libc::SIGINT, libc::SIGTERM] {
        // On a busy machine a picture may take longer than the default.
        let mut program = Program::start(&["-q", "--request-timeout", "60"]);
        let mut idle = program.connect();
        assert_eq!(idle.get("/health").status, 200);
        let mut waiting = program.connect();
        // The slowest there is: every frame is scaled and its colors chosen.
        waiting.send(
            b"GET /caption?template=dramatic-raccoon&top_text=hi&width=399 HTTP/1.1\r\nHost: a\r\n\r\n",
        );
        let mut other = program.connect();
        until(|| other.get("/stats").json()["rendering"] == 1);
        program.signal(signal);
        assert!(idle.is_closed());
        waiting.response().picture("gif");
        let start = Instant::now();
        assert_eq!(program.wait().code(), Some(0));
        assert!(start.elapsed() < Duration::from_secs(2));
    }
}

#[test]
fn the_third_signal_ends_it_at_once() {
    let mut program = Program::start(&[]);
    let mut client = program.connect();
    // In flight for as long as it likes.
    client.send(b"POST /caption HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
    let mut other = program.connect();
    until(|| other.get("/stats").json()["in_flight"] == 2);
    // Signals that come together are one, so each waits until the one before has been seen.
    program.signal(libc::SIGTERM);
    program.line_with("stopping");
    program.signal(libc::SIGINT);
    program.line_with("a third signal ends it at once");
    let start = Instant::now();
    program.signal(libc::SIGTERM);
    assert_eq!(program.wait().code(), Some(130));
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_request_is_a_line_of_the_common_log_format() {
    let mut program = Program::start(&[]);
    let mut client = program.connect();
    let length = client.get("/caption?template=cat&top_text=%22hi%22").picture("png").len();
    let line = program.line();
    let expected = format!("\"GET /caption?template=cat&top_text=%22hi%22 HTTP/1.1\" 200 {} ", length);
    assert!(line.starts_with("127.0.0.1 - - ["), "{}", line);
    assert!(line.contains(&expected), "{}", line);
    assert!(line.trim_end().ends_with("ms"), "{}", line);
    let date = &line["127.0.0.1 - - [".len()..line.find(']').unwrap()];
    assert_eq!(date.len(), "23/Nov/2026:02:10:39 +0000".len());
    client.request("HEAD", "/health");
    assert!(program.line().contains("\"HEAD /health HTTP/1.1\" 200 - "));
    client.send(b"BAD\r\n\r\n");
    assert_eq!(client.response().status, 400);
    assert!(program.line_with("\"-\" 400 ").contains("127.0.0.1"));
}

#[test]
fn a_response_that_is_not_taken_is_not_logged_as_sent() {
    let mut program = Program::start(&[]);
    let mut client = program.connect();
    // More than the sockets' buffers hold.
    client.send(b"GET /caption?template=dramatic-raccoon HTTP/1.1\r\nHost: a\r\n\r\n".repeat(8).as_slice());
    client.peek();
    drop(client);
    let line = program.line_with("(cut off)");
    assert!(line.contains("\" 200 - "), "{}", line);
}

/// The third signal must be seen while a client keeps the reactor busy.
#[test]
fn a_flood_of_pipelined_requests_stops_neither_others_nor_signals() {
    let mut program = Program::start(&["-q"]);
    let (mut flood, address) = (program.connect(), program.address);
    let mut taken = Client::over(flood.socket.try_clone().unwrap());
    let taking = thread::spawn(move || while taken.try_response("GET").is_some() {});
    let sending = thread::spawn(move || {
        let requests = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1000);
        let start = Instant::now();
        while start.elapsed() < LONG && flood.try_send(&requests).is_ok() {}
    });
    for _ in 0..20 {
        let start = Instant::now();
        assert_eq!(Client::connect(address).get("/health").status, 200);
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    }
    let start = Instant::now();
    program.signal(libc::SIGTERM);
    assert_eq!(program.wait().code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    sending.join().unwrap();
    taking.join().unwrap();
}

#[test]
fn preloading_tells_everything_that_cannot_be_decoded() {
    let folder = Folder::new();
    for name in &["a.png", "b.gif", "c.ttf"] {
        folder.put(name, b"not that");
    }
    let path = folder.path().to_str().unwrap();
    let arguments = ["--templates", path, "--fonts", path, "--preload", "all", "--request-timeout", "0.01"];
    let mut program = Program::start(&arguments);
    let mut log = String::new();
    for _ in 0..3 {
        log += &program.line_with("cannot preload");
    }
    for part in &["\"a\"", "\"b\"", "\"c\""] {
        assert!(log.contains(part), "{} is not in {}", part, log);
    }
}

#[test]
fn q_and_rust_log_say_what_is_logged() {
    for &(arguments, rust_log, has_request, has_debug) in &[
        (&["-v"][..], None, true, true),
        (&["-q"], None, false, false),
        (&["-v"], Some("info"), true, false),
        (&["-q"], Some("memed=debug"), true, true),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_memed"));
        command.env_clear().args(arguments).args(["--preload", "fonts"]);
        rust_log.map(|filter| command.env("RUST_LOG", filter));
        let mut program = Program::spawn(&mut command);
        let mut log = String::new();
        if has_debug {
            log += &program.line_with("is loaded");
        }
        program.connect().get("/fonts");
        program.signal(libc::SIGTERM);
        log += &program.rest_of_log();
        assert_eq!(log.contains("GET /fonts"), has_request, "{:?} {:?}: {}", arguments, rust_log, log);
        assert_eq!(log.contains("is loaded"), has_debug, "{:?} {:?}: {}", arguments, rust_log, log);
        assert!(log.contains("stopping"), "{:?} {:?}: {}", arguments, rust_log, log);
        assert_eq!(program.wait().code(), Some(0));
    }
}
