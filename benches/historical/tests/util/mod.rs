//! The real programs on free ports, gone when the test is, and a blocking client.

// Each test file uses its part of it.
#![allow(dead_code)]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{OnceLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Only there to stop a test from hanging.
pub const LONG: Duration = Duration::from_secs(60);

/// The names of the contestants.
pub const THREADS: &str = "threads";
pub const FUTURES: &str = "futures-0.1";
pub const ASYNC_AWAIT: &str = "async-await";
pub const ASYNC_AWAIT_ONE: &str = "async-await-one";
pub const PROCESSES: &str = "futures-0.1-processes";
/// Only there where their toolchains are.
pub const GO: &str = "go";
pub const NODE: &str = "node";

/// Those of the names that can be built here.
pub fn there(names: &[&'static str]) -> Vec<&'static str> {
    names.iter().copied().filter(|name| programs().contains_key(*name)).collect()
}

/// A running program.
pub struct Contestant {
    pub name: &'static str,
    child: Child,
    address: String,
}

impl Contestant {
    /// Waits until it listens.
    pub fn start(name: &'static str, knobs: &[&str]) -> Contestant {
        let program = programs().get(name).expect("its toolchain is there");
        let mut command = Command::new(program);
        command.args(["127.0.0.1:0", "-q"]).args(knobs).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program is there");
        let lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let (tell, told) = mpsc::channel();
        // Goes on reading, so that the program never waits for somebody to.
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some((_, address)) = line.rsplit_once("http://") {
                    let _ = tell.send(address.to_string());
                }
            }
        });
        let address = told.recv_timeout(LONG).expect("it listens");
        Contestant { name, child, address }
    }

    pub fn connect(&self) -> Client {
        let socket = TcpStream::connect(&self.address).expect("it accepts");
        socket.set_read_timeout(Some(LONG)).unwrap();
        socket.set_write_timeout(Some(LONG)).unwrap();
        Client(BufReader::new(socket))
    }

    /// One GET on a connection of its own.
    pub fn get(&self, target: &str) -> Response {
        self.connect().request("GET", target, &[], b"")
    }

    /// Sends a GET on a connection of its own, and does not wait for the answer.
    pub fn ask(&self, target: &str) -> Client {
        let mut client = self.connect();
        client.send("GET", target, &[], b"");
        client
    }

    /// One of the counts.
    pub fn count(&self, name: &str) -> u64 {
        self.get("/stats").json()[name].as_u64().expect("it is counted")
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("it runs");
    }

    /// Its exit code, once it has ended.
    pub fn exit_code(&mut self) -> Option<i32> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is ours") {
                return status.code();
            }
            assert!(start.elapsed() < LONG, "{} does not end", self.name);
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Contestant {
    fn drop(&mut self) {
        // Both fail if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The programs that can be built here, by name. Cargo builds only those of this package for its tests.
fn programs() -> &'static HashMap<String, PathBuf> {
    static PROGRAMS: OnceLock<HashMap<String, PathBuf>> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let mut build = Command::new(env!("CARGO_BIN_EXE_historical"));
        let built = build.arg("build").stderr(Stdio::inherit()).output().expect("it can be started");
        assert!(built.status.success(), "the programs can be built");
        let lines = String::from_utf8(built.stdout).expect("names and paths are text");
        let program = |line: &str| line.split_once('\t').map(|(name, path)| (name.to_string(), path.into()));
        lines.lines().filter_map(program).collect()
    })
}

/// A connection on which every read and write is bounded in time.
pub struct Client(BufReader<TcpStream>);

impl Client {
    /// A request and its response. `fields` are whole header lines.
    pub fn request(&mut self, method: &str, target: &str, fields: &[&str], body: &[u8]) -> Response {
        self.send(method, target, fields, body);
        self.response(method)
    }

    pub fn send(&mut self, method: &str, target: &str, fields: &[&str], body: &[u8]) {
        let mut request = format!("{method} {target} HTTP/1.1\r\nHost: test\r\n");
        for field in fields {
            request += &format!("{field}\r\n");
        }
        if !body.is_empty() {
            request += &format!("Content-Length: {}\r\n", body.len());
        }
        self.send_raw(&[format!("{request}\r\n").as_bytes(), body].concat());
    }

    /// Sends bytes as they are.
    pub fn send_raw(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).expect("the server reads");
    }

    /// Whether the server ends the connection without another word.
    pub fn is_closed(&mut self) -> bool {
        match self.0.read(&mut [0]) {
            Ok(read) => read == 0,
            Err(error) => error.kind() == ErrorKind::ConnectionReset,
        }
    }

    /// Reads on until the server ends the connection.
    pub fn read_to_end(&mut self) {
        self.0.read_to_end(&mut Vec::new()).expect("the server ends it in time");
    }

    /// Whether anything comes in that time.
    pub fn has_answer_within(&mut self, time: Duration) -> bool {
        self.0.get_ref().set_read_timeout(Some(time)).unwrap();
        let has_answer = self.0.fill_buf().is_ok();
        self.0.get_ref().set_read_timeout(Some(LONG)).unwrap();
        has_answer
    }

    /// The response to a request of that method.
    pub fn response(&mut self, method: &str) -> Response {
        let mut lines = (&mut self.0).lines().map(|line| line.expect("heads are text, and come in time"));
        let first = lines.next().expect("the server answers");
        let status = first.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("it has a status");
        let fields = lines.take_while(|line| !line.is_empty());
        let headers: HashMap<_, _> = fields
            .map(|line| {
                let (name, value) = line.split_once(": ").expect("a field has a name and a value");
                (name.to_lowercase(), value.to_string())
            })
            .collect();
        let length = match headers.get("content-length") {
            Some(length) if method != "HEAD" && status != 304 => length.parse().expect("it is a number"),
            _ => 0,
        };
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).expect("the body is as long as it says");
        Response { status, headers, body }
    }
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    /// By lower-case name.
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }
}

/// Asks again and again until it is so. Fails if it never is.
pub fn until(mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < LONG, "it never happens");
        thread::sleep(Duration::from_millis(2));
    }
}
