//! The programs that are measured, each in a process of its own. None outlives its `Program`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use std::{fs, io};

#[cfg(unix)]
use nix::sys::signal::Signal;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::contestants::Contestant;
use super::cores::Split;
use super::counters::Counters;

/// How long it may take to start. Templates are decoded after that.
const START: Duration = Duration::from_secs(10);

/// A knob and its value.
pub type Knob<'a> = (&'a str, &'a str);

/// A contestant that listens.
pub struct Program {
    pub address: SocketAddr,
    /// Dropped, it kills the process.
    child: Child,
    /// Dropped with it, it gives this process its processors back.
    split: Split,
    path: PathBuf,
    knobs: Vec<String>,
}

impl Program {
    /// Starts it on a free port of loopback, and waits until it listens.
    ///
    /// # Errors
    /// If it cannot be started, or ends or says nothing for ten seconds; then with what it said. If server and clients
    /// are to be apart and cannot be.
    pub async fn start(contestant: &Contestant, knobs: &[Knob<'_>], split: Split) -> io::Result<Program> {
        let path = contestant.program()?;
        let knobs = knobs.iter().flat_map(|(name, value)| [format!("--{name}"), value.to_string()]).collect();
        let (child, address) = Program::spawn(&path, "127.0.0.1:0", &knobs, &split).await?;
        Ok(Program { address, child, split, path, knobs })
    }

    /// Starts the same program again on the same address, after the last one has ended: what a supervisor does.
    ///
    /// # Errors
    /// As [`Program::start`].
    pub async fn start_again(&mut self) -> io::Result<()> {
        let address = self.address.to_string();
        (self.child, self.address) = Program::spawn(&self.path, &address, &self.knobs, &self.split).await?;
        Ok(())
    }

    async fn spawn(
        path: &Path,
        address: &str,
        knobs: &Vec<String>,
        split: &Split,
    ) -> io::Result<(Child, SocketAddr)> {
        let mut command = Command::new(path);
        command.arg(address).arg("-q").args(knobs);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = split.start(|| command.spawn())?;
        let stderr = child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let late = |_| io::Error::new(io::ErrorKind::TimedOut, "it did not print where it listens");
        let (address, mut said) = timeout(START, listening(stderr)).await.map_err(late)??;
        // It must be able to go on saying things. Its end is the end of this, too.
        tokio::spawn(async move { while matches!(said.next_line().await, Ok(Some(_))) {} });
        Ok((child, address))
    }

    /// How many processors it may use, of `all`.
    pub fn processors(&self, all: usize) -> usize {
        self.split.for_server(all)
    }

    /// Begins to count what it spends.
    pub fn counters(&self) -> Counters {
        Counters::start(self.child.id(), false)
    }

    /// The same, with its instructions if the system can count them, at the cost of a little of its time.
    pub fn all_counters(&self) -> Counters {
        Counters::start(self.child.id(), true)
    }

    /// Bytes of memory that are in use, and threads; `None` where the system does not tell.
    pub fn memory_and_threads(&self) -> Option<(f64, f64)> {
        let mut sum = (0.0, 0.0);
        for id in family(self.child.id()?) {
            let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
            sum.0 += field(&status, "VmRSS:")? * 1024.0;
            sum.1 += field(&status, "Threads:")?;
        }
        Some(sum)
    }

    /// Sends SIGTERM, as an operator would.
    ///
    /// # Errors
    /// If it has ended already, or the system has no signals.
    pub fn terminate(&self) -> io::Result<()> {
        signal(self.child.id().ok_or(io::ErrorKind::NotFound)?, Signal::SIGTERM)
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// If it is still there after `limit`.
    pub async fn ended(&mut self, limit: Duration) -> io::Result<ExitStatus> {
        timeout(limit, self.child.wait()).await?
    }

    /// Kills it, and waits until it is gone, so that whatever is measured next has the machine to itself.
    pub async fn kill(mut self) {
        // An error means that it has ended by itself.
        let _ = timeout(START, self.child.kill()).await;
    }
}

/// The address that it says it listens on, and the rest of what it says.
async fn listening<R>(stderr: R) -> io::Result<(SocketAddr, tokio::io::Lines<BufReader<R>>)>
where
    R: AsyncRead + Unpin,
{
    let mut lines = BufReader::new(stderr).lines();
    let mut said = String::new();
    while let Some(line) = lines.next_line().await? {
        let address = line.rsplit_once("http://").and_then(|(_, address)| address.trim().parse().ok());
        match address {
            Some(address) => return Ok((address, lines)),
            None => said = line,
        }
    }
    Err(io::Error::other(format!("it exited at once; its last output was {said:?}")))
}

/// A process and all that it has started and that have not ended: a server may be several processes.
pub fn family(id: u32) -> Vec<u32> {
    let mut ids = vec![id];
    let mut seen = 0;
    while let Some(id) = ids.get(seen) {
        let threads = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
        let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
        let children =
            lists.flat_map(|list| list.split_whitespace().flat_map(str::parse).collect::<Vec<u32>>());
        let children: Vec<u32> = children.collect();
        ids.extend(children);
        seen += 1;
    }
    ids
}

/// The number after a name, in the words of /proc/PID/status.
pub fn field(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Seconds of processor time that a process has taken so far, in all of its threads, ended ones too; `None` where the
/// system does not tell.
#[cfg(target_os = "linux")]
pub fn cpu(id: u32) -> Option<f64> {
    // /proc/PID/stat counts in hundredths of a second, this in nanoseconds.
    let id = nix::unistd::Pid::from_raw(id.try_into().ok()?);
    let time = nix::time::clock_getcpuclockid(id).and_then(nix::time::clock_gettime).ok()?;
    Some(Duration::from(time).as_secs_f64())
}

/// `None`: the system does not tell.
#[cfg(not(target_os = "linux"))]
pub fn cpu(_: u32) -> Option<f64> {
    None
}

/// Sends a process SIGINT, as Ctrl-C does.
///
/// # Errors
/// If it has ended already, or the system has no signals.
pub fn interrupt(id: u32) -> io::Result<()> {
    signal(id, Signal::SIGINT)
}

#[cfg(unix)]
fn signal(id: u32, signal: Signal) -> io::Result<()> {
    let id = nix::unistd::Pid::from_raw(id.try_into().map_err(io::Error::other)?);
    Ok(nix::sys::signal::kill(id, signal)?)
}

#[cfg(not(unix))]
fn signal(_: u32, _: Signal) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// What is sent where there are no signals.
#[cfg(not(unix))]
enum Signal {
    SIGINT,
    SIGTERM,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_threads_are_read_by_name() {
        let status = "Name:\tmemed\nVmHWM:\t   99999 kB\nVmRSS:\t   25672 kB\nThreads:\t4\n";
        assert_eq!(field(status, "VmRSS:"), Some(25672.0));
        assert_eq!(field(status, "Threads:"), Some(4.0));
        assert_eq!(field(status, "Other:"), None);
    }

    #[tokio::test]
    async fn the_address_is_found_behind_other_words() {
        let said = &b"a warning\nmemed: info: listening on http://127.0.0.1:4711\nmore\n"[..];
        let (address, mut rest) = listening(said).await.expect("it prints its address");
        assert_eq!(address, SocketAddr::from(([127, 0, 0, 1], 4711)));
        assert_eq!(rest.next_line().await.ok().flatten().as_deref(), Some("more"));
        let error = listening(&b"the port is taken\n"[..]).await.expect_err("it is not told");
        assert!(error.to_string().contains("the port is taken"), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_family_has_children_and_theirs() -> io::Result<()> {
        // The shell starts another, which starts a sleep, and prints a line when it has.
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", "sh -c 'sleep 20 & echo; wait' & wait"]).stdout(Stdio::piped());
        let mut shell = shell.spawn()?;
        let mut line = [0];
        io::Read::read_exact(shell.stdout.as_mut().expect("it is piped"), &mut line)?;
        let ids = family(shell.id());
        for id in ids.iter().rev() {
            let _ = signal(*id, Signal::SIGKILL);
        }
        shell.wait()?;
        assert_eq!(ids.len(), 3, "{ids:?}");
        Ok(())
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn processor_time_passes_while_something_is_done() {
        let id = std::process::id();
        let before = cpu(id).expect("Linux tells it");
        let mut sum = 0_u64;
        while cpu(id).expect("Linux tells it") < before + 0.002 {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(sum > 0);
    }
}
