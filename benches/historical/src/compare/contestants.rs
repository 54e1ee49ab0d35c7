//! The programs that are compared, and how each is built.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::toolchains::{self, Launcher, Toolchain};

/// One way to carry a request.
pub struct Contestant {
    pub name: &'static str,
    /// What it is, in a few words.
    pub what: &'static str,
    pub group: Group,
    program: Program,
    /// The crates that place it in time, as `Cargo.lock` names them.
    pub crates: &'static [(&'static str, &'static str)],
    /// Its color in plots, on white and on black; colour-blind people can tell those of the main group apart.
    pub colors: [&'static str; 2],
}

/// Which scenes a contestant plays in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// All of them.
    Main,
    /// Those that ask its question, and others only if it is named on the command line.
    Beside,
}

/// What has to be built.
enum Program {
    /// A binary of this workspace.
    Cargo(&'static str),
    /// The same, with a flag.
    Flag(&'static str, &'static str),
    /// A server in another language, which is skipped where its toolchain is missing.
    Other(Toolchain),
}

/// All contestants, of each group the oldest model first. Each takes the same arguments and prints where it listens.
pub const ALL: &[Contestant] = &[
    Contestant {
        name: "threads",
        what: "one thread per connection, blocking I/O",
        group: Group::Main,
        program: Program::Cargo("threads"),
        crates: &[("httparse", "1.")],
        colors: ["#D55E00", "#FF9A52"],
    },
    Contestant {
        name: "futures-0.1",
        what: "memed itself: one reactor, combinator chains",
        group: Group::Main,
        program: Program::Cargo("memed"),
        crates: &[("hyper", "0.11."), ("tokio-core", "0.1."), ("futures", "0.1.")],
        colors: ["#0072B2", "#5CB8EE"],
    },
    Contestant {
        name: "async-await",
        what: "today's style, on a pool of worker threads",
        group: Group::Main,
        program: Program::Cargo("async-await"),
        crates: &[("hyper", "1."), ("tokio", "1.")],
        colors: ["#007F5F", "#3FCB9F"],
    },
    Contestant {
        name: "go",
        what: "net/http, a goroutine per connection",
        group: Group::Main,
        program: Program::Other(Toolchain::Go),
        crates: &[],
        colors: ["#8E44AD", "#C88BE0"],
    },
    Contestant {
        name: "node",
        what: "node:http, one event loop and libuv's pool",
        group: Group::Main,
        program: Program::Other(Toolchain::Node),
        crates: &[("napi", "3.")],
        colors: ["#8A6D00", "#E3C33B"],
    },
    Contestant {
        name: "async-await-one",
        what: "the program of async-await on one thread, as memed's reactor is",
        group: Group::Beside,
        program: Program::Flag("async-await", "--current-thread"),
        crates: &[("hyper", "1."), ("tokio", "1.")],
        colors: ["#00A6A6", "#66DCDC"],
    },
    Contestant {
        name: "futures-0.1-processes",
        what: "a memed for each core, behind one port",
        group: Group::Beside,
        program: Program::Cargo("processes"),
        crates: &[("hyper", "0.11."), ("tokio-core", "0.1."), ("futures", "0.1.")],
        colors: ["#B03060", "#F08FB0"],
    },
    Contestant {
        name: "bare-hyper",
        what: "hyper 0.11 without what memed has below it",
        group: Group::Beside,
        program: Program::Cargo("bare-hyper"),
        crates: &[("hyper", "0.11."), ("tokio-core", "0.1."), ("futures", "0.1.")],
        colors: ["#5A5A8A", "#A9A9D9"],
    },
];

/// No contestant: one thread that does nothing. What it reaches is the load generator's and the kernel's own.
pub const FLOOR: &Contestant = &Contestant {
    name: "null",
    what: "one fixed answer, whatever is asked",
    group: Group::Beside,
    program: Program::Cargo("null"),
    crates: &[],
    colors: ["#777777", "#AAAAAA"],
};

/// Those of the names, or if there are none, the main group. Without a name, one whose toolchain is missing is left
/// out, with a sentence on standard error.
///
/// # Errors
/// If one is named whose toolchain is missing.
pub fn wanted(names: &[String]) -> Result<Vec<&'static Contestant>, Box<dyn Error>> {
    let mut contestants = Vec::new();
    for one in ALL {
        let is_named = names.iter().any(|name| name == one.name);
        if !is_named && (!names.is_empty() || one.group == Group::Beside) {
            continue;
        }
        match one.missing() {
            None => contestants.push(one),
            Some(reason) if is_named => return Err(reason.into()),
            Some(reason) => eprintln!("without {}: {reason}", one.name),
        }
    }
    Ok(contestants)
}

/// All whose toolchain is there; of the others a sentence on standard error.
pub fn all() -> Vec<&'static Contestant> {
    let is_there = |one: &&Contestant| match one.missing() {
        Some(reason) => {
            eprintln!("without {}: {reason}", one.name);
            false
        }
        None => true,
    };
    ALL.iter().filter(is_there).collect()
}

impl Contestant {
    /// Where its program is: beside this one.
    ///
    /// # Errors
    /// If the path of this program is unknown.
    pub fn program(&self) -> io::Result<PathBuf> {
        let folder = own_folder()?;
        Ok(match &self.program {
            Program::Cargo(binary) => folder.join(binary).with_extension(env::consts::EXE_EXTENSION),
            Program::Flag(..) => Launcher::path(&folder, self.name),
            Program::Other(toolchain) => toolchain.program(&folder),
        })
    }

    /// What its program needs and this machine does not have, with where to get it.
    pub fn missing(&self) -> Option<String> {
        match &self.program {
            Program::Cargo(_) => None,
            Program::Flag(..) => Launcher::missing(),
            Program::Other(toolchain) => toolchain.missing(),
        }
    }

    /// The toolchain and the crates that it stands on, with their versions, the latter out of a `Cargo.lock`.
    pub fn versions(&self, lock: &str) -> String {
        let version = |&(name, prefix): &(&str, &str)| {
            let start = format!("name = \"{name}\"\nversion = \"");
            let mut versions = lock.split(start.as_str()).skip(1).filter_map(|rest| rest.split('"').next());
            format!(
                "{name} {}",
                versions.find(|version| version.starts_with(prefix)).unwrap_or(prefix.trim_end_matches('.'))
            )
        };
        let toolchain = match &self.program {
            Program::Other(toolchain) => toolchain.version(),
            Program::Cargo(_) | Program::Flag(..) => None,
        };
        toolchain.into_iter().chain(self.crates.iter().map(version)).collect::<Vec<_>>().join(", ")
    }
}

/// Builds the programs of all of them, into the folder and with the profile that this one was built with.
///
/// # Errors
/// If cargo or another toolchain cannot be run, or fails; it has printed the reason to standard error then.
pub fn build(contestants: &[&Contestant]) -> Result<(), Box<dyn Error>> {
    let folder = own_folder()?;
    let mut cargo = cargo_build(&folder)?;
    // Always all packages, even if only one contestant is compared: with one alone, the dependencies would have other
    // features, and would be built again.
    for package in ["memed", "historical", "captioner-ffi", "captioner-node"] {
        cargo.args(["--package", package]);
    }
    // The libraries are for Go and Node. Several processes are several of memed.
    cargo.args(["--lib", "--bin", "memed"]);
    for contestant in contestants {
        if let Program::Cargo(binary) | Program::Flag(binary, _) = contestant.program {
            cargo.args(["--bin", binary]);
        }
    }
    toolchains::run(&mut cargo, "the contestants")?;
    for contestant in contestants {
        match &contestant.program {
            Program::Cargo(_) => {}
            Program::Flag(binary, flag) => {
                Launcher::new(&folder.join(binary), &[flag]).write(&folder, contestant.name)?;
            }
            Program::Other(toolchain) => toolchain.build(&folder.canonicalize()?)?,
        }
    }
    Ok(())
}

/// `cargo build` into that folder, with the profile that it is of.
///
/// # Errors
/// If the profile is unknown.
fn cargo_build(folder: &Path) -> Result<Command, Box<dyn Error>> {
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") => "dev",
        Some(name) => name,
        None => return Err("it is unknown which profile this program was built with".into()),
    };
    let mut cargo = Command::new(cargo());
    cargo.args(["build", "--profile", profile, "--manifest-path"]).arg(workspace().join("Cargo.toml"));
    if let Some(target) = folder.parent() {
        cargo.arg("--target-dir").arg(target);
    }
    Ok(cargo)
}

/// The cargo that runs this program, or the one of the path.
pub fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The folder of the main package.
pub fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn own_folder() -> io::Result<PathBuf> {
    let program = env::current_exe()?;
    program.parent().map(Path::to_path_buf).ok_or_else(|| io::ErrorKind::NotFound.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_versions_of_a_crate_each_has_its_own() {
        let lock = "[[package]]\nname = \"hyper\"\nversion = \"0.11.27\"\n\n[[package]]\nname = \"hyper\"\nversion = \"1.7.0\"\n";
        assert!(ALL[1].versions(lock).starts_with("hyper 0.11.27, tokio-core "));
        assert!(ALL[2].versions(lock).starts_with("hyper 1.7.0, "));
    }

    #[test]
    fn names_and_colors_are_different_ones() {
        for (index, one) in ALL.iter().enumerate() {
            for other in &ALL[index + 1..] {
                assert_ne!(one.name, other.name);
                assert_ne!(one.colors, other.colors);
            }
        }
    }
}
