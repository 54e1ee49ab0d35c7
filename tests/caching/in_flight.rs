//! Tests drawings in flight: which requests share one, what happens when a client leaves, and what is served
//! meanwhile.

use std::time::{Duration, Instant};

use super::{if_none_match, CAPTION, OTHER};
use memed::captioner::CaptionError;
use memed::config::Config;
use serde_json::Value;
use util::{config, until, Client, End, Folder, Held};

/// Sends another request for the held picture, and waits until it has joined the drawing.
fn second(held: &Held) -> Client {
    let shared = stats(held)["shared"].as_u64().unwrap();
    let client = held.ask();
    until(|| stats(held)["shared"] == shared + 1);
    client
}

fn stats(held: &Held) -> Value {
    held.serve.get("/stats").json()
}

fn failed() -> End {
    End::Failed(CaptionError::Encode("it is not to be".into()))
}

#[test]
fn identical_requests_in_flight_share_one_drawing() {
    // Cold and without a queue: a request that needed a permit would be refused.
    let held = Held::with(Config { render_threads: 1, queue: 0, ..config() });
    let mut first = held.first();
    let mut others: Vec<_> = (0..3).map(|_| second(&held)).collect();
    assert_eq!(stats(&held)["shared"], 3);
    held.end(End::Well);
    let drawn = first.response();
    assert!(drawn.headers["server-timing"].starts_with("queue;dur="));
    for other in &mut others {
        let shared = other.response();
        assert_eq!(shared.picture("png"), drawn.picture("png"));
        assert_eq!(shared.headers["server-timing"], "cache;desc=\"shared\"");
        assert_eq!(shared.headers["etag"], drawn.headers["etag"]);
    }
    assert!(!held.has_begun(), "it was drawn twice");
    assert_eq!(stats(&held)["drawn"]["count"], 1);
}

#[test]
fn different_requests_in_flight_share_nothing() {
    let held = Held::with(config());
    let mut waiting = held.first();
    held.serve.get(CAPTION).picture("png");
    held.serve.get("/caption?template=cat&top_text=boo").picture("png");
    assert_eq!(stats(&held)["shared"], 0);
    held.end(End::Well);
    waiting.response().picture("png");
}

#[test]
fn the_first_that_hangs_up_does_not_hurt_the_second() {
    let held = Held::with(config());
    let first = held.first();
    let mut second = second(&held);
    drop(first);
    held.end(End::Well);
    second.response().picture("png");
}

#[test]
fn the_first_that_is_past_its_deadline_does_not_hurt_the_second() {
    let held = Held::with(Config { request_timeout: Duration::from_secs(2), ..config() });
    let start = Instant::now();
    let mut first = held.first();
    // The second comes a second later than the first, and so is due a second later.
    until(|| start.elapsed() > Duration::from_secs(1));
    let mut second = second(&held);
    assert_eq!(first.response().status, 504);
    held.end(End::Well);
    second.response().picture("png");
    let stats = stats(&held);
    assert_eq!((&stats["timed_out"], &stats["shared"]), (&1.into(), &1.into()));
}

#[test]
fn when_all_that_wait_are_gone_the_drawing_is_told_to_stop_and_its_permit_is_free() {
    let timeout = Duration::from_secs(1);
    let one = Config { render_threads: 1, queue: 0, request_timeout: timeout, ..config() };
    let held = Held::with(one);
    let mut first = held.first();
    let mut second = second(&held);
    assert_eq!(first.response().status, 504);
    assert_eq!(second.response().status, 504);
    held.cancelled();
    until(|| stats(&held)["rendering"] == 0);
    // A second may be too little on a busy machine, so a late picture is no failure; a refusal is.
    let mut status = 504;
    until(|| {
        status = held.serve.get(CAPTION).status;
        status != 504
    });
    assert_eq!(status, 200);
    // And the same picture is drawn anew.
    drop(held.first());
}

#[test]
fn a_panic_in_a_shared_drawing_is_a_500_for_both_and_the_next_one_works() {
    let held = Held::with(Config { render_threads: 1, ..config() });
    let mut first = held.first();
    let mut second = second(&held);
    held.end(End::Panic);
    for client in &mut [&mut first, &mut second] {
        let response = client.response();
        assert_eq!(response.status, 500);
        assert!(response.error().starts_with("something went wrong on our side"), "{}", response.error());
        assert_eq!(client.get("/health").status, 200);
    }
    let mut next = held.first();
    held.end(End::Well);
    next.response().picture("png");
}

#[test]
fn an_error_of_a_shared_drawing_is_everybodys() {
    let held = Held::with(config());
    let mut first = held.first();
    let mut second = second(&held);
    held.end(failed());
    assert_eq!(first.response().error(), "the picture cannot be encoded: it is not your fault");
    assert_eq!(second.response().error(), "the picture cannot be encoded: it is not your fault");
}

#[test]
fn an_error_is_not_kept() {
    let held = Held::with(config());
    for _ in 0..2 {
        let mut client = held.first();
        held.end(failed());
        assert_eq!(client.response().status, 500);
    }
    let mut client = held.first();
    held.end(End::Well);
    client.response().picture("png");
}

#[test]
fn hits_and_304s_are_answered_while_every_thread_is_busy_and_the_queue_is_full() {
    let folder = Folder::new();
    for config in [config(), folder.config()] {
        let held = Held::with(Config { render_threads: 1, queue: 0, ..config });
        let kept = held.serve.get(CAPTION);
        let mut waiting = held.first();
        assert_eq!(held.serve.get(OTHER).status, 503);
        let hit = held.serve.get(CAPTION);
        assert_eq!(hit.picture("png"), kept.picture("png"));
        let mut client = held.serve.connect();
        assert_eq!(if_none_match(&mut client, CAPTION, &hit.headers["etag"]).status, 304);
        held.end(End::Well);
        waiting.response().picture("png");
    }
}
