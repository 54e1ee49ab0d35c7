//! Tests what systemd is told: the program runs under a supervisor made of a Unix socket.

use std::io::ErrorKind;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process::{self, Command};
use std::time::{Duration, Instant};

use libc;

use util::{Folder, Program, LONG};

/// How long the supervisor waits for a beat, in microseconds. A beat comes in half of it.
const WATCHDOG: &str = "200000";

/// The program with these variables.
fn start(variables: &[(&str, &str)]) -> Program {
    let mut command = Command::new(env!("CARGO_BIN_EXE_memed"));
    Program::spawn(command.env_clear().envs(variables.iter().copied()))
}

fn message(socket: &UnixDatagram) -> String {
    socket.set_read_timeout(Some(LONG)).unwrap();
    let mut bytes = [0; 4096];
    let length = socket.recv(&mut bytes).expect("a message comes");
    String::from_utf8(bytes[..length].to_vec()).unwrap()
}

/// Whether there is nothing for that long.
fn is_silent(socket: &UnixDatagram, time: Duration) -> bool {
    socket.set_read_timeout(Some(time)).unwrap();
    socket.recv(&mut [0; 4096]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

/// What it is told from start to end, at a socket of that name.
fn assert_told(socket: &UnixDatagram, name: &str) {
    let mut program = start(&[("NOTIFY_SOCKET", name), ("WATCHDOG_USEC", WATCHDOG)]);
    assert_eq!(message(socket), format!("READY=1\nSTATUS=listening on http://{}", program.address));
    let begun = Instant::now();
    (0..4).for_each(|_| assert_eq!(message(socket), "WATCHDOG=1"));
    assert!(begun.elapsed() >= Duration::from_millis(300), "{:?}", begun.elapsed());
    program.signal(libc::SIGTERM);
    let last = loop {
        match &*message(socket) {
            "WATCHDOG=1" => {}
            last => break last.to_string(),
        }
    };
    assert_eq!(last, "STOPPING=1\nSTATUS=finishing what is in flight");
    assert!(program.wait().success());
}

#[test]
fn a_supervisor_at_a_path_is_told_of_start_life_and_end() {
    let folder = Folder::new();
    let path = folder.path().join("notify");
    assert_told(&UnixDatagram::bind(&path).unwrap(), path.to_str().unwrap());
}

#[test]
fn a_supervisor_at_an_abstract_name_is_told_as_well() {
    let name = format!("memed-test-{}", process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    assert_told(&UnixDatagram::bind_addr(&address).unwrap(), &format!("@{}", name));
}

/// Here the reactor hangs because nobody reads its log. The other threads live on, and must not speak for it.
#[test]
fn a_reactor_that_hangs_sends_no_beat() {
    let folder = Folder::new();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let program = start(&[("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", WATCHDOG)]);
    assert!(message(&socket).starts_with("READY=1"));
    assert_eq!(message(&socket), "WATCHDOG=1");
    // More than a pipe holds.
    let target = format!("/{}", "a".repeat(20_000));
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let mut client = program.connect();
            client.ask("GET", &target, &[]);
            client
        })
        .collect();
    let begun = Instant::now();
    while !is_silent(&socket, Duration::from_secs(1)) {
        assert!(begun.elapsed() < LONG, "it does not hang");
    }
    drop(clients);
}

#[test]
fn without_a_watchdog_of_its_own_it_says_only_that_it_is_ready() {
    let folder = Folder::new();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let name = ("NOTIFY_SOCKET", path.to_str().unwrap());
    let of_another = process::id().to_string();
    let no_watchdogs = [
        vec![name],
        vec![name, ("WATCHDOG_USEC", "20000"), ("WATCHDOG_PID", &of_another)],
        vec![name, ("WATCHDOG_USEC", "0")],
        vec![name, ("WATCHDOG_USEC", "soon")],
    ];
    for variables in &no_watchdogs {
        let program = start(variables);
        assert!(message(&socket).starts_with("READY=1"), "{:?}", variables);
        assert!(is_silent(&socket, Duration::from_millis(200)), "{:?}", variables);
        drop(program);
    }
}

#[test]
fn a_supervisor_that_cannot_be_told_stops_nothing() {
    let folder = Folder::new();
    let nowhere = folder.path().join("nowhere");
    let long = format!("/{}", "a".repeat(200));
    for name in [nowhere.to_str().unwrap(), "relative", "@", "vsock:2:1234", &long] {
        let mut program = start(&[("NOTIFY_SOCKET", name), ("WATCHDOG_USEC", WATCHDOG)]);
        assert_eq!(program.connect().get("/health").status, 200);
        program.signal(libc::SIGTERM);
        let log = program.rest_of_log();
        assert!(name == "@" || log.contains("cannot tell the supervisor"), "{}: {}", name, log);
        assert!(program.wait().success());
    }
}
