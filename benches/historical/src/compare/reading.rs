//! A number that was measured, or the reason why there is none.

use std::fmt;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Samples that must lie beyond a quantile. With fewer, a p99 is little more than the maximum under another name.
const BEYOND: f64 = 10.0;
/// Seconds of processor time that are long enough to measure: interrupts and the clock's own error disappear in it.
const MEASURABLE: f64 = 0.2;

/// What one round says about one contestant.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reading {
    Number(f64),
    Missing(Missing),
}

/// Why there is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Missing {
    /// It could not be played to its end, or too many requests failed; the troubles say more.
    #[serde(rename = "gave up")]
    GaveUp,
    #[serde(rename = "too few samples")]
    TooFewSamples,
    #[serde(rename = "too short to measure")]
    TooShort,
    /// It would tell how fast the clients are.
    #[serde(rename = "limited by the clients")]
    OfClients,
    /// It was not asked for.
    #[serde(rename = "not played")]
    NotPlayed,
    /// The system does not tell.
    #[serde(rename = "not known here")]
    Unknown,
}

impl Missing {
    /// In the words of the page and of `results.json`.
    pub fn reason(self) -> &'static str {
        match self {
            Missing::GaveUp => "gave up",
            Missing::TooFewSamples => "too few samples",
            Missing::TooShort => "too short to measure",
            Missing::OfClients => "limited by the clients",
            Missing::NotPlayed => "not played",
            Missing::Unknown => "not known here",
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl Reading {
    pub fn number(self) -> Option<f64> {
        match self {
            Reading::Number(number) => Some(number),
            Reading::Missing(_) => None,
        }
    }

    pub fn missing(self) -> Option<Missing> {
        match self {
            Reading::Number(_) => None,
            Reading::Missing(missing) => Some(missing),
        }
    }
}

impl From<f64> for Reading {
    fn from(number: f64) -> Reading {
        // JSON has no number for it.
        if number.is_finite() { Reading::Number(number) } else { Reading::Missing(Missing::Unknown) }
    }
}

impl From<Option<f64>> for Reading {
    fn from(number: Option<f64>) -> Reading {
        number.map_or(Reading::Missing(Missing::Unknown), Reading::from)
    }
}

impl From<Result<f64, Missing>> for Reading {
    fn from(number: Result<f64, Missing>) -> Reading {
        number.map_or_else(Reading::Missing, Reading::from)
    }
}

/// The latency in milliseconds that this part of the answers (0 to 1) does not exceed, out of microseconds. A part of 1
/// is the maximum, which any number of samples has.
///
/// # Errors
/// If fewer than ten samples lie beyond it.
pub fn quantile(latencies: &Histogram<u64>, part: f64) -> Result<f64, Missing> {
    let count = latencies.len() as f64;
    // 1 - 0.99 is a little more than 0.01.
    if count == 0.0 || (part < 1.0 && count * (1.0 - part) + 1e-6 < BEYOND) {
        return Err(Missing::TooFewSamples);
    }
    let microseconds = if part < 1.0 { latencies.value_at_quantile(part) } else { latencies.max() };
    Ok(microseconds as f64 / 1000.0)
}

/// The part that a measure is a quantile for, by its name: "latency, p99" or "latency, maximum".
pub fn part(measure: &str) -> Option<f64> {
    match measure.rsplit_once(", ")? {
        (_, "maximum") => Some(1.0),
        (_, name) => {
            let digits = name.strip_prefix('p').filter(|digits| (2..=4).contains(&digits.len()))?;
            let number: u16 = digits.parse().ok()?;
            Some(f64::from(number) / 10_f64.powi(digits.len() as i32))
        }
    }
}

/// Seconds of processor time for each of `count`, out of the seconds for all of them.
///
/// # Errors
/// If all of them took less than 0.2 s, or the system does not tell.
pub fn processor_time(seconds: Option<f64>, count: u64) -> Result<f64, Missing> {
    let seconds = seconds.ok_or(Missing::Unknown)?;
    if seconds < MEASURABLE || count == 0 {
        return Err(Missing::TooShort);
    }
    Ok(seconds / count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latencies(count: u64) -> Histogram<u64> {
        let mut latencies = Histogram::new_with_bounds(1, 60_000_000, 3).expect("the bounds are good ones");
        (1..=count).for_each(|sample| latencies.saturating_record(sample * 1000));
        latencies
    }

    #[test]
    fn a_quantile_has_ten_samples_beyond_it_or_is_none() {
        assert_eq!(quantile(&latencies(999), 0.99), Err(Missing::TooFewSamples));
        let p99 = quantile(&latencies(1000), 0.99).expect("there are enough");
        assert!((p99 - 990.0).abs() < 1.0, "{p99}");
        assert_eq!(quantile(&latencies(19), 0.5), Err(Missing::TooFewSamples));
        assert!(quantile(&latencies(20), 0.5).is_ok());
        assert!(quantile(&latencies(1), 1.0).is_ok(), "one sample is its own maximum");
        assert_eq!(quantile(&latencies(0), 1.0), Err(Missing::TooFewSamples));
    }

    #[test]
    fn the_part_of_a_quantile_is_in_its_name() {
        let names = ["latency, p50", "latency, p99", "latency, p999", "latency, maximum"];
        assert_eq!(names.map(part), [Some(0.5), Some(0.99), Some(0.999), Some(1.0)]);
        assert_eq!(["memory", "latency, pictures", "time, p5", "a, p"].map(part), [None; 4]);
    }

    #[test]
    fn a_moment_of_processor_time_is_no_measurement() {
        assert_eq!(processor_time(Some(0.0015), 35), Err(Missing::TooShort));
        assert_eq!(processor_time(Some(0.25), 1000), Ok(0.00025));
        assert_eq!(processor_time(None, 1000), Err(Missing::Unknown));
        assert_eq!(processor_time(Some(0.25), 0), Err(Missing::TooShort));
    }

    #[test]
    fn json_has_a_number_or_the_reason() -> serde_json::Result<()> {
        let readings = [Reading::from(1.5), Reading::from(None), Reading::from(Err(Missing::TooShort))];
        let text = serde_json::to_string(&readings)?;
        assert_eq!(text, r#"[1.5,"not known here","too short to measure"]"#);
        assert_eq!(serde_json::from_str::<[Reading; 3]>(&text)?, readings);
        for missing in [Missing::GaveUp, Missing::TooFewSamples, Missing::TooShort, Missing::Unknown] {
            assert_eq!(serde_json::to_value(missing)?, missing.reason());
        }
        assert_eq!(Reading::from(f64::NAN), Reading::Missing(Missing::Unknown));
        Ok(())
    }
}
