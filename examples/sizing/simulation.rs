//! The same as the model, request by request, with the cache that memed itself has. It takes a fraction of a microsecond
//! for a request and some bytes for a picture, so it is for sites that are small enough; the tests compare the two.

use std::cell::Cell;
use std::sync::Arc;

use fastrand::Rng;
use memed::captioner::Cache;

use model::{Answered, Site};

/// A picture in the cache of a proxy, with the time of its last use and that at which it is stale.
type Stored = Cell<(f64, f64)>;

/// A site while it is simulated.
struct Simulation {
    site: Site,
    rng: Rng,
    now: f64,
    requests: usize,
    /// The sum of the weights of all ranks up to each.
    weights: Vec<f64>,
    /// Of each rank: how many pictures were there before, and when the one that is there ends.
    pictures: Vec<(u64, f64)>,
    proxies: Vec<Cache<u64, Stored>>,
    replicas: Vec<Cache<u64, ()>>,
}

/// Where requests are answered, of as many as that. `before` others come first, which fill the caches.
pub fn answered(site: &Site, before: usize, requests: usize, seed: u64) -> Answered {
    let mut rng = Rng::with_seed(seed);
    let mut total = 0.0;
    let weights = (1..=site.pictures as usize).map(|rank| {
        total += (rank as f64).powf(-site.exponent);
        total
    });
    let weights: Vec<_> = weights.collect();
    let pictures = weights.iter().map(|_| (0, exponential(&mut rng, site.life))).collect();
    let mut simulation = Simulation {
        site: site.clone(),
        rng,
        now: 0.0,
        requests: 0,
        weights,
        pictures,
        proxies: (0..site.proxies as usize).map(|_| Cache::new(site.proxy_cache as usize)).collect(),
        replicas: (0..site.replicas as usize).map(|_| Cache::new(site.result_cache as usize)).collect(),
    };
    let mut all = Answered::default();
    for number in 0..before + requests {
        let place = simulation.request(&mut all);
        if number >= before {
            *place += 1.0 / requests as f64;
        }
    }
    all
}

fn exponential(rng: &mut Rng, mean: f64) -> f64 {
    -mean * (1.0 - rng.f64()).ln()
}

impl Simulation {
    /// One request, and where it is answered.
    // The cache takes an Arc, and here is one thread.
    #[allow(clippy::arc_with_non_send_sync)]
    fn request<'a>(&mut self, all: &'a mut Answered) -> &'a mut f64 {
        self.requests += 1;
        self.now += exponential(&mut self.rng, 1.0 / self.site.rate);
        let picture = self.picture();
        if self.site.proxy_cache > 0.0 {
            let proxy = match self.site.proxies_hashed {
                true => (scrambled(!picture) % self.proxies.len() as u64) as usize,
                false => self.rng.usize(..self.proxies.len()),
            };
            let proxy = &self.proxies[proxy];
            match proxy.get(&picture) {
                Some(ref stored) if stored.get().0 + self.site.inactive >= self.now => {
                    let stale = stored.get().1;
                    if self.now < stale {
                        stored.set((self.now, stale));
                        return &mut all.by_proxy;
                    }
                    stored.set((self.now, self.now + self.site.fresh));
                    return &mut all.revalidated;
                }
                _ => {
                    let stored = Cell::new((self.now, self.now + self.site.fresh));
                    proxy.insert(picture, &Arc::new(stored), self.site.bytes as usize);
                }
            }
        }
        let choice = if self.site.hashed { scrambled(picture) } else { self.requests as u64 };
        let replica = &self.replicas[(choice % self.replicas.len() as u64) as usize];
        if replica.get(&picture).is_some() {
            return &mut all.by_replica;
        }
        replica.insert(picture, &Arc::new(()), self.site.bytes as usize);
        &mut all.drawn
    }

    /// The picture that is asked for.
    fn picture(&mut self) -> u64 {
        let point = self.rng.f64() * self.weights[self.weights.len() - 1];
        let rank = self.weights.partition_point(|&weight| weight <= point).min(self.weights.len() - 1);
        let (ref mut before, ref mut end) = self.pictures[rank];
        if self.now >= *end {
            // Others may have come and gone unseen: how long the one that is there has left does not depend on that.
            *before += 1;
            *end = self.now + exponential(&mut self.rng, self.site.life);
        }
        *before << 32 | rank as u64
    }
}

/// The finalizer of MurmurHash3, as a proxy's hash of the URL.
fn scrambled(picture: u64) -> u64 {
    let picture = (picture ^ picture >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let picture = (picture ^ picture >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    picture ^ picture >> 33
}
