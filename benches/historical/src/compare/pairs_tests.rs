//! Tests of `pairs.rs`: single cases, and how often its intervals and verdicts are right in simulations.

use super::super::random::Random;
use super::super::reading::Reading;
use super::*;

fn side(name: &str, values: &[f64]) -> Side {
    Side::new(name, values.iter().copied().map(Reading::from).collect())
}

fn pair(better: Better, one: &[f64], other: &[f64], pairs: usize) -> Pair {
    Pair::new(better, &side("one", one), &side("other", other), pairs)
}

/// Of values with these ratios.
fn ratios(ratios: &[f64], pairs: usize) -> Pair {
    pair(Better::Higher, ratios, &vec![1.0; ratios.len()], pairs)
}

fn is_near(one: f64, other: f64) {
    assert!((one - other).abs() < 1e-4, "{one} and {other}");
}

/// The rate of `/health`, futures 0.1 by async/await, which was called a tie while ranges were compared.
#[test]
fn six_of_six_lost_rounds_are_no_tie() {
    let rounds = [0.80, 0.81, 0.84, 0.98, 0.73, 0.78];
    let pair = ratios(&rounds, 3);
    assert_eq!((pair.judgement, pair.ahead, pair.behind), (Judgement::Behind, 0, 6));
    // The numbers are SciPy's: `python3 benches/historical/tests/reference/ratios.py`.
    let ratio = pair.ratio.expect("all are above 0");
    is_near(ratio.mean, 0.81988);
    is_near(ratio.low, 0.71062);
    is_near(ratio.high, 0.94594);
    is_near(pair.probability, 0.00445);
    let (low, high) = ratio.bootstrap.expect("they differ");
    assert!((low.ln() + 0.2648).abs() < 0.01 && (high.ln() + 0.0797).abs() < 0.01, "{low} {high}");
}

/// 39,209 "tied" with the best, 43,666, while 42,579 did not: ranges overlap or miss each other by chance.
#[test]
fn who_is_further_away_is_never_equal_while_the_nearer_one_is_behind() {
    let mut random = Random(20);
    let (mut equal, mut behind) = (0, 0);
    for _ in 0..500 {
        let noise = 0.002 + 0.06 * random.part();
        let best: Vec<f64> = (0..10).map(|_| 43_666.0 * (noise * random.normal()).exp()).collect();
        let mut others = Vec::new();
        for _ in 0..4 {
            let (level, noise) = (39_000.0 + 8_000.0 * random.part(), 0.06 * random.part());
            let values: Vec<f64> = best.iter().map(|_| level * (noise * random.normal()).exp()).collect();
            others.push(pair(Better::Higher, &values, &best, 10));
        }
        let away = |judgement: Judgement| {
            let of = others.iter().filter(move |pair| pair.judgement == judgement);
            of.filter_map(|pair| pair.ratio).map(|ratio| ratio.mean.ln().abs()).collect::<Vec<_>>()
        };
        let furthest_equal = away(Judgement::Equal).into_iter().fold(0.0, f64::max);
        let nearest_behind = away(Judgement::Behind).into_iter().fold(f64::MAX, f64::min);
        assert!(furthest_equal < nearest_behind, "{others:?}");
        equal += away(Judgement::Equal).len();
        behind += away(Judgement::Behind).len();
    }
    assert!(equal > 100 && behind > 100, "{equal} {behind}");
    // These three rounds of the issue, made ten: one that is 10 % away is no tie, however its values scatter.
    let best =
        [43_666.0, 42_900.0, 44_100.0, 43_000.0, 43_700.0, 42_634.0, 44_200.0, 43_500.0, 43_100.0, 43_900.0];
    let threads =
        [39_209.0, 42_700.0, 36_000.0, 41_000.0, 37_500.0, 39_000.0, 42_000.0, 38_000.0, 40_000.0, 37_000.0];
    assert_ne!(pair(Better::Higher, &threads, &best, 3).judgement, Judgement::Equal);
}

#[test]
fn noise_that_both_share_does_not_hide_who_is_ahead() {
    let others = [100.0, 150.0, 80.0, 120.0, 200.0, 90.0, 110.0, 170.0];
    let wobble = [0.80, 0.81, 0.79, 0.80, 0.82, 0.78, 0.80, 0.81];
    let these: Vec<f64> = others.iter().zip(wobble).map(|(other, factor)| other * factor).collect();
    assert_eq!(pair(Better::Lower, &these, &others, 3).judgement, Judgement::Ahead);
    assert_eq!(pair(Better::Higher, &these, &others, 3).judgement, Judgement::Behind);
    assert_eq!(pair(Better::Lower, &others, &these, 3).judgement, Judgement::Behind);
}

#[test]
fn a_difference_below_the_margin_is_equal_or_not_known_and_never_ahead() {
    let small = ratios(&[1.01, 1.02, 1.01, 1.03, 1.01, 1.02, 1.01, 1.02], 3);
    assert_eq!((small.judgement, small.ahead), (Judgement::Equal, 8));
    // The interval does not contain 1, and ends beyond the margin.
    let unclear = ratios(&[1.01, 1.02, 1.07, 1.03, 1.05, 1.02, 1.08, 1.04], 3);
    let Ratio { mean, low, high, .. } = unclear.ratio.expect("there is one");
    assert!(low > 1.0 && mean < 1.05 && high > 1.05, "{low} {mean} {high}");
    assert_eq!(unclear.judgement, Judgement::CannotTell);
    let wide = ratios(&[0.5, 1.5, 0.9, 1.3, 0.7, 1.1, 0.6, 1.4], 3);
    assert_eq!(wide.judgement, Judgement::CannotTell);
}

#[test]
fn too_few_rounds_prove_nothing_however_clear_they_look() {
    assert_eq!(ratios(&[0.5, 0.51, 0.5, 0.49, 0.5], 1).judgement, Judgement::CannotTell);
    assert_eq!(ratios(&[0.5], 1).probability, 1.0);
    assert_eq!(pair(Better::Lower, &[], &[], 1).judgement, Judgement::CannotTell);
}

#[test]
fn what_never_varies_needs_no_interval() {
    let [more, same] = [ratios(&[1.2; 6], 3), ratios(&[1.0; 6], 3)];
    assert_eq!((more.judgement, same.judgement), (Judgement::Ahead, Judgement::Equal));
    assert_eq!((more.probability, same.probability), (0.0, 1.0));
    let nothing = pair(Better::Lower, &[0.0; 6], &[0.0; 6], 3);
    assert_eq!(nothing.judgement, Judgement::Equal);
}

#[test]
fn where_there_is_no_ratio_the_signs_decide() {
    let lost = [3.0, 1.0, 2.0, 5.0, 1.0, 2.0, 1.0, 4.0, 2.0, 1.0];
    let clear = pair(Better::Lower, &[0.0; 10], &lost, 10);
    assert_eq!((clear.judgement, clear.ratio, clear.ahead), (Judgement::Ahead, None, 10));
    is_near(clear.probability, 2.0 / 1024.0);
    let twice = [0.0, 1.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 0.0];
    assert_eq!(pair(Better::Lower, &[0.0; 10], &twice, 10).judgement, Judgement::CannotTell);
    is_near(signs(8, 2), 2.0 * (1.0 + 10.0 + 45.0) / 1024.0);
    is_near(signs(1, 1), 1.0);
    is_near(signs(0, 0), 1.0);
}

#[test]
fn the_exchanged_pair_is_what_the_exchanged_values_give() {
    let (one, other) = ([3.0, 5.0, 4.0, 7.0, 6.0, 2.0, 9.0], [4.0, 4.0, 5.0, 6.0, 9.0, 3.0, 5.0]);
    let exchanged = pair(Better::Lower, &one, &other, 3).exchanged();
    let direct = pair(Better::Lower, &other, &one, 3);
    let (left, right) = (exchanged.ratio.expect("there is one"), direct.ratio.expect("there is one"));
    for (left, right) in [(left.low, right.low), (left.high, right.high), (left.mean, right.mean)] {
        assert!((left - right).abs() < 1e-12, "{left} {right}");
    }
    assert_eq!((exchanged.ahead, exchanged.behind), (direct.ahead, direct.behind));
}

/// The part of 4,000 simulated means that are in their intervals. `draw` makes the logarithm of a ratio, around 0.
fn coverage(rounds: usize, pairs: usize, mut draw: impl FnMut(&mut Random) -> f64) -> f64 {
    let mut random = Random(7);
    let is_inside = |_: &i32| {
        let logs: Vec<f64> = (0..rounds).map(|_| draw(&mut random)).collect();
        let (mean, half, _) = student(&logs, ERROR / pairs as f64).expect("there are rounds");
        mean.abs() <= half
    };
    (0..4_000).filter(is_inside).count() as f64 / 4_000.0
}

/// Student's t with three degrees of freedom.
fn heavy_tailed(random: &mut Random) -> f64 {
    let normal = random.normal();
    let chi: f64 = (0..3).map(|_| random.normal().powi(2)).sum();
    normal / (chi / 3.0).sqrt()
}

#[test]
fn intervals_hold_as_often_as_they_say() {
    for rounds in [6, 10] {
        for (pairs, stated) in [(1, 0.95), (10, 0.995)] {
            let normal = coverage(rounds, pairs, Random::normal);
            assert!((normal - stated).abs() < 0.01, "{rounds} rounds, {pairs} pairs: {normal}");
            let heavy = coverage(rounds, pairs, heavy_tailed);
            assert!(
                (stated - 0.01..stated + 0.02).contains(&heavy),
                "{rounds} rounds, {pairs} pairs: {heavy}"
            );
        }
    }
    // What it does not hold for, as the head of the file says.
    let skewed = coverage(10, 1, |random| -random.part().ln() - 1.0);
    assert!((0.88..0.93).contains(&skewed), "{skewed}");
}

/// Five contestants that are the same, with noise that they share and some of their own.
#[test]
fn of_a_hundred_figures_of_equal_contestants_five_have_a_difference_at_most() {
    let (mut random, mut wrong) = (Random(3), 0);
    for _ in 0..400 {
        let shared: Vec<f64> = (0..10).map(|_| 0.3 * random.normal()).collect();
        let sides: Vec<Side> = (0..5)
            .map(|_| {
                let values: Vec<f64> =
                    shared.iter().map(|log| (log + 0.15 * random.normal()).exp()).collect();
                side("same", &values)
            })
            .collect();
        let is_wrong = |(one, other): (usize, usize)| {
            let values: Vec<_> = sides[one].numbers().zip(sides[other].numbers()).collect();
            let (mean, half, _) =
                student(&logs(&values).expect("all are above 0"), ERROR / 10.0).expect("there are rounds");
            mean.abs() > half
        };
        let pairs = (0..5).flat_map(|one| (one + 1..5).map(move |other| (one, other)));
        wrong += usize::from(pairs.into_iter().any(is_wrong));
    }
    // 5 % of 400 are 20, and chance adds up to 9 more in all but one of 50 runs.
    assert!(wrong <= 29, "{wrong} of 400");
}

#[test]
fn for_the_whole_page_the_most_probable_errors_go() {
    let mut pairs: Vec<Pair> = vec![
        ratios(&[0.5, 0.51, 0.5, 0.49, 0.5, 0.5, 0.51], 1),
        ratios(&[0.5, 0.9, 0.8, 0.7, 0.95, 0.85, 0.75], 1),
        ratios(&[0.98, 1.02, 1.0, 1.01, 0.99, 1.0, 1.01], 1),
    ];
    let all_same = ratios(&[0.4, 1.6, 0.7, 1.2, 0.9, 1.1, 1.3], 1);
    pairs.extend((0..20).map(|_| all_same.clone()));
    assert_eq!((pairs[0].judgement, pairs[1].judgement), (Judgement::Behind, Judgement::Behind));
    hold_for_page(pairs.iter_mut());
    assert!(pairs[0].holds_for_page);
    assert!(!pairs[1].holds_for_page, "{}", pairs[1].probability);
    assert!(pairs[2..].iter().all(|pair| !pair.holds_for_page));
}
