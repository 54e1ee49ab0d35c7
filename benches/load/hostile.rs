//! Measures a victim beside each attack of [`attacks`]. Attacker, victim and a polite competitor have addresses of
//! their own, so the server can tell them apart.
//!
//! Three situations follow each other, round after round: the victim alone, beside the polite client, beside the
//! attacker. [`verdict`] says how they are compared.

use std::net::Ipv4Addr;
use std::thread;
use std::time::{Duration, Instant};

use super::Options;
use attackers::{Attackers, Seen};
use attacks::{Attack, Then, Way, ATTACKS};
use client::{Client, Route};
use drawers::{new_caption, render_threads, settle, CACHED};
use paced::{self, Paced, Wanted};
use program::Program;
use report::{Goal, Table};
use verdict::{Played, Situation};

const ROUNDS: usize = 4;
/// How long a situation lasts. Of two hundred requests, the p99 is the slowest but two.
const ALONE: Duration = Duration::from_millis(1_000);
const BESIDE: Duration = Duration::from_millis(1_000);
const ATTACKER: Ipv4Addr = Ipv4Addr::LOCALHOST;
const VICTIM: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const POLITE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
/// After that, the victim gives up.
const PATIENCE: Duration = Duration::from_secs(2);
/// The victim's connections for `/health` and for the kept picture, and how often per second it asks for each.
const CONNECTIONS: usize = 4;
const RATE: f64 = 200.0;
/// New pictures per second, on one connection: two at a time would compete with each other for the victim's share.
const NEW_RATE: f64 = 6.0;
/// Their template, which no attack is about.
const TEMPLATE: &str = "rocket";
/// How long the server is watched after a long attack.
const IDLE: Duration = Duration::from_secs(2);

fn play_attack(attack: &'static Attack, options: &Options) -> Played {
    let server = Program::memed(attack.knobs);
    let mut victim = victim(&server, attack.meets_strangers);
    warm_up(&server);
    let [mut alone, mut polite, mut beside] = [Situation::new(), Situation::new(), Situation::new()];
    let (start, mut memory) = (server.resident(), 0.0_f64);
    let time = if attack.is_long { options.timers / ROUNDS as u32 } else { BESIDE };
    let route = |from| Route { from, to: server.address, patience: PATIENCE };
    for _ in 0..ROUNDS {
        alone.add(&paced::run(&mut victim, ALONE), &Seen::new());
        if let Some(request) = attack.polite {
            let way = Way::Loops(request);
            let competing = Attackers::start(way, render_threads(), route(POLITE), Duration::ZERO);
            settle();
            let measured = paced::run(&mut victim, BESIDE);
            polite.add(&measured, &competing.stop());
            rest(&server);
        }
        let attacking = Attackers::start(attack.way, attack.connections, route(ATTACKER), Duration::ZERO);
        settle();
        let measured = paced::run(&mut victim, time);
        memory = memory.max(server.resident() - start);
        beside.add(&measured, &attacking.stop());
        rest(&server);
    }
    let idle = if attack.is_long { Some(share_when_idle(&server)) } else { None };
    Played { attack, alone, polite, beside, memory: memory / 1024.0, idle }
}

/// A group of connections for each of [`verdict::KINDS`].
fn victim(server: &Program, is_stranger: bool) -> Vec<Paced> {
    let route = Route { from: VICTIM, to: server.address, patience: PATIENCE };
    let group = |wanted, connections, rate| {
        let group = Paced::new(wanted, route, connections, rate);
        if is_stranger {
            group.fresh()
        } else {
            group
        }
    };
    vec![
        group(Wanted::Same("/health".to_string()), CONNECTIONS, RATE),
        group(Wanted::Same(CACHED.to_string()), CONNECTIONS, RATE),
        group(Wanted::New(TEMPLATE), 1, NEW_RATE),
    ]
}

/// The first drawing on a template is slower, and a kept picture must be drawn before it is kept.
fn warm_up(server: &Program) {
    let mut client = Client::connect(server.address).expect("the server accepts");
    for template in ["raccoon", "dramatic-raccoon", "cat", TEMPLATE].iter() {
        client.get(&new_caption(template)).expect("the server answers");
    }
    client.get(CACHED).expect("the server answers");
}

/// Until the server has seen that the other clients are gone, and given up their drawings.
fn rest(server: &Program) {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        let stats = server.stats();
        let jobs = [&stats["rendering"], &stats["queue"]["waiting"]];
        if jobs.iter().all(|jobs| jobs.as_u64().unwrap_or(0) == 0) {
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// The server's share of a processor while no client asks for anything.
fn share_when_idle(server: &Program) -> f64 {
    settle();
    let (start, before) = (Instant::now(), server.processor_time());
    thread::sleep(IDLE);
    (server.processor_time() - before).as_secs_f64() / start.elapsed().as_secs_f64()
}

/// An attack whose goals are missed is played once more, and that decides: what other programs did on this machine for a
/// moment happens once, a fault of the server twice.
fn play_and_check(attack: &'static Attack, options: &Options) -> Played {
    let played = play_attack(attack, options);
    let goals = played.goals();
    let missed: Vec<_> = goals.iter().filter(|goal| goal.is_missed()).map(Goal::sentence).collect();
    if missed.is_empty() {
        return played;
    }
    println!("Played again: {}.\n", missed.join("; "));
    play_attack(attack, options)
}

pub fn play(options: &Options) -> Vec<Goal> {
    let played: Vec<_> = ATTACKS.iter().map(|attack| play_and_check(attack, options)).collect();
    let mut table = Table::new(&[
        "attack",
        "the victim's",
        "alone: p50",
        "p99",
        "polite: p50",
        "p99",
        "attack: p50",
        "p99",
        "p99 ÷ alone",
        "÷ polite",
        "failed",
        "503",
    ]);
    played.iter().for_each(|played| played.victim_rows(&mut table));
    table.print();
    println!("\n{} rounds, together.", ROUNDS);
    for attack in ATTACKS {
        if let Way::Holds(request, Then::Nothing) = attack.way {
            // Two kinds, in turns.
            let each = (request(0).len() + request(1).len()) as f64 / 2.0;
            let sum = each * attack.connections as f64 / f64::from(1 << 20);
            println!("{}: {} connections with {:.0} MiB.\n", attack.name, attack.connections, sum);
        }
    }
    let mut table = Table::new(&[
        "attack",
        "answers",
        "503",
        "dropped",
        "its drawings: p50",
        "max",
        "a new picture's wait: p50",
        "max",
        "memory above start",
    ]);
    played.iter().for_each(|played| played.attacker_row(&mut table));
    table.print();
    played.iter().flat_map(|played| played.goals()).collect()
}
