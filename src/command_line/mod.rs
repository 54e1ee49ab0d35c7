//! The command line and the environment: turns what was typed into a [`Config`] and perhaps an [`Order`], or into a list
//! of everything that is wrong with it.
//!
//! A knob can be set as `--some-knob` or as `MEMED_SOME_KNOB`; the command line wins. clap splits the command line, as
//! `arguments` says, but takes every value as text. The rows of `knobs` understand the values afterwards, so that all bad
//! ones are reported at once, not only the first. `fields` and `orders` do the same for the commands.

mod arguments;
mod fields;
mod knobs;
mod mistakes;
mod order;
mod orders;
mod values;

use std::env;
use std::ffi::OsString;

use clap::{ArgMatches, Command};

pub use self::arguments::command;
pub use self::mistakes::{cannot_listen, suggestion, Environment};
pub use self::order::{Input, Order, Output, Target, What};

use self::arguments::{knobs_of, SERVE};
use self::knobs::{Knob, ADDRESS, KNOBS, LISTEN_FD};
use config::{Config, LogLevel};

/// What the command line asks for.
#[derive(Debug)]
pub enum Parsed {
    /// Run the server.
    Serve(Box<Config>),
    /// Do something else, and exit.
    Run(Box<Config>, Box<Order>),
    /// Print this text and exit: `--help`, `--version`.
    Print(String),
}

/// Parses the command line and the environment of this process.
///
/// # Errors
/// A sentence for each mistake, and one that says where the help is.
pub fn of_process() -> Result<Parsed, Vec<String>> {
    // A variable of ours has a name in ASCII; others are no concern of ours.
    let variables = env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    parse(arguments.iter().cloned(), &variables.collect()).map_err(|mut mistakes| {
        let of_command = match invoked(&command(false), &arguments) {
            Some(sub) => format!(" {}", sub.get_name()),
            None => String::new(),
        };
        mistakes.push(format!("run `memed{} --help` for the options", of_command));
        mistakes
    })
}

/// Parses a command line (without the program's name), and takes what it leaves out from the environment.
///
/// # Errors
/// A sentence for each mistake.
pub fn parse<A>(arguments: A, environment: &Environment) -> Result<Parsed, Vec<String>>
where
    A: IntoIterator<Item = OsString>,
{
    let (arguments, all) = (arguments.into_iter().collect::<Vec<_>>(), command(false));
    let matches = match all.clone().try_get_matches_from(&arguments) {
        Ok(matches) => matches,
        Err(ref error) if !error.use_stderr() => return Ok(Parsed::Print(error.render().to_string())),
        Err(error) => {
            let of_usage = || mistakes::of_usage(&error, invoked(&all, &arguments).unwrap_or(&all));
            let mut mistakes = vec![mistakes::of_command(&arguments, &all).unwrap_or_else(of_usage)];
            mistakes.extend(mistakes::unknown_variables(environment));
            return Err(mistakes);
        }
    };
    let (name, sub) = matches.subcommand().unwrap_or((SERVE, &matches));
    let mut config = Config::default();
    let mut mistakes = Vec::new();
    let knobs = knobs_of(name);
    for knob in Some(&ADDRESS).into_iter().chain(KNOBS) {
        let is_taken = knobs.iter().any(|taken| taken.name == knob.name);
        match given(knob, sub, &matches, environment) {
            Some((giver, _)) if !is_taken && !giver.starts_with("MEMED_") => {
                mistakes.push(format!("{} is for the server: `memed {}` does not take it", giver, name));
            }
            Some((giver, value)) if is_taken => {
                if let Err(allowed) = knob.set(&value, &mut config) {
                    let value = value.to_string_lossy();
                    let mut mistake = format!("{} is {:?}, and must be {}", giver, value, allowed);
                    if knob.name == ADDRESS.name {
                        mistake += &mistakes::command_meant(&value, &all);
                    }
                    mistakes.push(mistake);
                }
            }
            _ => {}
        }
    }
    if name == SERVE {
        let giver = |knob| given(knob, sub, &matches, environment).map(|(giver, _)| giver);
        let listen_fd = KNOBS.iter().find(|knob| knob.name == LISTEN_FD);
        if let (Some(address), Some(listen_fd)) = (giver(&ADDRESS), listen_fd.and_then(giver)) {
            let is_variable = |giver: &String| giver.starts_with("MEMED_");
            match (is_variable(&address), is_variable(&listen_fd)) {
                // The command line wins here as well.
                (false, true) => config.listen_fd = None,
                (true, false) => {}
                _ => mistakes.push(mistakes::contradiction(&address, &listen_fd)),
            }
        }
    }
    // Completions and man pages are the same in any environment.
    if !knobs.is_empty() {
        mistakes.extend(mistakes::unknown_variables(environment));
    }
    config.log = match (matches.get_count("quiet"), matches.get_count("verbose")) {
        (0, 0) => config.log,
        (0, 1) => LogLevel::Debug,
        (0, _) => LogLevel::Trace,
        (1, _) => LogLevel::Events,
        _ => LogLevel::Errors,
    };
    if name == SERVE {
        return if mistakes.is_empty() { Ok(Parsed::Serve(Box::new(config))) } else { Err(mistakes) };
    }
    match orders::order(name, sub, &config) {
        Ok(order) if mistakes.is_empty() => Ok(Parsed::Run(Box::new(config), Box::new(order))),
        Ok(_) => Err(mistakes),
        Err(others) => Err(others.into_iter().chain(mistakes).collect()),
    }
}

/// The command among these words, if there is one, for what is said of them.
fn invoked<'a>(all: &'a Command, arguments: &[OsString]) -> Option<&'a Command> {
    arguments.iter().find_map(|word| all.find_subcommand(word))
}

/// The value given for a knob, behind the command or before it, and the flag or variable that it was given with.
fn given(
    knob: &Knob,
    sub: &ArgMatches,
    matches: &ArgMatches,
    environment: &Environment,
) -> Option<(String, OsString)> {
    let value = |matches: &ArgMatches| matches.try_get_one::<OsString>(knob.name).ok().flatten().cloned();
    if let Some(value) = value(sub).or_else(|| value(matches)) {
        let is_named = KNOBS.iter().any(|named| named.name == knob.name);
        let flag = if is_named { format!("--{}", knob.name) } else { format!("the {}", knob.name) };
        return Some((flag, value));
    }
    let variable = knob.variable();
    environment.get(&variable).map(|value| (variable, value.clone()))
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
            other => panic!("{:?}", other),
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
            other => panic!("{:?}", other),
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
            other => panic!("{:?}", other),
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
