//! The processes that are measured: `memed`, and hyper alone. Their drop kills them.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{self, Value};

use bare_hyper;
use client::{Client, Route, LONG};

/// The unit in which Linux counts the processor time of a process: 1/USER_HZ.
const TICK: Duration = Duration::from_millis(10);
/// The address that `/stats` is asked for from.
const OPERATOR: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 4);

/// A running server.
pub struct Program {
    child: Child,
    pub address: SocketAddr,
}

impl Program {
    /// `memed` on a free loopback port, without its access log. Options that this version does not have are left
    /// out, so that the bench can measure older versions.
    pub fn memed(knobs: &[(&str, &str)]) -> Program {
        let mut command = Command::new(env!("CARGO_BIN_EXE_memed"));
        command.args(["127.0.0.1:0", "-q"]).env_clear();
        for (name, value) in knobs.iter().filter(|knob| Program::has_knob(knob.0)) {
            command.args([format!("--{}", name).as_str(), value]);
        }
        Program::spawn(&mut command, &[])
    }

    /// hyper alone: each of its answers has these header fields and this body.
    pub fn bare_hyper(head_and_body: &[u8]) -> Program {
        let this = env::current_exe().expect("a running program has a file");
        Program::spawn(Command::new(this).arg(bare_hyper::ARGUMENT), head_and_body)
    }

    /// Whether this version of `memed` has a knob.
    pub fn has_knob(name: &str) -> bool {
        static HELP: OnceLock<String> = OnceLock::new();
        let help = HELP.get_or_init(|| {
            let output = Command::new(env!("CARGO_BIN_EXE_memed")).arg("--help").output();
            String::from_utf8_lossy(&output.expect("the program runs").stdout).into_owned()
        });
        help.contains(&format!("--{} ", name))
    }

    fn spawn(command: &mut Command, input: &[u8]) -> Program {
        let mut child =
            command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program can be started");
        child.stdin.take().expect("it is piped").write_all(input).expect("the program reads");
        let mut log = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut line = String::new();
        let _ = log.read_line(&mut line);
        let address = line.trim().rsplit("http://").next().and_then(|address| address.parse().ok());
        // A server whose log is not read waits when the pipe is full.
        thread::spawn(move || {
            let lines = log.lines().map_while(Result::ok);
            lines.filter(|line| line.contains("error") || line.contains("panicked")).for_each(|line| {
                eprintln!("the server says: {}", line);
            });
        });
        match address {
            Some(address) => Program { child, address },
            None => {
                let _ = child.kill();
                let _ = child.wait();
                panic!("the program does not listen; its output: {:?}", line.trim())
            }
        }
    }

    /// Its `/stats`.
    pub fn stats(&self) -> Value {
        // From an address of its own, so that what others do does not count against it.
        let route = Route { from: OPERATOR, to: self.address, patience: LONG };
        let mut client = route.connect().expect("the server accepts");
        let answer = client.get("/stats").expect("the server answers");
        serde_json::from_slice(answer.body).expect("statistics are JSON")
    }

    /// Whether finished pictures are cached: whether a cache other than those of templates and fonts counts a hit
    /// when a picture is asked for again.
    pub fn keeps_pictures(&self, target: &str) -> bool {
        let mut client = Client::connect(self.address).expect("the server accepts");
        client.get(target).expect("the server answers");
        let before = self.picture_look_ups().0;
        client.get(target).expect("the server answers");
        self.picture_look_ups().0 > before
    }

    /// How many pictures were cached when they were asked for, and how many were not.
    pub fn picture_look_ups(&self) -> (u64, u64) {
        let stats = self.stats();
        let caches = stats["cache"].as_object().expect("there are caches").iter();
        let of_pictures: Vec<_> = caches
            .filter(|cache| cache.0 != "templates" && cache.0 != "fonts")
            .map(|cache| cache.1)
            .collect();
        let sum = |name: &str| of_pictures.iter().filter_map(|cache| cache[name].as_u64()).sum();
        (sum("hits"), sum("misses"))
    }

    /// Memory that it occupies, in KiB.
    pub fn resident(&self) -> f64 {
        let status = self.proc("status");
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)).and_then(|kib| kib.parse().ok());
        kib.expect("Linux tells the memory of a process")
    }

    /// Processor time that all its threads have taken.
    pub fn processor_time(&self) -> Duration {
        let stat = self.proc("stat");
        // The name may have blanks in it, and ends with the last parenthesis.
        let fields = stat.rsplit(')').next().unwrap_or("").split_whitespace();
        let ticks: u32 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u32>().ok()).sum();
        TICK * ticks
    }

    /// How many descriptors it has open.
    pub fn descriptors(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.child.id());
        fs::read_dir(folder).expect("Linux lists the descriptors of a process").count()
    }

    fn proc(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{}", self.child.id(), file)).expect("Linux describes processes")
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        // Sound: `kill` touches no memory of ours, and the process is our child, not waited for yet.
        assert_eq!(unsafe { libc::kill(self.child.id() as libc::pid_t, libc::SIGTERM) }, 0);
    }

    /// How it ended, and after how long; `None` if it did not end within `limit`.
    pub fn wait(&mut self, limit: Duration) -> Option<(ExitStatus, Duration)> {
        let start = Instant::now();
        while start.elapsed() < limit {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return Some((status, start.elapsed()));
            }
            thread::sleep(Duration::from_millis(1));
        }
        None
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
