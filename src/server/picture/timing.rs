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

/// How a request got its picture.
#[derive(Clone, Copy, Debug)]
pub enum Origin {
    /// It was drawn for this request.
    Drawn(Times),
    /// It was being drawn for another request.
    Shared,
    /// It was cached.
    Cached,
}

impl Origin {
    /// The value of the header `Server-Timing`. Durations are in milliseconds.
    pub fn server_timing(&self) -> String {
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        match *self {
            Origin::Drawn(Times { queue, draw, encode }) => format!(
                "queue;dur={:.3}, draw;dur={:.3}, encode;dur={:.3}",
                milliseconds(queue),
                milliseconds(draw),
                milliseconds(encode)
            ),
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
