//! `/metrics`: the numbers of `/stats`, as OpenMetrics text for Prometheus.

use std::fmt;
use std::rc::Rc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{text, DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::future_ext::ready;
use super::latency::Summary;
use super::response::{internal, Reply, ReplyFuture};
use super::stats::Numbers;
use super::App;
use captioner::CacheStats;

/// Every number, by its name, its type and its unit.
///
/// The registry is made anew each time, with a copy of the numbers: it takes nothing but what may go to other
/// threads, and those who count need not.
pub fn metrics(app: &Rc<App>) -> ReplyFuture {
    let mut registry = Registry::with_prefix("memed");
    registry.register_collector(Box::new(Numbers::of(app)));
    let mut page = String::new();
    ready(match text::encode(&mut page, &registry) {
        Ok(()) => Reply::metrics(page),
        Err(error) => internal(&format!("the metrics cannot be written: {}", error)),
    })
}

impl Collector for Numbers {
    /// Names end with their unit; the encoder adds `_total` to those of counters.
    fn encode(&self, encoder: DescriptorEncoder) -> fmt::Result {
        let mut page = Page(encoder);
        page.counters("requests", "Requests, by what became of them", "status", &self.outcomes)?;
        page.gauge("requests_in_flight", "Requests without a response yet", self.in_flight)?;
        page.counter("requests_refused", "Requests refused because the queue was full", self.refused)?;
        page.counter("requests_timed_out", "Requests not done by their deadline", self.timed_out)?;
        page.counter("requests_hung_up", "Requests given up because the client had gone", self.hung_up)?;
        page.counter("requests_shared", "Requests that joined a drawing in flight", self.shared)?;
        page.counter("requests_not_modified", "Requests for what the client had", self.not_modified)?;
        page.histogram("request_duration", "From a head read to a response written", &self.request_time)?;

        page.gauge("connections_open", "Connections that are open", self.connections as u64)?;
        page.counter("connections_closed_late", "Connections closed on slow clients", self.late)?;

        page.gauge("rendering", "Jobs that have a thread", self.rendering as u64)?;
        page.gauge("queue_waiting", "Jobs that wait for a thread", self.waiting as u64)?;
        page.gauge("queue_capacity", "Jobs that may wait for a thread", self.queue as u64)?;
        page.histogram("queue_duration", "Waited for a thread, of pictures drawn", &self.queue_time)?;
        page.histogram("draw_duration", "On the thread, less encoding, of pictures drawn", &self.draw_time)?;
        page.histogram("encode_duration", "In the encoder, of pictures drawn", &self.encode_time)?;

        let caches = |number: fn(&CacheStats) -> u64| {
            self.caches.each_ref().map(|(name, stats)| (*name, number(stats)))
        };
        page.counters("cache_hits", "Found in a cache", "cache", &caches(|stats| stats.hits))?;
        page.counters("cache_misses", "Not found in a cache", "cache", &caches(|stats| stats.misses))?;
        page.bytes("cache", "What a cache holds", "cache", &caches(|stats| stats.used as u64))?;
        page.bytes("cache_capacity", "What a cache may hold", "cache", &caches(|stats| stats.capacity as u64))
    }
}

/// Where the metrics are written, one after the other.
struct Page<'a>(DescriptorEncoder<'a>);

/// A number for each value of a label.
type Labelled = [(&'static str, u64)];

impl Page<'_> {
    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let mut metric = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        metric.encode_counter::<NoLabelSet, _, f64>(&value, None)
    }

    fn counters(&mut self, name: &str, help: &str, label: &str, values: &Labelled) -> fmt::Result {
        let mut metric = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        values.iter().try_for_each(|&(value, count)| {
            metric.encode_family(&[(label, value)])?.encode_counter::<NoLabelSet, _, f64>(&count, None)
        })
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.0.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&value)
    }

    fn bytes(&mut self, name: &str, help: &str, label: &str, values: &Labelled) -> fmt::Result {
        let mut metric = self.0.encode_descriptor(name, help, Some(&Unit::Bytes), MetricType::Gauge)?;
        values
            .iter()
            .try_for_each(|&(value, bytes)| metric.encode_family(&[(label, value)])?.encode_gauge(&bytes))
    }

    fn histogram(&mut self, name: &str, help: &str, summary: &Summary) -> fmt::Result {
        let mut buckets = summary.buckets.to_vec();
        buckets.push((f64::INFINITY, summary.above));
        let sum = summary.sum.as_secs_f64();
        let mut metric = self.0.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?;
        metric.encode_histogram::<NoLabelSet>(sum, summary.count, &buckets, None)
    }
}
