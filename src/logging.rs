//! Sets up the log: which lines go to standard error, and what they look like.

use std::env;
use std::io::Write;

use env_logger::Builder;

use config::LogLevel;
use server::ACCESS_LOG;

/// Starts logging to standard error. To be called once. `RUST_LOG` overrides the level.
///
/// Lines of the access log are written as they are, in Common Log Format, so that tools for that format can read
/// them. All others begin with their crate and level.
pub fn start(level: LogLevel) {
    let filters = env::var("RUST_LOG").unwrap_or_else(|_| filters(level).to_string());
    let mut builder = Builder::new();
    builder.parse_filters(&filters);
    builder.format(|out, record| {
        if record.target() == ACCESS_LOG {
            writeln!(out, "{}", record.args())
        } else {
            let krate = record.target().split("::").next().unwrap_or("memed");
            writeln!(out, "{}: {}: {}", krate, record.level().to_string().to_lowercase(), record.args())
        }
    });
    builder.init();
}

/// A level in the words of `RUST_LOG`. Only the last one lets the HTTP stack's debug lines through: there are so many
/// that ours would be hard to find.
fn filters(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Errors => "error",
        // No requests, and of what is wrong with them only what is our fault.
        LogLevel::Events => "warn,memed=info,memed::access=off,memed::requests=error",
        LogLevel::Requests => "warn,memed=info",
        LogLevel::Debug => "warn,memed=debug",
        LogLevel::Trace => "debug,memed=trace",
    }
}
