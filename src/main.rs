//! Command line to [`Config`], `Config` to a running [`Server`], and how it ended to an exit code.

#![forbid(unsafe_code)]

#[macro_use]
extern crate log;
extern crate memed;

use std::collections::HashMap;
use std::env;
use std::process::exit;

use memed::command_line::{self, Parsed};
use memed::config::Config;
use memed::descriptors;
use memed::logging;
use memed::server::{shutdown, Server};

// Of sysexits.h: what shells and supervisors know.
const EX_USAGE: i32 = 64;
const EX_OSERR: i32 = 71;

fn main() {
    let environment: HashMap<_, _> = env::vars_os()
        .filter_map(|(name, value)| name.into_string().ok().map(|name| (name, value)))
        .collect();
    let config = match command_line::parse(env::args_os().skip(1), &environment) {
        Ok(Parsed::Serve(config)) => *config,
        Ok(Parsed::Print(text)) => {
            print!("{}", text);
            return;
        }
        Err(errors) => {
            for error in errors {
                eprintln!("memed: {}", error);
            }
            eprintln!("memed: --help tells what there is");
            exit(EX_USAGE)
        }
    };
    logging::start(config.log);
    prepare_descriptors(config.max_connections);
    exit(serve(config))
}

/// If they do not reach for all connections, the last ones wait as they do at the cap.
fn prepare_descriptors(connections: usize) {
    match descriptors::prepare(connections) {
        Ok(limit) if limit < connections as u64 => {
            warn!("there are {} descriptors for {} connections (see ulimit -n)", limit, connections)
        }
        Ok(_) => {}
        Err(error) => warn!("cannot raise the limit of descriptors: {}", error),
    }
}

fn serve(config: Config) -> i32 {
    let address = config.address;
    let server = match Server::bind(config) {
        Ok(server) => server,
        Err(error) => {
            error!("cannot listen on {}: {}", address, error);
            return EX_OSERR;
        }
    };
    let signal = match shutdown::on_signals(&server.handle()) {
        Ok(signal) => signal,
        Err(error) => {
            error!("cannot watch for signals: {}", error);
            return EX_OSERR;
        }
    };
    info!("listening on http://{}", server.local_addr());
    match server.run_until(signal) {
        Ok(()) => 0,
        Err(error) => {
            error!("the reactor failed: {}", error);
            EX_OSERR
        }
    }
}
