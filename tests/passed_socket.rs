//! Tests `--listen-fd`: a listening socket that a parent passes to the program, and keeps.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use libc;
use socket2::{Domain, Socket, Type};

use util::{until, Folder, Program, LONG};

/// The number under which the program gets it: above all that this process uses.
const NUMBER: RawFd = 900;
/// With bytes to draw and to send.
const REQUEST: &[u8] =
    b"GET /caption?template=cat&top_text=passed HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";

/// The program, to be started with that descriptor.
fn command(passed: RawFd, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_memed"));
    command.env_clear().args(["--render-threads", "2"]).args(arguments);
    // Sound: `dup2` may be called between fork and exec, and touches no memory.
    unsafe {
        command.pre_exec(move || match libc::dup2(passed, NUMBER) {
            NUMBER => Ok(()),
            _ => Err(::std::io::Error::last_os_error()),
        });
    }
    command
}

fn start(listener: &TcpListener) -> Program {
    Program::run(&mut command(listener.as_raw_fd(), &["--listen-fd", "900"]))
}

/// The exit code of a program that does not start, and what it says.
fn failure(passed: RawFd, arguments: &[&str]) -> (Option<i32>, String) {
    let output = command(passed, arguments).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

#[test]
fn it_serves_on_a_socket_that_was_passed_and_says_where_that_listens() {
    let listener = listener();
    let program = start(&listener);
    assert_eq!(program.address, listener.local_addr().unwrap());
    program.connect().get("/caption?template=cat&top_text=hi").picture("png");
    let v6 = TcpListener::bind("[::1]:0").unwrap();
    let mut by_variable = command(v6.as_raw_fd(), &[]);
    let program = Program::run(by_variable.env("MEMED_LISTEN_FD", "900"));
    assert_eq!(program.connect().get("/health").status, 200);
}

#[test]
fn what_connects_while_nothing_serves_waits_for_the_next_program() {
    let listener = listener();
    let mut program = start(&listener);
    program.signal(libc::SIGTERM);
    assert!(program.wait().success());
    let mut early = TcpStream::connect(program.address).unwrap();
    early.write_all(REQUEST).unwrap();
    let _next = start(&listener);
    assert!(whole_response(&mut early).is_ok());
}

/// Reads a response to its end, and checks that it is a whole picture.
fn whole_response(socket: &mut TcpStream) -> Result<(), String> {
    socket.set_read_timeout(Some(LONG)).unwrap();
    let mut response = Vec::new();
    socket
        .read_to_end(&mut response)
        .map_err(|error| format!("after {} bytes: {}", response.len(), error))?;
    let is_ok = response.starts_with(b"HTTP/1.1 200 OK\r\n") && response.ends_with(b"IEND\xae\x42\x60\x82");
    Some(())
        .filter(|()| is_ok)
        .ok_or_else(|| String::from_utf8_lossy(&response[..response.len().min(300)]).into())
}

/// Asks again and again, on new connections, until it is told to stop.
fn load(address: SocketAddr, stop: &AtomicBool, answered: &AtomicUsize) -> Result<(), String> {
    while !stop.load(Ordering::SeqCst) {
        let mut socket =
            TcpStream::connect_timeout(&address, LONG).map_err(|error| format!("connect: {}", error))?;
        socket.write_all(REQUEST).map_err(|error| format!("write: {}", error))?;
        whole_response(&mut socket)?;
        answered.fetch_add(1, Ordering::SeqCst);
    }
    Ok(())
}

#[test]
fn under_load_that_never_stops_no_request_is_lost_in_five_restarts() {
    let listener = listener();
    let address = listener.local_addr().unwrap();
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut program = start(&listener);
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let (stop, answered) = (stop.clone(), answered.clone());
            thread::spawn(move || load(address, &stop, &answered))
        })
        .collect();
    let more = |number: usize| {
        let before = answered.load(Ordering::SeqCst);
        until(|| {
            answered.load(Ordering::SeqCst) > before + number || clients.iter().any(|one| one.is_finished())
        });
    };
    for restart in 0..5 {
        program.collect_log();
        more(50);
        // One after the other, as systemd does; or the next one before the last has ended.
        let next = if restart % 2 == 0 { None } else { Some(start(&listener)) };
        program.signal(libc::SIGTERM);
        assert!(program.wait().success());
        if next.is_none() {
            // Meanwhile all clients are waiting in the backlog.
            thread::sleep(Duration::from_millis(50));
        }
        program = next.unwrap_or_else(|| start(&listener));
    }
    program.collect_log();
    more(50);
    stop.store(true, Ordering::SeqCst);
    for client in clients {
        assert_eq!(client.join().unwrap(), Ok(()));
    }
    assert!(answered.load(Ordering::SeqCst) >= 300);
}

#[test]
fn a_descriptor_that_is_no_listening_tcp_socket_is_named_with_what_it_is() {
    let folder = Folder::new();
    folder.put("file", b"");
    let file = File::open(folder.path().join("file")).unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let unix = UnixListener::bind(folder.path().join("socket")).unwrap();
    let idle = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let listener = listener();
    let connected = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    for (passed, sentence) in [
        (file.as_raw_fd(), "descriptor 900 is not a socket"),
        (udp.as_raw_fd(), "descriptor 900 is a UDP socket, and must be a TCP socket that listens"),
        (unix.as_raw_fd(), "descriptor 900 is a Unix socket, and must be a TCP socket that listens"),
        (idle.as_raw_fd(), "descriptor 900 is a TCP socket that does not listen"),
        (connected.as_raw_fd(), "descriptor 900 is a TCP socket that does not listen"),
    ] {
        let (code, log) = failure(passed, &["--listen-fd", "900"]);
        assert_eq!(code, Some(71), "{}", log);
        assert!(log.starts_with(&format!("memed: error: {}", sentence)), "{}", log);
    }
    let (code, log) = failure(listener.as_raw_fd(), &["--listen-fd", "99999"]);
    assert_eq!(code, Some(71));
    assert!(log.starts_with("memed: error: descriptor 99999 is not open: whoever starts memed"), "{}", log);
}

#[test]
fn a_number_that_is_no_passed_descriptor_and_an_address_beside_one_are_bad_command_lines() {
    let listener = listener();
    for wrong in ["-1", "0", "1", "2", "", "three", "3.5", "4294967299", "99999999999999999999"] {
        let (code, log) = failure(listener.as_raw_fd(), &["--listen-fd", wrong]);
        assert_eq!(code, Some(64), "{}", log);
        let sentence = format!(
            "memed: --listen-fd is {:?}, and must be the number of a descriptor that is passed to memed, 3 or above\n",
            wrong
        );
        assert!(log.starts_with(&sentence), "{}", log);
    }
    let both = ["--listen-fd", "900", "127.0.0.1:0"];
    for arguments in [&both[..], &["serve", "--listen-fd", "900", ":0"]] {
        let (code, log) = failure(listener.as_raw_fd(), arguments);
        assert_eq!(code, Some(64), "{}", log);
        assert!(log.contains("the address and --listen-fd contradict each other"), "{}", log);
    }
    // The command line takes precedence over a variable.
    let mut command = command(listener.as_raw_fd(), &["--listen-fd", "900"]);
    let program = Program::run(command.env("MEMED_ADDRESS", "127.0.0.1:1"));
    assert_eq!(program.address, listener.local_addr().unwrap());
    let mut by_address = Command::new(env!("CARGO_BIN_EXE_memed"));
    let program = Program::spawn(by_address.env_clear().env("MEMED_LISTEN_FD", "900"));
    assert_ne!(program.address, listener.local_addr().unwrap());
}

#[test]
fn a_socket_that_systemd_passed_and_no_knob_names_is_a_warning() {
    let output = Command::new(env!("CARGO_BIN_EXE_memed"))
        .env_clear()
        .env("LISTEN_FDS", "1")
        .arg("192.0.2.1:1")
        .output()
        .unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(
        log.starts_with("memed: warn: LISTEN_FDS says that a socket was passed, and --listen-fd"),
        "{}",
        log
    );
}
