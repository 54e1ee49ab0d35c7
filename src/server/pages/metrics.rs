//! `/metrics`: the numbers of `/stats` as OpenMetrics text, for Prometheus.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{text, DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use server::app::App;
use server::http::reply::Reply;
use server::numbers::latency::Summary;
use server::numbers::{self, Kind, Reading, Row};

/// `GET /metrics`.
///
/// The registry is made for each request, from a copy of the numbers: it takes only what is `Send`, and the counters
/// are not.
pub fn metrics(app: &App) -> Reply {
    let mut registry = Registry::with_prefix("memed");
    registry.register_collector(Box::new(Snapshot(numbers::read(app))));
    let mut page = String::new();
    match text::encode(&mut page, &registry) {
        Ok(()) => Reply::metrics(page),
        Err(error) => Reply::internal(format!("the metrics cannot be written: {}", error)),
    }
}

#[derive(Debug)]
struct Snapshot(Vec<(&'static Row, Reading)>);

impl Collector for Snapshot {
    fn encode(&self, encoder: DescriptorEncoder) -> fmt::Result {
        let mut page = Page(encoder);
        for (row, reading) in &self.0 {
            if let Some(name) = row.metric {
                page.write(name, row, reading)?;
            }
        }
        Ok(())
    }
}

/// Where the metrics are written, one after the other.
struct Page<'a>(DescriptorEncoder<'a>);

impl<'a> Page<'a> {
    /// Writes one metric. The encoder adds the unit to its name, and `_total` to that of a counter.
    fn write(&mut self, name: &str, row: &Row, reading: &Reading) -> fmt::Result {
        let (unit, kind) = match row.kind {
            Kind::Counter => (None, MetricType::Counter),
            Kind::Gauge => (None, MetricType::Gauge),
            Kind::Bytes => (Some(Unit::Bytes), MetricType::Gauge),
            Kind::Durations => (Some(Unit::Seconds), MetricType::Histogram),
        };
        let mut metric = self.0.encode_descriptor(name, row.help, unit.as_ref(), kind)?;
        match *reading {
            Reading::Integer(number) => write_number(&mut metric, row.kind, number),
            Reading::Integers(label, ref numbers) => numbers.iter().try_for_each(|&(value, number)| {
                write_number(&mut metric.encode_family(&[(label, value)])?, row.kind, number)
            }),
            Reading::Float(number) => metric.encode_gauge(&number),
            Reading::Floats(label, ref numbers) => numbers.iter().try_for_each(|(value, number)| {
                metric.encode_family(&[(label, *value)])?.encode_gauge(number)
            }),
            Reading::Durations(ref summary) => write_durations(&mut metric, summary),
        }
    }
}

fn write_number(metric: &mut MetricEncoder, kind: Kind, number: u64) -> fmt::Result {
    match kind {
        Kind::Counter => metric.encode_counter::<NoLabelSet, _, f64>(&number, None),
        Kind::Gauge | Kind::Bytes | Kind::Durations => metric.encode_gauge(&number),
    }
}

fn write_durations(metric: &mut MetricEncoder, summary: &Summary) -> fmt::Result {
    let mut buckets = summary.buckets.to_vec();
    buckets.push((f64::INFINITY, summary.above));
    metric.encode_histogram::<NoLabelSet>(summary.sum.as_secs_f64(), summary.count, &buckets, None)
}
