//! Every knob that takes a value: one row each, from which the help, the errors and the environment variables are
//! made. A new knob is a field of [`Config`] and a row here.
//!
//! A row's setter gives access to the knob's field. So the default in the help is read from `Config::default()`
//! and is written down nowhere else.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::values::{self, in_words};
use config::{Config, Cors, LogFormat, Preload, MAX_REQUEST_TIMEOUT};

/// A knob that takes a value.
pub struct Knob {
    /// What is typed after `--`.
    pub name: &'static str,
    /// What the help calls the value.
    pub value: &'static str,
    /// What it does, without range and default.
    pub help: &'static str,
    /// What its values are, and the field that they set.
    pub kind: Kind,
}

/// The values of a knob, and access to its field.
pub enum Kind {
    /// A number of threads; by default there is one for each core, so the help has a word for it.
    Threads { range: RangeInclusive<usize>, field: fn(&mut Config) -> &mut usize },
    /// A whole number.
    Number { range: RangeInclusive<usize>, unit: &'static str, field: fn(&mut Config) -> &mut usize },
    /// A number of MiB. The field is in bytes.
    Mib { range: RangeInclusive<usize>, field: fn(&mut Config) -> &mut usize },
    /// The quality of an encoder.
    Quality { range: RangeInclusive<u8>, field: fn(&mut Config) -> &mut u8 },
    /// A number of seconds, with or without decimals.
    Seconds { range: RangeInclusive<f64>, field: fn(&mut Config) -> &mut Duration },
    /// What to decode at start.
    Preload { field: fn(&mut Config) -> &mut Preload },
    /// What pages of other origins may use.
    Cors { field: fn(&mut Config) -> &mut Cors },
    /// A descriptor that is passed to the program.
    Descriptor { field: fn(&mut Config) -> &mut Option<i32> },
    /// What a line of the log looks like.
    LogFormat { field: fn(&mut Config) -> &mut LogFormat },
    /// On if it is named. In the environment, and behind `=`, it is `yes` or `no`.
    Switch { field: fn(&mut Config) -> &mut bool },
    /// A folder that can be read.
    Folder { field: fn(&mut Config) -> &mut Option<PathBuf> },
    /// An address to listen on.
    Address { field: fn(&mut Config) -> &mut SocketAddr },
}

/// The largest cache: one TiB.
const MAX_CACHE_MIB: usize = 1 << 20;
/// The time limits that a client may be given, in seconds.
const CLIENT_TIMEOUT: RangeInclusive<f64> = 0.01..=3600.0;

/// The address, the only knob without a name of its own on the command line.
pub static ADDRESS: Knob = Knob {
    name: "address",
    value: "[ADDRESS][:PORT]",
    help: "Where to listen; \":8080\" is port 8080 on all IPv4 interfaces",
    kind: Kind::Address { field: |config| &mut config.address },
};

/// The knob that stands in for the address.
pub const LISTEN_FD: &str = "listen-fd";

/// The knobs with a name, in the order of the help.
pub static KNOBS: &[Knob] = &[
    Knob {
        name: LISTEN_FD,
        value: "N",
        help: "Serve on a listening socket that is passed to memed as this descriptor, as systemd does; not on an address",
        kind: Kind::Descriptor { field: |config| &mut config.listen_fd },
    },
    Knob {
        name: "render-threads",
        value: "N",
        help: "Threads that draw",
        kind: Kind::Threads { range: 1..=512, field: |config| &mut config.render_threads },
    },
    Knob {
        name: "queue",
        value: "N",
        help: "Requests that may wait for a thread",
        kind: Kind::Number { range: 0..=100_000, unit: "requests", field: |config| &mut config.queue },
    },
    Knob {
        name: "queue-per-client",
        value: "N",
        help: "Of these, requests of one client",
        kind: Kind::Number {
            range: 0..=100_000,
            unit: "requests",
            field: |config| &mut config.queue_per_client,
        },
    },
    Knob {
        name: "template-cache",
        value: "MIB",
        help: "Memory for decoded templates",
        kind: Kind::Mib { range: 0..=MAX_CACHE_MIB, field: |config| &mut config.captioner.template_cache },
    },
    Knob {
        name: "font-cache",
        value: "MIB",
        help: "Memory for fonts",
        kind: Kind::Mib { range: 0..=MAX_CACHE_MIB, field: |config| &mut config.captioner.font_cache },
    },
    Knob {
        name: "result-cache",
        value: "MIB",
        help: "Memory for finished pictures; 0 for no cache",
        kind: Kind::Mib { range: 0..=MAX_CACHE_MIB, field: |config| &mut config.result_cache },
    },
    Knob {
        name: "preload",
        value: "WHAT",
        help: "What to decode at start",
        kind: Kind::Preload { field: |config| &mut config.preload },
    },
    Knob {
        name: "jpeg-quality",
        value: "N",
        help: "Quality of JPEGs that are made from another format or size; others keep their template's",
        kind: Kind::Quality { range: 1..=100, field: |config| &mut config.captioner.jpeg_quality },
    },
    Knob {
        name: "gif-quality",
        value: "N",
        help: "Quality of the colors of a scaled animation; higher looks better, lower is faster",
        kind: Kind::Quality { range: 1..=100, field: |config| &mut config.captioner.gif_quality },
    },
    Knob {
        name: "request-timeout",
        value: "SECONDS",
        help: "Time limit for a request's body, and then for its picture, time in the queue included",
        kind: Kind::Seconds {
            range: 0.01..=MAX_REQUEST_TIMEOUT.as_secs() as f64,
            field: |config| &mut config.request_timeout,
        },
    },
    Knob {
        name: "shutdown-timeout",
        value: "SECONDS",
        help: "Time limit for the requests in flight after a signal to stop",
        kind: Kind::Seconds { range: 0.0..=3600.0, field: |config| &mut config.shutdown_timeout },
    },
    Knob {
        name: "header-timeout",
        value: "SECONDS",
        help: "Time limit for the head of a request",
        kind: Kind::Seconds { range: CLIENT_TIMEOUT, field: |config| &mut config.header_timeout },
    },
    Knob {
        name: "keep-alive-timeout",
        value: "SECONDS",
        help: "How long a connection may be idle between requests",
        kind: Kind::Seconds { range: CLIENT_TIMEOUT, field: |config| &mut config.keep_alive_timeout },
    },
    Knob {
        name: "write-timeout",
        value: "SECONDS",
        help: "How long a client may take to read each 64 KiB of a response",
        kind: Kind::Seconds { range: CLIENT_TIMEOUT, field: |config| &mut config.write_timeout },
    },
    Knob {
        name: "max-connections",
        value: "N",
        help: "Connections that are open at the same time; one more takes the place of the one idle longest",
        kind: Kind::Number {
            range: 1..=1_000_000,
            unit: "connections",
            field: |config| &mut config.max_connections,
        },
    },
    Knob {
        name: "max-connections-per-client",
        value: "N",
        help: "Of these, connections from one address",
        kind: Kind::Number {
            range: 1..=1_000_000,
            unit: "connections",
            field: |config| &mut config.max_connections_per_client,
        },
    },
    Knob {
        name: "max-body",
        value: "BYTES",
        help: "The largest body of a request, unless it brings a picture",
        kind: Kind::Number { range: 1..=1 << 30, unit: "bytes", field: |config| &mut config.max_body },
    },
    Knob {
        name: "max-upload",
        value: "BYTES",
        help: "The largest body that is a picture, or a form with one",
        kind: Kind::Number { range: 1..=1 << 30, unit: "bytes", field: |config| &mut config.max_upload },
    },
    Knob {
        name: "buffers",
        value: "MIB",
        help: "Memory for requests that are not answered yet and for pictures on their way, of all clients",
        kind: Kind::Mib { range: 1..=MAX_CACHE_MIB, field: |config| &mut config.buffers },
    },
    Knob {
        name: "trust-forwarded",
        value: "N",
        help: "Trusted proxies in front, whose X-Forwarded-For or Forwarded says who asks",
        kind: Kind::Number { range: 0..=16, unit: "proxies", field: |config| &mut config.trust_forwarded },
    },
    Knob {
        name: "cors",
        value: "WHAT",
        help: "What web pages of other origins may use",
        kind: Kind::Cors { field: |config| &mut config.cors },
    },
    Knob {
        name: "templates",
        value: "DIR",
        help: "A folder of templates to serve along with the built-in ones",
        kind: Kind::Folder { field: |config| &mut config.captioner.templates },
    },
    Knob {
        name: "lenient",
        value: "yes|no",
        help: "Show a picture whose file is damaged or ends early as far as it can be decoded",
        kind: Kind::Switch { field: |config| &mut config.captioner.lenient },
    },
    Knob {
        name: "fonts",
        value: "DIR",
        help: "A folder of fonts to serve along with the built-in ones",
        kind: Kind::Folder { field: |config| &mut config.captioner.fonts },
    },
    Knob {
        name: "log-format",
        value: "FORMAT",
        help: "What the log looks like: lines in Common Log Format with sentences between them, or JSON objects",
        kind: Kind::LogFormat { field: |config| &mut config.log_format },
    },
];

impl Knob {
    /// The environment variable that sets it.
    pub fn variable(&self) -> String {
        format!("MEMED_{}", self.name.to_uppercase().replace('-', "_"))
    }

    /// The default as one would type it; `None` if there is nothing by default.
    pub fn default(&self) -> Option<String> {
        let mut config = Config::default();
        match self.kind {
            Kind::Threads { .. } => Some("cores".to_string()),
            Kind::Number { field, .. } => Some(field(&mut config).to_string()),
            Kind::Mib { field, .. } => Some((*field(&mut config) >> 20).to_string()),
            Kind::Quality { field, .. } => Some(field(&mut config).to_string()),
            Kind::Seconds { field, .. } => Some(field(&mut config).as_secs_f64().to_string()),
            Kind::Preload { field } => Some(field(&mut config).name().to_string()),
            Kind::Cors { field } => Some(field(&mut config).name().to_string()),
            Kind::LogFormat { field } => Some(field(&mut config).name().to_string()),
            Kind::Switch { .. } | Kind::Descriptor { .. } => None,
            Kind::Folder { field } => field(&mut config).as_ref().map(|path| path.display().to_string()),
            Kind::Address { field } => Some(field(&mut config).to_string()),
        }
    }

    /// The help with range and default, in clap's form for them.
    pub fn full_help(&self) -> String {
        let values = match self.kind {
            Kind::Threads { ref range, .. }
            | Kind::Number { ref range, .. }
            | Kind::Mib { ref range, .. } => {
                format!(" [range: {}]", in_words(range))
            }
            Kind::Quality { ref range, .. } => format!(" [range: {}]", in_words(range)),
            Kind::Seconds { ref range, .. } => format!(" [range: {}]", in_words(range)),
            Kind::Preload { .. } => {
                format!(" [possible values: {}]", Preload::ALL.map(Preload::name).join(", "))
            }
            Kind::Cors { .. } => format!(" [possible values: {}]", Cors::ALL.map(Cors::name).join(", ")),
            Kind::LogFormat { .. } => {
                format!(" [possible values: {}]", LogFormat::ALL.map(LogFormat::name).join(", "))
            }
            Kind::Switch { .. } | Kind::Descriptor { .. } | Kind::Folder { .. } | Kind::Address { .. } => {
                String::new()
            }
        };
        let default = self.default().map(|default| format!(" [default: {}]", default));
        format!("{}{}{}", self.help, values, default.unwrap_or_default())
    }

    /// Sets its field.
    ///
    /// # Errors
    /// What the value must be. The field stays as it is.
    pub fn set(&self, value: &OsStr, config: &mut Config) -> Result<(), String> {
        match self.kind {
            Kind::Threads { ref range, field } => *field(config) = values::number(value, range, "threads")?,
            Kind::Number { ref range, unit, field } => *field(config) = values::number(value, range, unit)?,
            Kind::Mib { ref range, field } => *field(config) = values::number(value, range, "MiB")? << 20,
            Kind::Quality { ref range, field } => *field(config) = values::number(value, range, "")?,
            Kind::Seconds { ref range, field } => *field(config) = values::seconds(value, range)?,
            Kind::Preload { field } => *field(config) = values::preload(value)?,
            Kind::Cors { field } => *field(config) = values::cors(value)?,
            Kind::Descriptor { field } => *field(config) = Some(values::descriptor(value)?),
            Kind::LogFormat { field } => *field(config) = values::log_format(value)?,
            Kind::Switch { field } => *field(config) = values::switch(value)?,
            Kind::Folder { field } => *field(config) = Some(values::folder(value)?),
            Kind::Address { field } => *field(config) = values::address(value)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Knob, KNOBS};

    /// README's rows of knobs: the cells of each.
    fn rows() -> Vec<Vec<&'static str>> {
        let readme = include_str!("../../README.md");
        let rows = readme.lines().filter(|line| line.starts_with("| `--"));
        rows.map(|row| row.split('|').map(str::trim).collect()).collect()
    }

    /// The help's words for a knob and its value, as README has them.
    fn flag(knob: &Knob) -> String {
        match knob.kind {
            Kind::Switch { .. } => format!("`--{}`", knob.name),
            _ => format!("`--{} {}`", knob.name, knob.value),
        }
    }

    #[test]
    fn the_readme_has_every_knob_with_its_default() {
        let rows = rows();
        for knob in KNOBS {
            let (flag, default) = (flag(knob), knob.default().unwrap_or_default());
            // A row may have several knobs, with as many defaults, in the same order.
            let row = rows.iter().find(|row| row[1].contains(&flag));
            let row = row.unwrap_or_else(|| panic!("the README has no {}", flag));
            let place = row[1].split(", ").position(|knob| knob == flag);
            let defaults: Vec<_> = row[2].split(", ").collect();
            let told = place.and_then(|place| defaults.get(place)).copied().unwrap_or("");
            assert_eq!(told, default, "{}", flag);
        }
    }

    #[test]
    fn the_readme_has_no_other_knob() {
        let flags: Vec<_> = KNOBS.iter().map(flag).collect();
        for row in rows() {
            for told in row[1].split(", ") {
                assert!(flags.iter().any(|flag| flag == told), "{} is in the README only", told);
            }
        }
    }

    #[test]
    fn the_readme_has_the_ranges() {
        let rows = rows();
        for knob in KNOBS {
            let end = match knob.kind {
                Kind::Threads { ref range, .. } | Kind::Number { ref range, .. } => range.end().to_string(),
                Kind::Quality { ref range, .. } => range.end().to_string(),
                Kind::Seconds { ref range, .. } => range.end().to_string(),
                _ => continue,
            };
            let row = rows.iter().find(|row| row[1].contains(&flag(knob))).expect("see the test above");
            assert!(row[3].contains(&format!(" to {}", end)), "{} goes up to {}", knob.name, end);
        }
    }
}
