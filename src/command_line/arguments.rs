//! The arguments of `memed` and of each of its commands, for clap to take apart, and for the help, the completions and
//! the man pages to be made from.
//!
//! `memed` without a command has the arguments of `memed serve`. A knob of the server that makes sense for a command is
//! the same row of `knobs` there: [`knobs_of`] says which.

use std::ffi::OsString;

use clap::builder::PossibleValuesParser;
use clap::{value_parser, Arg, ArgAction, Command};
use clap_complete::Shell;

use super::fields::{Field, FIELDS, OF_ONE};
use super::knobs::{Kind, Knob, ADDRESS, KNOBS};
use super::values;

/// The command that `memed` alone stands for.
pub const SERVE: &str = "serve";
/// The knobs that change what is drawn or how fast.
const OF_CAPTION: &[&str] = &[
    "templates",
    "fonts",
    "lenient",
    "jpeg-quality",
    "gif-quality",
    "render-threads",
    "template-cache",
    "font-cache",
];

const OF_THE_PICTURE: &str = "The picture";
const OF_ALL_TEXTS: &str = "The texts";
const IN: &str = "Where the request comes from";
const OUT: &str = "Where the picture goes";
const KNOBS_HEADING: &str = "Knobs, as those of the server";

/// The names of the knobs that a command has, as flags or, for the address of `health`, in the environment only.
pub fn knobs_of(command: &str) -> Vec<&'static Knob> {
    let named: &[&str] = match command {
        SERVE => return Some(&ADDRESS).into_iter().chain(KNOBS).collect(),
        "caption" => OF_CAPTION,
        "templates" => &["templates"],
        "fonts" => &["fonts"],
        "health" => return vec![&ADDRESS],
        _ => &[],
    };
    named.iter().filter_map(|name| KNOBS.iter().find(|knob| knob.name == *name)).collect()
}

/// All of it. `shows_all`: also the flags for one text only, which would make the help three times as long.
pub fn command(shows_all: bool) -> Command {
    Command::new("memed")
        .bin_name("memed")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Puts text on pictures, over HTTP or here.")
        .no_binary_name(true)
        .override_usage("memed [OPTIONS] [ADDRESS][:PORT]\n       memed <COMMAND>")
        .disable_help_subcommand(true)
        .subcommand_help_heading("Commands (`memed COMMAND --help` has their options)")
        .arg(knob(&ADDRESS))
        .args(KNOBS.iter().map(knob))
        .args(verbosity())
        .after_help(
            "Without a command, memed is the server. Every knob with a value can also be set in the \
             environment: --render-threads as MEMED_RENDER_THREADS, the address as MEMED_ADDRESS. RUST_LOG \
             overrides -v and -q.",
        )
        .subcommand(
            Command::new(SERVE)
                .about("Serves pictures over HTTP, as memed without a command")
                .arg(knob(&ADDRESS))
                .args(KNOBS.iter().map(knob)),
        )
        .subcommand(caption(shows_all))
        .subcommand(
            Command::new("templates")
                .about("Lists the names of the templates, one per line")
                .args(knobs_of("templates").into_iter().map(knob)),
        )
        .subcommand(
            Command::new("fonts")
                .about("Lists the names of the fonts, one per line")
                .args(knobs_of("fonts").into_iter().map(knob)),
        )
        .subcommand(health())
        .subcommand(import())
        .subcommand(
            Command::new("completions").about("Prints what completes memed's commands in a shell").arg(
                Arg::new("shell")
                    .value_name("SHELL")
                    .required(true)
                    .help("The shell")
                    .value_parser(value_parser!(Shell)),
            ),
        )
        .subcommand(man())
}

/// A knob of the server.
fn knob(knob: &'static Knob) -> Arg {
    let argument = Arg::new(knob.name)
        .value_name(knob.value)
        .help(knob.full_help())
        .value_parser(value_parser!(OsString));
    match knob.kind {
        Kind::Address { .. } => argument,
        Kind::Switch { .. } => {
            argument.long(knob.name).num_args(0..=1).require_equals(true).default_missing_value(values::ON)
        }
        // "-1" is a bad value of the knob before it, not an unknown knob.
        _ => argument.long(knob.name).allow_hyphen_values(true),
    }
}

/// Every command has these.
fn verbosity() -> [Arg; 2] {
    let counted =
        |name, letter| Arg::new(name).short(letter).long(name).action(ArgAction::Count).global(true);
    [
        counted("verbose", 'v').help("Log more; twice: also what the HTTP stack does"),
        counted("quiet", 'q').conflicts_with("verbose").help("Log no requests; twice: only errors"),
    ]
}

/// A flag with a path: any name is one.
fn path(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help).value_parser(value_parser!(OsString))
}

/// A flag that is a field of a request. `image_macro` decides what it may be.
fn field(field: &'static Field) -> Arg {
    let heading = if field.is_of_picture { OF_THE_PICTURE } else { OF_ALL_TEXTS };
    Arg::new(field.flag)
        .long(field.flag)
        .value_name(field.value)
        .help(field.help)
        .help_heading(heading)
        .allow_hyphen_values(true)
}

fn caption(shows_all: bool) -> Command {
    let of_one = |flag: &'static str| {
        let name = flag.split('-').nth(1).unwrap_or("");
        let value = FIELDS.iter().find(|field| field.flag == name).map_or("TEXT", |field| field.value);
        Arg::new(flag)
            .long(flag)
            .value_name(value)
            .help("As the flag without the first word, for that text only")
            .help_heading(OF_ALL_TEXTS)
            .allow_hyphen_values(true)
            .hide(!shows_all)
    };
    Command::new("caption")
        .about("Draws a picture with text on it, or a picture for each line of a file")
        .override_usage(
            "memed caption [OPTIONS] TEMPLATE [TEXT]...\n       \
             memed caption [OPTIONS] --template-file FILE [TEXT]...\n       \
             memed caption [OPTIONS] --json FILE\n       \
             memed caption [OPTIONS] --batch FILE --out DIR",
        )
        .arg(
            Arg::new("template")
                .value_name("TEMPLATE")
                .help("One of `memed templates`. With --template-file, the texts begin here"),
        )
        .arg(
            Arg::new("texts")
                .value_name("TEXT")
                .num_args(0..)
                .help("One text: top. Two: top and bottom. Three: top, middle and bottom. On a template with boxes, they fill these in their order. \"\" for none"),
        )
        .args(FIELDS.iter().map(field))
        .args(OF_ONE.iter().cloned().map(of_one))
        .arg(path("template-file", "FILE", "A JPEG, a PNG or a GIF to draw on; - for standard input").help_heading(IN))
        .arg(path("json", "FILE", "A request in JSON, as one for POST /caption; - for standard input").help_heading(IN))
        .arg(path("batch", "FILE", "Requests in JSON, one per line; - for standard input").help_heading(IN))
        .arg(
            path("output", "FILE", "A file; its end (.jpg, .png, .gif) is the format, unless --format is given. - for standard output [default: TEMPLATE and the end of its format, in this folder]")
                .short('o')
                .help_heading(OUT),
        )
        .arg(path("out", "DIR", "A folder for the pictures of --batch: 0001-TEMPLATE.jpg is that of line 1").help_heading(OUT))
        .arg(
            Arg::new("open")
                .long("open")
                .action(ArgAction::SetTrue)
                .help("Show the picture in the program for it; without -o it is a temporary file")
                .help_heading(OUT),
        )
        .args(knobs_of("caption").into_iter().map(|row| knob(row).help_heading(KNOBS_HEADING)))
        .after_help(
            "Each text can have a look of its own: --top-font, --middle-color, --bottom-size and so on. \
             --top-text, --middle-text and --bottom-text are another way to give the texts. A text that begins \
             with \"-\" goes behind \"--\".\n\n\
             Examples:\n  \
             memed caption cat \"I can haz\" futures -o cat.jpg\n  \
             memed caption --template-file me.jpg \"\" \"it was me\" --open\n  \
             memed caption --batch requests.jsonl --out pictures\n\n\
             Exit codes: 64 for a bad command line, 65 for a request that cannot be drawn, 66 for a file that \
             cannot be read, 73 for one that cannot be written, 1 if any line of --batch failed.",
        )
}

fn health() -> Command {
    Command::new("health")
        .about("Asks a server whether it takes requests: exit code 0, or 1 with the reason")
        .arg(
            Arg::new("url")
                .value_name("URL")
                .value_parser(value_parser!(OsString))
                .help("http://ADDRESS:PORT, or only ADDRESS:PORT [default: that of MEMED_ADDRESS, or http://127.0.0.1:1337]"),
        )
        .arg(
            Arg::new("timeout")
                .long("timeout")
                .value_name("SECONDS")
                .value_parser(value_parser!(OsString))
                .allow_hyphen_values(true)
                .help("How long the server may take [range: 0.01 to 60] [default: 5]"),
        )
}

fn import() -> Command {
    let folder = |name, value, help| {
        Arg::new(name).value_name(value).required(true).value_parser(value_parser!(OsString)).help(help)
    };
    Command::new("import")
        .about("Makes templates for memed of those of another program")
        .override_usage("memed import memegen DIR OUT [--force]")
        .arg(
            Arg::new("program")
                .value_name("PROGRAM")
                .required(true)
                .value_parser(PossibleValuesParser::new(["memegen"]))
                .help("The program whose templates they are"),
        )
        .arg(folder("from", "DIR", "Its folder of templates: of memegen, the one called templates"))
        .arg(folder("to", "OUT", "A folder for the pictures and, beside each, a .toml with its boxes"))
        .arg(
            Arg::new("force")
                .long("force")
                .action(ArgAction::SetTrue)
                .help("Replace files that are in OUT already"),
        )
        .after_help(
            "What cannot be carried over is told for each template. Then serve them: memed --templates OUT\n\n\
             Exit codes: 1 if any template failed, 64 for a bad command line, 65 if DIR has no templates, 66 if it \
             cannot be read, 73 if OUT cannot be written.",
        )
}

fn man() -> Command {
    let names = ["serve", "caption", "templates", "fonts", "health", "import", "completions", "man"];
    Command::new("man")
        .about("Prints the man page of memed, or of a command")
        .arg(
            Arg::new("command")
                .value_name("COMMAND")
                .hide_possible_values(true)
                .value_parser(PossibleValuesParser::new(names))
                .help("The command, such as caption"),
        )
        .arg(path("out", "DIR", "Write all man pages into this folder instead").conflicts_with("command"))
}

#[cfg(test)]
mod tests {
    use super::{command, knobs_of, OF_CAPTION, SERVE};

    #[test]
    fn clap_finds_no_contradiction_in_the_arguments() {
        command(false).debug_assert();
        command(true).debug_assert();
    }

    #[test]
    fn every_knob_of_a_command_exists() {
        assert_eq!(knobs_of("caption").len(), OF_CAPTION.len());
        assert_eq!((knobs_of("templates").len(), knobs_of("fonts").len()), (1, 1));
        assert!(knobs_of(SERVE).len() > 20);
    }

    #[test]
    fn the_man_pages_are_those_of_the_commands() {
        let all = command(false);
        let man = all.find_subcommand("man").unwrap();
        let argument = man.get_arguments().find(|argument| argument.get_id() == "command").unwrap();
        let pages: Vec<_> =
            argument.get_possible_values().iter().map(|value| value.get_name().to_string()).collect();
        let commands: Vec<_> = all.get_subcommands().map(|sub| sub.get_name().to_string()).collect();
        assert_eq!(pages, commands);
    }
}
