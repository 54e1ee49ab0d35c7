//! What the visitors of a site ask for: mostly pictures that the server has kept, some of which are far more popular
//! than others, and now and then something else.
//!
//! The shares are those of `cargo bench --bench load -- day`, but for POST, which nobody has counted.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::answer::{Ask, Kind, caption, get};
use super::client::Client;
use super::paced::{Asked, Asks};
use crate::compare::random::Random;

/// Template, width, format. With captions: 67, 21, 28, 21, 85, 31, 59, 21 and 221 kB.
const PICTURES: &[(&str, Option<u32>, Kind)] = &[
    ("rocket", None, Kind::Jpeg),
    ("cat", Some(120), Kind::Png),
    ("raccoon", Some(300), Kind::Jpeg),
    ("deal-with-it", Some(120), Kind::Gif),
    ("coffee", None, Kind::Jpeg),
    ("astronaut", Some(120), Kind::Png),
    ("screen", None, Kind::Jpeg),
    ("sign", Some(300), Kind::Jpeg),
    ("deal-with-it", None, Kind::Gif),
];
/// Kept pictures; by Zipf's law the n-th is asked for a fraction 1/n as often as the first.
const KEPT: usize = 27;
/// Shares of all requests; the rest is for kept pictures.
const HEALTH: f64 = 0.03;
const TEMPLATES: f64 = 0.02;
const NEW: f64 = 0.025;
const POSTED: f64 = 0.005;
/// Of the requests for kept pictures, from a client that has the picture.
const CONDITIONAL: f64 = 0.3;
/// Texts of new pictures, which no other client asks for.
const TEXTS_EACH: u64 = 1_000_000;

/// The requests for pictures that the server has.
pub struct Site {
    kept: Vec<[Asked; 2]>,
    /// For each, how often it or one before it is asked for, as a share of all.
    cumulative: Vec<f64>,
}

impl Site {
    /// Asks for each picture once, so that the server keeps it, and notes its tag.
    ///
    /// # Errors
    /// If the server does not answer with the right picture and a tag.
    pub async fn fill(address: SocketAddr) -> io::Result<Arc<Site>> {
        let mut client = Client::connect(address).await?;
        client.reader.keeps_tags = true;
        let mut kept = Vec::with_capacity(KEPT);
        for number in 0..KEPT {
            let (template, width, kind) = PICTURES[number % PICTURES.len()];
            let width = width.map_or(String::new(), |width| format!("&width={width}"));
            // No new picture has such a number.
            let target = caption(template, number as u64) + &width;
            let (ask, request) = (Ask::Kept(kind), get(&target, ""));
            let answer = client.ask(ask, &request).await;
            let wrong = answer.map_or_else(Some, |answer| answer.wrong);
            if let Some(wrong) = wrong {
                return Err(io::Error::other(format!("the picture {target} was {}", wrong.sentence())));
            }
            let tag = client.reader.tag.take().ok_or_else(|| io::Error::other("a picture has no ETag"))?;
            let known = get(&target, &format!("If-None-Match: {tag}\r\n"));
            kept.push([
                Asked { ask, request: request.into() },
                Asked { ask: Ask::NotModified, request: known.into() },
            ]);
        }
        Ok(Arc::new(Site { kept, cumulative: zipf(KEPT) }))
    }

    /// What a visitor asks for, the same for the same number.
    pub fn visitor(self: &Arc<Self>, visitor: u64) -> Asks {
        let (site, texts) = (self.clone(), AtomicU64::new((visitor + 1) * TEXTS_EACH));
        let asked = |ask: Ask| Asked { ask, request: ask.request(&texts).into() };
        let fixed = [asked(Ask::Health), asked(Ask::Templates)];
        let mut random = Random(visitor);
        Asks::Other(Box::new(move || {
            let new = |ask: Ask| Asked { ask, request: ask.request(&texts).into() };
            let share = random.part();
            match part(share) {
                Part::Health => fixed[0].clone(),
                Part::Templates => fixed[1].clone(),
                Part::New => new(Ask::Jpeg),
                Part::Posted => new(Ask::Posted),
                Part::Kept => {
                    let share = random.part();
                    let which = site.cumulative.partition_point(|sum| *sum < share).min(KEPT - 1);
                    site.kept[which][usize::from(random.part() < CONDITIONAL)].clone()
                }
            }
        }))
    }
}

#[derive(Debug, PartialEq)]
enum Part {
    Health,
    Templates,
    New,
    Posted,
    Kept,
}

/// What is asked for, from a number from 0 to 1.
fn part(share: f64) -> Part {
    let mut sum = 0.0;
    let parts =
        [(HEALTH, Part::Health), (TEMPLATES, Part::Templates), (NEW, Part::New), (POSTED, Part::Posted)];
    for (size, part) in parts {
        sum += size;
        if share < sum {
            return part;
        }
    }
    Part::Kept
}

fn zipf(count: usize) -> Vec<f64> {
    let all: f64 = (1..=count).map(|number| 1.0 / number as f64).sum();
    let sums = (1..=count).scan(0.0, |sum, number| {
        *sum += 1.0 / number as f64 / all;
        Some(*sum)
    });
    sums.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Arc<Site> {
        let asked = |ask, request: &str| Asked { ask, request: request.as_bytes().into() };
        let kept = (0..KEPT).map(|number| {
            let number = number.to_string();
            [asked(Ask::Kept(Kind::Jpeg), &number), asked(Ask::NotModified, &number)]
        });
        Arc::new(Site { kept: kept.collect(), cumulative: zipf(KEPT) })
    }

    #[test]
    fn each_has_its_share_and_popular_pictures_are_asked_for_more_often() {
        let site = site();
        let (mut counts, mut first, mut third) = ([0_u32; 6], 0, 0);
        let Asks::Other(mut next) = site.visitor(7) else { panic!("visitors ask for different things") };
        for _ in 0..100_000 {
            let Asked { ask, request } = next();
            let index = match ask {
                Ask::Health => 0,
                Ask::Templates => 1,
                Ask::Jpeg => 2,
                Ask::Posted => 3,
                Ask::NotModified => 4,
                _ => 5,
            };
            counts[index] += 1;
            first += u32::from(&*request == b"0");
            third += u32::from(&*request == b"2");
        }
        let near = |count: u32, share: f64| (f64::from(count) / 100_000.0 - share).abs() < 0.005;
        let kept = 1.0 - HEALTH - TEMPLATES - NEW - POSTED;
        let shares = [HEALTH, TEMPLATES, NEW, POSTED, kept * CONDITIONAL, kept * (1.0 - CONDITIONAL)];
        assert!(counts.iter().zip(shares).all(|(count, share)| near(*count, share)), "{counts:?}");
        assert!((2.8..3.2).contains(&(f64::from(first) / f64::from(third))), "{first} and {third}");
    }

    #[test]
    fn visitors_differ_and_each_repeats_itself() {
        let site = site();
        let some = |visitor| {
            let Asks::Other(mut next) = site.visitor(visitor) else {
                panic!("they ask for different things")
            };
            (0..200).map(|_| String::from_utf8_lossy(&next().request).into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(some(1), some(1));
        assert_ne!(some(1), some(2));
        let new = |visitor| some(visitor).into_iter().filter(|request| request.contains("raccoon"));
        assert!(new(1).count() > 0 && new(1).all(|request| !some(2).contains(&request)));
    }
}
