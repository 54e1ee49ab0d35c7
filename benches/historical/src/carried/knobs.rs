//! The command line: `memed`'s own, but for the folders. The environment sets nothing.

use std::collections::HashMap;
use std::ffi::OsString;
use std::process::exit;

use memed::command_line::{self, Parsed};
use memed::config::{Config, LogFormat, Preload};
use memed::descriptors;

/// Of sysexits.h: a bad command line.
const EX_USAGE: i32 = 64;

/// Parses the arguments (without the program's name). For `--help` and for bad arguments it prints the help or the
/// error, and exits.
pub fn read_or_exit(program: &str, arguments: Vec<OsString>) -> Config {
    let errors = match command_line::parse(arguments, &HashMap::new()) {
        Ok(Parsed::Serve(config)) if has_folders(&config) => {
            vec!["--templates and --fonts are for memed only".to_string()]
        }
        Ok(Parsed::Serve(config)) if config.listen_fd.is_some() || config.log_format != LogFormat::Common => {
            vec!["--listen-fd and --log-format are for memed only".to_string()]
        }
        Ok(Parsed::Serve(config)) => return *config,
        Ok(Parsed::Run(..)) => vec!["only memed has commands".to_string()],
        Ok(Parsed::Print(text)) => {
            print!("{text}");
            exit(0)
        }
        Err(errors) => errors,
    };
    for error in errors {
        eprintln!("{program}: {error}");
    }
    exit(EX_USAGE)
}

/// Raises the descriptor limit as far as the system allows, and derives the number of connections from it, as `memed`
/// does. Call it before starting threads.
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
