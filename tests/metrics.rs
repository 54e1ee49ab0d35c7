//! Tests that `/metrics` and `/stats` report what has happened, and agree with each other.

use std::collections::HashMap;

use memed::config::Config;
use serde_json::Value;

use util::{config, until, Client, Response, Serve};

const CAPTION: &str = "/caption?template=cat&top_text=I%20can%20haz";

/// The page, taken apart.
struct Metrics {
    /// By family: its type.
    types: HashMap<String, String>,
    /// By name and labels.
    samples: HashMap<String, f64>,
    /// The edges of the buckets of each histogram and what is below them, in the order of the page.
    buckets: HashMap<String, Vec<(f64, f64)>>,
}

impl Metrics {
    /// Fails unless each line is a comment that OpenMetrics knows, or a number of the family announced last.
    fn read(response: &Response) -> Metrics {
        assert_eq!(response.status, 200);
        let text = String::from_utf8(response.body.clone()).unwrap();
        let body = text.strip_suffix("# EOF\n").expect("the page is whole");
        let (mut types, mut samples, mut buckets) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut family = String::new();
        for line in body.lines() {
            let words: Vec<_> = line.splitn(4, ' ').collect();
            match words[..] {
                ["#", "HELP", name, help] => {
                    assert!(name.starts_with("memed_") && !help.is_empty(), "{}", line);
                    family = name.to_string();
                }
                ["#", "TYPE", name, kind] => {
                    assert_eq!(name, family);
                    assert!(types.insert(name.to_string(), kind.to_string()).is_none(), "{} twice", name);
                }
                ["#", "UNIT", name, unit] => {
                    assert_eq!(name, family);
                    assert!(name.ends_with(&format!("_{}", unit)), "{}", line);
                }
                [sample, value] => {
                    let value: f64 = value.parse().unwrap();
                    let name = sample.split('{').next().unwrap();
                    let suffixes: &[&str] = match types[&family].as_str() {
                        "counter" => &["_total"],
                        "gauge" => &[""],
                        "histogram" => &["_sum", "_count", "_bucket"],
                        other => panic!("{} is of type {}", family, other),
                    };
                    let suffix = name.strip_prefix(family.as_str()).expect("it is of the family above it");
                    assert!(suffixes.contains(&suffix), "{}", line);
                    if suffix == "_bucket" {
                        let edge = sample.split('"').nth(1).unwrap().parse().unwrap();
                        buckets.entry(family.clone()).or_insert_with(Vec::new).push((edge, value));
                    }
                    assert!(samples.insert(sample.to_string(), value).is_none(), "{} twice", sample);
                }
                _ => panic!("{:?} is no line of OpenMetrics", line),
            }
        }
        Metrics { types, samples, buckets }
    }

    fn get(client: &mut Client) -> Metrics {
        Metrics::read(&client.get("/metrics"))
    }

    fn value(&self, sample: &str) -> f64 {
        *self.samples.get(&format!("memed_{}", sample)).unwrap_or_else(|| panic!("there is no {}", sample))
    }

    /// How much it has grown since `before`.
    fn growth(&self, before: &Metrics, sample: &str) -> f64 {
        self.value(sample) - before.value(sample)
    }
}

#[test]
fn the_metrics_are_open_metrics_text_that_nobody_keeps() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let response = client.get("/metrics");
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(response.headers["content-type"], content_type);
    assert_eq!(response.headers["cache-control"], "no-store");
    let metrics = Metrics::read(&response);
    for &(family, kind) in &[
        ("requests", "counter"),
        ("requests_in_flight", "gauge"),
        ("connections_open", "gauge"),
        ("request_duration_seconds", "histogram"),
        ("cache_bytes", "gauge"),
    ] {
        assert_eq!(metrics.types[&format!("memed_{}", family)], kind, "{}", family);
    }
    let head = client.request("HEAD", "/metrics");
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.headers["content-type"], content_type);
    let refused = client.request("POST", "/metrics");
    assert_eq!((refused.status, refused.headers["allow"].as_str()), (405, "GET, HEAD, OPTIONS"));
    assert!(client.get("/nothing").error().contains("/metrics"));
}

#[test]
fn each_request_is_counted_once_by_its_status_and_timed_once() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let mut before = Metrics::get(&mut client);
    let tag = client.get(CAPTION).headers["etag"].clone();
    let not_modified = format!("If-None-Match: {}", tag);
    before = {
        let after = Metrics::get(&mut client);
        // The picture, and the request for the numbers before it.
        assert_eq!(after.growth(&before, "requests_total{status=\"2xx\"}"), 2.0);
        for histogram in &["queue", "draw", "encode"] {
            let name = |suffix: &str| format!("{}_duration_seconds_{}", histogram, suffix);
            assert_eq!(after.growth(&before, &name("count")), 1.0);
            assert!(after.growth(&before, &name("sum")) > 0.0, "{}", histogram);
        }
        after
    };
    for &(target, field, status, class) in &[
        (CAPTION, "X: y", 200, "2xx"),
        (CAPTION, not_modified.as_str(), 304, "3xx"),
        ("/caption", "X: y", 400, "4xx"),
        ("/nothing", "X: y", 404, "4xx"),
        ("/health", "X: y", 200, "2xx"),
    ] {
        assert_eq!(client.request_with("GET", target, &[field]).status, status);
        let after = Metrics::get(&mut client);
        for other in &["2xx", "3xx", "4xx", "5xx", "cut_off"] {
            let expected = f64::from(*other == class) + f64::from(*other == "2xx");
            let sample = format!("requests_total{{status=\"{}\"}}", other);
            assert_eq!(after.growth(&before, &sample), expected, "{} after {}", sample, target);
        }
        assert_eq!(after.growth(&before, "request_duration_seconds_count"), 2.0);
        assert!(after.growth(&before, "request_duration_seconds_sum") > 0.0);
        assert_eq!(after.growth(&before, "draw_duration_seconds_count"), 0.0);
        before = after;
    }
    assert_eq!(before.value("requests_not_modified_total"), 1.0);
    assert_eq!(before.value("cache_hits_total{cache=\"results\"}"), 1.0);
    assert_eq!(before.value("cache_misses_total{cache=\"results\"}"), 1.0);
    // The one that asks.
    assert_eq!(before.value("requests_in_flight"), 1.0);
}

#[test]
fn a_response_that_its_client_does_not_read_is_cut_off_and_not_timed() {
    let serve = Serve::start();
    let mut client = serve.connect();
    // More than the kernel keeps for a client.
    let target = "/caption?template=dramatic-raccoon";
    let mut reader = serve.connect();
    reader.get(target).picture("gif");
    let before = Metrics::get(&mut client);
    let mut gone = Client::slow(serve.address);
    gone.ask("GET", target, &[]);
    gone.read_up_to(1);
    gone.reset();
    let mut asked = 0.0;
    let mut after = Metrics::get(&mut client);
    until(|| {
        after = Metrics::get(&mut client);
        asked += 1.0;
        after.value("requests_total{status=\"cut_off\"}") == 1.0
    });
    assert_eq!(before.value("requests_total{status=\"cut_off\"}"), 0.0);
    // Those that asked for the numbers, and nothing else.
    assert_eq!(after.growth(&before, "request_duration_seconds_count"), asked + 1.0);
}

#[test]
fn buckets_grow_from_a_millisecond_to_all() {
    let serve = Serve::start();
    let mut client = serve.connect();
    for number in 0..5 {
        client.get(&format!("/caption?template=cat&top_text={}", number)).picture("png");
    }
    let metrics = Metrics::get(&mut client);
    assert_eq!(metrics.buckets.len(), 4);
    for (family, buckets) in &metrics.buckets {
        assert_eq!((buckets[0].0, buckets[buckets.len() - 2].0), (0.001, 10.0), "{}", family);
        for two in buckets.windows(2) {
            assert!(two[0].0 < two[1].0 && two[0].1 <= two[1].1, "{}: {:?}", family, two);
        }
        assert_eq!(*buckets.last().unwrap(), (f64::INFINITY, 5.0), "{}", family);
        assert_eq!(metrics.samples[&format!("{}_count", family)], 5.0);
    }
}

#[test]
fn both_pages_tell_the_same_numbers() {
    let serve = Serve::with(Config { queue: 7, ..config() });
    let mut client = serve.connect();
    client.get(CAPTION).picture("png");
    client.get(CAPTION).picture("png");
    client.get("/nothing");
    let stats = client.get("/stats").json();
    let metrics = Metrics::get(&mut client);
    let of_stats = |pointer: &str| stats.pointer(pointer).and_then(Value::as_f64).expect(pointer);
    for &(sample, pointer) in &[
        ("requests_total{status=\"4xx\"}", "/responses/4xx"),
        ("requests_total{status=\"cut_off\"}", "/responses/cut_off"),
        ("requests_in_flight", "/in_flight"),
        ("requests_refused_total", "/refused"),
        ("requests_timed_out_total", "/timed_out"),
        ("requests_hung_up_total", "/hung_up"),
        ("requests_shared_total", "/shared"),
        ("requests_not_modified_total", "/not_modified"),
        ("connections_open", "/connections/open"),
        ("connections_closed_late_total", "/connections/closed_late"),
        ("rendering", "/rendering"),
        ("queue_waiting", "/queue/waiting"),
        ("queue_capacity", "/queue/capacity"),
        ("queue_duration_seconds_sum", "/drawn/queue_seconds"),
        ("draw_duration_seconds_sum", "/drawn/draw_seconds"),
        ("encode_duration_seconds_sum", "/drawn/encode_seconds"),
        ("draw_duration_seconds_count", "/drawn/count"),
        ("encode_duration_seconds_count", "/latency/encode/count"),
        ("cache_hits_total{cache=\"results\"}", "/cache/results/hits"),
        ("cache_misses_total{cache=\"templates\"}", "/cache/templates/misses"),
        ("cache_bytes{cache=\"fonts\"}", "/cache/fonts/used"),
        ("cache_capacity_bytes{cache=\"results\"}", "/cache/results/capacity"),
    ] {
        assert_eq!(metrics.value(sample), of_stats(pointer), "{}", sample);
    }
    assert_eq!(metrics.value("queue_capacity"), 7.0);
    // Each counts the requests before it: there was one more between the two.
    assert_eq!(metrics.value("request_duration_seconds_count"), of_stats("/latency/request/count") + 1.0);
    assert_eq!(metrics.value("requests_total{status=\"2xx\"}"), of_stats("/responses/2xx") + 1.0);
    assert_eq!((of_stats("/requests"), of_stats("/latency/request/count")), (4.0, 3.0));
}

#[test]
fn latencies_are_seconds_in_order() {
    let serve = Serve::start();
    let mut client = serve.connect();
    for number in 0..20 {
        client.get(&format!("/caption?template=cat&top_text={}", number)).picture("png");
    }
    let stats = client.get("/stats").json();
    for name in &["request", "queue", "draw", "encode"] {
        let latency = &stats["latency"][*name];
        assert_eq!(latency["count"], 20, "{}", name);
        let quantiles = ["p50", "p90", "p99", "p999", "max"].map(|key| latency[key].as_f64().unwrap());
        assert!(quantiles[0] >= 0.0 && quantiles.windows(2).all(|two| two[0] <= two[1]), "{}", latency);
        let mean = latency["mean"].as_f64().unwrap();
        assert!(mean <= quantiles[4] && quantiles[4] < 20.0, "{}", latency);
    }
    let mean = |name: &str| stats["latency"][name]["mean"].as_f64().unwrap();
    assert!(mean("request") > mean("queue").max(mean("draw")).max(mean("encode")), "{}", stats["latency"]);
}
