//! The command line and the environment: what was typed becomes a [`Config`], or a list of everything that is
//! wrong with it.
//!
//! A knob can be set as `--some-knob` or as `MEMED_SOME_KNOB`; the command line wins. Numbers are taken as
//! text first and understood second, so that all bad values are found, not only the first.

mod knobs;

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt::Display;
use std::net::{SocketAddr, ToSocketAddrs};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command};

use self::knobs::KNOBS;
use captioner::Settings;
use config::{Config, LogLevel, Preload, DEFAULT_PORT, MAX_REQUEST_TIMEOUT};

/// What the command line asks for.
#[derive(Debug)]
pub enum Parsed {
    /// To serve.
    Serve(Box<Config>),
    /// To print this and end: `--help`, `--version`.
    Print(String),
}

/// Seconds that a client may be given.
const CLIENT_TIMEOUTS: RangeInclusive<f64> = 0.01..=3600.0;

/// Understands a command line (without the program's name) and, under it, the environment.
///
/// # Errors
/// One sentence for each thing that is wrong, all of them.
pub fn parse<A>(arguments: A, environment: &HashMap<String, OsString>) -> Result<Parsed, Vec<String>>
where
    A: IntoIterator<Item = OsString>,
{
    let matches = match command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => {
            let text = error.render().to_string();
            return if error.use_stderr() {
                // What comes after it are a usage that is as long as the help, and tips that do not fit.
                let sentence = text.split("\n\n").next().unwrap_or("").trim_start_matches("error: ");
                Err(vec![sentence.to_string()])
            } else {
                Ok(Parsed::Print(text))
            };
        }
    };
    let mut typed = Typed { matches: &matches, environment, errors: Vec::new() };
    let config = typed.config();
    if typed.errors.is_empty() {
        Ok(Parsed::Serve(Box::new(config)))
    } else {
        Err(typed.errors)
    }
}

fn command() -> Command {
    let knobs = KNOBS.iter().map(|knob| {
        Arg::new(knob.name)
            .long(knob.name)
            .value_name(knob.value)
            .help(knob.help)
            .value_parser(clap::value_parser!(OsString))
            // "-1" is a bad value of the knob before it, not an unknown knob.
            .allow_hyphen_values(true)
    });
    Command::new("memed")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Puts text on pictures, over HTTP.")
        .no_binary_name(true)
        .arg(
            Arg::new("address")
                .value_name("[ADDRESS][:PORT]")
                .help("Where to listen; \":8080\" is port 8080 of all IPv4 interfaces [default: 127.0.0.1:1337]")
                .value_parser(clap::value_parser!(OsString)),
        )
        .args(knobs)
        .arg(
            Arg::new("verbose")
                .short('v')
                .long("verbose")
                .action(ArgAction::Count)
                .help("Log more; twice: also what the HTTP stack does"),
        )
        .arg(
            Arg::new("quiet")
                .short('q')
                .long("quiet")
                .action(ArgAction::Count)
                .conflicts_with("verbose")
                .help("Log no requests; twice: only errors"),
        )
        .after_help(
            "Every knob with a value can also be set in the environment: --render-threads as \
             MEMED_RENDER_THREADS, the address as MEMED_ADDRESS. RUST_LOG overrides -v and -q.",
        )
}

/// What was typed, and what turned out to be wrong with it.
struct Typed<'a> {
    matches: &'a ArgMatches,
    environment: &'a HashMap<String, OsString>,
    errors: Vec<String>,
}

impl<'a> Typed<'a> {
    fn config(&mut self) -> Config {
        let default = Config::default();
        let mib = |bytes: usize| bytes >> 20;
        let cache_range = 0..=1 << 20;
        let settings = Settings {
            templates: self.folder("templates"),
            fonts: self.folder("fonts"),
            template_cache: self.number(
                "template-cache",
                mib(default.captioner.template_cache),
                cache_range.clone(),
                "MiB",
            ) << 20,
            font_cache: self.number(
                "font-cache",
                mib(default.captioner.font_cache),
                cache_range.clone(),
                "MiB",
            ) << 20,
            jpeg_quality: self.number("jpeg-quality", default.captioner.jpeg_quality, 1..=100, ""),
            gif_quality: self.number("gif-quality", default.captioner.gif_quality, 1..=100, ""),
        };
        Config {
            address: self.address(default.address),
            render_threads: self.number("render-threads", default.render_threads, 1..=512, "threads"),
            queue: self.number("queue", default.queue, 0..=100_000, "requests"),
            preload: self.preload(default.preload),
            request_timeout: self.seconds(
                "request-timeout",
                default.request_timeout,
                0.01..=MAX_REQUEST_TIMEOUT.as_secs_f64(),
            ),
            shutdown_timeout: self.seconds("shutdown-timeout", default.shutdown_timeout, 0.0..=3600.0),
            header_timeout: self.seconds("header-timeout", default.header_timeout, CLIENT_TIMEOUTS),
            keep_alive_timeout: self.seconds(
                "keep-alive-timeout",
                default.keep_alive_timeout,
                CLIENT_TIMEOUTS,
            ),
            write_timeout: self.seconds("write-timeout", default.write_timeout, CLIENT_TIMEOUTS),
            max_connections: self.number(
                "max-connections",
                default.max_connections,
                1..=1_000_000,
                "connections",
            ),
            max_body: self.number("max-body", default.max_body, 1..=1 << 30, "bytes"),
            result_cache: self.number("result-cache", mib(default.result_cache), cache_range, "MiB") << 20,
            captioner: settings,
            log: match (self.matches.get_count("quiet"), self.matches.get_count("verbose")) {
                (0, 0) => default.log,
                (0, 1) => LogLevel::Debug,
                (0, _) => LogLevel::Trace,
                (1, _) => LogLevel::Events,
                _ => LogLevel::Errors,
            },
        }
    }

    /// What was given for a knob, and how its giver called it.
    fn given(&self, name: &str) -> Option<(String, OsString)> {
        if let Some(value) = self.matches.get_one::<OsString>(name) {
            let flag = if name == "address" { "the address".to_string() } else { format!("--{}", name) };
            return Some((flag, value.clone()));
        }
        let variable = format!("MEMED_{}", name.to_uppercase().replace('-', "_"));
        self.environment.get(&variable).map(|value| (variable, value.clone()))
    }

    /// A value read by `read`, or the default. If it cannot be read, that is an error that says so.
    fn value<T, F>(&mut self, name: &str, default: T, allowed: &str, read: F) -> T
    where
        F: FnOnce(&str) -> Option<T>,
    {
        let (giver, value) = match self.given(name) {
            Some(given) => given,
            None => return default,
        };
        match value.to_str().and_then(|text| read(text.trim())) {
            Some(value) => value,
            None => {
                let value = value.to_string_lossy();
                self.errors.push(format!("{} is {:?}, and must be {}", giver, value, allowed));
                default
            }
        }
    }

    fn number<T>(&mut self, name: &str, default: T, range: RangeInclusive<T>, unit: &str) -> T
    where
        T: FromStr + PartialOrd + Display,
    {
        let allowed = format!("a whole number from {} to {} {}", range.start(), range.end(), unit);
        self.value(name, default, allowed.trim_end(), |text| {
            text.parse().ok().filter(|number| range.contains(number))
        })
    }

    fn seconds(&mut self, name: &str, default: Duration, range: RangeInclusive<f64>) -> Duration {
        let allowed = format!("a number of seconds from {} to {}", range.start(), range.end());
        self.value(name, default, &allowed, |text| {
            let seconds = text.parse().ok().filter(|seconds| range.contains(seconds));
            seconds.map(Duration::from_secs_f64)
        })
    }

    fn preload(&mut self, default: Preload) -> Preload {
        self.value("preload", default, "templates, fonts, all or none", |text| match text {
            "templates" => Some(Preload::Templates),
            "fonts" => Some(Preload::Fonts),
            "all" => Some(Preload::All),
            "none" => Some(Preload::None),
            _ => None,
        })
    }

    fn folder(&mut self, name: &str) -> Option<PathBuf> {
        let (giver, value) = self.given(name)?;
        let path = PathBuf::from(value);
        if let Err(error) = path.read_dir() {
            self.errors
                .push(format!("{} is {:?}, and must be a folder that can be read: {}", giver, path, error));
        }
        Some(path)
    }

    fn address(&mut self, default: SocketAddr) -> SocketAddr {
        let allowed =
            "ADDRESS, ADDRESS:PORT or :PORT, as in 127.0.0.1:1337, [::1]:1337 or :8080; a name must resolve";
        self.value("address", default, allowed, |text| {
            if let Some(port) = text.strip_prefix(':') {
                if let Ok(port) = port.parse() {
                    return Some(SocketAddr::from(([0, 0, 0, 0], port)));
                }
            }
            if text.is_empty() || text.bytes().all(|byte| byte.is_ascii_digit()) {
                // A bare number would be the address 0.0.x.y; whoever types one means a port.
                return None;
            }
            let host = text.trim_start_matches('[').trim_end_matches(']');
            let named = text.to_socket_addrs().or_else(|_| (host, DEFAULT_PORT).to_socket_addrs());
            named.ok().and_then(|mut addresses| addresses.next())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, Config, LogLevel, Parsed, Preload};
    use std::collections::HashMap;
    use std::time::Duration;

    fn parsed(arguments: &str, environment: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        let environment: HashMap<_, _> =
            environment.iter().map(|&(name, value)| (name.to_string(), value.into())).collect();
        match parse(arguments.split_whitespace().map(|word| word.into()), &environment)? {
            Parsed::Serve(config) => Ok(*config),
            Parsed::Print(text) => panic!("printed {}", text),
        }
    }

    #[test]
    fn addresses() {
        let address = |text: &str| parsed(text, &[]).map(|config| config.address.to_string());
        assert_eq!(address("").unwrap(), "127.0.0.1:1337");
        assert_eq!(address(":8080").unwrap(), "0.0.0.0:8080");
        assert_eq!(address("127.0.0.2").unwrap(), "127.0.0.2:1337");
        assert_eq!(address("127.0.0.2:80").unwrap(), "127.0.0.2:80");
        assert_eq!(address("[::1]:80").unwrap(), "[::1]:80");
        assert_eq!(address("[::1]").unwrap(), "[::1]:1337");
        for wrong in ["8080", ":99999", ":x", "1.2.3.4:x", "1.2.3.4:99999"].iter() {
            let errors = address(wrong).unwrap_err();
            assert_eq!(errors.len(), 1);
            assert!(
                errors[0].starts_with(&format!("the address is {:?}, and must be", wrong)),
                "{:?}",
                errors
            );
        }
    }

    #[test]
    fn every_knob_by_flag_and_by_variable() {
        let config = parsed(
            "--render-threads 3 --queue=5 --template-cache 7 --font-cache 9 --result-cache 0 --preload all \
             --jpeg-quality 60 --gif-quality 50 --request-timeout 2.5 --shutdown-timeout 0 --max-body 100 -v",
            &[("MEMED_QUEUE", "6")],
        )
        .unwrap();
        assert_eq!((config.render_threads, config.queue, config.max_body), (3, 5, 100));
        assert_eq!(config.captioner.template_cache, 7 << 20);
        assert_eq!(config.captioner.font_cache, 9 << 20);
        assert_eq!(config.result_cache, 0);
        assert_eq!((config.captioner.jpeg_quality, config.captioner.gif_quality), (60, 50));
        assert_eq!(config.preload, Preload::All);
        assert_eq!(config.request_timeout, Duration::from_millis(2500));
        assert_eq!(config.shutdown_timeout, Duration::from_millis(0));
        assert_eq!(config.log, LogLevel::Debug);
        assert_eq!(parsed("", &[("MEMED_QUEUE", "6")]).unwrap().queue, 6);
        assert_eq!(parsed("", &[("MEMED_ADDRESS", ":80")]).unwrap().address.port(), 80);
    }

    #[test]
    fn all_bad_values_are_reported_at_once_each_with_flag_value_and_what_is_allowed() {
        let errors = parsed(
            "nowhere: --render-threads 0 --queue -1 --jpeg-quality 101 --request-timeout nan --preload some \
             --templates /no/such/folder",
            &[("MEMED_FONT_CACHE", "big"), ("MEMED_SHUTDOWN_TIMEOUT", "inf")],
        )
        .unwrap_err();
        let expected = [
            "--templates is \"/no/such/folder\", and must be a folder that can be read: ",
            "MEMED_FONT_CACHE is \"big\", and must be a whole number from 0 to 1048576 MiB",
            "--jpeg-quality is \"101\", and must be a whole number from 1 to 100",
            "the address is \"nowhere:\", and must be ADDRESS",
            "--render-threads is \"0\", and must be a whole number from 1 to 512 threads",
            "--queue is \"-1\", and must be a whole number from 0 to 100000 requests",
            "--preload is \"some\", and must be templates, fonts, all or none",
            "--request-timeout is \"nan\", and must be a number of seconds from 0.01 to 60",
            "MEMED_SHUTDOWN_TIMEOUT is \"inf\", and must be a number of seconds from 0 to 3600",
        ];
        assert_eq!(errors.len(), expected.len(), "{:#?}", errors);
        for (error, expected) in errors.iter().zip(&expected) {
            assert!(error.starts_with(expected), "{:?} is not {:?}", error, expected);
        }
    }

    #[test]
    fn an_unknown_flag_is_an_error_and_help_is_not() {
        let errors = parsed("--no-such-knob", &[]).unwrap_err();
        assert!(errors[0].contains("--no-such-knob"), "{:?}", errors);
        match parse(vec!["--help".into()], &HashMap::new()).unwrap() {
            Parsed::Print(text) => assert!(text.contains("--render-threads"), "{}", text),
            Parsed::Serve(_) => panic!("--help serves"),
        }
    }
}
