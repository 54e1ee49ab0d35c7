//! The visitors of the scene `day`: what they ask for, and what they get.

use std::io;
use std::sync::Mutex;
use std::time::Instant;

use fastrand::Rng;

use client::{self, Client, Route};
use report::Latencies;

const MEMES: usize = 200;
const TEMPLATES: [&str; 8] =
    ["rocket", "cat", "raccoon", "deal-with-it", "coffee", "astronaut", "dramatic-raccoon", "space"];
/// Exponent of Zipf's law: the n-th meme is asked for n^-1 times as often as the first.
const ZIPF: f64 = 1.0;
/// Requests that are for none of the memes.
const OTHERS: [(&str, f64); 3] = [("/templates", 0.02), ("/health", 0.02), ("/stats", 0.01)];
/// Requests with the tag of the picture, if the visitor has seen it before.
const CONDITIONAL: f64 = 0.3;

/// What can be asked for.
pub struct Mix {
    memes: Vec<String>,
    /// For each meme, how often it or one before it is asked for, as a share of all.
    cumulative: Vec<f64>,
}

impl Mix {
    pub fn new() -> Mix {
        let target = |meme| {
            let template = TEMPLATES[meme % TEMPLATES.len()];
            format!("/caption?template={}&top_text=meme%20{}&bottom_text=of%20the%20day", template, meme)
        };
        let weights: Vec<_> = (0..MEMES).map(|meme| (meme as f64 + 1.0).powf(-ZIPF)).collect();
        let (all, mut sum) = (weights.iter().sum::<f64>(), 0.0);
        let sums = weights.iter().map(|weight| {
            sum += weight;
            sum / all
        });
        Mix { memes: (0..MEMES).map(target).collect(), cumulative: sums.collect() }
    }

    /// The target of a meme. Those with small numbers are asked for most often.
    pub fn target(&self, meme: usize) -> &str {
        &self.memes[meme]
    }

    fn meme(&self, random: &mut Rng) -> usize {
        let share = random.f64();
        self.cumulative.partition_point(|sum| *sum < share).min(MEMES - 1)
    }
}

/// What the visitors got in one part of the day.
#[derive(Clone)]
pub struct Slice {
    pub latencies: Latencies,
    /// Answers that were wanted: pictures, 304s, and those to other requests.
    pub pictures: u64,
    pub not_modified: u64,
    pub others: u64,
    /// Errors: 503s, other statuses, requests without a whole answer.
    pub refused: u64,
    pub odd: u64,
    pub broken: u64,
}

impl Slice {
    pub fn new() -> Slice {
        let latencies = Latencies::new();
        Slice { latencies, pictures: 0, not_modified: 0, others: 0, refused: 0, odd: 0, broken: 0 }
    }

    pub fn add(&mut self, other: &Slice) {
        self.latencies.add(&other.latencies);
        self.pictures += other.pictures;
        self.not_modified += other.not_modified;
        self.others += other.others;
        self.refused += other.refused;
        self.odd += other.odd;
        self.broken += other.broken;
    }

    pub fn errors(&self) -> u64 {
        self.refused + self.odd + self.broken
    }
}

/// A well-behaved client with one connection.
pub struct Visitor {
    route: Route,
    client: Option<Client>,
    random: Rng,
    /// The tags of the pictures that it has.
    tags: Vec<Option<String>>,
}

impl Visitor {
    /// With the same seed, it asks for the same each time.
    pub fn new(seed: u64, route: Route) -> Visitor {
        let random = Rng::with_seed(seed);
        Visitor { route, client: None, random, tags: vec![None; MEMES] }
    }

    /// Asks for something, and counts what it gets in that slice. The latency is from when it was due.
    pub fn ask(&mut self, mix: &Mix, due: Instant, slices: &Mutex<Vec<Slice>>, slice: usize) {
        let mut share = self.random.f64();
        let other = OTHERS.iter().find(|other| {
            share -= other.1;
            share < 0.0
        });
        let meme = mix.meme(&mut self.random);
        let may_have = self.random.f64() < CONDITIONAL;
        let tag = self.tags[meme].as_ref().filter(|_| other.is_none() && may_have);
        let mut request = client::get(other.map_or(&mix.memes[meme], |other| other.0));
        if let Some(tag) = tag {
            request.truncate(request.len() - 2);
            request.push_str(&format!("If-None-Match: {}\r\n\r\n", tag));
        }
        let is_conditional = tag.is_some();
        let status = self.send(&request, meme, other.is_none());
        let latency = due.elapsed();
        let mut slices = slices.lock().expect("no thread panics with it");
        let slice = &mut slices[slice];
        slice.latencies.record(latency);
        *match status {
            Ok(200) if other.is_some() => &mut slice.others,
            Ok(200) => &mut slice.pictures,
            Ok(304) if is_conditional => &mut slice.not_modified,
            Ok(503) => &mut slice.refused,
            Ok(_) => &mut slice.odd,
            Err(_) => &mut slice.broken,
        } += 1;
    }

    fn send(&mut self, request: &str, meme: usize, is_meme: bool) -> io::Result<u16> {
        let mut client = self.client.take().map_or_else(|| self.route.connect(), Ok)?;
        client.send(request)?;
        let (status, is_last) = {
            let answer = client.skip_answer()?;
            if let Some(tag) = answer.header("etag").filter(|_| is_meme && self.tags[meme].is_none()) {
                self.tags[meme] = Some(tag.to_string());
            }
            (answer.status, answer.is_last())
        };
        self.client = Some(client).filter(|_| !is_last);
        Ok(status)
    }
}
