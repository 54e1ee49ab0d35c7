//! An LRU cache bounded in bytes, shared by threads, with hit and miss counts.
//!
//! The lock is held for a look-up, never while a value is computed. So two threads that miss the same key at the same
//! time both compute its value, and the later one is kept; neither waits for the other.

use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard};

use lru::LruCache;

/// The state of a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CacheStats {
    /// How many bytes it may hold.
    pub capacity: usize,
    /// How many bytes it holds.
    pub used: usize,
    /// Look-ups that found something.
    pub hits: u64,
    /// Look-ups that found nothing.
    pub misses: u64,
}

/// Values by key; the least recently used are dropped first. A value stays alive while a caller of
/// [`Cache::get`] holds it.
pub struct Cache<K: Hash + Eq, V>(Mutex<Inner<K, V>>);

struct Inner<K: Hash + Eq, V> {
    values: LruCache<K, Entry<V>>,
    stats: CacheStats,
}

struct Entry<V> {
    value: Arc<V>,
    /// Bytes.
    weight: usize,
}

impl<K: Hash + Eq, V> Cache<K, V> {
    /// An empty cache for up to `capacity` bytes.
    pub fn new(capacity: usize) -> Cache<K, V> {
        let stats = CacheStats { capacity, ..CacheStats::default() };
        Cache(Mutex::new(Inner { values: LruCache::unbounded(), stats }))
    }

    /// The value of that key, which is now the most recently used.
    pub fn get(&self, key: &K) -> Option<Arc<V>> {
        let mut inner = self.lock();
        let found = inner.values.get(key).map(|entry| entry.value.clone());
        match found {
            Some(_) => inner.stats.hits += 1,
            None => inner.stats.misses += 1,
        }
        found
    }

    /// The same for a caller that calls [`Cache::get`] later if there is no value: a miss is not counted yet.
    pub fn get_early(&self, key: &K) -> Option<Arc<V>> {
        let mut inner = self.lock();
        let found = inner.values.get(key).map(|entry| entry.value.clone());
        inner.stats.hits += u64::from(found.is_some());
        found
    }

    /// Keeps a value of `weight` bytes and drops others for it. One that exceeds the capacity is not kept.
    pub fn insert(&self, key: K, value: &Arc<V>, weight: usize) {
        // Dropped after the lock is released: freeing a large picture takes its time.
        let mut dropped = Vec::new();
        let mut inner = self.lock();
        if weight > inner.stats.capacity {
            return;
        }
        inner.stats.used += weight;
        let replaced = inner.values.push(key, Entry { value: value.clone(), weight });
        dropped.extend(replaced.map(|(_, entry)| entry));
        inner.stats.used -= dropped.iter().map(|entry| entry.weight).sum::<usize>();
        while inner.stats.used > inner.stats.capacity {
            let (_, oldest) = inner.values.pop_lru().expect("an empty cache uses no bytes");
            inner.stats.used -= oldest.weight;
            dropped.push(oldest);
        }
        drop(inner);
    }

    /// The counts so far.
    pub fn stats(&self) -> CacheStats {
        self.lock().stats
    }

    /// Nothing panics while the cache is half changed, so a poisoned lock is ignored.
    fn lock(&self) -> MutexGuard<'_, Inner<K, V>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::{Arc, Cache, CacheStats};

    #[test]
    fn the_least_recently_used_goes_first_and_the_bytes_add_up() {
        let cache = Cache::new(10);
        cache.insert("a", &Arc::new(1), 4);
        cache.insert("b", &Arc::new(2), 4);
        assert_eq!(cache.get(&"a"), Some(Arc::new(1)));
        cache.insert("c", &Arc::new(3), 4);
        assert_eq!(cache.get(&"b"), None);
        assert_eq!(cache.get(&"a"), Some(Arc::new(1)));
        assert_eq!(cache.get(&"c"), Some(Arc::new(3)));
        assert_eq!(cache.stats(), CacheStats { capacity: 10, used: 8, hits: 3, misses: 1 });
    }

    #[test]
    fn a_replaced_value_weighs_no_more() {
        let cache = Cache::new(10);
        cache.insert("a", &Arc::new(1), 6);
        cache.insert("a", &Arc::new(2), 9);
        assert_eq!(cache.get(&"a"), Some(Arc::new(2)));
        assert_eq!(cache.stats().used, 9);
    }

    #[test]
    fn what_is_too_heavy_is_not_kept_and_pushes_nothing_out() {
        let cache = Cache::new(10);
        cache.insert("a", &Arc::new(1), 4);
        cache.insert("b", &Arc::new(2), 11);
        assert_eq!(cache.get(&"b"), None);
        assert_eq!(cache.get(&"a"), Some(Arc::new(1)));
    }
}
