//! Counts the crates that a package is built from.

use std::collections::BTreeSet;
use std::error::Error;
use std::process::Command;

use super::alone::Package;
use crate::compare::contestants::cargo;

/// The crates that end up in what is built for this machine, by name and version; without those that only run at
/// build time (build scripts, derive macros), and without the packages here.
///
/// # Errors
/// If cargo cannot resolve them without the network.
pub fn linked(package: &Package) -> Result<BTreeSet<String>, Box<dyn Error>> {
    let mut command = Command::new(cargo());
    command.current_dir(&package.folder);
    command.args([
        "tree",
        "--offline",
        "--edges",
        "normal,no-proc-macro",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]);
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("cargo tree: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(of_registry(&String::from_utf8(output.stdout)?))
}

/// The lines of `cargo tree` for crates that come from elsewhere, each once.
fn of_registry(tree: &str) -> BTreeSet<String> {
    // Whatever comes after name and version is a path, or says that it was there before.
    let crates = tree.lines().filter(|line| !line.contains("(/") && !line.contains(":\\"));
    let crates = crates.map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "));
    crates.filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::of_registry;

    #[test]
    fn each_crate_counts_once_and_those_here_do_not() {
        let tree = "threads v0.1.0 (/tmp/a)\nbytes v1.0.0\nbytes v0.4.12\n\
                    memed v0.1.0 (C:\\b)\nlog v0.4.1\nbytes v1.0.0 (*)\n\n";
        assert_eq!(
            of_registry(tree).into_iter().collect::<Vec<_>>(),
            ["bytes v0.4.12", "bytes v1.0.0", "log v0.4.1"]
        );
    }
}
