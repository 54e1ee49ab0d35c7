//! Runs the server as a process and measures the resources that it holds.

use std::fs;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use util::{Program, LONG};

/// A running server, and its log.
pub struct Process {
    pub program: Program,
    complaints: Arc<Mutex<Vec<String>>>,
}

/// The resources of a process.
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
        Process::with(queue, &[])
    }

    /// The same with further variables in its environment.
    pub fn with(queue: usize, variables: &[(&str, &str)]) -> Process {
        let queue = queue.to_string();
        let mut command = Command::new(env!("CARGO_BIN_EXE_memed"));
        command.env_clear().env("MEMED_RESULT_CACHE", "2").args(["-q", "--queue", queue.as_str()]);
        command.envs(variables.iter().copied());
        let mut program = Program::spawn(&mut command);
        let complaints = program.collect_log();
        Process { program, complaints }
    }

    /// Every line of its log but the first. Requests and what is wrong with them are not logged, so there should be
    /// none.
    pub fn complaints(&self) -> Vec<String> {
        self.complaints.lock().unwrap().clone()
    }

    /// The resources that it holds, once they have not changed for a second.
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
        let count = |folder| fs::read_dir(format!("/proc/{}/{}", self.program.id(), folder)).unwrap().count();
        (count("task"), count("fd"))
    }

    fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.program.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}
