//! What each contestant costs people: those who read it, those who build it, those whom the compiler tells that
//! they are wrong. Measured from sources, manifests, programs and messages; no opinions.

mod alone;
mod binary;
mod compiler;
mod contestants;
mod count;
mod crates;
mod messages;
mod report;
mod source;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::thread;

use contestants::Part;
use count::Counts;
use report::{Report, Row};

/// The command line of `cost`.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The folder that cost.json is written to
    #[arg(long, default_value = "report", value_name = "FOLDER")]
    pub out: PathBuf,
    /// Also build each contestant from nothing, alone, and say how long that took: minutes
    #[arg(long)]
    build: bool,
}

impl Options {
    /// What takes seconds, written to that folder.
    pub fn to(out: &Path) -> Options {
        Options { out: out.to_path_buf(), build: false }
    }
}

/// What the rows are about: `memed` does more than the others, so its cost is reported for all of it, and for what
/// does the others' work.
const SCOPES: [(&str, &[Part]); 4] = [
    ("whole server", &[Part::Carries, Part::Answers, Part::Guards, Part::More]),
    ("with guards", &[Part::Carries, Part::Answers, Part::Guards]),
    ("like for like", &[Part::Carries, Part::Answers]),
    ("carrying alone", &[Part::Carries]),
];

/// What the scopes are, in their order.
const SCOPE_NOTES: [&str; 4] = [
    "all of src/server and main.rs of memed; of the others, with what they share. Code lines: no blanks, no \
     comments, no tests",
    "without what only memed does: access log, ranges, one drawing for many, histograms, /metrics, Server-Timing",
    "also without what guards against slow, gone and malformed clients, and the HTTP of the threads: hyper 1 does \
     both by itself",
    "also without what says which answer is given",
];

/// Measures, prints the table, and writes `cost.json`.
///
/// # Errors
/// If a source, a program or a message is not there, or cargo fails, or the file cannot be written.
pub fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let mut rows = Vec::new();
    count_sources(&mut rows)?;
    let alone = alone::Alone::write()?;
    count_crates(&alone, &mut rows)?;
    measure_programs(&mut rows)?;
    if options.build {
        time_builds(&alone, &mut rows)?;
    }
    let mistakes = messages::mistakes()?;
    eprintln!("asking the compiler about {} mistakes", mistakes.len());
    let shown = compiler::shown(&mistakes)?;
    let messages = mistakes.iter().zip(&shown).map(|(mistake, shown)| mistake.message(shown));
    let report = Report { rows, messages: messages.collect::<Result<_, _>>()? };
    println!("{report}");
    let file = report.write(&options.out)?;
    println!("{}", file.display());
    Ok(())
}

fn count_sources(rows: &mut Vec<Row>) -> Result<(), Box<dyn Error>> {
    for ((scope, parts), note) in SCOPES.iter().zip(SCOPE_NOTES) {
        let counts = contestants::counts(parts)?;
        rows.push(Row::new(
            &format!("lines, {scope}"),
            "lines",
            note,
            counts.each_ref().map(|one| one.lines),
        ));
        rows.push(Row::new(&format!("files, {scope}"), "files", "", counts.each_ref().map(|one| one.files)));
    }
    // Of the widest scope and of that which compares.
    for at in [0, 2] {
        count_syntax(SCOPES[at].0, &contestants::counts(SCOPES[at].1)?, rows);
    }
    Ok(())
}

/// What a reader has to keep in mind.
fn count_syntax(scope: &str, counts: &[Counts; 3], rows: &mut Vec<Row>) {
    let names = counts.each_ref().map(|one| {
        one.combinators.iter().map(|(name, calls)| format!("{name} {calls}")).collect::<Vec<_>>().join(", ")
    });
    let combinators = format!(
        "by name, so on Option, Result and iterators, too. threads: {}; futures-0.1: {}; async-await: {}",
        names[0], names[1], names[2]
    );
    type Measure = fn(&Counts) -> usize;
    let measures: [(&str, &str, &str, Measure); 14] = [
        ("items", "items", "functions, methods, types, traits, implementations, constants", |one| one.items),
        ("closures", "closures", "", |one| one.closures),
        ("deepest closure", "levels", "1 is a closure that is in no other", |one| one.deepest),
        ("deepest closure or async block", "levels", "both count", |one| one.deepest_with_async),
        ("async blocks", "blocks", "", |one| one.async_blocks),
        ("async functions", "functions", "", |one| one.async_functions),
        ("awaits", "awaits", "", |one| one.awaits),
        ("combinators", "calls", &combinators, Counts::combinators),
        ("boxes", "calls", "Box::new and Box::pin", |one| one.boxes),
        ("boxed futures", "mentions", "BoxFuture and dyn Future, in types", |one| one.boxed_futures),
        ("Arc and Rc", "mentions", "imports left out", |one| one.shared),
        ("clones", "calls", "", |one| one.clones),
        ("futures by hand", "impls", "of Future, Stream, Sink, AsyncRead, AsyncWrite", |one| one.polled),
        ("poll functions", "functions", "poll and poll_…, with those that implementations ask for", |one| {
            one.polls
        }),
    ];
    for (measure, unit, note, of) in measures {
        rows.push(Row::new(&format!("{measure}, {scope}"), unit, note, counts.each_ref().map(of)));
    }
    let means = counts.each_ref().map(Counts::mean_depth);
    rows.push(Row::measured(&format!("mean depth of closures, {scope}"), "levels", "", means));
}

fn count_crates(alone: &alone::Alone, rows: &mut Vec<Row>) -> Result<(), Box<dyn Error>> {
    let captioner = crates::linked(&alone.captioner())?;
    let mut all = [0; 3];
    let mut own = [0; 3];
    for (at, package) in alone.contestants().iter().enumerate() {
        let linked = crates::linked(package)?;
        all[at] = linked.len();
        own[at] = linked.difference(&captioner).count();
    }
    let note =
        "linked into the program, each version for itself; of a package that has this contestant alone";
    rows.push(Row::new("crates", "crates", note, all));
    let note = format!("beyond the {} that memed needs without its server", captioner.len());
    rows.push(Row::new("crates to carry", "crates", &note, own));
    Ok(())
}

fn measure_programs(rows: &mut Vec<Row>) -> Result<(), Box<dyn Error>> {
    let mut sizes = Vec::new();
    for program in binary::programs()? {
        sizes.push(binary::Size::of(&program)?);
    }
    let in_kib = |size: fn(&binary::Size) -> u64| [0, 1, 2].map(|at| Some(size(&sizes[at]) as f64 / 1024.0));
    let note = "the file, with symbols and line tables";
    rows.push(Row::measured("program, file", "KiB", note, in_kib(|size| size.file)));
    let note = "its code and data, with the fonts and templates that all three have in them";
    rows.push(Row::measured("program, loaded", "KiB", note, in_kib(|size| size.loaded)));
    rows.push(Row::measured("machine code", "KiB", "the sections of code in it", in_kib(|size| size.code)));
    Ok(())
}

fn time_builds(alone: &alone::Alone, rows: &mut Vec<Row>) -> Result<(), Box<dyn Error>> {
    let mut seconds = [None; 3];
    for (at, package) in alone.contestants().iter().enumerate() {
        eprintln!("building {} from nothing", contestants::NAMES[at]);
        let time = binary::build_time(package, &alone.folder().join("target"))?;
        seconds[at] = Some(time.as_secs_f64());
    }
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get());
    let note = format!("for release, with all crates, from downloaded sources; once, on {cores} cores");
    rows.push(Row::measured("build time", "s", &note, seconds));
    Ok(())
}
