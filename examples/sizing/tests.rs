//! Compares the model with the simulation, and tries the arguments.

use super::{model, simulation, Answered, Site};

fn site() -> Site {
    Site {
        rate: 100.0,
        pictures: 5000.0,
        exponent: 0.9,
        life: f64::INFINITY,
        bytes: 50e3,
        proxies: 1.0,
        proxy_cache: 0.0,
        proxies_hashed: false,
        fresh: 300.0,
        inactive: 3600.0,
        replicas: 3.0,
        result_cache: 20e6,
        hashed: true,
    }
}

/// Fails if a share of the model is not that of a simulation.
fn compare(what: &str, site: &Site, before: usize) -> Answered {
    let model = model::answered(site);
    let simulation = simulation::answered(site, before, 200_000, 7);
    let shares =
        |answered: &Answered| [answered.by_proxy, answered.revalidated, answered.by_replica, answered.drawn];
    for (share, simulated) in shares(&model).iter().zip(&shares(&simulation)) {
        assert!((share - simulated).abs() < 0.02, "{}: {:?}, not {:?}", what, model, simulation);
    }
    let sum: f64 = shares(&model).iter().sum();
    assert!((sum - 1.0).abs() < 1e-9, "{}: {:?}", what, model);
    model
}

#[test]
fn the_model_is_right_about_replicas_without_a_cache_before_them() {
    let by_url = compare("by URL", &site(), 50_000);
    let in_turns = compare("in turns", &Site { hashed: false, ..site() }, 50_000);
    assert!(by_url.by_replica > in_turns.by_replica + 0.1, "{:?}, {:?}", by_url, in_turns);
    compare("flat", &Site { exponent: 0.0, ..site() }, 50_000);
    compare("steep", &Site { exponent: 1.3, ..site() }, 50_000);
    compare("all fit", &Site { result_cache: 1e9, ..site() }, 50_000);
}

#[test]
fn the_model_is_right_about_new_pictures() {
    let old = compare("new pictures", &Site { life: 600.0, ..site() }, 100_000);
    let new = compare("newer ones", &Site { life: 100.0, ..site() }, 100_000);
    assert!(new.drawn > old.drawn, "{:?}, {:?}", new, old);
}

#[test]
fn the_model_is_right_about_proxies_with_a_cache() {
    for &(proxies, cache, life) in
        &[(1.0, 1e9, 7200.0), (1.0, 60e6, 7200.0), (4.0, 1e9, 7200.0), (4.0, 60e6, 7200.0), (4.0, 1e9, 600.0)]
    {
        let site = Site { proxies, proxy_cache: cache, life, ..site() };
        compare(&format!("{} proxies, {} bytes, {} s", proxies, cache, life), &site, 400_000);
        compare("the same by URL", &Site { proxies_hashed: true, ..site }, 400_000);
    }
}

#[test]
fn the_time_of_the_model_does_not_depend_on_the_rate() {
    let large = Site { rate: 1e6, pictures: 5e7, proxies: 40.0, proxy_cache: 1e9, life: 86_400.0, ..site() };
    let answered = model::answered(&large);
    let sum = answered.by_proxy + answered.revalidated + answered.by_replica + answered.drawn;
    assert!((sum - 1.0).abs() < 1e-9 && answered.drawn > 0.0, "{:?}", answered);
}

#[test]
fn no_fewer_machines_would_do() {
    let written = |words: &str| words.split_whitespace().map(str::to_string).collect::<Vec<_>>();
    for words in
        ["--rate 1e6", "--rate 1e6 --proxy-cache 102400 --proxies-by-url", "--rate 3e4 --round-robin"]
    {
        let mut site = super::parse(&written(words), 1.0).unwrap().site;
        super::size(&mut site);
        assert!(site.replicas > super::FEWEST, "{}: {:?}", words, site);
        let fewer = Site { replicas: site.replicas - 1.0, ..site.clone() };
        let busy = |site: &Site| super::needs(site).drawing / super::THREADS / site.replicas;
        let answering = |site: &Site| {
            let asked = site.rate * (1.0 - super::needs(site).answered.by_proxy);
            asked * super::cost::ANSWER / site.replicas
        };
        let filled = |site: &Site| busy(site).max(answering(site));
        assert!(filled(&site) <= super::FILLED, "{}: {:?}", words, site);
        assert!(filled(&fewer) > super::FILLED, "{}: {:?}", words, site);
    }
}

#[test]
fn what_means_nothing_is_refused() {
    let refused = |words: &[&str]| {
        let words: Vec<_> = words.iter().map(|word| word.to_string()).collect();
        super::parse(&words, 1.0).err()
    };
    let not_known = |word: &str| Some(format!("{} is not known", word));
    assert_eq!(refused(&["--rate", "5", "--round-robin", "--life", "inf"]), None);
    assert_eq!(refused(&["--rate", "5", "6"]), not_known("6"));
    assert_eq!(refused(&["requests"]), not_known("requests"));
    assert_eq!(refused(&["--rates", "5"]), not_known("--rates"));
    for number in ["inf", "-1", "nan", "many", "--life"] {
        assert_eq!(refused(&["--rate", number]), Some("--rate needs a number".to_string()), "{}", number);
    }
    assert_eq!(refused(&["--rate"]), Some("--rate needs a number".to_string()));
    assert_eq!(refused(&["--rate", "1", "--rate", "2"]), Some("--rate is given twice".to_string()));
}
