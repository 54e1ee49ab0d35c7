//! The tests of lesson 12.

#[cfg_attr(feature = "solutions", path = "../solutions/lesson_12.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../exercises/lesson_12.rs")]
mod exercise;

use std::time::{Duration, Instant};

use playground_today::handler::{App, Body, Client, Picture, Refusal, body};
use playground_today::within;
use tokio::runtime::Builder;
use tokio::time::sleep;

use exercise::{on_a_thread, post};

/// Only there to stop a job whose end no test waits for.
const LONG: Duration = Duration::from_secs(4);

/// Runs a test in a runtime of one thread, as the reactor was. Jobs that still run when the test ends are left alone.
fn test<T: Send + 'static, F: Future<Output = T> + 'static>(test: fn() -> F) -> T {
    within(move || {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let result = runtime.block_on(test());
        runtime.shutdown_background();
        result
    })
}

/// A body that is there already.
fn sent(text: &str) -> Body {
    let (client, body) = body();
    client.send(text);
    body
}

/// Polls the future until `when` holds, and drops it then.
async fn drop_when<F: Future>(future: F, when: impl Fn() -> bool) {
    tokio::select! {
        biased;
        _ = future => panic!("it has ended, and should still have waited"),
        () = until(when, "the future has not come as far as the test waits for") => {}
    }
}

/// Waits until `when` holds.
async fn until(when: impl Fn() -> bool, otherwise: &str) {
    let start = Instant::now();
    while !when() {
        assert!(start.elapsed() < Duration::from_secs(2), "{otherwise}");
        sleep(Duration::from_millis(1)).await;
    }
}

const NOT_TOLD: &str = "the future was dropped, and the job was not told. Does the future own the guard at this .await? \
     A task that was spawned goes on when its JoinHandle is dropped";

const TOLD_EARLY: &str = "was the job told, although nobody dropped the future? A guard that is bound to `_`, or to nothing, \
     is dropped at once";

#[test]
fn it_reads_looks_draws_and_keeps_the_picture() {
    test(|| async {
        let app = App::new(LONG);
        assert_eq!(post(&app, sent("a cat")).await, Ok(Picture::from("a picture of a cat")), "{TOLD_EARLY}");
        assert_eq!(post(&app, sent("a cat")).await, Ok(Picture::from("a picture of a cat")));
        let (look, draw) = (&app.jobs.look, &app.jobs.draw);
        assert_eq!(
            (look.begun(), draw.begun()),
            (2, 1),
            "the second time it is looked for, found, and not drawn"
        );
        assert_eq!((look.told(), draw.told()), (0, 0));
    });
}

#[test]
fn nothing_is_cloned_that_can_be_borrowed() {
    test(|| async {
        let app = App::new(LONG);
        assert!(post(&app, sent("a cat")).await.is_ok());
        assert_eq!(
            app.clones(),
            0,
            "an async fn may hold `&App` across an .await: what was cloned for a closure?"
        );
        let of_asked = app.jobs.clones_of_asked();
        assert!(
            of_asked <= 1,
            "{of_asked} clones; one is enough, for the look: the drawing may have the original"
        );
    });
}

#[test]
fn an_error_skips_what_comes_after_it() {
    test(|| async {
        let app = App::new(LONG);
        assert_eq!(post(&app, sent("")).await, Err(Refusal::BadRequest));
        let (client, unread) = body();
        drop::<Client>(client);
        assert_eq!(post(&app, unread).await, Err(Refusal::Gone));
        assert_eq!(app.jobs.look.begun(), 0, "there was nothing to look for");
        assert_eq!(post(&app, sent("panic")).await, Err(Refusal::Panicked));
    });
}

#[test]
fn the_thread_of_the_runtime_goes_on_while_a_job_runs() {
    test(|| async {
        let app = App::new(LONG);
        app.jobs.look.takes(Duration::from_millis(100));
        app.jobs.draw.takes(Duration::from_millis(100));
        let mut turns = 0;
        let others = async {
            loop {
                sleep(Duration::from_millis(5)).await;
                turns += 1;
            }
        };
        tokio::select! {
            picture = post(&app, sent("a cat")) => assert!(picture.is_ok()),
            () = others => {}
        }
        assert!(
            turns >= 4,
            "{turns} turns for the others in a fifth of a second: a job ran on the runtime's thread"
        );
    });
}

#[test]
fn dropped_at_the_first_wait_it_gives_up_the_body() {
    test(|| async {
        let app = App::new(LONG);
        let (client, unread) = body();
        let mut polls = 0;
        let future = post(&app, unread);
        tokio::select! {
            biased;
            _ = future => panic!("there is no body yet"),
            () = async { while polls < 3 { polls += 1; tokio::task::yield_now().await } } => {}
        }
        assert!(client.is_given_up(), "the future was dropped, and something still waits for the body");
        client.send("a cat");
        sleep(Duration::from_millis(20)).await;
        assert_eq!(app.jobs.look.begun(), 0, "nobody wants it any more");
    });
}

#[test]
fn dropped_while_it_looks_it_tells_the_look_and_never_draws() {
    test(|| async {
        let app = App::new(LONG);
        app.jobs.look.takes(LONG);
        drop_when(post(&app, sent("a cat")), || app.jobs.look.begun() == 1).await;
        until(|| app.jobs.look.told() == 1, NOT_TOLD).await;
        sleep(Duration::from_millis(20)).await;
        assert_eq!(app.jobs.draw.begun(), 0);
    });
}

#[test]
fn dropped_while_it_draws_it_tells_the_drawing_and_keeps_nothing() {
    test(|| async {
        let app = App::new(LONG);
        app.jobs.draw.takes(LONG);
        drop_when(post(&app, sent("a cat")), || app.jobs.draw.begun() == 1).await;
        until(|| app.jobs.draw.told() == 1, NOT_TOLD).await;
        app.jobs.draw.takes(Duration::ZERO);
        assert!(post(&app, sent("a cat")).await.is_ok());
        assert_eq!(app.jobs.draw.begun(), 2, "a drawing that was told to stop is no picture to keep");
    });
}

#[test]
fn a_task_that_is_aborted_drops_its_future_and_so_tells_the_job() {
    test(|| async {
        let app = App::new(LONG);
        app.jobs.draw.takes(LONG);
        let jobs = app.jobs.clone();
        let task = tokio::spawn(async move { post(&app, sent("a cat")).await });
        until(|| jobs.draw.begun() == 1, "it does not draw").await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        until(|| jobs.draw.told() == 1, NOT_TOLD).await;
    });
}

#[test]
fn one_deadline_is_around_the_look_and_the_drawing_and_tells_the_job() {
    test(|| async {
        let app = App::new(Duration::from_millis(300));
        app.jobs.look.takes(Duration::from_millis(200));
        app.jobs.draw.takes(Duration::from_millis(200));
        let late = "the look takes 200 ms and the drawing as much: the limit of 300 ms is for both together";
        assert_eq!(post(&app, sent("a cat")).await, Err(Refusal::Late), "{late}");
        // The drawing; or the look, if the machine is very busy.
        until(|| app.jobs.look.told() + app.jobs.draw.told() == 1, NOT_TOLD).await;
    });
}

#[test]
fn the_deadline_does_not_run_while_the_body_is_on_its_way() {
    test(|| async {
        let app = App::new(Duration::from_millis(200));
        let (client, slow) = body();
        let sends = async {
            sleep(Duration::from_millis(300)).await;
            client.send("a cat");
        };
        let (picture, ()) = tokio::join!(post(&app, slow), sends);
        assert!(picture.is_ok(), "{picture:?}: the body has a deadline of its own, elsewhere");
    });
}

#[test]
fn a_job_that_nobody_polls_does_not_begin() {
    test(|| async {
        let app = App::new(LONG);
        let asked = app.decode("a cat").unwrap();
        let look = on_a_thread(move |told| playground_today::handler::look(&asked, told));
        sleep(Duration::from_millis(20)).await;
        assert_eq!(app.jobs.look.begun(), 0, "an async fn does nothing before its first poll");
        let fingerprint = look.await;
        assert!(fingerprint.is_ok(), "{fingerprint:?}: {TOLD_EARLY}");
    });
}
