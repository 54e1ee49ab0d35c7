//! The tests of lesson 7.

extern crate futures;
extern crate futures_cpupool;
extern crate playground;

#[cfg_attr(feature = "solutions", path = "../solutions/lesson_07.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../exercises/lesson_07.rs")]
mod exercise;

use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use futures::Future;
use futures_cpupool::CpuPool;
use playground::captioner::Cancel;
use playground::within;

use exercise::{run, Failed, Permits};

/// Long enough for the other thread to do what it should not.
const SOON: Duration = Duration::from_millis(100);

/// A job that says that it has started, and ends when something is sent, or the sender dropped.
fn held() -> (impl FnOnce(&Cancel) -> u32 + Send, Receiver<()>, Sender<()>) {
    let (start, has_started) = mpsc::channel();
    let (end, may_end) = mpsc::channel::<()>();
    let job = move |_: &Cancel| {
        start.send(()).unwrap();
        let _ = may_end.recv();
        42
    };
    (job, has_started, end)
}

fn wait_until<F: Fn() -> bool>(is_so: F) {
    while !is_so() {
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_result_comes_back_and_its_permit_is_free_by_then() {
    within(|| {
        let (pool, permits) = (CpuPool::new(1), Permits::new(1));
        for number in 0..1000 {
            let result = run(&pool, &permits, move |_| number).wait();
            assert_eq!(result, Ok(number), "after a result, the next job finds a permit");
        }
    });
}

#[test]
fn a_full_pool_refuses_at_once_and_never_runs_what_it_refused() {
    within(|| {
        let (pool, permits) = (CpuPool::new(1), Permits::new(2));
        let (job, has_started, end) = held();
        let runs = run(&pool, &permits, job);
        let waits = run(&pool, &permits, |_| 1);
        assert_eq!(permits.free(), 0, "two jobs were given to the pool, and nothing was polled yet");
        has_started.recv().unwrap();
        let (ran, has_run) = mpsc::channel();
        let refused = run(&pool, &permits, move |_| ran.send(()).unwrap());
        // It would wait for the first job, which would wait for the test.
        assert_eq!(refused.wait(), Err(Failed::Busy));
        end.send(()).unwrap();
        assert_eq!((runs.wait(), waits.wait()), (Ok(42), Ok(1)));
        assert!(has_run.recv_timeout(SOON).is_err(), "a job that was refused has run");
    });
}

#[test]
fn a_job_that_runs_keeps_its_permit_when_its_future_is_dropped() {
    within(|| {
        let (pool, permits) = (CpuPool::new(1), Permits::new(1));
        let (job, has_started, end) = held();
        let future = run(&pool, &permits, job);
        has_started.recv().unwrap();
        drop(future);
        thread::sleep(SOON);
        assert_eq!(
            permits.free(),
            0,
            "the thread is busy until the job returns, and the permit says it is free"
        );
        end.send(()).unwrap();
        wait_until(|| permits.free() == 1);
    });
}

#[test]
fn a_job_that_waits_is_not_started_when_its_future_is_dropped() {
    within(|| {
        let (pool, permits) = (CpuPool::new(1), Permits::new(2));
        let (job, has_started, end) = held();
        let runs = run(&pool, &permits, job);
        has_started.recv().unwrap();
        let (ran, has_run) = mpsc::channel();
        drop(run(&pool, &permits, move |_| ran.send(()).unwrap()));
        end.send(()).unwrap();
        assert_eq!(runs.wait(), Ok(42));
        // Its closure is dropped when the thread comes upon it, and its permit with it.
        wait_until(|| permits.free() == 2);
        assert!(has_run.try_recv().is_err(), "nobody waits for it, and it has run");
    });
}

#[test]
fn a_job_is_told_when_its_future_is_dropped_and_not_before() {
    within(|| {
        let (pool, permits) = (CpuPool::new(1), Permits::new(1));
        let (ask, is_asked) = mpsc::channel::<()>();
        let (answer, is_told) = mpsc::channel();
        let future = run(&pool, &permits, move |cancel| {
            for () in is_asked {
                answer.send(cancel.check().is_err()).unwrap();
            }
        });
        let job_is_told = || {
            ask.send(()).unwrap();
            is_told.recv().unwrap()
        };
        assert!(!job_is_told(), "the future is there, and the job was told to stop");
        drop(future);
        assert!(job_is_told(), "the future is gone, and the job goes on for nobody");
    });
}

#[test]
fn a_panic_is_an_error_and_costs_neither_the_thread_nor_the_permit() {
    within(|| {
        let (pool, permits) = (CpuPool::new(1), Permits::new(1));
        let panicking = run(&pool, &permits, |_| -> u32 { panic!("on purpose") });
        let polled = panic::catch_unwind(AssertUnwindSafe(|| panicking.wait()));
        let result =
            polled.unwrap_or_else(|_| panic!("the panic of a job was raised where its future is polled"));
        assert_eq!(result, Err(Failed::Panicked));
        assert_eq!(run(&pool, &permits, |_| 1).wait(), Ok(1));
    });
}
