//! Sentences about what was typed, or set in the environment, and has no meaning; and about an address that the server
//! cannot listen on.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use clap::error::{ContextKind, ContextValue};
use clap::{self, Command};
use strsim;

use super::knobs::{Knob, ADDRESS, KNOBS};

/// Environment variables by name.
pub type Environment = HashMap<String, OsString>;

/// The last port that only a privileged program may listen on.
const LAST_PRIVILEGED: u16 = 1023;

/// clap's first sentence. The usage after it is as long as the help, and clap's tips are about `--`.
pub fn of_usage(error: &clap::Error, command: &Command) -> String {
    let text = error.render().to_string();
    let mut sentence = text.split("\n\n").next().unwrap_or("").trim_start_matches("error: ").to_string();
    // What is missing or possible is in the lines below the first.
    sentence = sentence.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (clap::error::ErrorKind::UnknownArgument, Some(ContextValue::String(flag))) => {
            let flags = command.get_arguments().filter_map(|argument| argument.get_long());
            let meant = suggestion(flag, flags.map(|long| format!("--{}", long)));
            // A text may begin with a hyphen.
            let is_caption = command.get_name() == "caption" && meant.is_empty() && flag.starts_with('-');
            let hint = if is_caption { "; a text that begins with \"-\" goes behind \"--\"" } else { "" };
            format!("{}{}{}", sentence, meant, hint)
        }
        _ => sentence,
    }
}

/// What follows the sentence about an address that is none: perhaps a command was meant.
pub fn command_meant(word: &str, command: &Command) -> String {
    let names = command.get_subcommands().map(|sub| sub.get_name());
    closest(word, names).map_or(String::new(), |name| format!("; did you mean `memed {}`?", name))
}

/// The sentence about a command that is misspelled, with more behind it that only the command would take. clap takes the
/// first word for the address, so its suggestions would be about the second one.
pub fn of_command(arguments: &[OsString], command: &Command) -> Option<String> {
    let matches = command.clone().ignore_errors(true).try_get_matches_from(arguments).ok()?;
    let word = matches.try_get_one::<OsString>(ADDRESS.name).ok()??.to_str()?;
    let meant = command_meant(word, command);
    Some(format!("{:?} is no command{}", word, meant)).filter(|_| !meant.is_empty())
}

/// The sentence about an address and a socket, both of which are given.
pub fn contradiction(address: &str, listen_fd: &str) -> String {
    format!(
        "{} and {} contradict each other: memed listens on an address or on a passed socket",
        address, listen_fd
    )
}

/// A mistake for each variable that looks like a knob's and is not, by name.
pub fn unknown_variables(environment: &Environment) -> Vec<String> {
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
pub fn suggestion<I: Iterator<Item = String>>(unknown: &str, known: I) -> String {
    closest(unknown, known).map_or(String::new(), |known| format!("; did you mean {}?", known))
}

/// The known name that was probably meant.
fn closest<N: AsRef<str> + Ord, I: Iterator<Item = N>>(unknown: &str, known: I) -> Option<N> {
    let distances = known.map(|known| (strsim::osa_distance(unknown, known.as_ref()), known));
    let letters = |name: &str| name.trim_start_matches("MEMED_").trim_start_matches('-').len();
    let (distance, known) = distances.min()?;
    Some(known).filter(|known| distance <= TYPING_ERRORS.min(letters(known.as_ref()) / 3))
}

/// Why the server cannot listen, and what to do about it.
pub fn cannot_listen(address: SocketAddr, error: &io::Error) -> String {
    let port = address.port();
    let advice = match error.kind() {
        ErrorKind::AddrInUse => format!(
            ": another program listens there, perhaps another memed. Stop it, or choose another port, as in \
             `memed {}:{}`",
            host(address),
            // Any other; but one that the reader can copy.
            if port == 8080 { 8081 } else { 8080 }
        ),
        ErrorKind::PermissionDenied if (1..=LAST_PRIVILEGED).contains(&port) => format!(
            ": a port below {} takes a privilege. Choose a higher one, as in `memed {}:8080`, or grant it to the \
             program: `sudo setcap cap_net_bind_service=+ep /path/to/memed`, or \
             AmbientCapabilities=CAP_NET_BIND_SERVICE in a unit of systemd",
            LAST_PRIVILEGED + 1,
            host(address)
        ),
        ErrorKind::AddrNotAvailable => ": this machine does not have that address. `memed :1337` listens on \
                                        all that it has"
            .to_string(),
        _ => String::new(),
    };
    format!("cannot listen on {}: {}{}", address, error, advice)
}

/// The address without the port, as one types it before a colon.
fn host(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::cannot_listen;

    #[test]
    fn the_sentence_about_an_address_says_what_to_do() {
        let sentence =
            |address: &str, kind: ErrorKind| cannot_listen(address.parse().unwrap(), &Error::from(kind));
        let taken = sentence("127.0.0.1:1337", ErrorKind::AddrInUse);
        assert!(taken.starts_with("cannot listen on 127.0.0.1:1337: "), "{}", taken);
        assert!(taken.contains("choose another port, as in `memed 127.0.0.1:8080`"), "{}", taken);
        assert!(sentence("[::1]:8080", ErrorKind::AddrInUse).contains("`memed [::1]:8081`"));
        let low = sentence("0.0.0.0:80", ErrorKind::PermissionDenied);
        assert!(low.contains("below 1024") && low.contains("`memed 0.0.0.0:8080`"), "{}", low);
        assert!(!sentence("0.0.0.0:8080", ErrorKind::PermissionDenied).contains("below 1024"));
        assert!(sentence("192.0.2.1:80", ErrorKind::AddrNotAvailable).contains("does not have that address"));
    }
}
