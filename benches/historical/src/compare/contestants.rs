//! The programs that are compared, and how each is built.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One way to carry a request.
pub struct Contestant {
    pub name: &'static str,
    /// What it is, in a few words.
    pub what: &'static str,
    binary: &'static str,
    /// The crates that place it in time, as `Cargo.lock` names them.
    pub crates: &'static [(&'static str, &'static str)],
    /// Its color in plots, on white and on black; colour-blind people can tell the three apart.
    pub colors: [&'static str; 2],
}

/// All contestants, the oldest model first. Each takes the same arguments and prints where it listens.
pub const ALL: &[Contestant] = &[
    Contestant {
        name: "threads",
        what: "one thread per connection, blocking I/O",
        binary: "threads",
        crates: &[("httparse", "1.")],
        colors: ["#D55E00", "#FF9A52"],
    },
    Contestant {
        name: "futures-0.1",
        what: "memed itself: one reactor, combinator chains",
        binary: "memed",
        crates: &[("hyper", "0.11."), ("tokio-core", "0.1."), ("futures", "0.1.")],
        colors: ["#0072B2", "#5CB8EE"],
    },
    Contestant {
        name: "async-await",
        what: "today's style, on a pool of worker threads",
        binary: "async-await",
        crates: &[("hyper", "1."), ("tokio", "1.")],
        colors: ["#007F5F", "#3FCB9F"],
    },
];

impl Contestant {
    /// Where its program is: beside this one.
    ///
    /// # Errors
    /// If the path of this program is unknown.
    pub fn program(&self) -> io::Result<PathBuf> {
        Ok(own_folder()?.join(self.binary).with_extension(env::consts::EXE_EXTENSION))
    }

    /// The crates that it stands on, with their versions out of a `Cargo.lock`.
    pub fn versions(&self, lock: &str) -> String {
        let version = |&(name, prefix): &(&str, &str)| {
            let start = format!("name = \"{name}\"\nversion = \"");
            let mut versions = lock.split(start.as_str()).skip(1).filter_map(|rest| rest.split('"').next());
            format!(
                "{name} {}",
                versions.find(|version| version.starts_with(prefix)).unwrap_or(prefix.trim_end_matches('.'))
            )
        };
        self.crates.iter().map(version).collect::<Vec<_>>().join(", ")
    }
}

/// Builds the programs of all of them, into the folder and with the profile that this one was built with.
///
/// # Errors
/// If cargo cannot be run, or fails; it has printed the reason to standard error then.
pub fn build(contestants: &[&Contestant]) -> Result<(), Box<dyn Error>> {
    let folder = own_folder()?;
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
    // Always both packages, even if only one contestant is compared: with one alone, the dependencies would have
    // other features, and would be built again.
    cargo.args(["--package", "memed", "--package", "historical"]);
    for contestant in contestants {
        cargo.args(["--bin", contestant.binary]);
    }
    if cargo.status()?.success() { Ok(()) } else { Err("the contestants cannot be built".into()) }
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
