//! An LRU cache bounded in bytes, with hit and miss counts, for threads that share it.
//!
//! The lock is held for a look-up, never while a value is made: two threads that miss at the same time
//! both make it, and the later one's stays. Neither waits for the other.

use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard};

use lru::LruCache;

/// How a cache does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CacheStats {
    /// Bytes it may hold.
    pub capacity: usize,
    /// Bytes it holds.
    pub used: usize,
    /// Look-ups that found something.
    pub hits: u64,
    /// Look-ups that found nothing.
    pub misses: u64,
}

/// Values by key, the least recently used dropped first. `V`s are shared: whoever got one keeps it.
pub struct Cache<K: Hash + Eq, V>(Mutex<Inner<K, V>>);

struct Inner<K: Hash + Eq, V> {
    values: LruCache<K, (Arc<V>, usize)>,
    stats: CacheStats,
}

impl<K: Hash + Eq, V> Cache<K, V> {
    /// A cache for values that weigh up to `capacity` bytes together.
    pub fn new(capacity: usize) -> Cache<K, V> {
        let stats = CacheStats { capacity, ..CacheStats::default() };
        Cache(Mutex::new(Inner { values: LruCache::unbounded(), stats }))
    }

    /// The value of that key, which is now the most recently used.
    pub fn get(&self, key: &K) -> Option<Arc<V>> {
        let mut inner = self.lock();
        let found = inner.values.get(key).map(|entry| entry.0.clone());
        match found {
            Some(_) => inner.stats.hits += 1,
            None => inner.stats.misses += 1,
        }
        found
    }

    /// The same, for somebody who will ask [`Cache::get`] if it is not there: that is no miss yet.
    pub fn get_early(&self, key: &K) -> Option<Arc<V>> {
        let mut inner = self.lock();
        let found = inner.values.get(key).map(|entry| entry.0.clone());
        inner.stats.hits += u64::from(found.is_some());
        found
    }

    /// Keeps a value of `weight` bytes, and drops others for it. One that is too heavy for the whole cache
    /// is not kept.
    pub fn insert(&self, key: K, value: &Arc<V>, weight: usize) {
        // Whatever falls out is dropped after the lock: freeing a large picture takes its time.
        let mut dropped = Vec::new();
        let mut inner = self.lock();
        if weight > inner.stats.capacity {
            return;
        }
        inner.stats.used += weight;
        dropped.extend(inner.values.push(key, (value.clone(), weight)).map(|old| old.1));
        inner.stats.used -= dropped.iter().map(|old| old.1).sum::<usize>();
        while inner.stats.used > inner.stats.capacity {
            let (_, oldest) = inner.values.pop_lru().expect("what weighs something is there");
            inner.stats.used -= oldest.1;
            dropped.push(oldest);
        }
        drop(inner);
    }

    /// The counts so far.
    pub fn stats(&self) -> CacheStats {
        self.lock().stats
    }

    /// A panic elsewhere leaves the cache as it was: no invariant is broken between two statements that
    /// could panic, so a poisoned lock is as good as any.
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
