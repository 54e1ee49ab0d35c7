//! Keeps all latencies beside the page, as logs of histograms that HdrHistogram's own tools read, and reads them again.
//!
//! A file is `samples/SCENE/CONTESTANT-ROUND.hlog`. It has an interval for each variant, whose tag is the variant's name
//! without blanks; its values are microseconds, and its time is when the interval ended.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::interval_log::{
    IntervalLogIterator, IntervalLogWriterBuilder, LogEntry, Tag,
};
use hdrhistogram::serialization::{Deserializer, V2DeflateSerializer};

use super::reading::{Missing, Reading, part, quantile};
use super::results::Results;

/// The folder of all logs, beside `results.json`.
pub const FOLDER: &str = "samples";
/// Microseconds in the unit of the column of maxima, which people read: milliseconds.
const DIVISOR: f64 = 1000.0;

/// The latencies of a variant, with when they ended, since 1970.
pub struct Latencies {
    pub variant: &'static str,
    pub ended: Duration,
    pub histogram: Histogram<u64>,
}

/// Writes what one contestant measured in one round, which counts from 1. Writes nothing if there is nothing.
///
/// # Errors
/// If the folder cannot be written to.
pub fn write(
    folder: &Path,
    scene: &str,
    contestant: &str,
    round: usize,
    all: &[Latencies],
) -> Result<(), Box<dyn Error>> {
    if all.is_empty() {
        return Ok(());
    }
    let file = file(folder, scene, contestant, round);
    fs::create_dir_all(file.parent().unwrap_or(folder))?;
    let (mut text, mut serializer) = (Vec::new(), V2DeflateSerializer::new());
    let mut builder = IntervalLogWriterBuilder::new();
    builder
        .add_comment("latencies in microseconds; a time is the end of an interval")
        .with_max_value_divisor(DIVISOR);
    let mut log = builder.begin_log_with(&mut text, &mut serializer)?;
    for Latencies { variant, ended, histogram } in all {
        let tag = tag(variant);
        log.write_histogram(histogram, *ended, Duration::ZERO, Tag::new(&tag))
            .map_err(|error| format!("{}: {error:?}", file.display()))?;
    }
    fs::write(file, text)?;
    Ok(())
}

/// Reads what [`write`] wrote, by tags. Empty if there is no such file.
fn read(file: &Path) -> Result<BTreeMap<String, Histogram<u64>>, Box<dyn Error>> {
    let text = match fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(error.into()),
    };
    let mut all = BTreeMap::new();
    for entry in IntervalLogIterator::new(&text) {
        let broken = || format!("{} is no log of histograms", file.display());
        let LogEntry::Interval(interval) = entry.map_err(|_| broken())? else { continue };
        let bytes = BASE64_STANDARD.decode(interval.encoded_histogram()).map_err(|_| broken())?;
        let histogram = Deserializer::new().deserialize(&mut bytes.as_slice()).map_err(|_| broken())?;
        all.insert(interval.tag().map_or(String::new(), |tag| tag.as_str().to_string()), histogram);
    }
    Ok(all)
}

/// Finds the quantiles of all figures again that have a log. Returns how many readings that were.
///
/// # Errors
/// If a log is there and cannot be read.
pub fn find_again(results: &mut Results, folder: &Path) -> Result<usize, Box<dyn Error>> {
    let mut found = 0;
    for scene in &mut results.scenes {
        let mut logs = BTreeMap::new();
        for figure in &mut scene.figures {
            let Some(part) = part(&figure.measure) else { continue };
            let tag = tag(figure.variant.as_deref().unwrap_or_default());
            for side in &mut figure.sides {
                for (round, reading) in side.values.iter_mut().enumerate() {
                    let file = file(folder, &scene.name, &side.contestant, round + 1);
                    if !logs.contains_key(&file) {
                        logs.insert(file.clone(), read(&file)?);
                    }
                    let histogram = logs.get(&file).and_then(|log| log.get(&tag));
                    // A log does not say how many of the requests failed.
                    let has_given_up = *reading == Reading::Missing(Missing::GaveUp);
                    if let Some(histogram) = histogram.filter(|_| !has_given_up) {
                        *reading = quantile(histogram, part).into();
                        found += 1;
                    }
                }
                side.spread_again();
            }
        }
    }
    Ok(found)
}

fn file(folder: &Path, scene: &str, contestant: &str, round: usize) -> PathBuf {
    folder.join(FOLDER).join(scene).join(format!("{contestant}-{round:02}.hlog"))
}

/// A tag has no blank and no comma.
fn tag(variant: &str) -> String {
    if variant.is_empty() {
        return "all".to_string();
    }
    variant.replace(',', "").split_whitespace().collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_as_it_was_written() -> Result<(), Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let latencies = |variant, most: u64| {
            let mut histogram =
                Histogram::new_with_bounds(1, 60_000_000, 3).expect("the bounds are good ones");
            (1..=most).for_each(|value| histogram.saturating_record(value * 7));
            Latencies { variant, ended: Duration::from_millis(1_500), histogram }
        };
        let all = [latencies("", 2_000), latencies("1,000 connections", 50_000)];
        write(folder.path(), "many", "futures-0.1", 3, &all)?;
        let file = file(folder.path(), "many", "futures-0.1", 3);
        assert!(file.ends_with("samples/many/futures-0.1-03.hlog"));
        let read = read(&file)?;
        assert_eq!(read.keys().collect::<Vec<_>>(), ["1000-connections", "all"]);
        assert_eq!(read["all"], all[0].histogram);
        assert_eq!(read["1000-connections"], all[1].histogram);
        for part in [0.5, 0.99, 1.0] {
            assert_eq!(quantile(&read["all"], part), quantile(&all[0].histogram, part));
        }
        let text = fs::read_to_string(file)?;
        assert!(text.contains("Tag=all,1.500,"), "{text}");
        Ok(())
    }

    #[test]
    fn no_file_is_no_log_and_another_file_is_an_error() -> Result<(), Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        assert!(read(&folder.path().join("none"))?.is_empty());
        let file = folder.path().join("broken.hlog");
        fs::write(&file, "Tag=all,0.1,0.2,0.3,HISTFAAA\n")?;
        assert!(read(&file).expect_err("it is broken").to_string().contains("broken.hlog"));
        write(folder.path(), "many", "threads", 1, &[])?;
        assert_eq!(fs::read_dir(folder.path())?.count(), 1, "a contestant without latencies has no log");
        Ok(())
    }
}
