//! `memed` as several processes behind one port, the answer of 2017 to "one reactor uses one processor".
//!
//! This parent opens one socket for each core, all on the same port (`SO_REUSEPORT`): the kernel spreads connections
//! among them. It starts a `memed` for each, passes the socket to it (`--listen-fd`), and passes signals on. It serves
//! nothing itself.
//!
//! The processes share what the command line allows for all of them: threads, queue, connections and caches. So each has
//! a cache of its own, and a picture may be drawn and kept in several of them. The address has to be the first argument.

#![forbid(unsafe_code)]

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("processes: the kernel spreads connections among sockets of a port on Linux only");
    std::process::exit(69)
}

#[cfg(target_os = "linux")]
mod sockets;

#[cfg(target_os = "linux")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    linux::main()
}

#[cfg(target_os = "linux")]
mod linux {
    use std::env;
    use std::error::Error;
    use std::ffi::OsString;
    use std::io::{BufRead, BufReader};
    use std::os::fd::AsRawFd;
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command, ExitStatus, Stdio, exit};
    use std::sync::mpsc::{self, Sender};
    use std::thread;

    use historical::carried::knobs;
    use memed::config::Config;
    use rustix::process::{Pid, Signal, kill_process, set_parent_process_death_signal};
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    use super::sockets;

    /// The first argument of this program where it is to become a `memed`.
    const CHILD: &str = "--child";

    /// What the parent waits for.
    enum Event {
        /// A process listens.
        Listens,
        /// One of its processes has ended.
        Ended(usize, ExitStatus),
        /// It is to stop.
        Stop,
    }

    pub fn main() -> Result<(), Box<dyn Error>> {
        let mut arguments: Vec<OsString> = env::args_os().skip(1).collect();
        if arguments.first().is_some_and(|first| first == CHILD) {
            return Err(become_memed(&arguments[1..]));
        }
        let config = knobs::read_or_exit("processes", arguments.clone());
        if !arguments.is_empty() {
            // The address.
            arguments.remove(0);
        }
        let processes = thread::available_parallelism()?.get();
        let shares = shares(&config, processes);
        arguments = without(arguments, &shares);
        arguments.extend(shares.iter().flat_map(|(knob, share)| [knob.into(), share.to_string().into()]));

        let (tell, events) = mpsc::channel();
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let for_signals = tell.clone();
        thread::spawn(move || signals.forever().try_for_each(|_| for_signals.send(Event::Stop)));

        let (address, sockets) = sockets::listen(config.address, processes)?;
        let mut pids = Vec::new();
        for (number, socket) in sockets.into_iter().enumerate() {
            sockets::pass_on(&socket)?;
            let child = start(&arguments, socket.as_raw_fd())?;
            pids.push(Some(Pid::from_child(&child)));
            watch(number, child, &tell);
            // This process's copy is closed here. With it, connections would wait for a process that has ended.
        }
        let (mut silent, mut is_stopping) = (processes, false);
        let mut outcome = Ok(());
        while pids.iter().any(Option::is_some) {
            match events.recv()? {
                Event::Listens => {
                    silent -= 1;
                    if silent == 0 {
                        eprintln!("listening on http://{address}");
                    }
                    continue;
                }
                Event::Stop => is_stopping = true,
                Event::Ended(number, status) => {
                    pids[number] = None;
                    if !is_stopping || !status.success() {
                        outcome = Err(format!("a memed has ended: {status}").into());
                    }
                    if is_stopping {
                        continue;
                    }
                    // One of several would serve on, with less than what it was started for: a supervisor should know.
                    is_stopping = true;
                }
            }
            for pid in pids.iter().flatten() {
                // It fails if it has ended.
                let _ = kill_process(*pid, Signal::TERM);
            }
        }
        outcome
    }

    /// The child's part, before it is a `memed`: it must not outlive its parent, however that one ends.
    fn become_memed(arguments: &[OsString]) -> Box<dyn Error> {
        if let Err(error) = set_parent_process_death_signal(Some(Signal::KILL)) {
            return error.into();
        }
        let memed = match env::current_exe() {
            Ok(program) => program.with_file_name("memed"),
            Err(error) => return error.into(),
        };
        Command::new(memed).args(arguments).exec().into()
    }

    fn start(arguments: &[OsString], socket: i32) -> Result<Child, Box<dyn Error>> {
        let mut command = Command::new(env::current_exe()?);
        command.args([CHILD, "--listen-fd", &socket.to_string()]).args(arguments).stderr(Stdio::piped());
        Ok(command.spawn()?)
    }

    /// Passes on what it prints, tells when it listens, and when it has ended.
    fn watch(number: usize, mut child: Child, tell: &Sender<Event>) {
        let tell = tell.clone();
        let said = BufReader::new(child.stderr.take().expect("it is piped"));
        thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                if line.contains("listening on http://") {
                    // It fails if the parent ends.
                    let _ = tell.send(Event::Listens);
                } else {
                    eprintln!("{line}");
                }
            }
            match child.wait() {
                Ok(status) => drop(tell.send(Event::Ended(number, status))),
                Err(error) => {
                    eprintln!("processes: {error}");
                    exit(71)
                }
            }
        });
    }

    /// What of each knob is one process's: at least 1, where there is anything at all.
    fn shares(config: &Config, processes: usize) -> Vec<(&'static str, usize)> {
        let mib = |bytes: usize| bytes >> 20;
        let all = [
            ("--render-threads", config.render_threads),
            ("--queue", config.queue),
            ("--queue-per-client", config.queue_per_client),
            ("--max-connections", config.max_connections),
            ("--max-connections-per-client", config.max_connections_per_client),
            ("--template-cache", mib(config.captioner.template_cache)),
            ("--font-cache", mib(config.captioner.font_cache)),
            ("--result-cache", mib(config.result_cache)),
        ];
        all.map(|(knob, number)| (knob, number.div_ceil(processes))).to_vec()
    }

    /// The arguments without these knobs and their values.
    fn without(arguments: Vec<OsString>, knobs: &[(&str, usize)]) -> Vec<OsString> {
        let mut kept = Vec::new();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let text = argument.to_string_lossy();
            let name = text.split('=').next().unwrap_or("");
            if !knobs.iter().any(|(knob, _)| *knob == name) {
                kept.push(argument);
            } else if !text.contains('=') {
                arguments.next();
            }
        }
        kept
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn what_is_shared_is_replaced_and_the_rest_passed_on() {
            let arguments = ["-q", "--queue", "7", "--render-threads=2", "--gif-quality", "50"];
            let kept = without(arguments.map(OsString::from).to_vec(), &shares(&Config::default(), 2));
            assert_eq!(kept, ["-q", "--gif-quality", "50"]);
        }

        #[test]
        fn nothing_is_shared_out_as_nothing_and_little_as_one() {
            let config = Config { queue: 0, render_threads: 1, ..Config::default() };
            let shares = shares(&config, 4);
            assert!(shares.contains(&("--queue", 0)) && shares.contains(&("--render-threads", 1)));
            assert!(shares.contains(&("--max-connections", 4096)));
        }
    }
}
