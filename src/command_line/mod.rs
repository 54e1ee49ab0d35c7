//! The command line and the environment: turns what was typed into a [`Config`], or into a list of everything that
//! is wrong with it.
//!
//! A knob can be set as `--some-knob` or as `MEMED_SOME_KNOB`; the command line wins. clap splits the command line,
//! but takes every value as text. The rows of `knobs` understand the values afterwards, so that all bad ones are
//! reported at once, not only the first.

mod knobs;
mod values;

use std::collections::HashMap;
use std::env;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, ArgMatches, Command};
use strsim;

use self::knobs::{Kind, Knob, ADDRESS, KNOBS};
use config::{Config, LogLevel};

/// What the command line asks for.
#[derive(Debug)]
pub enum Parsed {
    /// Run the server.
    Serve(Box<Config>),
    /// Print this text and exit: `--help`, `--version`.
    Print(String),
}

/// Environment variables by name.
pub type Environment = HashMap<String, OsString>;

/// Parses the command line and the environment of this process.
///
/// # Errors
/// A sentence for each mistake.
pub fn of_process() -> Result<Parsed, Vec<String>> {
    // A variable of ours has a name in ASCII; others are no concern of ours.
    let variables = env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    parse(env::args_os().skip(1), &variables.collect())
}

/// Parses a command line (without the program's name), and takes what it leaves out from the environment.
///
/// # Errors
/// A sentence for each mistake.
pub fn parse<A>(arguments: A, environment: &Environment) -> Result<Parsed, Vec<String>>
where
    A: IntoIterator<Item = OsString>,
{
    let matches = match command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(ref error) if !error.use_stderr() => return Ok(Parsed::Print(error.render().to_string())),
        Err(error) => {
            let mut mistakes = vec![usage_mistake(&error)];
            mistakes.extend(unknown_variables(environment));
            return Err(mistakes);
        }
    };
    let mut config = Config::default();
    let mut mistakes = Vec::new();
    for knob in Some(&ADDRESS).into_iter().chain(KNOBS) {
        if let Some((giver, value)) = given(knob, &matches, environment) {
            if let Err(allowed) = knob.set(&value, &mut config) {
                let value = value.to_string_lossy();
                mistakes.push(format!("{} is {:?}, and must be {}", giver, value, allowed));
            }
        }
    }
    mistakes.extend(unknown_variables(environment));
    config.log = match (matches.get_count("quiet"), matches.get_count("verbose")) {
        (0, 0) => config.log,
        (0, 1) => LogLevel::Debug,
        (0, _) => LogLevel::Trace,
        (1, _) => LogLevel::Events,
        _ => LogLevel::Errors,
    };
    if mistakes.is_empty() {
        Ok(Parsed::Serve(Box::new(config)))
    } else {
        Err(mistakes)
    }
}

fn command() -> Command {
    let argument = |knob: &'static Knob| {
        Arg::new(knob.name)
            .value_name(knob.value)
            .help(knob.full_help())
            .value_parser(clap::value_parser!(OsString))
    };
    // "-1" is a bad value of the knob before it, not an unknown knob.
    let with_a_name = |knob: &'static Knob| {
        let argument = argument(knob).long(knob.name);
        match knob.kind {
            Kind::Switch { .. } => {
                argument.num_args(0..=1).require_equals(true).default_missing_value(values::ON)
            }
            _ => argument.allow_hyphen_values(true),
        }
    };
    Command::new("memed")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Puts text on pictures, over HTTP.")
        .no_binary_name(true)
        .arg(argument(&ADDRESS))
        .args(KNOBS.iter().map(with_a_name))
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

/// The value given for a knob, and the flag or variable that it was given with.
fn given(knob: &Knob, matches: &ArgMatches, environment: &Environment) -> Option<(String, OsString)> {
    if let Some(value) = matches.get_one::<OsString>(knob.name) {
        let is_named = KNOBS.iter().any(|named| named.name == knob.name);
        let flag = if is_named { format!("--{}", knob.name) } else { format!("the {}", knob.name) };
        return Some((flag, value.clone()));
    }
    let variable = knob.variable();
    environment.get(&variable).map(|value| (variable, value.clone()))
}

/// clap's first sentence. The usage after it is as long as the help, and clap's tips are about `--`.
fn usage_mistake(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let sentence = text.split("\n\n").next().unwrap_or("").trim_start_matches("error: ");
    let flags = KNOBS.iter().map(|knob| format!("--{}", knob.name));
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(flag)) => format!("{}{}", sentence, suggestion(flag, flags)),
        _ => sentence.to_string(),
    }
}

/// A mistake for each variable that looks like a knob's and is not, by name.
fn unknown_variables(environment: &Environment) -> Vec<String> {
    let known: Vec<_> = Some(&ADDRESS).into_iter().chain(KNOBS).map(Knob::variable).collect();
    let mut unknown: Vec<_> = environment
        .iter()
        .filter(|(name, value)| name.starts_with("MEMED_") && !is_service_link(name, value))
        .map(|(name, _)| name)
        .filter(|name| !known.contains(name))
        .collect();
    unknown.sort();
    let mistake = |name: &String| {
        format!("{} is not a variable of memed{}", name, suggestion(name, known.iter().cloned()))
    };
    unknown.into_iter().map(mistake).collect()
}

/// Whether Kubernetes has set the variable. It gives every container variables for each service of its namespace. Those
/// of a service called `memed-web` are `MEMED_WEB_SERVICE_HOST`, `MEMED_WEB_SERVICE_PORT`, `MEMED_WEB_SERVICE_PORT_HTTP`,
/// `MEMED_WEB_PORT=tcp://…`, `MEMED_WEB_PORT_80_TCP`, `MEMED_WEB_PORT_80_TCP_ADDR` and so on.
fn is_service_link(name: &str, value: &OsString) -> bool {
    let is_url = value.to_str().is_some_and(|value| value.contains("://"));
    let has_number = |rest: &str| rest.starts_with(|first: char| first.is_ascii_digit());
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.match_indices("_PORT_").any(|(at, word)| has_number(&name[at + word.len()..]))
        || name.ends_with("_PORT") && is_url
}

/// Typing errors up to which a name is taken for another one, if it is long: one in three letters of a short one.
const TYPING_ERRORS: usize = 2;

/// The end of a sentence about an unknown name: the known one that was probably meant, if there is one.
fn suggestion<I: Iterator<Item = String>>(unknown: &str, known: I) -> String {
    let distances = known.map(|known| (strsim::osa_distance(unknown, &known), known));
    let letters = |name: &str| name.trim_start_matches("MEMED_").trim_start_matches('-').len();
    match distances.min() {
        Some((distance, ref known)) if distance <= TYPING_ERRORS.min(letters(known) / 3) => {
            format!("; did you mean {}?", known)
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, Config, LogLevel, Parsed};
    use config::Preload;
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
            "the address is \"nowhere:\", and must be ADDRESS",
            "--render-threads is \"0\", and must be a whole number from 1 to 512 threads",
            "--queue is \"-1\", and must be a whole number from 0 to 100000 requests",
            "MEMED_FONT_CACHE is \"big\", and must be a whole number from 0 to 1048576 MiB",
            "--preload is \"some\", and must be templates, fonts, all or none",
            "--jpeg-quality is \"101\", and must be a whole number from 1 to 100",
            "--request-timeout is \"nan\", and must be a number of seconds from 0.01 to 60",
            "MEMED_SHUTDOWN_TIMEOUT is \"inf\", and must be a number of seconds from 0 to 3600",
            "--templates is \"/no/such/folder\", and must be a folder that can be read: ",
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
    #[test]
    fn an_unknown_variable_is_reported_with_all_other_mistakes_and_the_one_that_was_probably_meant() {
        let errors = parsed(
            "--jpeg-quality 0",
            &[("MEMED_QEUE", "1"), ("MEMED_COLOR", "red"), ("MEMED_PORT", "80"), ("MEMORY", "1")],
        );
        let errors = errors.unwrap_err();
        assert_eq!(
            errors,
            [
                "--jpeg-quality is \"0\", and must be a whole number from 1 to 100",
                "MEMED_COLOR is not a variable of memed",
                "MEMED_PORT is not a variable of memed",
                "MEMED_QEUE is not a variable of memed; did you mean MEMED_QUEUE?",
            ]
        );
        let errors = parsed("--max-bdoy 1", &[("MEMED_QEUE", "1")]).unwrap_err();
        assert_eq!(errors[0], "unexpected argument '--max-bdoy' found; did you mean --max-body?");
        assert_eq!(errors.len(), 2, "{:?}", errors);
    }

    #[test]
    fn the_variables_that_kubernetes_sets_for_a_service_are_ignored() {
        let links = [
            ("MEMED_SERVICE_HOST", "10.0.0.7"),
            ("MEMED_SERVICE_PORT_HTTP", "80"),
            ("MEMED_PORT", "tcp://10.0.0.7:80"),
            ("MEMED_PORT_80_TCP_ADDR", "10.0.0.7"),
            // Of services called memed-canary and memed-port-proxy.
            ("MEMED_CANARY_SERVICE_HOST", "10.0.0.8"),
            ("MEMED_CANARY_SERVICE_PORT", "80"),
            ("MEMED_CANARY_PORT", "tcp://10.0.0.8:80"),
            ("MEMED_CANARY_PORT_80_TCP_PROTO", "tcp"),
            ("MEMED_PORT_PROXY_PORT_443_TCP", "tcp://10.0.0.9:443"),
        ];
        assert!(parsed("", &links).is_ok());
        for not_a_link in [("MEMED_PORT", "80"), ("MEMED_PORT_NAME", "a"), ("MEMED_SERVICE", "a")] {
            assert_eq!(parsed("", &[not_a_link]).unwrap_err().len(), 1, "{}", not_a_link.0);
        }
    }

    #[test]
    fn the_help_has_range_and_default_of_each_knob() {
        let text = match parse(vec!["--help".into()], &HashMap::new()).unwrap() {
            Parsed::Print(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
            Parsed::Serve(_) => panic!("--help serves"),
        };
        for part in [
            "Where to listen; \":8080\" is port 8080 on all IPv4 interfaces [default: 127.0.0.1:1337]",
            "--render-threads <N> Threads that draw [range: 1 to 512] [default: cores]",
            "--result-cache <MIB> Memory for finished pictures; 0 for no cache [range: 0 to 1048576] [default: 64]",
            "--preload <WHAT> What to decode at start [possible values: templates, fonts, all, none] [default: none]",
            "[range: 0.01 to 60] [default: 10]",
        ] {
            assert!(text.contains(part), "{} is not in {}", part, text);
        }
    }
}
