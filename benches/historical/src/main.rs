//! Compares implementations of the same service: `historical compare` measures them under load, `historical
//! cost` counts what their sources, builds and error messages cost a developer.
//!
//! Run `cargo run --release -p historical -- --help` for the options.

#![forbid(unsafe_code)]

mod compare;
mod cost;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use compare::contestants;

/// One service, carried in several ways: threads, futures 0.1, async/await, Go, Node.
#[derive(Parser)]
#[command(name = "historical")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the same load against each and writes a table, report/index.html and report/results.json.
    Compare(compare::Options),
    /// Builds the programs and prints where they are; those that cannot be built are named on standard error.
    Build,
    /// Measures the sources, builds and error messages of each and writes a table and report/cost.json.
    Cost(cost::Options),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Compare(options) => {
            options.new_folder().map_or(Ok(()), make_folder).and_then(|()| compare(&options))
        }
        Command::Build => build(),
        Command::Cost(options) => make_folder(&options.out).and_then(|()| cost::run(&options)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("historical: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Creates the output folder and checks that it is writable: better now than after half an hour of measuring.
fn make_folder(folder: &Path) -> Result<(), Box<dyn Error>> {
    let tried = fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder));
    tried.map_err(|error| format!("cannot write to the folder {}: {error}", folder.display()))?;
    Ok(())
}

/// For tests, and for whoever wants to try one of the programs by hand.
fn build() -> Result<(), Box<dyn Error>> {
    let contestants = contestants::all();
    contestants::build(&contestants)?;
    for contestant in contestants {
        println!("{}\t{}", contestant.name, contestant.program()?.display());
    }
    Ok(())
}

/// The full comparison has the figures of `cost` on its page, too.
fn compare(options: &compare::Options) -> Result<(), Box<dyn Error>> {
    let before = compare::Clocks::now();
    if options.is_whole() {
        cost::run(&cost::Options::to(options.folder()))?;
    }
    compare::run(options, before)
}
