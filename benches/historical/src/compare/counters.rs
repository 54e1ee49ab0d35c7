//! What a server spends while it answers: processor time, context switches, and, where the system counts them,
//! instructions and energy.
//!
//! Nothing here may fail a run. What the system does not tell is `None`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::program;

/// How long perf may take to print its count.
const PRINT: Duration = Duration::from_secs(2);
/// Where Linux tells the energy of a package, in microjoules.
const POWER: &str = "/sys/class/powercap";

/// Counters at the begin.
pub struct Counters {
    /// The process, and those that it has started.
    ids: Vec<u32>,
    cpu: Option<f64>,
    switches: Option<Switches>,
    energy: Option<f64>,
    perf: Option<Child>,
}

/// What was spent since.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    /// Seconds, in all threads, ended ones too.
    pub cpu: Option<f64>,
    /// Times that a thread waited for something, and times that it had to make room for another, of threads that have not
    /// ended.
    pub switches: Option<Switches>,
    /// In user mode.
    pub instructions: Option<f64>,
    /// Joules of all processors, with what the clients took.
    pub energy: Option<f64>,
}

/// Counts of context switches.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Switches {
    pub voluntary: f64,
    pub involuntary: f64,
}

impl Counters {
    /// Reads those of a process. `perf` counts its instructions, if that is asked for and it can.
    pub fn start(id: Option<u32>, with_instructions: bool) -> Counters {
        let ids = id.map_or(Vec::new(), program::family);
        let perf = if with_instructions { count_instructions(&ids) } else { None };
        let (cpu, switches) = (cpu(&ids), switches(&ids));
        Counters { ids, cpu, switches, energy: energy(Path::new(POWER)), perf }
    }

    /// Reads them again.
    pub async fn spent(self) -> Spent {
        let since = |now: Option<f64>, then: Option<f64>| now.zip(then).map(|(now, then)| now - then);
        let cpu = since(cpu(&self.ids), self.cpu);
        let switches = switches(&self.ids).zip(self.switches).map(|(now, then)| Switches {
            voluntary: (now.voluntary - then.voluntary).max(0.0),
            involuntary: (now.involuntary - then.involuntary).max(0.0),
        });
        // Less than before: the counter has begun anew.
        let energy = since(energy(Path::new(POWER)), self.energy).filter(|joules| *joules >= 0.0);
        let instructions = match self.perf {
            Some(perf) => counted(perf).await,
            None => None,
        };
        Spent { cpu, switches, instructions, energy }
    }
}

/// The sum over all processes; none if one of them has ended.
fn cpu(ids: &[u32]) -> Option<f64> {
    (!ids.is_empty()).then(|| ids.iter().map(|id| program::cpu(*id)).sum::<Option<f64>>()).flatten()
}

/// The sum over all threads that there are.
fn switches(ids: &[u32]) -> Option<Switches> {
    (!ids.is_empty()).then_some(())?;
    let mut sum = Switches::default();
    let threads = ids.iter().map(|id| fs::read_dir(format!("/proc/{id}/task")).ok());
    for thread in threads.collect::<Option<Vec<_>>>()?.into_iter().flatten().flatten() {
        // Unreadable if it has ended meanwhile.
        if let Ok(status) = fs::read_to_string(thread.path().join("status")) {
            sum.voluntary += program::field(&status, "voluntary_ctxt_switches:")?;
            sum.involuntary += program::field(&status, "nonvoluntary_ctxt_switches:")?;
        }
    }
    Some(sum)
}

/// Joules since some time, of all packages. Parts of a package, which have a second colon, are in its sum already.
fn energy(folder: &Path) -> Option<f64> {
    let packages = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let is_package = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("intel-rapl:") && name.matches(':').count() == 1
    };
    let joules = |path: PathBuf| {
        let text = fs::read_to_string(path.join("energy_uj")).ok()?;
        Some(text.trim().parse::<f64>().ok()? / 1e6)
    };
    let all: Vec<Option<f64>> = packages.filter(is_package).map(joules).collect();
    (!all.is_empty()).then(|| all.into_iter().sum::<Option<f64>>()).flatten()
}

/// Whether perf is there, and this machine has what it counts with.
pub fn can_count_instructions() -> bool {
    static CAN: OnceLock<bool> = OnceLock::new();
    *CAN.get_or_init(|| {
        let mut perf = std::process::Command::new("perf");
        perf.args(["stat", "-x", ",", "-e", "instructions:u", "true"]).stdin(Stdio::null());
        perf.output().is_ok_and(|output| instructions(&String::from_utf8_lossy(&output.stderr)).is_some())
    })
}

/// Starts perf on a process. It counts until it is interrupted, and begins some milliseconds late: a window of a second
/// misses one or two per cent.
fn count_instructions(ids: &[u32]) -> Option<Child> {
    let ids: Vec<_> = ids.iter().map(u32::to_string).collect();
    let mut perf = Command::new("perf");
    perf.args(["stat", "-x", ",", "-e", "instructions:u", "-p"]).arg(ids.join(","));
    perf.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    perf.spawn().ok()
}

async fn counted(perf: Child) -> Option<f64> {
    program::interrupt(perf.id()?).ok()?;
    let output = timeout(PRINT, perf.wait_with_output()).await.ok()?.ok()?;
    instructions(&String::from_utf8_lossy(&output.stderr))
}

/// The count in what perf has printed; `<not supported>` and the like are none.
fn instructions(said: &str) -> Option<f64> {
    let line = said.lines().find(|line| line.contains("instructions"))?;
    line.split(',').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn perf_tells_a_count_or_none() {
        assert_eq!(instructions("123456,,instructions:u,1000,100.00,,\n"), Some(123_456.0));
        assert_eq!(instructions("<not supported>,,instructions:u,0,100.00,,\n"), None);
        assert_eq!(instructions("Error: no permission\n"), None);
    }

    #[test]
    fn the_energy_of_packages_is_added_up_without_their_parts() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        assert_eq!(energy(folder.path()), None);
        for (name, microjoules) in
            [("intel-rapl:0", "2000000\n"), ("intel-rapl:1", "500000\n"), ("intel-rapl:0:0", "7\n")]
        {
            fs::create_dir(folder.path().join(name))?;
            fs::write(folder.path().join(name).join("energy_uj"), microjoules)?;
        }
        assert_eq!(energy(folder.path()), Some(2.5));
        fs::write(folder.path().join("intel-rapl:1").join("energy_uj"), "")?;
        assert_eq!(energy(folder.path()), None, "half of the energy is none");
        Ok(())
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_program_that_waits_is_switched() -> std::io::Result<()> {
        use std::io::{Read, Write};

        let mut cat = std::process::Command::new("cat");
        let mut cat = cat.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (mut input, mut output) = (cat.stdin.take().expect("piped"), cat.stdout.take().expect("piped"));
        let mut echo = || {
            input.write_all(b"a")?;
            output.read_exact(&mut [0])?;
            // Time for it to wait for the next one, which it would else find at once.
            std::thread::sleep(Duration::from_millis(10));
            Ok::<_, std::io::Error>(())
        };
        // Once, so that it has become cat.
        echo()?;
        let counters = Counters::start(Some(cat.id()), false);
        (0..5).try_for_each(|_| echo())?;
        let spent = counters.spent().await;
        drop(input);
        cat.wait()?;
        assert!(spent.switches.is_some_and(|switches| switches.voluntary >= 4.0), "{spent:?}");
        assert!(spent.cpu.is_some() && spent.instructions.is_none());
        Ok(())
    }
}
