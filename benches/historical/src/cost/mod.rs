//! Measures what each contestant costs its developers: code to read, time and crates to build, and the compiler's
//! error messages. Everything is counted in sources, manifests, binaries and messages; nothing is an opinion.

mod alone;
mod binary;
mod compiler;
mod contestants;
mod count;
mod crates;
mod elsewhere;
mod messages;
mod report;
mod source;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::thread;

use contestants::Part;
use count::Counts;
use elsewhere::ELSEWHERE;
use messages::Message;
use report::{Report, Row};

/// The command line of `cost`.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The folder that cost.json is written to
    #[arg(long, default_value = "report", value_name = "FOLDER")]
    pub out: PathBuf,
    /// Also time a clean build of each contestant on its own; takes minutes
    #[arg(long)]
    build: bool,
}

impl Options {
    /// Only the measurements that take seconds, written to that folder.
    pub fn to(out: &Path) -> Options {
        Options { out: out.to_path_buf(), build: false }
    }
}

/// The last of the scopes, which the page of the comparison begins with.
pub const TRANSPORT: &str = "transport only";
/// The scopes of the rows. `memed` does more than the others, so it is counted once as a whole, and once without
/// what the others do not do.
const SCOPES: [(&str, &[Part]); 4] = [
    ("whole server", &[Part::Carries, Part::Answers, Part::Guards, Part::More]),
    ("with guards", &[Part::Carries, Part::Answers, Part::Guards]),
    ("requests and answers", &[Part::Carries, Part::Answers]),
    (TRANSPORT, &[Part::Carries]),
];

/// What each scope includes, in the order of [`SCOPES`].
const SCOPE_NOTES: [&str; 4] = [
    "memed: all of src/server and main.rs; the others: all of their code, shared code included. Lines of code \
     without blank lines, comments and tests",
    "without what only memed does: access log, ranges, shared drawings, histograms, /metrics, Server-Timing",
    "also without the guards against slow, vanished and malformed clients, and without the HTTP parser of threads: \
     hyper 1 has both built in. A file counts as a whole, so memed's have what only it offers: links, forms",
    "also without routing and replies. go and node: without the binding to the captioner, which is in \"whole server\" only",
];

/// Measures, prints the table, and writes `cost.json`.
///
/// # Errors
/// If a source, a program or a message is missing, cargo fails, or the file cannot be written.
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
    let mut messages: Vec<Message> = messages.collect::<Result<_, _>>()?;
    for one in &ELSEWHERE {
        messages.extend(one.message()?);
    }
    let report = Report { rows, messages };
    println!("{report}");
    let file = report.write(&options.out)?;
    println!("{}", file.display());
    Ok(())
}

fn count_sources(rows: &mut Vec<Row>) -> Result<(), Box<dyn Error>> {
    for ((scope, parts), note) in SCOPES.iter().zip(SCOPE_NOTES) {
        let counts = contestants::counts(parts)?;
        let mut elsewhere = Vec::new();
        for one in &ELSEWHERE {
            elsewhere.push(one.lines_and_files(parts)?);
        }
        let of =
            |measure: fn(&(usize, usize)) -> usize| [0, 1].map(|at| Some(measure(&elsewhere[at]) as f64));
        let lines = counts.each_ref().map(|one| one.lines);
        let files = counts.each_ref().map(|one| one.files);
        rows.push(Row::new(&format!("lines, {scope}"), "lines", note, lines).elsewhere(of(|one| one.0)));
        rows.push(Row::new(&format!("files, {scope}"), "files", "", files).elsewhere(of(|one| one.1)));
    }
    // For the widest scope, and for the one that compares like with like.
    for at in [0, 2] {
        count_syntax(SCOPES[at].0, &contestants::counts(SCOPES[at].1)?, rows);
    }
    Ok(())
}

/// Counts the constructs that a reader has to keep in mind.
fn count_syntax(scope: &str, counts: &[Counts; 3], rows: &mut Vec<Row>) {
    let names = counts.each_ref().map(|one| {
        one.combinators.iter().map(|(name, calls)| format!("{name} {calls}")).collect::<Vec<_>>().join(", ")
    });
    let combinators = format!(
        "counted by name, so those of Option, Result and iterators are included. threads: {}; futures-0.1: {}; \
         async-await: {}",
        names[0], names[1], names[2]
    );
    type Measure = fn(&Counts) -> usize;
    let measures: [(&str, &str, &str, Measure); 14] = [
        ("items", "items", "functions, methods, types, traits, implementations, constants", |one| one.items),
        ("closures", "closures", "", |one| one.closures),
        ("deepest closure", "levels", "1: inside no other closure", |one| one.deepest),
        ("deepest closure or async block", "levels", "both count as a level", |one| one.deepest_with_async),
        ("async blocks", "blocks", "", |one| one.async_blocks),
        ("async functions", "functions", "", |one| one.async_functions),
        ("awaits", "awaits", "", |one| one.awaits),
        ("combinators", "calls", &combinators, Counts::combinators),
        ("boxes", "calls", "Box::new and Box::pin", |one| one.boxes),
        ("boxed futures", "mentions", "BoxFuture and dyn Future, in types", |one| one.boxed_futures),
        ("Arc and Rc", "mentions", "without imports", |one| one.shared),
        ("clones", "calls", "", |one| one.clones),
        ("hand-written futures", "impls", "of Future, Stream, Sink, AsyncRead, AsyncWrite", |one| one.polled),
        (
            "poll functions",
            "functions",
            "poll and poll_…, including those in trait implementations",
            |one| one.polls,
        ),
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
        "linked into the program, each version counted separately; in a package with this contestant alone";
    rows.push(Row::new("crates", "crates", note, all));
    let note = format!("beyond the {} that memed needs without its server", captioner.len());
    rows.push(Row::new("crates for the server", "crates", &note, own));
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
    let note = "its code and data, including the fonts and templates that all three embed";
    rows.push(Row::measured("program, loaded", "KiB", note, in_kib(|size| size.loaded)));
    rows.push(Row::measured("machine code", "KiB", "the code sections", in_kib(|size| size.code)));
    Ok(())
}

fn time_builds(alone: &alone::Alone, rows: &mut Vec<Row>) -> Result<(), Box<dyn Error>> {
    let mut seconds = [None; 3];
    for (at, package) in alone.contestants().iter().enumerate() {
        eprintln!("clean build of {}", contestants::NAMES[at]);
        let time = binary::build_time(package, &alone.folder().join("target"))?;
        seconds[at] = Some(time.as_secs_f64());
    }
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get());
    let note = format!(
        "clean release build with all crates, sources already downloaded; measured once, on {cores} cores"
    );
    let mut elsewhere = [None; 2];
    for (one, seconds) in ELSEWHERE.iter().zip(&mut elsewhere) {
        *seconds = one.build_time()?.map(|time| time.as_secs_f64());
    }
    let note =
        format!("{note}; go: the language's library included, the captioner not; node: nothing to build");
    rows.push(Row::measured("build time", "s", &note, seconds).elsewhere(elsewhere));
    Ok(())
}
