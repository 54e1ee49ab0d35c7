//! `/stats` and `/health`, and the counts behind them. Answered on the reactor, at once, however busy the
//! threads are.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use hyper::StatusCode;
use serde_json::Value;

use super::future_ext::ready;
use super::latency::{Latency, Summary};
use super::response::{Reply, ReplyFuture};
use super::timing::Times;
use super::App;
use captioner::CacheStats;

/// What a response can be: of a class of statuses, or not written to its end.
const OUTCOMES: [&str; 5] = ["2xx", "3xx", "4xx", "5xx", "cut_off"];
const CUT_OFF: usize = 4;

/// What has happened since the start. Written and read on the reactor's thread only.
#[derive(Default)]
pub struct Counters {
    /// Requests that hyper has read the head of.
    requests: Cell<u64>,
    /// Those without a response yet. The body of the response may still be on its way.
    in_flight: Cell<u64>,
    /// Those whose response is over, as in [`OUTCOMES`].
    outcomes: [Cell<u64>; OUTCOMES.len()],
    /// Refused because the queue was full.
    pub refused: Cell<u64>,
    /// Not done by their deadline.
    pub timed_out: Cell<u64>,
    /// Given up because the client had gone.
    pub hung_up: Cell<u64>,
    /// Connections closed because the client took too long: to ask, or to read.
    pub late: Cell<u64>,
    /// Joined a drawing in flight.
    pub shared: Cell<u64>,
    /// Asked for a picture that they had.
    pub not_modified: Cell<u64>,
    /// From a head that was read to a response that was written, of those that were not cut off.
    request: Latency,
    /// Of pictures drawn, well and to their end: the parts of [`Times`].
    queue: Latency,
    draw: Latency,
    encode: Latency,
}

impl Counters {
    /// Counts a request until what is returned is dropped.
    pub fn start_request(self: &Rc<Self>) -> InFlight {
        count(&self.requests);
        self.in_flight.set(self.in_flight.get() + 1);
        InFlight(self.clone())
    }

    /// Counts a response that was written to its end.
    pub fn answered(&self, status: u16, took: Duration) {
        count(&self.outcomes[usize::from(status / 100).clamp(2, 5) - 2]);
        self.request.record(took);
    }

    /// Counts one that was not.
    pub fn cut_off(&self) {
        count(&self.outcomes[CUT_OFF]);
    }

    /// Counts a picture that was drawn.
    pub fn record(&self, times: Times) {
        self.queue.record(times.queue);
        self.draw.record(times.draw);
        self.encode.record(times.encode);
    }
}

/// A request without a response.
pub struct InFlight(Rc<Counters>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.set(self.0.in_flight.get() - 1);
    }
}

/// Counts one more.
pub fn count(counter: &Cell<u64>) {
    counter.set(counter.get() + 1);
}

/// Everything that is counted and measured, at one moment: what `/stats` and `/metrics` both tell.
#[derive(Debug)]
pub struct Numbers {
    /// By what they hold.
    pub caches: [(&'static str, CacheStats); 3],
    /// How many may wait for a thread.
    pub queue: usize,
    /// How many do.
    pub waiting: usize,
    /// How many have one.
    pub rendering: usize,
    /// Connections that are open.
    pub connections: usize,
    /// As those of [`Counters`] from here on.
    pub requests: u64,
    /// By outcome.
    pub outcomes: [(&'static str, u64); OUTCOMES.len()],
    pub in_flight: u64,
    pub refused: u64,
    pub timed_out: u64,
    pub hung_up: u64,
    pub late: u64,
    pub shared: u64,
    pub not_modified: u64,
    pub request_time: Summary,
    pub queue_time: Summary,
    pub draw_time: Summary,
    pub encode_time: Summary,
}

impl Numbers {
    /// Those of now.
    pub fn of(app: &App) -> Numbers {
        let caches = app.captioner.stats();
        let gate = app.renderer.gate();
        let counters = &app.counters;
        let mut outcomes = OUTCOMES.map(|outcome| (outcome, 0));
        for (to, count) in outcomes.iter_mut().zip(&counters.outcomes) {
            to.1 = count.get();
        }
        Numbers {
            caches: [
                ("templates", caches.templates),
                ("fonts", caches.fonts),
                ("results", app.results.stats()),
            ],
            queue: gate.queue(),
            waiting: gate.waiting(),
            rendering: gate.running(),
            connections: app.slots.taken(),
            requests: counters.requests.get(),
            outcomes,
            in_flight: counters.in_flight.get(),
            refused: counters.refused.get(),
            timed_out: counters.timed_out.get(),
            hung_up: counters.hung_up.get(),
            late: counters.late.get(),
            shared: counters.shared.get(),
            not_modified: counters.not_modified.get(),
            request_time: counters.request.summary(),
            queue_time: counters.queue.summary(),
            draw_time: counters.draw.summary(),
            encode_time: counters.encode.summary(),
        }
    }

    fn json(&self) -> Value {
        json!({
            "cache": self.caches.iter().map(|(name, stats)| (*name, cache(stats))).collect::<Value>(),
            "queue": { "capacity": self.queue, "waiting": self.waiting },
            "rendering": self.rendering,
            "requests": self.requests,
            "responses": self.outcomes.iter().copied().collect::<Value>(),
            "in_flight": self.in_flight,
            "refused": self.refused,
            "timed_out": self.timed_out,
            "hung_up": self.hung_up,
            "connections": { "open": self.connections, "closed_late": self.late },
            "shared": self.shared,
            "not_modified": self.not_modified,
            "drawn": {
                "count": self.draw_time.count,
                "queue_seconds": self.queue_time.sum.as_secs_f64(),
                "draw_seconds": self.draw_time.sum.as_secs_f64(),
                "encode_seconds": self.encode_time.sum.as_secs_f64(),
            },
            "latency": {
                "request": latency(&self.request_time),
                "queue": latency(&self.queue_time),
                "draw": latency(&self.draw_time),
                "encode": latency(&self.encode_time),
            },
        })
    }
}

/// Everything that is counted.
pub fn stats(app: &Rc<App>) -> ReplyFuture {
    ready(Reply::json(&Numbers::of(app).json()))
}

/// 200 while requests are welcome, 503 while the server is stopping.
pub fn health(app: &Rc<App>) -> ReplyFuture {
    ready(if app.is_stopping.get() {
        Reply::json_with(StatusCode::ServiceUnavailable, &json!({ "status": "stopping" }))
    } else {
        Reply::json(&json!({ "status": "ok" }))
    })
}

/// In rofld's words, with the bytes beside them.
fn cache(stats: &CacheStats) -> Value {
    let fill_rate = if stats.capacity == 0 { 0.0 } else { stats.used as f64 / stats.capacity as f64 };
    json!({
        "capacity": stats.capacity,
        "used": stats.used,
        "fill_rate": fill_rate,
        "hits": stats.hits,
        "misses": stats.misses,
    })
}

/// In seconds.
fn latency(summary: &Summary) -> Value {
    let [p50, p90, p99, p999] = summary.quantiles;
    json!({
        "count": summary.count,
        "mean": summary.mean(),
        "p50": p50,
        "p90": p90,
        "p99": p99,
        "p999": p999,
        "max": summary.max,
    })
}
