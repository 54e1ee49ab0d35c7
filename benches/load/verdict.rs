//! What the scene `hostile` measured, and whether its goals are met.
//!
//! The p99 of the victim may be twice what it is alone. Where the attacker asks for work that any client may ask for, it
//! may keep every processor busy, and then everybody is slower, however fair the server is. So if the first comparison
//! fails there, a second one decides: the p99 may be twice what it is beside a polite client who asks for the same kind
//! of work. What it is worse than that is what the attacker gets by asking for more at once. The goals say which of the
//! two comparisons was met.
//!
//! A drawing is not interrupted for another one, so a new picture may wait for a thread as long as one drawing of the
//! attacker takes, and a tenth. The server reports the wait of each picture (`Server-Timing`), and how long each of the
//! attacker's took, so this comparison is free of the time that the victim's own drawing takes on processors that are
//! busy. The longest wait of a round is compared with the longest drawing of the same round. For attacks that draw, this
//! goal takes the place of the other for new pictures; the ratios of their latencies are printed all the same.

use attackers::Seen;
use attacks::{Attack, Way};
use paced::Measured;
use report::{median, milliseconds, Goal, Table};

/// What the victim asks for.
pub const KINDS: [&str; 3] = ["/health", "kept picture", "new picture"];
/// The last of them.
const NEW: usize = 2;
const RATIO_LIMIT: f64 = 2.0;
const WAIT_LIMIT: f64 = 1.1;
const IDLE_LIMIT: f64 = 0.05;

/// What the victim measured in one of the situations, in all rounds.
pub struct Situation {
    sums: Vec<Measured>,
    /// The longest wait of a new picture in each round, in milliseconds.
    waits: Vec<f64>,
    /// What the other client got, and the longest of its drawings in each round, in milliseconds.
    seen: Seen,
    drawings: Vec<f64>,
}

impl Situation {
    pub fn new() -> Situation {
        let sums = vec![Measured::new(); KINDS.len()];
        Situation { sums, waits: Vec::new(), seen: Seen::new(), drawings: Vec::new() }
    }

    pub fn add(&mut self, round: &[Measured], seen: &Seen) {
        // A picture that was not drawn waits for ever.
        let waits = &round[NEW].waits;
        self.waits.push(if waits.count() > 0 { waits.within(1.0) } else { f64::INFINITY });
        self.sums.iter_mut().zip(round).for_each(|(sum, measured)| sum.add(measured));
        self.drawings.push(seen.drawings.within(1.0));
        self.seen.add(seen);
    }

    /// The p99 of that kind, of all rounds together, as a multiple of what it is in the other situation. The p99 of one
    /// round would be its second or third slowest request. New pictures are so few that theirs would be the slowest of all
    /// rounds, so for them it is the p90.
    fn ratio(&self, other: &Situation, kind: usize) -> f64 {
        let share = if kind == NEW { 0.9 } else { 0.99 };
        self.sums[kind].latencies.within(share) / other.sums[kind].latencies.within(share)
    }
}

/// One attack, and what it did.
pub struct Played {
    pub attack: &'static Attack,
    pub alone: Situation,
    pub polite: Situation,
    pub beside: Situation,
    /// Of the server above its start, in MiB: the most beside the attack.
    pub memory: f64,
    /// The server's share of a processor after a long attack.
    pub idle: Option<f64>,
}

impl Played {
    pub fn victim_rows(&self, table: &mut Table) {
        for (kind, name) in KINDS.iter().enumerate() {
            let mut cells = vec![self.attack.name.to_string(), name.to_string()];
            let has_polite = self.attack.polite.is_some();
            let of =
                |situation: &Situation, share| milliseconds(situation.sums[kind].latencies.within(share));
            for situation in [&self.alone, &self.polite, &self.beside].iter() {
                let is_there = situation.sums[kind].latencies.count() > 0;
                cells.extend(
                    [0.5, 0.99].iter().map(|share| if is_there { of(situation, *share) } else { dash() }),
                );
            }
            cells.push(format!("{:.2}", self.beside.ratio(&self.alone, kind)));
            cells.push(if has_polite {
                format!("{:.2}", self.beside.ratio(&self.polite, kind))
            } else {
                dash()
            });
            let sum = &self.beside.sums[kind];
            cells.push(format!("{} of {}", sum.failed, sum.latencies.count()));
            cells.push(sum.refused.to_string());
            table.row(cells);
        }
    }

    pub fn attacker_row(&self, table: &mut Table) {
        let (seen, drawings) = (&self.beside.seen, &self.beside.seen.drawings);
        let is_looping = matches!(self.attack.way, Way::Loops(_));
        let is_drawing = drawings.count() > 0;
        table.row(vec![
            self.attack.name.to_string(),
            if is_looping { seen.answers.to_string() } else { dash() },
            if is_looping { seen.refused.to_string() } else { dash() },
            seen.dropped.to_string(),
            if is_drawing { milliseconds(drawings.within(0.5)) } else { dash() },
            if is_drawing { milliseconds(drawings.within(1.0)) } else { dash() },
            milliseconds(self.beside.sums[NEW].waits.within(0.5)),
            milliseconds(self.beside.sums[NEW].waits.within(1.0)),
            format!("{:.1} MiB", self.memory),
        ]);
    }

    pub fn goals(&self) -> Vec<Goal> {
        let mut goals = vec![self.service(), self.latency()];
        if self.attack.draws {
            goals.push(self.wait());
        }
        goals.extend(self.idle.map(|idle| {
            let limit = 100.0 * IDLE_LIMIT;
            let what =
                format!("{}: afterwards the server takes < {} % of a processor", self.attack.name, limit);
            Goal::new(&what, format!("{:.1} %", 100.0 * idle), idle < IDLE_LIMIT)
        }));
        goals
    }

    fn service(&self) -> Goal {
        let failed: u64 = self.beside.sums.iter().map(|sum| sum.failed).sum();
        let refused: u64 = self.beside.sums.iter().map(|sum| sum.refused).sum();
        Goal::new(
            &format!("{}: no request of the victim fails", self.attack.name),
            format!("{} fail, {} of them with a 503", failed, refused),
            failed == 0,
        )
    }

    fn latency(&self) -> Goal {
        let has_polite = self.attack.polite.is_some();
        let kinds = if self.attack.draws { &KINDS[..NEW] } else { &KINDS[..] };
        let (mut measured, mut is_met) = (Vec::new(), true);
        for (kind, name) in kinds.iter().enumerate() {
            let (mut ratio, mut reference) = (self.beside.ratio(&self.alone, kind), "alone");
            if ratio > RATIO_LIMIT && has_polite {
                ratio = self.beside.ratio(&self.polite, kind);
                reference = "polite";
            }
            measured.push(format!("{} {:.2} × {}", name, ratio, reference));
            is_met &= ratio <= RATIO_LIMIT;
        }
        let or = if has_polite { ", or beside a polite client" } else { "" };
        let what = format!("{}: p99 ≤ {} × alone{}", self.attack.name, RATIO_LIMIT, or);
        Goal::new(&what, measured.join(", "), is_met)
    }

    /// The longest wait of a new picture as a multiple of the longest drawing of the attacker, median of rounds. A slow
    /// reader does not see how long its drawings took; those of the polite client are the same.
    fn wait(&self) -> Goal {
        let sees_them = self.beside.seen.drawings.count() > 0;
        let drawings = if sees_them { &self.beside.drawings } else { &self.polite.drawings };
        let ratio = |waits: &[f64], drawings: &[f64]| {
            median(&waits.iter().zip(drawings).map(|(wait, drawing)| wait / drawing).collect::<Vec<_>>())
        };
        let polite = ratio(&self.polite.waits, &self.polite.drawings);
        let ratio = ratio(&self.beside.waits, drawings);
        let what = format!("{}: a new picture waits ≤ {} × one drawing", self.attack.name, WAIT_LIMIT);
        let measured = if ratio.is_finite() { format!("{:.2} ×", ratio) } else { "not drawn".to_string() };
        let measured = format!("{} (beside a polite client {:.2} ×)", measured, polite);
        Goal::new(&what, measured, ratio <= WAIT_LIMIT)
    }
}

fn dash() -> String {
    "-".to_string()
}
