//! What is counted while requests are served.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use super::latency::Latency;
use server::picture::timing::Times;

/// How a response can end: with a status of a class, or before the client got all of it.
pub const OUTCOMES: [&str; 5] = ["2xx", "3xx", "4xx", "5xx", "cut_off"];
const CUT_OFF: usize = 4;

/// Counts since the start. Written and read on the reactor's thread only, so a `Cell` will do.
#[derive(Default)]
pub struct Counters {
    /// Heads that hyper has read. Written by `ConnectionService`.
    pub requests: Cell<u64>,
    /// Requests without a response yet. The body of a response may still be on its way. Written by
    /// `ConnectionService` through [`InFlight`].
    pub in_flight: Cell<u64>,
    /// Responses that are over, in the order of [`OUTCOMES`]. Written by the access log.
    pub outcomes: [Cell<u64>; OUTCOMES.len()],
    /// Requests refused because the queue was full. Written by `App::reply_to`.
    pub refused: Cell<u64>,
    /// Requests past their deadline. Written by `App::reply_to`.
    pub timed_out: Cell<u64>,
    /// Requests given up because the client hung up. Written by `Connection`.
    pub hung_up: Cell<u64>,
    /// Connections closed because the client took too long to send a request or to read. Written by `Connection`.
    pub late: Cell<u64>,
    /// Idle connections closed to make room for new ones. Written by `Connection`.
    pub made_room: Cell<u64>,
    /// Connections refused because their client had too many. Written by the accept loop.
    pub turned_away: Cell<u64>,
    /// Requests that joined a drawing in flight. Written by `picture`.
    pub shared: Cell<u64>,
    /// Requests for a picture that the client has. Written by `picture`.
    pub not_modified: Cell<u64>,
    /// From a head read to its response written, for responses that were not cut off. Written by the access log.
    pub request_time: Latency,
    /// The parts of a drawing's [`Times`], for pictures drawn to their end. Written by `picture`.
    pub queue_time: Latency,
    /// See `queue_time`.
    pub draw_time: Latency,
    /// See `queue_time`.
    pub encode_time: Latency,
}

impl Counters {
    /// Counts a request; it is in flight until the returned guard is dropped.
    pub fn start_request(self: &Rc<Self>) -> InFlight {
        count(&self.requests);
        self.in_flight.set(self.in_flight.get() + 1);
        InFlight(self.clone())
    }

    /// Counts a response of that status that was written to its end.
    pub fn answered(&self, status: u16, took: Duration) {
        count(&self.outcomes[usize::from(status / 100).clamp(2, 5) - 2]);
        self.request_time.record(took);
    }

    /// Counts a response that was cut off.
    pub fn cut_off(&self) {
        count(&self.outcomes[CUT_OFF]);
    }

    /// Records what a drawing took.
    pub fn drawn(&self, times: Times) {
        self.queue_time.record(times.queue);
        self.draw_time.record(times.draw);
        self.encode_time.record(times.encode);
    }
}

/// A request without a response. Its drop counts it out again.
pub struct InFlight(Rc<Counters>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.set(self.0.in_flight.get() - 1);
    }
}

/// Adds one.
pub fn count(counter: &Cell<u64>) {
    counter.set(counter.get() + 1);
}
