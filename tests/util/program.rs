//! Runs the program as a process of its own.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::mem;
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use libc;

use super::{Client, LONG};

/// A running `memed`. Its drop kills it.
pub struct Program {
    child: Child,
    /// What follows the line with its address.
    log: BufReader<Box<dyn Read + Send>>,
    pub address: SocketAddr,
}

impl Program {
    /// With these arguments, on a free port and with two threads that draw.
    pub fn start(arguments: &[&str]) -> Program {
        Program::spawn(Command::new(env!("CARGO_BIN_EXE_memed")).args(arguments).env_clear())
    }

    /// The same with a command that runs a copy of it, or sets its environment.
    pub fn spawn(command: &mut Command) -> Program {
        Program::run(command.arg("127.0.0.1:0").args(["--render-threads", "2"]))
    }

    /// Runs a command that starts the program, and waits until it says where it listens.
    pub fn run(command: &mut Command) -> Program {
        let command = command.stderr(Stdio::piped());
        // A binary that was just copied is busy while another test's child, forked in that moment, still holds the
        // copy open for writing.
        let start = Instant::now();
        let mut child = loop {
            match command.spawn() {
                Err(ref error) if error.kind() == ErrorKind::ExecutableFileBusy && start.elapsed() < LONG => {
                }
                spawned => break spawned.unwrap(),
            }
        };
        let stderr: Box<dyn Read + Send> = Box::new(child.stderr.take().unwrap());
        let mut log = BufReader::new(stderr);
        let mut said = String::new();
        let address = loop {
            let mut line = String::new();
            log.read_line(&mut line).unwrap();
            assert!(!line.is_empty(), "it does not listen, and says {:?}", said);
            match line.split("listening on http://").nth(1) {
                // In JSON a quote follows it.
                Some(address) => break address.split(['"', '\n']).next().unwrap().parse().unwrap(),
                None => said += &line,
            }
        };
        Program { child, log, address }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    pub fn signal(&self, signal: libc::c_int) {
        // Sound: `kill` touches no memory of ours, and the process is our child, not waited for yet.
        assert_eq!(unsafe { libc::kill(self.child.id() as libc::pid_t, signal) }, 0);
    }

    /// The next line of its log.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.log.read_line(&mut line).unwrap();
        line
    }

    /// Reads its log up to a line that has this in it.
    pub fn line_with(&mut self, part: &str) -> String {
        loop {
            let line = self.line();
            assert!(!line.is_empty(), "the log ends without {:?}", part);
            if line.contains(part) {
                return line;
            }
        }
    }

    /// The rest of its log, when it has ended.
    pub fn rest_of_log(&mut self) -> String {
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).unwrap();
        rest
    }

    /// Collects the rest of its log in the background: a server whose log is not read waits when the pipe is full.
    pub fn collect_log(&mut self) -> Arc<Mutex<Vec<String>>> {
        let log = mem::replace(&mut self.log, BufReader::new(Box::new(io::empty())));
        let lines = Arc::new(Mutex::new(Vec::new()));
        let collected = lines.clone();
        thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                collected.lock().unwrap().push(line);
            }
        });
        lines
    }

    /// How it ended. Waits until it has.
    pub fn wait(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < LONG, "it does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
