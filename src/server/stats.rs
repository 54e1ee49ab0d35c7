//! `/stats` and `/health`, and the counts behind them. Answered on the reactor, at once, however busy the
//! threads are.

use std::cell::Cell;
use std::rc::Rc;

use hyper::StatusCode;
use serde_json::Value;

use super::future_ext::ready;
use super::response::{Reply, ReplyFuture};
use super::timing::Times;
use super::App;
use captioner::CacheStats;

/// What has happened since the start. Written and read on the reactor's thread only.
#[derive(Default)]
pub struct Counters {
    /// Requests that hyper has read the head of.
    requests: Cell<u64>,
    /// Those without a response yet. The body of the response may still be on its way.
    in_flight: Cell<u64>,
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
    /// Pictures drawn, well and to their end.
    drawn: Cell<u64>,
    /// What they took, all together.
    times: Cell<Times>,
}

impl Counters {
    /// Counts a request until what is returned is dropped.
    pub fn start_request(self: &Rc<Self>) -> InFlight {
        self.requests.set(self.requests.get() + 1);
        self.in_flight.set(self.in_flight.get() + 1);
        InFlight(self.clone())
    }

    /// Counts a picture that was drawn.
    pub fn record(&self, times: Times) {
        count(&self.drawn);
        self.times.set(self.times.get().plus(times));
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

/// Everything that is counted.
pub fn stats(app: &Rc<App>) -> ReplyFuture {
    let caches = app.captioner.stats();
    let gate = app.renderer.gate();
    let counters = &app.counters;
    let times = counters.times.get();
    ready(Reply::json(&json!({
        "cache": {
            "templates": cache(&caches.templates),
            "fonts": cache(&caches.fonts),
            "results": cache(&app.results.stats()),
        },
        "queue": { "capacity": gate.queue(), "waiting": gate.waiting() },
        "rendering": gate.running(),
        "requests": counters.requests.get(),
        "in_flight": counters.in_flight.get(),
        "refused": counters.refused.get(),
        "timed_out": counters.timed_out.get(),
        "hung_up": counters.hung_up.get(),
        "connections": { "open": app.slots.taken(), "closed_late": counters.late.get() },
        "shared": counters.shared.get(),
        "not_modified": counters.not_modified.get(),
        "drawn": {
            "count": counters.drawn.get(),
            "queue_seconds": times.queue.as_secs_f64(),
            "draw_seconds": times.draw.as_secs_f64(),
            "encode_seconds": times.encode.as_secs_f64(),
        },
    })))
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
