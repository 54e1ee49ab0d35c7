//! Measures three ways to carry the same service, and writes down what came out: `historical compare` under load,
//! `historical cost` without.
//!
//! `cargo run --release -p historical -- --help` tells the rest.

#![forbid(unsafe_code)]

mod compare;
mod cost;

use std::error::Error;
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
        Command::Compare(options) => compare(&options),
        Command::Cost(options) => cost::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("historical: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The whole comparison has what each costs people on its page, too.
fn compare(options: &compare::Options) -> Result<(), Box<dyn Error>> {
    if options.is_whole() {
        cost::run(&cost::Options::to(&options.out))?;
    }
    compare::run(options)
}
