//! The values of knobs, from what was typed or set in the environment.
//!
//! An error is the end of a sentence that begins with "… must be": what is allowed.

use std::ffi::OsStr;
use std::fmt::Display;
use std::net::{SocketAddr, ToSocketAddrs};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use config::{Cors, LogFormat, Preload, DEFAULT_PORT};

/// The descriptors before it are standard input, output and error.
const FIRST_PASSED: i32 = 3;

pub fn in_words<T: Display>(range: &RangeInclusive<T>) -> String {
    format!("{} to {}", range.start(), range.end())
}

fn parsed<T: FromStr>(value: &OsStr) -> Option<T> {
    value.to_str()?.trim().parse().ok()
}

pub fn number<T>(value: &OsStr, range: &RangeInclusive<T>, unit: &str) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display,
{
    let allowed = || format!("a whole number from {} {}", in_words(range), unit).trim_end().to_string();
    parsed(value).filter(|number| range.contains(number)).ok_or_else(allowed)
}

pub fn seconds(value: &OsStr, range: &RangeInclusive<f64>) -> Result<Duration, String> {
    let seconds = parsed(value).filter(|seconds| range.contains(seconds));
    let allowed = || format!("a number of seconds from {}", in_words(range));
    seconds.map(Duration::from_secs_f64).ok_or_else(allowed)
}

pub fn preload(value: &OsStr) -> Result<Preload, String> {
    let value = value.to_str().unwrap_or("").trim();
    let found = Preload::ALL.iter().find(|preload| preload.name() == value);
    found.copied().ok_or_else(|| "templates, fonts, all or none".to_string())
}

pub fn cors(value: &OsStr) -> Result<Cors, String> {
    let value = value.to_str().unwrap_or("").trim();
    let found = Cors::ALL.iter().find(|cors| cors.name() == value);
    found.copied().ok_or_else(|| "pictures or none".to_string())
}

pub fn descriptor(value: &OsStr) -> Result<i32, String> {
    let found = parsed(value).filter(|number| *number >= FIRST_PASSED);
    found.ok_or_else(|| "the number of a descriptor that is passed to memed, 3 or above".to_string())
}

pub fn log_format(value: &OsStr) -> Result<LogFormat, String> {
    let value = value.to_str().unwrap_or("").trim();
    let found = LogFormat::ALL.iter().find(|format| format.name() == value);
    found.copied().ok_or_else(|| "common or json".to_string())
}

/// The word for a switch that is on.
pub const ON: &str = "yes";

pub fn switch(value: &OsStr) -> Result<bool, String> {
    match value.to_str().map(str::trim) {
        Some(ON) => Ok(true),
        Some("no") => Ok(false),
        _ => Err("yes or no".to_string()),
    }
}

pub fn folder(value: &OsStr) -> Result<PathBuf, String> {
    let path = PathBuf::from(value);
    match path.read_dir() {
        Ok(_) => Ok(path),
        Err(error) => Err(format!("a folder that can be read: {}", error)),
    }
}

pub fn address(value: &OsStr) -> Result<SocketAddr, String> {
    value.to_str().and_then(|text| listening_address(text.trim())).ok_or_else(|| {
        "ADDRESS, ADDRESS:PORT or :PORT, as in 127.0.0.1:1337, [::1]:1337 or :8080; a name must resolve"
            .to_string()
    })
}

fn listening_address(text: &str) -> Option<SocketAddr> {
    if let Some(port) = text.strip_prefix(':').and_then(|port| port.parse().ok()) {
        return Some(SocketAddr::from(([0, 0, 0, 0], port)));
    }
    if text.is_empty() || text.bytes().all(|byte| byte.is_ascii_digit()) {
        // The resolver would take a bare number for an IPv4 address, 0.0.x.y; it is meant as a port.
        return None;
    }
    let host = text.trim_start_matches('[').trim_end_matches(']');
    let resolved = text.to_socket_addrs().or_else(|_| (host, DEFAULT_PORT).to_socket_addrs());
    resolved.ok()?.next()
}
