//! Where a picture came from and what it took, for `Server-Timing` and the counters.

use std::time::Duration;

/// How long the parts of a drawing took.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// From its place in the queue until a thread took it.
    pub queue: Duration,
    /// On the thread, without `encode`: files, template, text.
    pub draw: Duration,
    /// In the encoder.
    pub encode: Duration,
}

/// A duration in milliseconds.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// How a request got its picture.
#[derive(Clone, Copy, Debug)]
pub enum Origin {
    /// It was drawn for this request.
    Drawn(Times),
    /// It was drawn on a picture that came with the request, and is not cached.
    Sent(Times),
    /// It was being drawn for another request.
    Shared,
    /// It was cached.
    Cached,
}

impl Origin {
    /// How long the parts of the drawing took, if there was one for this request.
    pub fn times(&self) -> Option<Times> {
        match *self {
            Origin::Drawn(times) | Origin::Sent(times) => Some(times),
            Origin::Shared | Origin::Cached => None,
        }
    }

    /// What the cache of finished pictures had to do with it, in the log's word.
    pub fn cache(&self) -> &'static str {
        match *self {
            Origin::Drawn(_) => "miss",
            Origin::Sent(_) => "bypass",
            Origin::Shared => "shared",
            Origin::Cached => "hit",
        }
    }

    /// The value of the header `Server-Timing`. Durations are in milliseconds.
    pub fn server_timing(&self) -> String {
        match *self {
            Origin::Drawn(Times { queue, draw, encode }) | Origin::Sent(Times { queue, draw, encode }) => {
                format!(
                    "queue;dur={:.3}, draw;dur={:.3}, encode;dur={:.3}",
                    milliseconds(queue),
                    milliseconds(draw),
                    milliseconds(encode)
                )
            }
            Origin::Shared => "cache;desc=\"shared\"".to_string(),
            Origin::Cached => "cache;desc=\"hit\"".to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Origin, Times};

    #[test]
    fn durations_are_milliseconds() {
        let (queue, draw, encode) =
            (Duration::from_micros(7), Duration::from_millis(12), Duration::from_micros(3456));
        assert_eq!(
            Origin::Drawn(Times { queue, draw, encode }).server_timing(),
            "queue;dur=0.007, draw;dur=12.000, encode;dur=3.456"
        );
    }
}
