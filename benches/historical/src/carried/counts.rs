//! The counters behind `/stats`.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use serde_json::{Value, json};

/// Counts of requests, each since the start but for `in_flight`. They guard no other memory, so their order does
/// not matter.
#[derive(Debug, Default)]
pub struct Counts {
    answered: AtomicU64,
    /// Of the answered: the queue was full.
    refused: AtomicU64,
    /// Of the answered: not done by their deadline.
    timed_out: AtomicU64,
    hung_up: AtomicU64,
    in_flight: AtomicU64,
    is_stopping: AtomicBool,
}

impl Counts {
    /// Counts a request that came in. Call `answered` on the result; dropping it instead counts a hang-up.
    pub fn start_request(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Relaxed);
        InFlight { counts: self, is_answered: false }
    }

    /// Says that the server stops.
    pub fn stop(&self) {
        self.is_stopping.store(true, Relaxed);
    }

    /// Whether the server stops.
    pub fn is_stopping(&self) -> bool {
        self.is_stopping.load(Relaxed)
    }

    /// The body of `/stats`.
    pub fn json(&self) -> Value {
        json!({
            "answered": self.answered.load(Relaxed),
            "refused": self.refused.load(Relaxed),
            "timed_out": self.timed_out.load(Relaxed),
            "hung_up": self.hung_up.load(Relaxed),
            "in_flight": self.in_flight.load(Relaxed),
        })
    }
}

/// A request without an answer. Dropped as such, it was given up: its client had gone.
pub struct InFlight<'a> {
    counts: &'a Counts,
    is_answered: bool,
}

impl InFlight<'_> {
    /// There is an answer, of that status.
    pub fn answered(mut self, status: u16) {
        self.is_answered = true;
        match status {
            // The other 503 is that of `/health`.
            503 if !self.counts.is_stopping() => self.counts.refused.fetch_add(1, Relaxed),
            504 => self.counts.timed_out.fetch_add(1, Relaxed),
            _ => 0,
        };
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let outcome = if self.is_answered { &self.counts.answered } else { &self.counts.hung_up };
        outcome.fetch_add(1, Relaxed);
        self.counts.in_flight.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn a_request_is_in_flight_and_then_answered_or_given_up() {
        let counts = Counts::default();
        let (first, second) = (counts.start_request(), counts.start_request());
        assert_eq!(counts.json()["in_flight"], 2);
        first.answered(504);
        drop(second);
        let json = counts.json();
        assert_eq!((&json["timed_out"], &json["refused"]), (&1.into(), &0.into()));
        assert_eq!(
            (&json["answered"], &json["hung_up"], &json["in_flight"]),
            (&1.into(), &1.into(), &0.into())
        );
    }
}
