//! Sets up the log: which lines go to standard error, and what they look like.

use std::env;
use std::io::{self, Write};
use std::panic;

use env_logger::fmt::Formatter;
use env_logger::Builder;
use jiff::Timestamp;
use log::kv::{self, Key, Value, VisitSource, VisitValue};
use log::Record;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json;

use config::{LogFormat, LogLevel};
use server::ACCESS_LOG;

/// Starts logging to standard error. To be called once. `RUST_LOG` overrides the level.
pub fn start(level: LogLevel, format: LogFormat) {
    let filters = env::var("RUST_LOG").unwrap_or_else(|_| filters(level).to_string());
    let mut builder = Builder::new();
    builder.parse_filters(&filters);
    builder.format(match format {
        LogFormat::Common => common,
        LogFormat::Json => json,
    });
    builder.init();
    if format == LogFormat::Json {
        // Panics are caught and answered, but the standard library tells of them first, in lines of its own.
        panic::set_hook(Box::new(|panic| error!("{}", panic)));
    }
}

/// Lines of the access log are written as they are, in Common Log Format, so that tools for that format can read
/// them. All others begin with their crate and level.
fn common(out: &mut Formatter, record: &Record) -> io::Result<()> {
    if record.target() == ACCESS_LOG {
        return writeln!(out, "{}", record.args());
    }
    let krate = record.target().split("::").next().unwrap_or("memed");
    writeln!(out, "{}: {}: {}", krate, record.level().to_string().to_lowercase(), record.args())
}

/// An object for each record: when, how important and from where; then a message or, of a request, its fields.
///
/// It is written as it is visited, without a tree or a map in memory.
fn json(out: &mut Formatter, record: &Record) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::new(&mut *out);
    let mut object = serializer.serialize_map(None)?;
    object.serialize_entry("time", &format_args!("{:.3}", Timestamp::now()))?;
    object.serialize_entry("level", &record.level().to_string().to_lowercase())?;
    object.serialize_entry("target", record.target())?;
    if record.target() != ACCESS_LOG {
        object.serialize_entry("message", record.args())?;
    }
    record.key_values().visit(&mut Fields(&mut object)).map_err(io::Error::other)?;
    object.end()?;
    out.write_all(b"\n")
}

/// Writes the fields of a record that have a value into an object.
struct Fields<'a, M: 'a>(&'a mut M);

impl<'a, 'kvs, M: SerializeMap> VisitSource<'kvs> for Fields<'a, M> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        value.visit(Field { object: &mut *self.0, name: key.as_str() })
    }
}

/// Writes one of them. Numbers stay numbers; what has no type in JSON is a string.
struct Field<'a, M: 'a> {
    object: &'a mut M,
    name: &'a str,
}

impl<'a, M: SerializeMap> Field<'a, M> {
    fn write<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), kv::Error> {
        self.object
            .serialize_entry(self.name, value)
            .map_err(|_| kv::Error::msg("standard error is not writable"))
    }
}

impl<'a, 'v, M: SerializeMap> VisitValue<'v> for Field<'a, M> {
    fn visit_any(&mut self, value: Value) -> Result<(), kv::Error> {
        self.write(&format_args!("{}", value))
    }

    fn visit_null(&mut self) -> Result<(), kv::Error> {
        Ok(())
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), kv::Error> {
        self.write(&value)
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), kv::Error> {
        self.write(&value)
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), kv::Error> {
        self.write(&value)
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), kv::Error> {
        self.write(&value)
    }

    fn visit_str(&mut self, value: &str) -> Result<(), kv::Error> {
        self.write(value)
    }
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
