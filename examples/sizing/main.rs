//! How many replicas, proxies, cores and bytes a site needs: `cargo run --release --example sizing`
//!
//! Without a rate it prints a table for 1, 100, 10,000 and 1,000,000 requests per second. With `--simulate N` it also plays
//! N requests of one site, one by one, which is how to compare it with a real one; deploy/README.md does so. `--help`
//! lists what is assumed about the site and can be changed; the costs and the machines are constants here.
//!
//! `model.rs` computes where requests are answered, `simulation.rs` finds it out; the tests compare the two:
//! `cargo test --example sizing`.

extern crate fastrand;
extern crate memed;

mod model;
mod simulation;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::env;
use std::process::exit;

use model::{Answered, Site};

/// What was measured, with `deploy/cost.py PROGRAM`.
mod cost {
    /// The mix: share of the requests, bytes, and seconds of a core for a drawing. `raccoon` at 480 pixels, `cat` at 300,
    /// and `deal-with-it`.
    pub const KINDS: [(f64, f64, f64); 3] =
        [(0.75, 63e3, 0.8e-3), (0.20, 108e3, 0.4e-3), (0.05, 221e3, 7.6e-3)];
    /// Seconds of a core of a replica for a picture from its cache, or a 304.
    pub const ANSWER: f64 = 30e-6;
    /// Of a proxy, for an answer from its cache, and for one that it gets from a replica and keeps.
    pub const PROXY: (f64, f64) = (40e-6, 220e-6);
    /// Bytes of a replica beside its `--result-cache`: the memory that `deploy/kubernetes.yaml` requests for it.
    pub const REPLICA: f64 = 320.0 * 1_048_576.0;
}

/// What one machine is, and how far it is filled: the rest is left for peaks and for the loss of a neighbor.
const THREADS: f64 = 2.0;
const PROXY_CORES: f64 = 4.0;
const FILLED: f64 = 0.6;
/// Bits per second of a proxy's network.
const NETWORK: f64 = 10e9;
/// So that one may be restarted.
const FEWEST: f64 = 2.0;

const DAY: f64 = 86_400.0;
const MIB: f64 = 1_048_576.0;

const HELP: &str =
    "usage: sizing [--rate R] [--pictures N] [--zipf EXPONENT] [--life SECONDS] [--bytes BYTES]
              [--proxies N] [--proxy-cache MIB] [--proxies-by-url] [--fresh SECONDS]
              [--replicas N] [--result-cache MIB] [--round-robin]
              [--simulate REQUESTS [--before REQUESTS] [--seed N]]

--rate            requests per second; without it, a table of 1, 100, 10,000 and 1,000,000
--pictures        that are asked for at any time [1000, and 50 for each request per second]
--zipf            the n-th of them is asked for n^-EXPONENT as often as the first [0.9]
--life            mean time until a new one takes the place of each; inf is never [86400]
--bytes           mean size [that of the mix]
--proxies         [as many as needed]
--proxy-cache     of each, as proxy_cache_path in nginx.conf has it; 0 is none [1024]
--proxies-by-url  each proxy has its share of the URLs, as in a CDN, so that their caches add up
--fresh           how long a proxy does not ask again: max-age of memed [300]
--replicas        [as many as needed]
--result-cache    of each, as the knob of memed [64]
--round-robin     replicas take turns, instead of each having its share of the URLs
--simulate        play so many requests, after --before others that fill the caches
";

/// The options that need no number.
const SWITCHES: [&str; 2] = ["--proxies-by-url", "--round-robin"];

/// A site as it was asked for; 0 proxies or replicas are as many as needed.
struct Arguments {
    site: Site,
    simulate: usize,
    before: usize,
    seed: u64,
}

/// The options that were given, by name; those that need no number are 1.
fn options(arguments: &[String]) -> Result<HashMap<&str, f64>, String> {
    let described = HELP.lines().filter(|line| line.starts_with("--"));
    let known: Vec<_> = described.filter_map(|line| line.split_whitespace().next()).collect();
    let mut options = HashMap::new();
    let mut words = arguments.iter().map(|word| &word[..]);
    while let Some(name) = words.next() {
        if !known.contains(&name) {
            return Err(format!("{} is not known", name));
        }
        let number = if SWITCHES.contains(&name) {
            1.0
        } else {
            let number = words.next().and_then(|word| word.parse().ok());
            let makes_sense = |&number: &f64| number >= 0.0 && (number.is_finite() || name == "--life");
            number.filter(makes_sense).ok_or_else(|| format!("{} needs a number", name))?
        };
        if options.insert(name, number).is_some() {
            return Err(format!("{} is given twice", name));
        }
    }
    Ok(options)
}

/// `rate` is that of the table, if there is none in the arguments.
fn parse(arguments: &[String], rate: f64) -> Result<Arguments, String> {
    let options = options(arguments)?;
    let number = |name: &str, default: f64| options.get(name).cloned().unwrap_or(default);
    let rate = number("--rate", rate);
    let mean: f64 = cost::KINDS.iter().map(|(share, bytes, _)| share * bytes).sum();
    let site = Site {
        rate,
        pictures: number("--pictures", (1000.0 + 50.0 * rate).round()).max(1.0),
        exponent: number("--zipf", 0.9),
        life: number("--life", DAY),
        bytes: number("--bytes", mean),
        proxies: number("--proxies", 0.0),
        proxy_cache: number("--proxy-cache", 1024.0) * MIB,
        fresh: number("--fresh", 300.0),
        inactive: 3600.0,
        replicas: number("--replicas", 0.0),
        result_cache: number("--result-cache", 64.0) * MIB,
        proxies_hashed: options.contains_key("--proxies-by-url"),
        hashed: !options.contains_key("--round-robin"),
    };
    let (simulate, before) = (number("--simulate", 0.0) as usize, number("--before", 0.0) as usize);
    Ok(Arguments { site, simulate, before, seed: number("--seed", 1.0) as u64 })
}

/// What is needed for a site.
struct Needs {
    answered: Answered,
    /// Of all replicas, for drawing and in all.
    drawing: f64,
    replica_cores: f64,
    proxy_cores: f64,
}

/// Finds how many proxies and replicas are needed, where that was not said.
fn size(site: &mut Site) -> Needs {
    if site.proxies == 0.0 {
        let for_bytes = site.rate * site.bytes * 8.0 / NETWORK / FILLED;
        // Where the replicas' caches end changes nothing for the proxies.
        let some_replicas = Site { replicas: site.replicas.max(FEWEST), ..site.clone() };
        site.proxies = fewest(1.0_f64.max(for_bytes.ceil()), |proxies| {
            needs(&Site { proxies, ..some_replicas.clone() }).proxy_cores / PROXY_CORES / FILLED
        });
    }
    if site.replicas == 0.0 {
        site.replicas = fewest(FEWEST, |replicas| {
            let site = Site { replicas, ..site.clone() };
            let needs = needs(&site);
            // Its one reactor answers all requests of a replica, on a core of its own.
            let answering = site.rate * (1.0 - needs.answered.by_proxy) * cost::ANSWER;
            (needs.drawing / THREADS).max(answering) / FILLED
        });
    }
    needs(site)
}

/// The least number, from `least` on, that is enough for what so many need. More of them have larger caches and need less,
/// or at least not as much more as there are more of them.
fn fewest<F: Fn(f64) -> f64>(least: f64, needed: F) -> f64 {
    let enough = |count: f64| needed(count) <= count;
    let (mut too_few, mut found) = (least - 1.0, least);
    while !enough(found) {
        too_few = found;
        found *= 2.0;
    }
    while found - too_few > 1.0 {
        let middle = ((too_few + found) / 2.0).floor();
        if enough(middle) {
            found = middle;
        } else {
            too_few = middle;
        }
    }
    found
}

fn needs(site: &Site) -> Needs {
    let draw: f64 = cost::KINDS.iter().map(|(share, _, seconds)| share * seconds).sum();
    let answered = model::answered(site);
    let upstream = site.rate * (1.0 - answered.by_proxy);
    let drawing = site.rate * answered.drawn * draw;
    let replica_cores = drawing + upstream * cost::ANSWER;
    let proxy_cores = (site.rate - upstream) * cost::PROXY.0 + upstream * cost::PROXY.1;
    Needs { answered, drawing, replica_cores, proxy_cores }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn print_table(arguments: &[String], rates: &[f64]) -> Result<(), String> {
    let mut columns = Vec::new();
    for &rate in rates {
        let mut site = parse(arguments, rate)?.site;
        let Needs { answered, drawing, replica_cores, proxy_cores } = size(&mut site);
        let memory = site.replicas * (site.result_cache + cost::REPLICA) / (1024.0 * MIB);
        let hits = answered.by_replica / (answered.by_replica + answered.drawn);
        columns.push([
            site.rate.to_string(),
            site.pictures.to_string(),
            format!("{} ({:.2})", site.proxies, proxy_cores),
            percent(answered.by_proxy),
            percent(answered.revalidated),
            format!("{} ({:.2})", site.replicas, replica_cores),
            percent(hits),
            format!("{:.2} ({})", site.rate * answered.drawn, percent(answered.drawn)),
            format!("{:.2}", drawing),
            format!("{:.1} GiB", memory),
            format!("{:.1}", site.rate * site.bytes * 8.0 / 1e6),
        ]);
    }
    let names = [
        "requests per second",
        "pictures asked for at any time",
        "proxies (their cores)",
        "answered from their caches",
        "answered after a 304 of a replica",
        "replicas (their cores)",
        "hits of the replicas' caches",
        "drawn per second (of all requests)",
        "cores that draw",
        "memory of the replicas",
        "Mbit/s to clients",
    ];
    for (row, name) in names.iter().enumerate() {
        let cells: Vec<_> = columns.iter().map(|column| &column[row][..]).collect();
        println!("| {} | {} |", name, cells.join(" | "));
        if row == 0 {
            println!("|---|{}", "---|".repeat(cells.len()));
        }
    }
    Ok(())
}

fn print_compared(arguments: &Arguments) {
    let mut site = arguments.site.clone();
    let modelled = size(&mut site).answered;
    let played = simulation::answered(&site, arguments.before, arguments.simulate, arguments.seed);
    println!("| | model | simulation |\n|---|---|---|");
    let hits = |answered: &Answered| answered.by_replica / (answered.by_replica + answered.drawn);
    let row = |what: &str, share: &dyn Fn(&Answered) -> f64| {
        println!("| {} | {} | {} |", what, percent(share(&modelled)), percent(share(&played)));
    };
    row("from a proxy's cache", &|answered| answered.by_proxy);
    row("after a 304", &|answered| answered.revalidated);
    row("from a replica's cache", &|answered| answered.by_replica);
    row("drawn", &|answered| answered.drawn);
    // NaN if the replicas were asked for no picture.
    row("hits of the replicas' caches", &hits);
}

fn run(arguments: &[String]) -> Result<(), String> {
    let one = parse(arguments, 100.0)?;
    if one.simulate > 0 {
        print_compared(&one);
        return Ok(());
    }
    let rates = if options(arguments)?.contains_key("--rate") {
        vec![one.site.rate]
    } else {
        vec![1.0, 100.0, 1e4, 1e6]
    };
    print_table(arguments, &rates)
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help") {
        return print!("{}", HELP);
    }
    if let Err(error) = run(&arguments) {
        eprintln!("sizing: {}\n{}", error, HELP);
        exit(64);
    }
}
