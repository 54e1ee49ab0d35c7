//! The command line: `memed`'s own, but for the folders. The environment sets nothing.

use std::collections::HashMap;
use std::ffi::OsString;
use std::process::exit;

use memed::command_line::{self, Parsed};
use memed::config::{Config, LogFormat, Preload};
use memed::descriptors;

/// Of sysexits.h: a bad command line.
pub const EX_USAGE: i32 = 64;

/// Parses the arguments (without the program's name). For `--help` and for bad arguments it prints the help or the
/// error, and exits.
pub fn read_or_exit(program: &str, arguments: Vec<OsString>) -> Config {
    match read(arguments) {
        Ok(config) => config,
        Err(NoConfig::Help(text)) => {
            print!("{text}");
            exit(0)
        }
        Err(NoConfig::Mistakes(mistakes)) => {
            for mistake in mistakes {
                eprintln!("{program}: {mistake}");
            }
            exit(EX_USAGE)
        }
    }
}

/// Why there is nothing to serve with.
#[derive(Debug)]
pub enum NoConfig {
    /// Somebody has asked for this text.
    Help(String),
    /// A sentence for each mistake in the arguments.
    Mistakes(Vec<String>),
}

/// Parses the arguments (without the program's name).
///
/// # Errors
/// If they do not ask for a server, or for one of `memed`'s kind only.
pub fn read(arguments: Vec<OsString>) -> Result<Config, NoConfig> {
    let mistake = match command_line::parse(arguments, &HashMap::new()) {
        Ok(Parsed::Serve(config)) if has_folders(&config) => "--templates and --fonts are for memed only",
        Ok(Parsed::Serve(config)) if config.listen_fd.is_some() || config.log_format != LogFormat::Common => {
            "--listen-fd and --log-format are for memed only"
        }
        Ok(Parsed::Serve(config)) => return Ok(*config),
        Ok(Parsed::Run(..)) => "only memed has commands",
        Ok(Parsed::Print(text)) => return Err(NoConfig::Help(text)),
        Err(mistakes) => return Err(NoConfig::Mistakes(mistakes)),
    };
    Err(NoConfig::Mistakes(vec![mistake.to_string()]))
}

/// Raises the descriptor limit as far as the system allows, and derives the number of connections from it, as `memed`
/// does. Call it before starting threads if you can: with threads, the system takes some milliseconds for it.
pub fn prepare_descriptors(config: &Config) {
    if let Err(error) = descriptors::prepare(config.max_connections) {
        eprintln!("cannot raise the limit of descriptors: {error}");
    }
}

/// Whether templates and fonts are to be decoded before they are asked for.
pub fn preloads(config: &Config) -> (bool, bool) {
    match config.preload {
        Preload::All => (true, true),
        Preload::Templates => (true, false),
        Preload::Fonts => (false, true),
        Preload::None => (false, false),
    }
}

/// Folders are checked at each request, which may block where nothing else does, so the comparison leaves them out.
fn has_folders(config: &Config) -> bool {
    config.captioner.templates.is_some() || config.captioner.fonts.is_some()
}
