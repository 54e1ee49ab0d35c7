//! Tests of [`Queue`]: places and turns, without threads.

use super::queue::{Entered, Limits, Place, Queue};
use server::client::Client;

const MANY: usize = 1000;

fn client(number: u8) -> Client {
    Client::from(::std::net::IpAddr::from([192, 0, 2, number]))
}

/// For one thread, which is busy for as long as the test does not call `next`: its own job is gone already.
fn queue(queue: usize, per_client: usize) -> Queue<&'static str> {
    let made = Queue::new(Limits { threads: 1, queue, per_client });
    match made.enter(client(0), "busy") {
        Some(Entered::Starts(_place)) => made,
        _ => panic!("the thread is free"),
    }
}

fn enter(queue: &Queue<&'static str>, number: u8, job: &'static str) -> Option<Place<&'static str>> {
    queue.enter(client(number), job).map(|entered| match entered {
        Entered::Waits(place) => place,
        Entered::Starts(_) => panic!("the thread is busy"),
    })
}

fn order(queue: &Queue<&'static str>) -> Vec<&'static str> {
    ::std::iter::from_fn(|| queue.next().map(|next| next.0)).collect()
}

#[test]
fn clients_take_turns_and_one_that_was_not_served_is_next() {
    let queue = queue(MANY, MANY);
    let jobs = [(1, "a1"), (1, "a2"), (1, "a3"), (2, "b1"), (2, "b2"), (3, "c1")];
    let places: Vec<_> = jobs.iter().map(|&(client, job)| enter(&queue, client, job)).collect();
    assert_eq!(queue.waiting(), 6);
    assert_eq!(order(&queue), ["a1", "b1", "c1", "a2", "b2", "a3"]);
    drop(places);
}

#[test]
fn a_client_with_one_job_at_a_time_gets_its_turn_and_no_more() {
    let queue = queue(MANY, MANY);
    let _heavy: Vec<_> = (0..10).map(|_| enter(&queue, 1, "heavy")).collect();
    let mut order = Vec::new();
    for _ in 0..3 {
        let _light = [enter(&queue, 2, "light"), enter(&queue, 3, "lit")];
        order.extend((0..3).filter_map(|_| queue.next()).map(|next| next.0));
    }
    order.sort();
    assert_eq!(order, ["heavy", "heavy", "heavy", "light", "light", "light", "lit", "lit", "lit"]);
}

#[test]
fn a_client_has_so_many_places_and_the_one_with_most_makes_room() {
    let queue = queue(4, 3);
    let _of_one: Vec<_> = ["a1", "a2", "a3"].iter().map(|job| enter(&queue, 1, job).unwrap()).collect();
    assert!(enter(&queue, 1, "a4").is_none());
    let _b1 = enter(&queue, 2, "b1").unwrap();
    // All four are taken, and client 1 has three of them.
    let _b2 = enter(&queue, 2, "b2").unwrap();
    assert_eq!(queue.waiting(), 4);
    // Nobody has two more than it would have.
    assert!(enter(&queue, 2, "b3").is_none());
    let _c1 = enter(&queue, 3, "c1").unwrap();
    assert!(enter(&queue, 1, "a5").is_none());
    // The preloading takes no place.
    let _own = queue.enter(Client::Server, "own").unwrap();
    assert_eq!(order(&queue), ["a1", "b1", "c1", "own", "a2"]);
}

#[test]
fn a_job_that_another_client_waits_for_too_is_done_in_the_turn_that_comes_first() {
    let queue = queue(MANY, MANY);
    let mut places: Vec<_> = ["a1", "a2", "a3"].iter().map(|job| enter(&queue, 1, job).unwrap()).collect();
    let b1 = enter(&queue, 2, "b1").unwrap();
    // There it is one of two, and came before b1; in its own line it is the third.
    places[2].turn().also_of(client(2));
    // It is the first already.
    places[0].turn().also_of(client(3));
    assert_eq!(queue.waiting(), 4);
    assert_eq!(order(&queue), ["a1", "a3", "a2", "b1"]);
    drop((places.pop(), places, b1));
    assert_eq!(queue.waiting(), 0);
}

#[test]
fn a_job_that_has_moved_is_removed_with_its_place() {
    let queue = queue(MANY, MANY);
    let (_first, second) = (enter(&queue, 1, "a1").unwrap(), enter(&queue, 1, "a2").unwrap());
    second.turn().also_of(client(2));
    drop(second);
    assert_eq!(order(&queue), ["a1"]);
}

#[test]
fn while_the_server_has_the_thread_a_client_may_wait_for_it() {
    let queue = Queue::new(Limits { threads: 1, queue: 0, per_client: 0 });
    let _own = queue.enter(Client::Server, "own").unwrap();
    let (_, running) = queue.next().unwrap();
    let _first = enter(&queue, 1, "a").unwrap();
    assert!(enter(&queue, 2, "b").is_none());
    drop(running);
    let (job, _running) = queue.next().unwrap();
    assert_eq!(job, "a");
    assert!(enter(&queue, 2, "b").is_none());
}

#[test]
fn a_place_that_is_dropped_is_free_at_once() {
    let queue = queue(1, 1);
    let first = enter(&queue, 1, "a").unwrap();
    assert!(enter(&queue, 2, "b").is_none());
    drop(first);
    assert_eq!(queue.waiting(), 0);
    let _second = enter(&queue, 2, "b").unwrap();
    assert_eq!(order(&queue), ["b"]);
    // The thread has ended its work, so another is to be started.
    match queue.enter(client(1), "c") {
        Some(Entered::Starts(_)) => {}
        _ => panic!("the thread is free"),
    }
}
