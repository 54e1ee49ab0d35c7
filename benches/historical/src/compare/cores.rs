//! Which processors the server and the clients may use.
//!
//! Shared, the clients take what the server leaves, so a rate says as much about them as about the server. Apart, the
//! server has one half of the processors and the clients the other: a rate is that of the server's half, provided that
//! its processors are busy all the time.
//!
//! Linux only. A process inherits the set of the thread that starts it, before it has looked how many processors there
//! are: that is how a runtime with a worker for each processor comes to have as many as it may use.

use std::io;

/// Who may use which processors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Cores {
    /// The server on one half of the processors, the clients on the other.
    Apart,
    /// Server and clients on all of them.
    Shared,
}

/// The processors of this process, as they were before any were given away. While it lives as `Apart`, this process keeps
/// to the clients' half; dropped, it has all of them again.
#[derive(Debug)]
pub struct Split {
    /// The server's; empty if it may use all.
    server: Vec<usize>,
    /// To go back to; empty if nothing was changed.
    all: Vec<usize>,
}

impl Split {
    /// Shares out the processors.
    ///
    /// # Errors
    /// `Apart` with fewer than two processors, or where the system cannot do it.
    pub fn new(cores: Cores) -> io::Result<Split> {
        if cores == Cores::Shared {
            return Ok(Split { server: Vec::new(), all: Vec::new() });
        }
        let all = of_this_process()?;
        let (server, clients) = halves(&all).ok_or_else(|| {
            io::Error::new(io::ErrorKind::Unsupported, "server and clients cannot be apart on one processor")
        })?;
        // Made first: if only some threads can be moved, the drop moves them back.
        let split = Split { server: server.to_vec(), all: all.clone() };
        keep_all_threads_to(clients)?;
        Ok(split)
    }

    /// How many processors the server has, of `all`.
    pub fn for_server(&self, all: usize) -> usize {
        if self.server.is_empty() { all } else { self.server.len() }
    }

    /// Calls `start` with the calling thread on the server's processors, so that a process that it starts is there from
    /// its first instruction.
    ///
    /// # Errors
    /// If the thread cannot be moved; otherwise what `start` returns.
    pub fn start<T>(&self, start: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        if self.server.is_empty() {
            return start();
        }
        let before = of_this_thread()?;
        keep_this_thread_to(&self.server)?;
        let started = start();
        keep_this_thread_to(&before)?;
        started
    }
}

impl Drop for Split {
    fn drop(&mut self) {
        if !self.all.is_empty() {
            // It has just worked the other way round.
            let _ = keep_all_threads_to(&self.all);
        }
    }
}

/// The server's half and the clients', which gets the odd one: it has many more threads to wake.
fn halves(all: &[usize]) -> Option<(&[usize], &[usize])> {
    (all.len() >= 2).then(|| all.split_at(all.len() / 2))
}

#[cfg(target_os = "linux")]
mod system {
    use std::{fs, io};

    use rustix::process::Pid;
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    pub fn of_this_thread() -> io::Result<Vec<usize>> {
        list(None)
    }

    /// Those of the first thread: others may have been moved.
    pub fn of_this_process() -> io::Result<Vec<usize>> {
        list(Some(rustix::process::getpid()))
    }

    pub fn keep_this_thread_to(processors: &[usize]) -> io::Result<()> {
        Ok(sched_setaffinity(None, &set(processors))?)
    }

    /// Threads that start later inherit the set of the one that starts them.
    pub fn keep_all_threads_to(processors: &[usize]) -> io::Result<()> {
        let set = set(processors);
        for thread in fs::read_dir("/proc/self/task")? {
            let id = thread?.file_name().to_str().and_then(|id| id.parse().ok()).and_then(Pid::from_raw);
            match sched_setaffinity(id, &set) {
                // It has ended meanwhile.
                Err(rustix::io::Errno::SRCH) => {}
                moved => moved?,
            }
        }
        Ok(())
    }

    fn list(thread: Option<Pid>) -> io::Result<Vec<usize>> {
        let set = sched_getaffinity(thread)?;
        Ok((0..CpuSet::MAX_CPU).filter(|number| set.is_set(*number)).collect())
    }

    fn set(processors: &[usize]) -> CpuSet {
        let mut set = CpuSet::new();
        processors.iter().filter(|number| **number < CpuSet::MAX_CPU).for_each(|number| set.set(*number));
        set
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::io;

    pub fn of_this_thread() -> io::Result<Vec<usize>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn of_this_process() -> io::Result<Vec<usize>> {
        of_this_thread()
    }

    pub fn keep_this_thread_to(_: &[usize]) -> io::Result<()> {
        of_this_thread().map(drop)
    }

    pub fn keep_all_threads_to(_: &[usize]) -> io::Result<()> {
        of_this_thread().map(drop)
    }
}

use system::{keep_all_threads_to, keep_this_thread_to, of_this_process, of_this_thread};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_half_and_one_processor_cannot_be_halved() {
        assert_eq!(halves(&[0, 1]), Some((&[0][..], &[1][..])));
        assert_eq!(halves(&[0, 2, 5]), Some((&[0][..], &[2, 5][..])));
        assert_eq!(halves(&[3]), None);
        let shared = Split::new(Cores::Shared).expect("nothing is changed");
        assert_eq!(shared.for_server(4), 4);
        assert!(shared.start(|| Ok(true)).is_ok_and(|done| done));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_started_sees_only_the_servers_processors() {
        // On a thread of its own, because other tests run in this process.
        let seen = std::thread::spawn(|| {
            let all = of_this_thread()?;
            let split = Split { server: all[..1].to_vec(), all: Vec::new() };
            let nproc = || std::process::Command::new("nproc").output();
            let inside = split.start(nproc)?;
            assert_eq!(of_this_thread()?, all, "the thread is back");
            Ok::<_, io::Error>((inside.stdout, nproc()?.stdout, all.len()))
        });
        let (inside, after, all) = seen.join().expect("no panic").expect("Linux can do it");
        assert_eq!(String::from_utf8_lossy(&inside).trim(), "1");
        assert_eq!(String::from_utf8_lossy(&after).trim(), all.to_string());
    }
}
