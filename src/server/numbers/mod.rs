//! Everything that `/stats` and `/metrics` report: one row per number.
//!
//! A row has the number's name on both pages, its help text, and the function that reads it. The pages and README's
//! table are made from the rows, or checked against them, so a new number is one new row (and a field of
//! [`counters::Counters`], if nothing counts it yet).

pub mod counters;
pub mod latency;

use self::counters::OUTCOMES;
use self::latency::Summary;
use captioner::CacheStats;
use server::app::App;

/// One number, or one for each value of a label.
#[derive(Debug)]
pub struct Row {
    /// Its name in `/stats`: the objects that it is nested in and its own, joined with dots. `*` stands for the value
    /// of the label.
    pub stats: &'static str,
    /// Its name in `/metrics` without the prefix `memed_` and the suffix of its kind, if it is there.
    pub metric: Option<&'static str>,
    /// What type of metric it is.
    pub kind: Kind,
    /// What it counts or measures.
    pub help: &'static str,
    read: fn(&App) -> Reading,
}

/// The type and the unit of a metric. OpenMetrics wants both in the suffix of the name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// A gauge in bytes.
    Bytes,
    /// A histogram in seconds.
    Durations,
}

/// What a row reads at one moment.
#[derive(Clone, Debug)]
pub enum Reading {
    /// One number.
    Integer(u64),
    /// One number.
    Float(f64),
    /// One number for each value of a label.
    Integers(Label, Vec<(&'static str, u64)>),
    /// One number for each value of a label.
    Floats(Label, Vec<(&'static str, f64)>),
    /// A distribution.
    Durations(Box<Summary>),
}

/// The name of a label.
pub type Label = &'static str;

/// All rows, in the order of the pages.
pub const ROWS: &[Row] = &[
    Row {
        stats: "requests",
        metric: None,
        kind: Kind::Counter,
        help: "Request heads read",
        read: |app| Reading::Integer(app.counters.requests.get()),
    },
    Row {
        stats: "responses.*",
        metric: Some("requests"),
        kind: Kind::Counter,
        help: "Requests by the class of their status; cut_off: the client did not get all of the response",
        read: |app| {
            let outcomes = OUTCOMES.iter().zip(&app.counters.outcomes);
            Reading::Integers("status", outcomes.map(|(name, count)| (*name, count.get())).collect())
        },
    },
    Row {
        stats: "in_flight",
        metric: Some("requests_in_flight"),
        kind: Kind::Gauge,
        help: "Requests without a response yet, the one for this page included",
        read: |app| Reading::Integer(app.counters.in_flight.get()),
    },
    Row {
        stats: "refused",
        metric: Some("requests_refused"),
        kind: Kind::Counter,
        help: "Requests refused because the queue was full",
        read: |app| Reading::Integer(app.counters.refused.get()),
    },
    Row {
        stats: "timed_out",
        metric: Some("requests_timed_out"),
        kind: Kind::Counter,
        help: "Requests past their deadline",
        read: |app| Reading::Integer(app.counters.timed_out.get()),
    },
    Row {
        stats: "hung_up",
        metric: Some("requests_hung_up"),
        kind: Kind::Counter,
        help: "Requests given up because the client hung up",
        read: |app| Reading::Integer(app.counters.hung_up.get()),
    },
    Row {
        stats: "shared",
        metric: Some("requests_shared"),
        kind: Kind::Counter,
        help: "Requests that joined a drawing in flight",
        read: |app| Reading::Integer(app.counters.shared.get()),
    },
    Row {
        stats: "not_modified",
        metric: Some("requests_not_modified"),
        kind: Kind::Counter,
        help: "Requests for a picture that the client has",
        read: |app| Reading::Integer(app.counters.not_modified.get()),
    },
    Row {
        stats: "latency.request",
        metric: Some("request_duration"),
        kind: Kind::Durations,
        help: "From a head read to its response written",
        read: |app| Reading::Durations(Box::new(app.counters.request_time.summary())),
    },
    Row {
        stats: "connections.open",
        metric: Some("connections_open"),
        kind: Kind::Gauge,
        help: "Open connections",
        read: |app| Reading::Integer(app.slots.taken() as u64),
    },
    Row {
        stats: "connections.closed_late",
        metric: Some("connections_closed_late"),
        kind: Kind::Counter,
        help: "Connections closed because the client was slow or idle for too long",
        read: |app| Reading::Integer(app.counters.late.get()),
    },
    Row {
        stats: "connections.made_room",
        metric: Some("connections_made_room"),
        kind: Kind::Counter,
        help: "Idle connections closed to make room for new ones",
        read: |app| Reading::Integer(app.counters.made_room.get()),
    },
    Row {
        stats: "connections.turned_away",
        metric: Some("connections_turned_away"),
        kind: Kind::Counter,
        help: "Connections refused because their client had too many",
        read: |app| Reading::Integer(app.counters.turned_away.get()),
    },
    Row {
        stats: "buffers.used",
        metric: Some("buffers"),
        kind: Kind::Bytes,
        help: "Bytes of requests that are not answered yet and of responses that are not sent yet",
        read: |app| Reading::Integer(app.budget.used() as u64),
    },
    Row {
        stats: "buffers.capacity",
        metric: Some("buffers_capacity"),
        kind: Kind::Bytes,
        help: "Bytes that these may take before clients are held to equal shares",
        read: |app| Reading::Integer(app.budget.limit() as u64),
    },
    Row {
        stats: "rendering",
        metric: Some("rendering"),
        kind: Kind::Gauge,
        help: "Jobs that a render thread is running",
        read: |app| Reading::Integer(app.pool.running() as u64),
    },
    Row {
        stats: "queue.waiting",
        metric: Some("queue_waiting"),
        kind: Kind::Gauge,
        help: "Jobs that wait for a render thread",
        read: |app| Reading::Integer(app.pool.waiting() as u64),
    },
    Row {
        stats: "queue.capacity",
        metric: Some("queue_capacity"),
        kind: Kind::Gauge,
        help: "Jobs that may wait for a render thread",
        read: |app| Reading::Integer(app.pool.capacity() as u64),
    },
    Row {
        stats: "drawn.count",
        metric: None,
        kind: Kind::Counter,
        help: "Pictures drawn",
        read: |app| Reading::Integer(app.counters.draw_time.count()),
    },
    Row {
        stats: "drawn.queue_seconds",
        metric: None,
        kind: Kind::Counter,
        help: "Time that their jobs waited, in total",
        read: |app| Reading::Float(app.counters.queue_time.sum().as_secs_f64()),
    },
    Row {
        stats: "drawn.draw_seconds",
        metric: None,
        kind: Kind::Counter,
        help: "Time that drawing them took, without encoding, in total",
        read: |app| Reading::Float(app.counters.draw_time.sum().as_secs_f64()),
    },
    Row {
        stats: "drawn.encode_seconds",
        metric: None,
        kind: Kind::Counter,
        help: "Time that encoding them took, in total",
        read: |app| Reading::Float(app.counters.encode_time.sum().as_secs_f64()),
    },
    Row {
        stats: "latency.queue",
        metric: Some("queue_duration"),
        kind: Kind::Durations,
        help: "The wait of a drawing for a render thread",
        read: |app| Reading::Durations(Box::new(app.counters.queue_time.summary())),
    },
    Row {
        stats: "latency.draw",
        metric: Some("draw_duration"),
        kind: Kind::Durations,
        help: "A drawing's time on its thread, without encoding",
        read: |app| Reading::Durations(Box::new(app.counters.draw_time.summary())),
    },
    Row {
        stats: "latency.encode",
        metric: Some("encode_duration"),
        kind: Kind::Durations,
        help: "A drawing's time in the encoder",
        read: |app| Reading::Durations(Box::new(app.counters.encode_time.summary())),
    },
    Row {
        stats: "cache.*.hits",
        metric: Some("cache_hits"),
        kind: Kind::Counter,
        help: "Look-ups that a cache answered",
        read: |app| of_caches(app, |stats| stats.hits),
    },
    Row {
        stats: "cache.*.misses",
        metric: Some("cache_misses"),
        kind: Kind::Counter,
        help: "Look-ups that a cache could not answer",
        read: |app| of_caches(app, |stats| stats.misses),
    },
    Row {
        stats: "cache.*.used",
        metric: Some("cache"),
        kind: Kind::Bytes,
        help: "Bytes that a cache holds",
        read: |app| of_caches(app, |stats| stats.used as u64),
    },
    Row {
        stats: "cache.*.capacity",
        metric: Some("cache_capacity"),
        kind: Kind::Bytes,
        help: "Bytes that a cache may hold",
        read: |app| of_caches(app, |stats| stats.capacity as u64),
    },
    Row {
        stats: "cache.*.fill_rate",
        metric: None,
        kind: Kind::Gauge,
        help: "Used bytes divided by capacity",
        read: |app| {
            let rate = |stats: &CacheStats| stats.used as f64 / stats.capacity.max(1) as f64;
            Reading::Floats("cache", caches(app).iter().map(|(name, stats)| (*name, rate(stats))).collect())
        },
    },
];

fn caches(app: &App) -> [(&'static str, CacheStats); 3] {
    let stats = app.captioner.stats();
    [("templates", stats.templates), ("fonts", stats.fonts), ("results", app.kept.stats())]
}

fn of_caches(app: &App, number: fn(&CacheStats) -> u64) -> Reading {
    let numbers = caches(app).iter().map(|(name, stats)| (*name, number(stats))).collect();
    Reading::Integers("cache", numbers)
}

/// Reads all rows.
pub fn read(app: &App) -> Vec<(&'static Row, Reading)> {
    ROWS.iter().map(|row| (row, (row.read)(app))).collect()
}

#[cfg(test)]
mod tests {
    use super::{Kind, Row, ROWS};

    /// The line of README's table.
    fn documented(row: &Row) -> String {
        let suffix = match row.kind {
            Kind::Counter => "_total",
            Kind::Gauge => "",
            Kind::Bytes => "_bytes",
            Kind::Durations => "_seconds",
        };
        let metric = row.metric.map_or("-".to_string(), |name| format!("`memed_{}{}`", name, suffix));
        format!("| `{}` | {} | {} |", row.stats, metric, row.help)
    }

    #[test]
    fn readme_has_a_line_for_each_number_and_no_other() {
        let readme = include_str!("../../../README.md");
        let rows: Vec<_> = ROWS.iter().map(documented).collect();
        let start = readme.find("| in `/stats` |").expect("README has the table");
        let table: Vec<_> =
            readme[start..].lines().skip(2).take_while(|line| line.starts_with('|')).collect();
        assert_eq!(table, rows, "\nThe table in README should be:\n{}\n", rows.join("\n"));
    }
}
