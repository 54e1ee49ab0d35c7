//! What was typed for a command → an [`Order`], or a sentence for each mistake.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ArgMatches;
use clap_complete::Shell;

use super::fields::Typed;
use super::order::{Input, Order, Output, Target, What};
use super::values;
use config::{Config, DEFAULT_PORT};
use image_macro::Format;

/// The time limit of `memed health`, in seconds.
const HEALTH_TIMEOUT: RangeInclusive<f64> = 0.01..=60.0;
/// What it is if none is given: as long as the orchestrators' probes wait, or longer.
const DEFAULT_HEALTH_TIMEOUT: Duration = Duration::from_secs(5);

/// The order of that command.
///
/// # Errors
/// A sentence for each mistake.
pub fn order(command: &str, matches: &ArgMatches, config: &Config) -> Result<Order, Vec<String>> {
    let path = |id: &str| matches.get_one::<OsString>(id).map(PathBuf::from);
    match command {
        "caption" => caption(matches),
        "templates" => Ok(Order::Templates),
        "fonts" => Ok(Order::Fonts),
        "health" => health(matches, config),
        "import" => Ok(Order::Import {
            from: path("from").expect("clap requires it"),
            to: path("to").expect("clap requires it"),
            replaces: matches.get_flag("force"),
        }),
        "completions" => {
            let shell = matches.get_one::<Shell>("shell").expect("clap requires it");
            Ok(Order::Completions(*shell))
        }
        _ => Ok(match path("out") {
            Some(folder) => Order::ManPages(folder),
            None => Order::Man(matches.get_one::<String>("command").cloned()),
        }),
    }
}

// ===== caption =====

fn caption(matches: &ArgMatches) -> Result<Order, Vec<String>> {
    let given = |id: &str| matches.get_one::<OsString>(id);
    let input = |id: &str| given(id).map(input_of);
    let (picture, json, batch) = (input("template-file"), input("json"), input("batch"));
    let (output, folder, opens) = (given("output"), given("out"), matches.get_flag("open"));
    let typed = Typed::of(matches, picture.is_some()).map_err(|mistake| vec![mistake])?;
    let wrong = |sentence: &str| Err(vec![sentence.to_string()]);

    let source = if batch.is_some() { "--batch" } else { "--json" };
    if let (true, Some(other)) = (batch.is_some() || json.is_some(), typed.first()) {
        let sentence = format!("{} contradicts {}: everything is in the JSON", other, source);
        return Err(vec![sentence]);
    }
    if let Some(lines) = batch {
        let others = [("--json", json.is_some()), ("--template-file", picture.is_some()), ("--open", opens)];
        if let Some((other, _)) = others.iter().find(|(_, is_given)| *is_given) {
            return Err(vec![format!("{} contradicts --batch", other)]);
        }
        return match (output, folder) {
            (None, Some(folder)) => Ok(Order::Batch { lines, folder: PathBuf::from(folder) }),
            (Some(_), _) => {
                wrong("-o is for one picture: name the folder for those of --batch with --out DIR")
            }
            (None, None) => wrong("--out is missing: --batch needs a folder for its pictures"),
        };
    }
    if folder.is_some() {
        return wrong("--out is for the pictures of --batch: name the file of one picture with -o");
    }
    if json == Some(Input::Standard) && picture == Some(Input::Standard) {
        return wrong(
            "--json and --template-file cannot both be standard input: name a file for one of them",
        );
    }

    let output = output.map(|output| output_of(Path::new(output)));
    if let (true, Some(&Output::Standard)) = (opens, output.as_ref()) {
        return wrong("--open contradicts -o -: only a file can be shown");
    }
    let what = match (json, picture) {
        (Some(json), picture) => Ok(What::Json { json, picture }),
        (None, Some(picture)) => typed.edit().map(|edit| What::Picture(picture, edit)),
        (None, None) => typed.image_macro().map(What::Template),
    };
    what.map(|what| Order::Caption { what, output, opens })
}

fn input_of(path: &OsString) -> Input {
    if path == "-" {
        Input::Standard
    } else {
        Input::File(PathBuf::from(path))
    }
}

fn output_of(path: &Path) -> Output {
    if path == Path::new("-") {
        return Output::Standard;
    }
    let end = path.extension().and_then(|end| end.to_str());
    Output::File(path.to_path_buf(), end.and_then(Format::parse))
}

// ===== health =====

fn health(matches: &ArgMatches, config: &Config) -> Result<Order, Vec<String>> {
    let mut mistakes = Vec::new();
    let target = match matches.get_one::<OsString>("url") {
        Some(url) => target_of(url.to_str().unwrap_or("")).ok_or_else(|| {
            format!(
                "the URL is {:?}, and must be http://ADDRESS:PORT, ADDRESS:PORT or :PORT, as in \
                 http://127.0.0.1:1337; memed itself has no TLS",
                url.to_string_lossy()
            )
        }),
        None if config.address.port() == 0 => {
            Err("MEMED_ADDRESS has port 0, which is any port: say which one it became, as in `memed health :1337`"
                .to_string())
        }
        None => Ok(target_at(config.address)),
    };
    let timeout = match matches.get_one::<OsString>("timeout") {
        Some(text) => values::seconds(text, &HEALTH_TIMEOUT)
            .map_err(|allowed| format!("--timeout is {:?}, and must be {}", text.to_string_lossy(), allowed)),
        None => Ok(DEFAULT_HEALTH_TIMEOUT),
    };
    match (target, timeout) {
        (Ok(target), Ok(timeout)) => Ok(Order::Health { target, timeout }),
        (target, timeout) => {
            mistakes.extend(target.err());
            mistakes.extend(timeout.err());
            Err(mistakes)
        }
    }
}

/// The path to ask for.
const HEALTH: &str = "/health";

/// The server that listens there. One that listens on all interfaces is asked over loopback.
fn target_at(mut address: SocketAddr) -> Target {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    Target { authority: address.to_string(), path: HEALTH.to_string() }
}

/// `http://host:port/path`, `host:port`, `host` or `:port`. `None` if it is none of them.
fn target_of(url: &str) -> Option<Target> {
    let url = url.trim();
    let (rest, default_port) = match url.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (rest, 80),
        Some(_) => return None,
        None => (url, DEFAULT_PORT),
    };
    let (authority, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, ""),
    };
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'@');
    if !is_plain(authority) || !is_plain(path) {
        return None;
    }
    // A colon within brackets is one of an IPv6 address.
    let after_host = authority.rfind(']').map_or(0, |end| end + 1);
    let (host, port) = match authority[after_host..].rfind(':') {
        Some(colon) => {
            let (host, port) = authority.split_at(after_host + colon);
            (host, port[1..].parse().ok().filter(|&port| port != 0)?)
        }
        // A bare number is meant as a port, and would be resolved as an address.
        None if authority.bytes().all(|byte| byte.is_ascii_digit()) => return None,
        None => (authority, default_port),
    };
    let host = if host.is_empty() { "127.0.0.1" } else { host };
    let path = if path.is_empty() || path == "/" { HEALTH } else { path };
    Some(Target { authority: format!("{}:{}", host, port), path: path.to_string() })
}

#[cfg(test)]
mod tests {
    use super::{output_of, target_of, Output, Path, PathBuf};
    use image_macro::Format;

    #[test]
    fn where_a_server_may_be() {
        let target = |url: &str| target_of(url).map(|target| target.authority + &target.path);
        for &(url, is) in &[
            ("http://localhost:1337", "localhost:1337/health"),
            ("HTTP://localhost:1337/", "localhost:1337/health"),
            ("http://localhost", "localhost:80/health"),
            ("http://localhost:8080/memes/health", "localhost:8080/memes/health"),
            ("127.0.0.1:80", "127.0.0.1:80/health"),
            ("[::1]:80", "[::1]:80/health"),
            ("http://[::1]", "[::1]:80/health"),
            (":8080", "127.0.0.1:8080/health"),
            ("localhost", "localhost:1337/health"),
        ] {
            assert_eq!(target(url).as_deref(), Some(is), "{}", url);
        }
        for url in
            ["https://localhost", "8080", "", ":0", ":x", "http://a b:80", "u@h:80", "h:80/\r\na", "http://"]
        {
            assert_eq!(target(url), None, "{}", url);
        }
    }

    #[test]
    fn the_end_of_a_file_name_is_a_format() {
        let file = |name: &str, format| Output::File(PathBuf::from(name), format);
        assert_eq!(output_of(Path::new("-")), Output::Standard);
        assert_eq!(output_of(Path::new("a/b.JPG")), file("a/b.JPG", Some(Format::Jpeg)));
        assert_eq!(output_of(Path::new("a.jpeg")), file("a.jpeg", Some(Format::Jpeg)));
        assert_eq!(output_of(Path::new("a.webp")), file("a.webp", None));
        assert_eq!(output_of(Path::new("png")), file("png", None));
    }
}
