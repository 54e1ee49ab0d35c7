//! Property tests: random requests and templates, with a failing input reduced to the smallest one that fails.
//!
//! Every run tries the same inputs, so that a failure is caused by the change under test. For ten times as many, and
//! other ones: `PROPTEST_CASES=2560 PROPTEST_RNG_SEED=2 cargo test properties`.

use std::fmt::Debug;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};

/// Animations as a viewer sees them.
mod animations;
/// Captions to ask for.
mod asked;
/// Text in boxes.
mod boxes;
/// Where the text stands.
mod layout;
/// Links, and the texts in them.
mod links;
/// Random requests, most of them nonsense.
mod requests;
/// JPEGs and PNGs, put together from parts.
mod strips;
/// Templates to put them on.
mod templates;
/// Captions with a time.
mod timing;

/// Fails with the smallest input of which it does not hold. Of each 256 that the environment wants, `cases`
/// are tried.
fn check<S, F>(cases: u32, inputs: &S, holds: F)
where
    S: Strategy,
    S::Value: Debug,
    F: Fn(S::Value),
{
    let wanted = Config::default();
    let rng_seed = match wanted.rng_seed {
        RngSeed::Random => RngSeed::Fixed(1),
        given => given,
    };
    let cases = (cases * wanted.cases).div_ceil(256);
    // A file of inputs that once failed would change the sources while they are tested.
    let config = Config { cases, rng_seed, failure_persistence: None, ..wanted };
    let result = TestRunner::new(config).run(inputs, |input| {
        holds(input);
        Ok(())
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, input)) => panic!("{} of {:?}", reason, input),
        Err(TestError::Abort(reason)) => panic!("{}", reason),
    }
}
