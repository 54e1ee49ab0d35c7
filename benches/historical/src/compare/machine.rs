//! Describes the machine that the numbers were measured on.

use std::fs;
use std::process::Command;
use std::thread;

use memed::descriptors;
use serde::{Deserialize, Serialize};

use super::contestants::workspace;

/// Facts that numbers depend on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Processors that this program may use.
    pub cores: usize,
    pub processor: String,
    /// `None` where the system does not tell.
    pub memory_mib: Option<u64>,
    pub kernel: String,
    /// How Linux chooses the processors' frequency.
    pub governor: Option<String>,
    pub rustc: String,
    /// Of the sources that the programs are built from; "modified" behind it if they are not what the commit has.
    pub commit: String,
    /// Files that a process may open.
    pub descriptors: u64,
}

/// That this process makes at a time, at most.
const CONNECTIONS: usize = 10_000;
const UNKNOWN: &str = "not known";
const GOVERNOR: &str = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";

impl Machine {
    /// Looks around, and raises this process's own limit of files; the programs that it starts inherit that. To be
    /// called before there are threads.
    pub fn look() -> Machine {
        let descriptors = descriptors::prepare(CONNECTIONS).unwrap_or(1024);
        let processor = value("/proc/cpuinfo", "model name").unwrap_or_else(|| UNKNOWN.to_string());
        let memory = value("/proc/meminfo", "MemTotal");
        let kib = memory.and_then(|memory| memory.split(' ').next()?.parse::<u64>().ok());
        Machine {
            cores: thread::available_parallelism().map_or(1, usize::from),
            processor,
            memory_mib: kib.map(|kib| kib >> 10),
            kernel: said("uname", &["-sr"]),
            governor: fs::read_to_string(GOVERNOR).ok().map(|text| text.trim().to_string()),
            rustc: said("rustc", &["--version"]),
            commit: commit(),
            descriptors,
        }
    }

    /// All of it in a line.
    pub fn sentence(&self) -> String {
        let memory =
            self.memory_mib.map_or(UNKNOWN.to_string(), |mib| format!("{:.1} GiB", mib as f64 / 1024.0));
        let Machine { cores, processor, kernel, rustc, descriptors, commit, .. } = self;
        let governor = self.governor.as_ref().map_or(String::new(), |name| format!("governor {name}, "));
        format!(
            "commit {commit}, {cores} cores ({processor}), memory {memory}, {governor}{kernel}, {rustc}, {descriptors} \
             files per process"
        )
    }
}

fn commit() -> String {
    let folder = workspace().to_string_lossy();
    let commit = said("git", &["-C", &folder, "rev-parse", "--short=12", "HEAD"]);
    let changed = said("git", &["-C", &folder, "status", "--porcelain", "--untracked-files=no"]);
    match changed.as_str() {
        "" | UNKNOWN => commit,
        _ => format!("{commit}, modified"),
    }
}

/// The first value of a name in a file of /proc.
fn value(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_string())
}

/// What a program says when it is asked.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success());
    output.map_or(UNKNOWN.to_string(), |output| String::from_utf8_lossy(&output.stdout).trim().to_string())
}
