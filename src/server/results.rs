//! Finished pictures, by fingerprint, in the captioner's kind of cache. Asked on the reactor, which takes its
//! lock for a look-up at a time and has it to itself.

use std::sync::Arc;

use bytes::Bytes;

use captioner::{Cache, CacheStats, Fingerprint, Format, Picture};

/// What an entry weighs beside its bytes, about.
const ENTRY: usize = 200;
/// A picture may take up one part in so many of the cache: a few large ones must not push out all others.
const SHARE: usize = 4;

/// A picture whose bytes can be sent any number of times: clones share them.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// The file format of `bytes`.
    pub format: Format,
    /// The whole file.
    pub bytes: Bytes,
}

impl From<Picture> for Finished {
    /// Moves the bytes. They take up their capacity for as long as anybody has them.
    fn from(picture: Picture) -> Finished {
        Finished { format: picture.format, bytes: Bytes::from(picture.bytes) }
    }
}

/// The cache.
pub struct Results {
    cache: Cache<Fingerprint, Finished>,
    /// Bytes of an entry, at most.
    largest: usize,
    /// What query strings ask for, where that does not depend on files.
    queries: Cache<String, Fingerprint>,
}

/// Bytes of query strings to remember, and of one, at most.
const QUERIES: usize = 1 << 20;
const LONGEST_QUERY: usize = 1 << 10;

impl Results {
    /// A cache of that many bytes; 0 keeps nothing.
    pub fn new(capacity: usize) -> Results {
        let queries = Cache::new(QUERIES);
        Results { cache: Cache::new(capacity), largest: capacity / SHARE, queries }
    }

    /// The picture, if it is there. Copies nothing.
    pub fn get(&self, fingerprint: &Fingerprint) -> Option<Finished> {
        self.cache.get(fingerprint).map(|finished| (*finished).clone())
    }

    /// What a query string that was asked before asks for. So a picture that is there costs neither decoding
    /// the query nor hashing what it asks for.
    pub fn known(&self, query: &str) -> Option<Fingerprint> {
        self.queries.get(&query.to_string()).map(|fingerprint| *fingerprint)
    }

    /// As [`Results::get`], for somebody who will ask that if there is no picture.
    pub fn get_early(&self, fingerprint: &Fingerprint) -> Option<Finished> {
        self.cache.get_early(fingerprint).map(|finished| (*finished).clone())
    }

    /// Remembers what a query string asks for. Only where no file can change that.
    pub fn learn(&self, query: String, fingerprint: Fingerprint) {
        if query.len() <= LONGEST_QUERY {
            let weight = query.len() + ENTRY;
            self.queries.insert(query, &Arc::new(fingerprint), weight);
        }
    }

    /// Keeps it, unless it is too large.
    pub fn keep(&self, fingerprint: Fingerprint, finished: &Finished) {
        let weight = finished.bytes.len() + ENTRY;
        if weight <= self.largest {
            self.cache.insert(fingerprint, &Arc::new(finished.clone()), weight);
        }
    }

    /// The counts so far.
    pub fn stats(&self) -> CacheStats {
        self.cache.stats()
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Finished, Format, Results, ENTRY};
    use captioner::{Captioner, Fingerprint, Settings};
    use image_macro::from_query;

    fn fingerprint(text: &str) -> Fingerprint {
        let asked = from_query(&format!("template=cat&top_text={}", text)).unwrap();
        Captioner::new(Settings::default()).fingerprint(&asked).unwrap()
    }

    fn finished(length: usize) -> Finished {
        Finished { format: Format::Png, bytes: Bytes::from(vec![7; length]) }
    }

    #[test]
    fn a_hit_is_the_same_memory() {
        let results = Results::new(1 << 20);
        let kept = finished(1000);
        results.keep(fingerprint("a"), &kept);
        let hit = results.get(&fingerprint("a")).unwrap();
        assert_eq!((hit.bytes.as_ptr(), &hit), (kept.bytes.as_ptr(), &kept));
        assert_eq!(results.get(&fingerprint("b")), None);
    }

    #[test]
    fn a_picture_larger_than_a_quarter_is_not_kept_and_the_cache_never_holds_more_than_it_may() {
        let results = Results::new(4 * (1000 + ENTRY));
        results.keep(fingerprint("large"), &finished(1001));
        assert_eq!(results.stats().used, 0);
        for text in &["a", "b", "c", "d", "e"] {
            results.keep(fingerprint(text), &finished(1000));
        }
        assert_eq!(results.stats().used, 4 * (1000 + ENTRY));
        assert_eq!(results.get(&fingerprint("a")), None);
        assert!(results.get(&fingerprint("e")).is_some());
    }

    #[test]
    fn a_cache_of_nothing_keeps_nothing() {
        let results = Results::new(0);
        results.keep(fingerprint("a"), &finished(0));
        assert_eq!(results.get(&fingerprint("a")), None);
    }
}
