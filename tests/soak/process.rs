//! The server's process, and what it holds.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use util::LONG;

/// A running server, killed when the test is over.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
    complaints: Arc<Mutex<Vec<String>>>,
}

/// What a process has.
#[derive(Debug)]
pub struct Holdings {
    pub threads: usize,
    pub descriptors: usize,
    /// KiB: the median of a second.
    pub resident: u64,
}

impl Process {
    /// With two threads that draw, so many places in the queue, and little room for pictures, so that most are
    /// drawn again.
    pub fn start(queue: usize) -> Process {
        let queue = queue.to_string();
        let mut child = Command::new(env!("CARGO_BIN_EXE_memed"))
            .args(["127.0.0.1:0", "-q", "--render-threads", "2", "--queue", queue.as_str()])
            .env_clear()
            .env("MEMED_RESULT_CACHE", "2")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        log.read_line(&mut line).unwrap();
        let address = line.trim().rsplit("http://").next().and_then(|address| address.parse().ok());
        let complaints = Arc::new(Mutex::new(Vec::new()));
        let process = |address| Process { child, address, complaints: complaints.clone() };
        let process = process(address.unwrap_or_else(|| panic!("it begins with {:?}", line)));
        // Somebody has to read the log, or the server would wait. It ends with the process.
        thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                complaints.lock().unwrap().push(line);
            }
        });
        process
    }

    /// Every line of its log but the first and the refusals of a full queue, which the clients count. Requests and
    /// what is wrong with them are not logged, so there should be none.
    pub fn complaints(&self) -> Vec<String> {
        let is_refusal = |line: &String| line.contains("\" 503: ");
        self.complaints.lock().unwrap().iter().filter(|line| !is_refusal(line)).cloned().collect()
    }

    /// What it holds, when that has not changed for a second.
    pub fn settled(&self) -> Holdings {
        let start = Instant::now();
        let (mut same_since, mut last) = (Instant::now(), self.counts());
        let mut resident = Vec::new();
        while same_since.elapsed() < Duration::from_secs(1) {
            assert!(start.elapsed() < LONG, "it does not come to rest");
            thread::sleep(Duration::from_millis(50));
            let counts = self.counts();
            if counts != last {
                last = counts;
                same_since = Instant::now();
                resident.clear();
            }
            resident.push(self.resident());
        }
        resident.sort();
        Holdings { threads: last.0, descriptors: last.1, resident: resident[resident.len() / 2] }
    }

    fn counts(&self) -> (usize, usize) {
        let count = |folder| fs::read_dir(format!("/proc/{}/{}", self.child.id(), folder)).unwrap().count();
        (count("task"), count("fd"))
    }

    fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
