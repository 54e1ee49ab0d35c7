//! What becomes of the requests of a site on their way through caches, by the characteristic-time approximation (Che, Tung
//! and Wang, 2002): in a cache that drops what is used least recently, a picture stays for about the same time after its
//! last use, however popular it is. That time follows from the size of the cache, and from it everything else, for each
//! rank on its own. So a million requests per second take no longer than one.

/// A site. Times are in seconds, sizes in bytes.
#[derive(Clone, Debug)]
pub struct Site {
    /// Requests per second.
    pub rate: f64,
    /// Places in the ranking, each with a picture. Requests go to the n-th in proportion to n to the power of -`exponent`.
    pub pictures: f64,
    /// See `pictures`.
    pub exponent: f64,
    /// How long a picture keeps its place in the mean. Then a new one, that no cache has, takes over its popularity.
    pub life: f64,
    /// The mean size of a picture.
    pub bytes: f64,
    /// Proxies, each with a cache of its own.
    pub proxies: f64,
    /// The cache of one proxy; 0 is none.
    pub proxy_cache: f64,
    /// Whether each proxy has its share of the URLs, as in a CDN, so that their caches add up. Otherwise each is asked for
    /// everything.
    pub proxies_hashed: bool,
    /// How long a proxy answers from its cache without asking.
    pub fresh: f64,
    /// What a proxy was not asked for in this time leaves its cache.
    pub inactive: f64,
    /// Replicas of memed.
    pub replicas: f64,
    /// `--result-cache` of one replica.
    pub result_cache: f64,
    /// Whether the proxies choose the replica by the URL. Otherwise each replica gets every n-th request.
    pub hashed: bool,
}

/// Where requests are answered: shares of all, which add up to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Answered {
    /// By a proxy, without asking.
    pub by_proxy: f64,
    /// By a proxy, after a replica has said with a 304 that its picture is still right.
    pub revalidated: f64,
    /// From the cache of a replica.
    pub by_replica: f64,
    /// By a drawing.
    pub drawn: f64,
}

/// Ranks that have about the same rate.
struct Ranks {
    count: f64,
    /// Requests per second for each.
    rate: f64,
}

/// Longer than anything that matters.
const FOREVER: f64 = 1e12;

/// Every rank up to a hundred, then steps of a hundredth.
fn ranks(site: &Site) -> Vec<Ranks> {
    let power = |rank: f64| match 1.0 - site.exponent {
        flat if flat.abs() < 1e-9 => rank.ln(),
        slope => rank.powf(slope) / slope,
    };
    let (mut ranks, mut first) = (Vec::new(), 1.0);
    while first <= site.pictures {
        let next = (first + (first / 100.0f64).floor().max(1.0)).min(site.pictures + 1.0);
        // The integral is within a few per cent even for the first rank.
        ranks.push(Ranks { count: next - first, rate: power(next - 0.5) - power(first - 0.5) });
        first = next;
    }
    let total: f64 = ranks.iter().map(|ranks| ranks.rate).sum();
    ranks.iter_mut().for_each(|ranks| ranks.rate *= site.rate / total / ranks.count);
    ranks
}

/// The share of requests whose picture was requested within `kept` before and is still the same. `ends`: how often pictures
/// end, per second.
fn found(rate: f64, ends: f64, kept: f64) -> f64 {
    rate / (rate + ends) * -(-(rate + ends) * kept).exp_m1()
}

/// The entries of one rank in a cache that keeps them for `kept` after their last use, in the mean: the picture that is
/// there now, and those that were.
fn held(rate: f64, ends: f64, kept: f64) -> f64 {
    let sum = rate + ends;
    found(rate, ends, kept) + ends * rate / sum * (kept + (-sum * kept).exp_m1() / sum)
}

/// How long a cache of that size keeps what it was asked for, by halving.
fn kept(capacity: f64, bytes: f64, ends: f64, requests: &[Ranks]) -> f64 {
    let used = |kept: f64| -> f64 {
        requests.iter().map(|ranks| ranks.count * bytes * held(ranks.rate, ends, kept)).sum()
    };
    let (mut low, mut high) = (1e-9, FOREVER);
    if used(high) <= capacity {
        return FOREVER;
    }
    for _ in 0..100 {
        let middle = f64::sqrt(low * high);
        if used(middle) < capacity {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// How often a proxy finds that a picture is new to it, or no longer fresh: with the first request for it, and with the
/// first after each time that it was fresh, until it ends.
fn stale_or_new(rate: f64, ends: f64, fresh: f64) -> f64 {
    if ends == 0.0 {
        return rate / (1.0 + rate * fresh);
    }
    let is_last = -(-ends * fresh).exp_m1() + (-ends * fresh).exp() * ends / (rate + ends);
    ends * rate / (rate + ends) / is_last
}

/// How often a replica has what the proxies ask it to send: pictures of one rank, that each proxy is asked for at that rate
/// and keeps for `stays`. The replica keeps them for `stays_there`.
fn hits(proxies: f64, rate: f64, ends: f64, stays: f64, stays_there: f64) -> f64 {
    let others = proxies - 1.0;
    let whole = proxies * rate * (1.0 - found(rate, ends, stays));
    // The first request of all for a picture is drawn. The other proxies have their first ones soon after, one by one.
    let new = ends * proxies * rate / (proxies * rate + ends);
    let first = proxies * ends * rate / (rate + ends);
    let missed = (-rate * stays_there).exp();
    let all_missed =
        if missed < 1.0 { missed * (1.0 - missed.powf(others)) / (1.0 - missed) } else { others };
    let of_first = if others > 0.0 { (first - new).max(0.0) * (1.0 - all_missed / others) } else { 0.0 };
    // Later it has a picture if a proxy has asked for it lately: an other one at any time, the same one only before it
    // dropped the picture.
    let pace = rate * (-rate * stays).exp();
    let after = (stays_there - stays).max(0.0);
    let other_has_not = (1.0 - pace * stays.min(stays_there)).max(0.0) * (-pace * after).exp();
    let nobody_has = other_has_not.powf(others) * (-(pace + ends) * after).exp();
    of_first + (whole - first).max(0.0) * (1.0 - nobody_has)
}

/// Where requests are answered.
pub fn answered(site: &Site) -> Answered {
    let ranks = ranks(site);
    let ends = 1.0 / site.life;
    // A picture has that many proxies, with a cache of that size for all pictures.
    let (proxies, proxy_cache) = match site.proxies_hashed {
        true => (1.0, site.proxy_cache * site.proxies),
        false => (site.proxies, site.proxy_cache),
    };
    let at_proxy = |ranks: &Ranks| Ranks { count: ranks.count, rate: ranks.rate / proxies };
    let at_proxies: Vec<_> = ranks.iter().map(at_proxy).collect();
    let stays = match proxy_cache {
        cache if cache > 0.0 => kept(cache, site.bytes, ends, &at_proxies).min(site.inactive),
        _ => 0.0,
    };
    // What the replicas are asked to send, of each rank: per second, from all proxies.
    let asked: Vec<_> = at_proxies
        .iter()
        .map(|ranks| Ranks {
            count: ranks.count,
            rate: proxies * ranks.rate * (1.0 - found(ranks.rate, ends, stays)),
        })
        .collect();
    // By the URL, the caches add up. Otherwise each replica is asked for everything, and has it in its own cache.
    let (shares, cache) = match site.hashed {
        true => (1.0, site.result_cache * site.replicas),
        false => (site.replicas, site.result_cache),
    };
    let of_replica: Vec<_> =
        asked.iter().map(|ranks| Ranks { count: ranks.count, rate: ranks.rate / shares }).collect();
    let stays_there = if cache > 0.0 { kept(cache, site.bytes, ends, &of_replica) } else { 0.0 };

    let mut all = Answered::default();
    for ((ranks, at_proxy), asked) in ranks.iter().zip(&at_proxies).zip(&asked) {
        let whole = asked.rate / proxies;
        let revalidated = match stays > 0.0 {
            true => {
                (stale_or_new(at_proxy.rate, ends, site.fresh) - whole).max(0.0).min(at_proxy.rate - whole)
            }
            false => 0.0,
        };
        let hits = match site.hashed {
            true => hits(proxies, at_proxy.rate, ends, stays, stays_there),
            false => asked.rate * found(asked.rate / shares, ends, stays_there),
        };
        all.by_replica += ranks.count * hits;
        all.drawn += ranks.count * (asked.rate - hits);
        all.revalidated += ranks.count * revalidated * proxies;
        all.by_proxy += ranks.count * (ranks.rate - asked.rate - revalidated * proxies);
    }
    for share in [&mut all.by_proxy, &mut all.revalidated, &mut all.by_replica, &mut all.drawn] {
        *share /= site.rate;
    }
    all
}
