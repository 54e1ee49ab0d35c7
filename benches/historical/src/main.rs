//! Measures three ways to carry the same service, and writes down what came out: `historical compare` under load,
//! `historical cost` without.
//!
//! `cargo run --release -p historical -- --help` lists the options.

#![forbid(unsafe_code)]

mod compare;
mod cost;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// One service carried in three ways: threads, futures 0.1, async/await.
#[derive(Parser)]
#[command(name = "historical")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plays the same load on each and writes a table, report/index.html and report/results.json.
    Compare(compare::Options),
    /// Measures what each costs people, off sources and binaries, and writes a table and report/cost.json.
    Cost(cost::Options),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Compare(options) => make_folder(&options.out).and_then(|()| compare(&options)),
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

/// Makes the folder for what comes out, and tries whether it can be written to: better now than when all is
/// measured.
fn make_folder(folder: &Path) -> Result<(), Box<dyn Error>> {
    let tried = fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder));
    tried.map_err(|error| format!("cannot write to the folder {}: {error}", folder.display()))?;
    Ok(())
}

/// The whole comparison has what each costs people on its page, too.
fn compare(options: &compare::Options) -> Result<(), Box<dyn Error>> {
    if options.is_whole() {
        cost::run(&cost::Options::to(&options.out))?;
    }
    compare::run(options)
}
