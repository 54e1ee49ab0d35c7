//! The program: runs what the command line asks for, and turns the outcome into an exit code.

#![deny(unsafe_code)]

#[macro_use]
extern crate log;
extern crate memed;
#[cfg(target_os = "linux")]
extern crate rustix;
extern crate thiserror;
#[cfg(unix)]
extern crate tikv_jemallocator;

mod passed_socket;

use std::env;
use std::process::exit;

use memed::command_line::{self, Parsed};
use memed::commands;
use memed::config::Config;
use memed::descriptors;
use memed::logging;
#[cfg(target_os = "linux")]
use memed::server::supervisor;
use memed::server::{signals, Server};
#[cfg(unix)]
use tikv_jemallocator::Jemalloc;

/// Gives freed memory back within seconds (see `.cargo/config.toml`); glibc keeps up to 64 MiB for each thread.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

// From sysexits.h, which shells and supervisors know.
const EX_USAGE: i32 = 64;
const EX_OSERR: i32 = 71;

fn main() {
    exit(match command_line::of_process() {
        Ok(Parsed::Serve(config)) => {
            logging::start(config.log, config.log_format);
            serve(*config).map_or_else(failed, |()| 0)
        }
        Ok(Parsed::Run(config, order)) => {
            logging::start(config.log, config.log_format);
            commands::run(*config, *order)
        }
        Ok(Parsed::Print(text)) => commands::print(&text),
        Err(mistakes) => {
            mistakes.iter().for_each(|mistake| commands::tell(mistake));
            EX_USAGE
        }
    })
}

/// Serves until a signal ends it.
fn serve(mut config: Config) -> Result<(), String> {
    // First of all, before a descriptor of our own could have that number.
    let passed = config.listen_fd.map(passed_socket::take).transpose().map_err(|error| error.to_string())?;
    if passed.is_none() && env::var_os("LISTEN_FDS").is_some() {
        warn!("LISTEN_FDS says that a socket was passed, and --listen-fd does not say to use it");
    }
    // Before there are clients.
    config.max_connections = descriptors::prepare_or_warn(config.max_connections);
    let address = config.address;
    let server = match passed {
        Some(listener) => Server::over(listener, config).map_err(|error| format!("cannot serve: {}", error)),
        None => Server::bind(config).map_err(|error| command_line::cannot_listen(address, &error)),
    }?;
    let signal = signals::on_signals(&server.handle())
        .map_err(|error| format!("cannot watch for signals: {}", error))?;
    let status = format!("listening on http://{}", server.local_addr());
    info!("{}", status);
    #[cfg(target_os = "linux")]
    let signal = supervisor::attend(&server.handle(), signal, &status);
    server.run_until(signal).map_err(|error| format!("the reactor failed: {}", error))
}

fn failed(sentence: String) -> i32 {
    error!("{}", sentence);
    EX_OSERR
}
