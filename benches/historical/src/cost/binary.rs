//! Measures how large the programs are, and how long they take to build.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use object::{Object, ObjectSection, SectionKind};

use super::alone::Package;
use super::contestants::NAMES;
use crate::compare::contestants::{ALL, build, cargo};

/// Bytes.
pub struct Size {
    /// Of the file, with symbols and line tables.
    pub file: u64,
    /// Of what is loaded of it: code and data.
    pub loaded: u64,
    /// Of its machine code.
    pub code: u64,
}

impl Size {
    /// Of a program of any system.
    ///
    /// # Errors
    /// If there is none, or it is none.
    pub fn of(program: &Path) -> Result<Size, Box<dyn Error>> {
        let bytes = fs::read(program).map_err(|error| format!("{}: {error}", program.display()))?;
        let object =
            object::File::parse(&*bytes).map_err(|error| format!("{}: {error}", program.display()))?;
        // Symbols and line tables have no address.
        let loaded = object.sections().filter(|section| section.address() != 0);
        let loaded = loaded.filter(|section| section.kind() != SectionKind::UninitializedData);
        let text = object.sections().filter(|section| section.kind() == SectionKind::Text);
        Ok(Size {
            file: bytes.len() as u64,
            loaded: loaded.map(|section| section.size()).sum(),
            code: text.map(|section| section.size()).sum(),
        })
    }
}

/// Builds the three programs in Rust as `compare` does, and says where they are, in the order of the contestants.
///
/// # Errors
/// If they do not build.
pub fn programs() -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let three: Vec<_> = ALL.iter().filter(|one| NAMES.contains(&one.name)).collect();
    build(&three)?;
    Ok(three.iter().map(|one| one.program()).collect::<Result<_, _>>()?)
}

/// Builds a program for release, with all crates that it needs, in a new target folder, and says how long it took.
/// The crates are downloaded already.
///
/// # Errors
/// If it does not build.
pub fn build_time(package: &Package, target: &Path) -> Result<Duration, Box<dyn Error>> {
    let program = package.program.ok_or("a library is not timed")?;
    let mut command = Command::new(cargo());
    command.current_dir(&package.folder).args([
        "build",
        "--release",
        "--offline",
        "--quiet",
        "--bin",
        program,
    ]);
    command.arg("--target-dir").arg(target);
    let start = Instant::now();
    let status = command.status()?;
    let time = start.elapsed();
    if !status.success() {
        return Err(format!("{program} does not build alone").into());
    }
    fs::remove_dir_all(target)?;
    Ok(time)
}

#[cfg(test)]
mod tests {
    use std::env;

    use super::*;
    use crate::cost::contestants::HERE;

    #[test]
    fn this_test_is_a_program_with_code_in_it() {
        let size = Size::of(&env::current_exe().unwrap()).unwrap();
        let Size { file, loaded, code } = size;
        assert!(code > 100_000 && loaded > code && file > loaded, "{code} of {loaded} of {file}");
    }

    #[test]
    fn a_manifest_is_no_program() {
        assert!(Size::of(&Path::new(HERE).join("Cargo.toml")).is_err());
    }
}
