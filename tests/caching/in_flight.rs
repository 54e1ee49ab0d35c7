//! Drawings in flight: who shares them, who may leave, and who is served beside them.

use std::sync::{mpsc, Arc, Mutex};
use std::time::{Duration, Instant};

use super::{if_none_match, Folder, CAPTION, OTHER};
use memed::captioner::{Cancel, CaptionError, Captioner};
use memed::config::Config;
use memed::image_macro::ImageMacro;
use serde_json::Value;
use util::{config, until, Client, Serve, LONG};

/// A server whose drawings of pictures that say `boom` begin by telling that they do, wait until they are let
/// go or told to stop, and panic if so told.
struct Held {
    serve: Serve,
    begun: mpsc::Receiver<()>,
    go: mpsc::Sender<End>,
    stopped: mpsc::Receiver<()>,
}

enum End {
    Well,
    Failed,
    Panic,
}

const BOOM: &str = "/caption?template=cat&top_text=boom";

impl Held {
    fn with(config: Config) -> Held {
        let (begin, begun) = mpsc::channel();
        let (go, may_go) = mpsc::channel();
        let (stop, stopped) = mpsc::channel();
        let channels = Mutex::new((begin, may_go, stop));
        let captioner = Captioner::new(config.captioner.clone());
        let draw = move |image_macro: &ImageMacro, cancel: &Cancel| {
            if image_macro.captions.iter().all(|caption| caption.text != "boom") {
                return captioner.draw(image_macro, cancel);
            }
            // A panic further down poisons the lock, and is what is wanted.
            let channels = channels.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            channels.0.send(()).unwrap();
            let start = Instant::now();
            let end = loop {
                if let Err(cancelled) = cancel.check() {
                    // The test may be over.
                    let _ = channels.2.send(());
                    return Err(cancelled);
                }
                match channels.1.recv_timeout(Duration::from_millis(1)) {
                    Ok(end) => break end,
                    Err(_) => assert!(start.elapsed() < LONG),
                }
            };
            match end {
                End::Well => captioner.draw(image_macro, cancel),
                End::Failed => Err(CaptionError::Encode("it is not to be".into())),
                End::Panic => panic!("a secret"),
            }
        };
        Held { serve: Serve::drawing(config, Arc::new(draw)), begun, go, stopped }
    }

    /// Sends a request for the held picture, and waits until it is being drawn.
    fn first(&self) -> Client {
        let client = self.ask();
        self.begun.recv_timeout(LONG).unwrap();
        client
    }

    /// Sends another, and waits until it has joined the drawing.
    fn second(&self) -> Client {
        let shared = self.stats()["shared"].as_u64().unwrap();
        let client = self.ask();
        until(|| self.stats()["shared"] == shared + 1);
        client
    }

    fn ask(&self) -> Client {
        let mut client = self.serve.connect();
        client.ask("GET", BOOM, &[]);
        client
    }

    fn stats(&self) -> Value {
        self.serve.get("/stats").json()
    }
}

#[test]
fn identical_requests_in_flight_share_one_drawing() {
    // Cold and without a queue: whoever needed a permit would be refused.
    let held = Held::with(Config { render_threads: 1, queue: 0, ..config() });
    let mut first = held.first();
    let mut others: Vec<_> = (0..3).map(|_| held.second()).collect();
    assert_eq!(held.stats()["shared"], 3);
    held.go.send(End::Well).unwrap();
    let drawn = first.response();
    assert!(drawn.headers["server-timing"].starts_with("queue;dur="));
    for other in &mut others {
        let shared = other.response();
        assert_eq!(shared.picture("png"), drawn.picture("png"));
        assert_eq!(shared.headers["server-timing"], "cache;desc=\"shared\"");
        assert_eq!(shared.headers["etag"], drawn.headers["etag"]);
    }
    assert!(held.begun.try_recv().is_err(), "it was drawn twice");
    assert_eq!(held.stats()["drawn"]["count"], 1);
}

#[test]
fn different_requests_in_flight_share_nothing() {
    let held = Held::with(config());
    let mut waiting = held.first();
    held.serve.get(CAPTION).picture("png");
    held.serve.get("/caption?template=cat&top_text=boo").picture("png");
    assert_eq!(held.stats()["shared"], 0);
    held.go.send(End::Well).unwrap();
    waiting.response().picture("png");
}

#[test]
fn the_first_that_hangs_up_does_not_hurt_the_second() {
    let held = Held::with(config());
    let first = held.first();
    let mut second = held.second();
    drop(first);
    held.go.send(End::Well).unwrap();
    second.response().picture("png");
}

#[test]
fn the_first_that_is_past_its_deadline_does_not_hurt_the_second() {
    let held = Held::with(Config { request_timeout: Duration::from_secs(2), ..config() });
    let start = Instant::now();
    let mut first = held.first();
    // The second comes a second later than the first, and so is due a second later.
    until(|| start.elapsed() > Duration::from_secs(1));
    let mut second = held.second();
    assert_eq!(first.response().status, 504);
    held.go.send(End::Well).unwrap();
    second.response().picture("png");
    let stats = held.stats();
    assert_eq!((&stats["timed_out"], &stats["shared"]), (&1.into(), &1.into()));
}

#[test]
fn when_all_that_wait_are_gone_the_drawing_is_told_to_stop_and_its_permit_is_free() {
    let timeout = Duration::from_secs(1);
    let one = Config { render_threads: 1, queue: 0, request_timeout: timeout, ..config() };
    let held = Held::with(one);
    let mut first = held.first();
    let mut second = held.second();
    assert_eq!(first.response().status, 504);
    assert_eq!(second.response().status, 504);
    held.stopped.recv_timeout(LONG).unwrap();
    until(|| held.stats()["rendering"] == 0);
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
    let mut second = held.second();
    held.go.send(End::Panic).unwrap();
    for client in &mut [&mut first, &mut second] {
        let response = client.response();
        assert_eq!(response.status, 500);
        assert!(response.error().starts_with("something went wrong on our side"), "{}", response.error());
        assert_eq!(client.get("/health").status, 200);
    }
    let mut next = held.first();
    held.go.send(End::Well).unwrap();
    next.response().picture("png");
}

#[test]
fn an_error_of_a_shared_drawing_is_everybodys() {
    let held = Held::with(config());
    let mut first = held.first();
    let mut second = held.second();
    held.go.send(End::Failed).unwrap();
    assert_eq!(first.response().error(), "the picture cannot be encoded: it is not your fault");
    assert_eq!(second.response().error(), "the picture cannot be encoded: it is not your fault");
}

#[test]
fn an_error_is_not_kept() {
    let held = Held::with(config());
    for _ in 0..2 {
        let mut client = held.first();
        held.go.send(End::Failed).unwrap();
        assert_eq!(client.response().status, 500);
    }
    let mut client = held.first();
    held.go.send(End::Well).unwrap();
    client.response().picture("png");
}

#[test]
fn hits_and_304s_are_answered_while_every_thread_is_busy_and_the_queue_is_full() {
    let folder = Folder::new("busy");
    for config in [config(), folder.config()] {
        let held = Held::with(Config { render_threads: 1, queue: 0, ..config });
        let kept = held.serve.get(CAPTION);
        let mut waiting = held.first();
        assert_eq!(held.serve.get(OTHER).status, 503);
        let hit = held.serve.get(CAPTION);
        assert_eq!(hit.picture("png"), kept.picture("png"));
        let mut client = held.serve.connect();
        assert_eq!(if_none_match(&mut client, CAPTION, &hit.headers["etag"]).status, 304);
        held.go.send(End::Well).unwrap();
        waiting.response().picture("png");
    }
}
