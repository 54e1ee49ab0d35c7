//! Five combinators, each after a success and after an error: does the closure run, and what comes out?

extern crate futures;
extern crate playground;

use std::cell::Cell;

use futures::future::{self, err, ok, FutureResult};
use futures::Future;
use playground::trace::{self, event};

fn main() {
    way("map", Ok(1), |first, run| first.map(run).wait());
    way("map", Err(1), |first, run| first.map(run).wait());
    way("map_err", Ok(1), |first, run| first.map_err(run).wait());
    way("map_err", Err(1), |first, run| first.map_err(run).wait());
    way("and_then", Ok(1), |first, run| first.and_then(|n| ok(run(n))).wait());
    way("and_then", Ok(1), |first, run| first.and_then(|n| err::<u8, _>(run(n))).wait());
    way("and_then", Err(1), |first, run| first.and_then(|n| ok(run(n))).wait());
    way("or_else", Ok(1), |first, run| first.or_else(|n| ok::<_, u8>(run(n))).wait());
    way("or_else", Err(1), |first, run| first.or_else(|n| ok::<_, u8>(run(n))).wait());
    way("or_else", Err(1), |first, run| first.or_else(|n| err(run(n))).wait());
    way("then", Ok(1), |first, run| first.then(|_| ok(run(1))).wait());
    way("then", Ok(1), |first, run| first.then(|_| err(run(1))).wait());
    way("then", Err(1), |first, run| first.then(|_| ok(run(1))).wait());
    way("then", Err(1), |first, run| first.then(|_| err(run(1))).wait());
    trace::print();
}

/// Runs a chain of one link to its end, and records what became of it.
fn way<F>(combinator: &str, before: Result<u8, u8>, chain: F)
where
    F: Fn(FutureResult<u8, u8>, &dyn Fn(u8) -> u8) -> Result<u8, u8>,
{
    let has_run = Cell::new(false);
    let run = |n| {
        has_run.set(true);
        n
    };
    let after = chain(future::result(before), &run);
    let rail = |result: Result<u8, u8>| if result.is_ok() { "Ok" } else { "Err" };
    let ran = if has_run.get() { "ran" } else { "skipped" };
    event(combinator, format!("{:<3} | {:<7} | {}", rail(before), ran, rail(after)));
}
