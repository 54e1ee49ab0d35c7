//! Tables, goals and medians, printed at the end of each scene.

use std::time::Duration;

use hdrhistogram::Histogram;

/// What was wanted, and what came of it.
pub struct Goal {
    what: String,
    measured: String,
    outcome: Outcome,
}

enum Outcome {
    Met,
    Missed,
    /// And why.
    NotMeasurable(&'static str),
}

impl Goal {
    pub fn new(what: &str, measured: String, is_met: bool) -> Goal {
        let outcome = if is_met { Outcome::Met } else { Outcome::Missed };
        Goal { what: what.to_string(), measured, outcome }
    }

    /// The same, if it can be measured: if there is no reason why not.
    pub fn unless(self, reason: Option<&'static str>) -> Goal {
        match reason {
            Some(reason) => Goal { outcome: Outcome::NotMeasurable(reason), ..self },
            None => self,
        }
    }

    pub fn is_missed(&self) -> bool {
        matches!(self.outcome, Outcome::Missed)
    }

    pub fn sentence(&self) -> String {
        format!("the goal is {}, and it is {}", self.what, self.measured)
    }
}

pub fn print_goals(goals: &[Goal]) {
    let mut table = Table::new(&["goal", "measured", ""]);
    for goal in goals {
        let outcome = match goal.outcome {
            Outcome::Met => "met".to_string(),
            Outcome::Missed => "**missed**".to_string(),
            Outcome::NotMeasurable(reason) => format!("not measurable: {}", reason),
        };
        table.row(vec![goal.what.clone(), goal.measured.clone(), outcome]);
    }
    println!();
    table.print();
}

/// A Markdown table.
pub struct Table(Vec<Vec<String>>);

impl Table {
    pub fn new(columns: &[&str]) -> Table {
        Table(vec![columns.iter().map(|column| column.to_string()).collect()])
    }

    pub fn row(&mut self, cells: Vec<String>) {
        self.0.push(cells);
    }

    /// With columns that line up in a terminal, too.
    pub fn print(&self) {
        let columns = self.0[0].len();
        let width = |column: usize| self.0.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<_> = (0..columns).map(width).collect();
        for (index, row) in self.0.iter().enumerate() {
            let cells =
                row.iter().zip(&widths).map(|(cell, &width)| format!(" {:width$} |", cell, width = width));
            println!("|{}", cells.collect::<String>());
            if index == 0 {
                println!("|{}", widths.iter().map(|width| "-".repeat(width + 2) + "|").collect::<String>());
            }
        }
    }
}

/// Times, from a microsecond to minutes, to three digits.
#[derive(Clone)]
pub struct Latencies(Histogram<u64>);

impl Latencies {
    pub fn new() -> Latencies {
        Latencies(Histogram::new_with_bounds(1, 600_000_000, 3).expect("the bounds are in order"))
    }

    pub fn record(&mut self, time: Duration) {
        self.0.saturating_record(time.as_micros() as u64);
    }

    pub fn add(&mut self, other: &Latencies) {
        self.0.add(&other.0).expect("both have the same bounds");
    }

    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// In milliseconds: the time within which that share of them was.
    pub fn within(&self, share: f64) -> f64 {
        self.0.value_at_quantile(share) as f64 / 1e3
    }

    pub fn p99(&self) -> f64 {
        self.within(0.99)
    }

    /// Median, p99 and maximum, for a table.
    pub fn cells(&self) -> Vec<String> {
        [self.within(0.5), self.p99(), self.0.max() as f64 / 1e3]
            .iter()
            .map(|time| milliseconds(*time))
            .collect()
    }
}

pub fn milliseconds(time: f64) -> String {
    format!("{:.2} ms", time)
}

/// The one in the middle; 0 if there is none.
pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// The median of rounds, and between what they were.
pub fn median_and_spread(values: &[f64]) -> String {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(0.0, f64::max);
    format!("{:.2} ({:.2} to {:.2})", median(values), least, most)
}
