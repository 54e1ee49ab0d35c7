//! How requests end that cannot be answered well, and how the contestants end themselves.

#![cfg(unix)]

mod util;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use util::{ASYNC_AWAIT, ASYNC_AWAIT_ONE, Client, Contestant, GO, NODE, PROCESSES, THREADS, there, until};

/// Takes some tenths of a second if nothing is kept.
const SLOW: &str = "/caption?template=dramatic-raccoon&top_text=slow&width=300";
/// Takes longer than a busy machine needs to see that it is being drawn.
const SLOWER: &str = "/caption?template=dramatic-raccoon&top_text=slow&width=800";
/// Takes some milliseconds at most.
const QUICK: &str = "/caption?template=rocket&top_text=quick";
/// Before a body that is never complete in these tests.
const SENDS_A_PICTURE: &[u8] =
    b"POST /caption HTTP/1.1\r\nHost: a\r\nContent-Type: image/png\r\nContent-Length: 100000\r\n\r\n";
const NOTHING_KEPT: &[&str] = &["--template-cache", "0", "--result-cache", "0"];
/// How often something slow is asked for where all of it must be given up: so many times the time of one is long.
const MANY: usize = 12;
/// How often something slow is given up while it is drawn: the time of so many is long, too.
const TRIES: u64 = 8;

fn start(name: &'static str, knobs: &[&str]) -> Contestant {
    Contestant::start(name, &[NOTHING_KEPT, knobs].concat())
}

/// With each but memed, which has its own tests.
fn each(test: fn(&'static str)) {
    there(&[THREADS, ASYNC_AWAIT, GO, NODE]).into_iter().for_each(test);
}

/// What one slow picture takes by itself.
fn slow_time(contestant: &Contestant) -> Duration {
    time_of(contestant, SLOW)
}

fn time_of(contestant: &Contestant, target: &str) -> Duration {
    let start = Instant::now();
    assert_eq!(contestant.get(target).status, 200);
    start.elapsed()
}

fn ask_many(contestant: &Contestant, target: &str, many: usize) -> Vec<Client> {
    (0..many).map(|_| contestant.ask(target)).collect()
}

/// How long it takes until there is room for a request.
fn time_to_free(contestant: &Contestant) -> Duration {
    let start = Instant::now();
    until(|| contestant.get(QUICK).status == 200);
    start.elapsed()
}

#[test]
fn a_deadline_is_a_504_and_stops_the_drawing() {
    each(|name| {
        let alone = slow_time(&start(name, &[]));
        let seconds = (alone / 4).as_secs_f64().to_string();
        let contestant =
            start(name, &["--render-threads", "1", "--queue", "0", "--request-timeout", &seconds]);
        let to_free = (0..TRIES).map(|_| {
            let response = contestant.get(SLOW);
            assert_eq!(response.status, 504, "{name}");
            let sentence = "the picture was not done in time: ask for less, or try again";
            assert_eq!(response.json()["error"], sentence);
            time_to_free(&contestant)
        });
        // If they were drawn to their ends, it would be TRIES * 3/4 of it.
        let to_free: Duration = to_free.sum();
        assert!(to_free < 3 * alone, "{name}: {to_free:?}, {alone:?}");
        assert!(contestant.count("timed_out") >= TRIES, "{name}");
    });
}

#[test]
fn what_waits_past_its_deadline_is_never_drawn() {
    each(|name| {
        let alone = slow_time(&start(name, &[]));
        let seconds = (alone / 4).as_secs_f64().to_string();
        let knobs = ["--render-threads", "1", "--queue", "100", "--request-timeout", &seconds];
        let contestant = start(name, &knobs);
        for mut client in ask_many(&contestant, SLOW, MANY) {
            assert_eq!(client.response("GET").status, 504, "{name}");
        }
        let to_free = time_to_free(&contestant);
        assert!(to_free < 4 * alone, "{name}: {to_free:?}, {alone:?}");
    });
}

#[test]
fn a_full_queue_refuses_at_once_and_says_when_to_come_again() {
    each(|name| {
        let contestant = start(name, &["--render-threads", "1", "--queue", "1"]);
        let mut clients = ask_many(&contestant, SLOWER, 2);
        until(|| contestant.count("in_flight") == 3);
        let refused = contestant.get(QUICK);
        assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")), "{name}");
        assert!(refused.json()["error"].as_str().unwrap().contains("queue is full"));
        assert_eq!(contestant.count("in_flight"), 3, "{name}: it was told while the others waited");
        assert!(clients.iter_mut().all(|client| client.response("GET").status == 200), "{name}");
        assert_eq!(contestant.count("refused"), 1);
        assert_eq!(contestant.get(QUICK).status, 200, "{name}: there is room again");
    });
}

#[test]
fn a_signal_loses_nothing_that_is_in_flight() {
    each(|name| {
        let mut contestant = start(name, &["--render-threads", "2"]);
        let mut idle = contestant.ask(QUICK);
        assert_eq!(idle.response("GET").status, 200);
        let clients = ask_many(&contestant, SLOW, 4);
        until(|| contestant.count("in_flight") == 5);
        contestant.terminate();
        // A client that cannot know yet.
        thread::sleep(Duration::from_millis(10));
        assert_eq!(idle.request("GET", QUICK, &[], b"").status, 200, "{name}");
        for mut client in clients {
            assert_eq!(client.response("GET").status, 200, "{name}");
        }
        assert_eq!(contestant.exit_code(), Some(0), "{name}");
    });
}

#[test]
fn what_takes_too_long_at_the_end_is_cut_off() {
    each(|name| {
        let mut contestant =
            start(name, &["--render-threads", "1", "--queue", "100", "--shutdown-timeout", "0.05"]);
        let alone = slow_time(&contestant);
        let _clients = ask_many(&contestant, SLOW, MANY);
        until(|| contestant.count("in_flight") == MANY as u64 + 1);
        let told = Instant::now();
        contestant.terminate();
        assert_eq!(contestant.exit_code(), Some(0), "{name}");
        assert!(told.elapsed() < 4 * alone, "{name}: {:?}, {alone:?}", told.elapsed());
    });
}

#[test]
fn an_idle_connection_does_not_keep_a_server_that_stops() {
    each(|name| {
        let mut contestant = start(name, &["--shutdown-timeout", "50"]);
        let _idle = contestant.ask(QUICK).response("GET");
        let _silent = contestant.connect();
        let told = Instant::now();
        contestant.terminate();
        assert_eq!(contestant.exit_code(), Some(0), "{name}");
        // net/http gives a new connection five seconds for its first request, and looks each half second.
        let most = if name == GO { 7 } else { 5 };
        assert!(told.elapsed() < Duration::from_secs(most), "{name}: {:?}", told.elapsed());
    });
}

/// A thread that waits for its picture reads nothing, so it is no matter for that one.
#[test]
fn a_client_that_hangs_up_stops_its_drawing() {
    for name in there(&[ASYNC_AWAIT, ASYNC_AWAIT_ONE, GO, NODE]) {
        let contestant = start(name, &["--render-threads", "1", "--queue", "0"]);
        let alone = time_of(&contestant, SLOWER);
        let to_free = (0..TRIES).map(|_| {
            let client = contestant.ask(SLOWER);
            until(|| contestant.count("in_flight") == 2);
            drop(client);
            time_to_free(&contestant)
        });
        // If they were drawn to their ends, it would be nearly TRIES times that.
        let to_free: Duration = to_free.sum();
        assert!(to_free < 3 * alone, "{name}: {to_free:?}, {alone:?}");
        let counted = (contestant.count("hung_up"), contestant.count("in_flight"));
        assert_eq!(counted, (TRIES, 1), "{name}");
    }
}

#[test]
fn a_client_that_hangs_up_while_it_sends_its_picture_ends_nothing_else() {
    each(|name| {
        let contestant = start(name, &["--render-threads", "1", "--queue", "0"]);
        let mut leaving = contestant.connect();
        leaving.send_raw(SENDS_A_PICTURE);
        leaving.send_raw(&[0; 50_000]);
        until(|| contestant.count("in_flight") == 2);
        // While it is sent, it takes no thread.
        assert_eq!(contestant.get(QUICK).status, 200, "{name}");
        drop(leaving);
        until(|| contestant.count("in_flight") == 1);
        assert_eq!(contestant.get(QUICK).status, 200, "{name}");
    });
}

#[test]
fn a_picture_that_stops_coming_ends_its_request() {
    each(|name| {
        let contestant = start(name, &["--request-timeout", "0.3", "--header-timeout", "0.3"]);
        let mut slow = contestant.connect();
        slow.send_raw(SENDS_A_PICTURE);
        slow.send_raw(b"\x89PNG");
        // net/http takes a late body for a hang-up, and says nothing.
        if name != GO {
            assert_eq!(slow.response("POST").status, 408, "{name}");
        }
        assert!(slow.is_closed(), "{name}");
    });
}

#[test]
fn clients_that_are_late_are_cut_off() {
    each(|name| {
        let contestant = start(name, &["--header-timeout", "0.1", "--keep-alive-timeout", "0.3"]);
        let start_of_waits = Instant::now();
        let mut silent = contestant.connect();
        let mut halfway = contestant.connect();
        halfway.send_raw(b"GET /health HTTP/1.1\r\nHo");
        let mut idle = contestant.ask("/health");
        assert_eq!(idle.response("GET").status, 200);
        // hyper tells it nothing, net/http that it is malformed. Node tells even those that have sent nothing.
        if name == GO {
            halfway.read_to_end();
        }
        if name == THREADS || name == NODE {
            assert_eq!(halfway.response("GET").status, 408);
        }
        if name == NODE {
            assert_eq!(silent.response("GET").status, 408);
        }
        for client in [&mut silent, &mut halfway, &mut idle] {
            assert!(client.is_closed(), "{name}");
        }
        // By default it would be 10 s.
        assert!(start_of_waits.elapsed() < Duration::from_secs(5), "{name}");
    });
}

/// It is neither needed nor ever sent.
#[test]
fn a_body_that_nobody_reads_keeps_no_connection() {
    each(|name| {
        let limits = ["--request-timeout", "0.3", "--header-timeout", "0.3", "--keep-alive-timeout", "0.3"];
        let contestant = start(name, &limits);
        let asked = Instant::now();
        for target in ["/health", "/nowhere"] {
            let mut client = contestant.connect();
            let head = format!("GET {target} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
            client.send_raw(head.as_bytes());
            let status = client.response("GET").status;
            assert_eq!(status, if target == "/health" { 200 } else { 404 }, "{name}");
            if name == NODE {
                // It says 408 first, although it has answered.
                client.read_to_end();
            } else {
                assert!(client.is_closed(), "{name}");
            }
        }
        assert!(asked.elapsed() < Duration::from_secs(8), "{name}: {:?}", asked.elapsed());
    });
}

/// More than that wait, and are served when there is room.
#[test]
fn connections_are_capped() {
    let knobs: [(_, &[&str]); 4] = [
        (ASYNC_AWAIT, &["--max-connections", "1"]),
        (THREADS, &["--max-connections", "1"]),
        (THREADS, &["--pool", "1"]),
        (GO, &["--max-connections", "1"]),
    ];
    for (name, knobs) in knobs {
        if there(&[name]).is_empty() {
            continue;
        }
        let contestant = start(name, knobs);
        let mut first = contestant.ask("/health");
        assert_eq!(first.response("GET").status, 200);
        let mut second = contestant.connect();
        second.send("GET", "/health", &[], b"");
        assert!(!second.has_answer_within(Duration::from_millis(100)), "{name} {knobs:?}");
        assert_eq!(first.request("GET", "/health", &[], b"").status, 200);
        drop(first);
        assert_eq!(second.response("GET").status, 200, "{name} {knobs:?}");
    }
}

/// Node cannot leave them in the kernel's backlog.
#[test]
fn node_closes_connections_beyond_the_cap() {
    for name in there(&[NODE]) {
        let contestant = start(name, &["--max-connections", "1"]);
        let mut first = contestant.ask("/health");
        assert_eq!(first.response("GET").status, 200);
        assert!(contestant.connect().is_closed());
        assert_eq!(first.request("GET", "/health", &[], b"").status, 200);
    }
}

#[test]
fn connections_that_are_opened_at_once_are_all_served() {
    each(|name| {
        let contestant = start(name, &[]);
        let mut clients: Vec<_> = (0..64).map(|_| contestant.connect()).collect();
        clients.iter_mut().for_each(|client| client.send("GET", "/health", &[], b""));
        // The others stay open.
        assert!(clients.iter_mut().all(|client| client.response("GET").status == 200), "{name}");
    });
}

/// Each client asks again as soon as it has its answer. It knows that it is to stop from the answer that says
/// so; a connection that ends otherwise has lost a request.
#[test]
fn a_signal_loses_nothing_of_many_busy_clients() {
    each(|name| {
        let mut contestant = start(name, &["--render-threads", "2", "--queue", "100"]);
        let answers = AtomicUsize::new(0);
        let ask_on = &|mut client: Client, number: usize| {
            let target = format!("{QUICK}&bottom_text={number}&width=100");
            loop {
                let response = client.request("GET", &target, &[], b"");
                assert_eq!(response.status, 200, "{name}");
                answers.fetch_add(1, Relaxed);
                if response.header("connection") == Some("close") {
                    return assert!(client.is_closed(), "{name}");
                }
            }
        };
        thread::scope(|scope| {
            for number in 0..16 {
                let client = contestant.connect();
                scope.spawn(move || ask_on(client, number));
            }
            until(|| answers.load(Relaxed) > 100);
            contestant.terminate();
        });
        assert_eq!(contestant.exit_code(), Some(0), "{name}");
    });
}

/// The threads that connections have are reused.
#[test]
fn a_pool_serves_more_connections_than_it_has_threads() {
    let mut contestant = start(THREADS, &["--pool", "3"]);
    for _ in 0..4 {
        let mut clients = ask_many(&contestant, QUICK, 3);
        assert!(clients.iter_mut().all(|client| client.response("GET").status == 200));
    }
    contestant.terminate();
    assert_eq!(contestant.exit_code(), Some(0));
}

/// A signal is for all of them, and so is the end of one.
#[test]
fn processes_behind_one_port_end_together() {
    let mut contestant = start(PROCESSES, &["--render-threads", "2"]);
    let clients = ask_many(&contestant, SLOW, 4);
    contestant.terminate();
    for mut client in clients {
        assert_eq!(client.response("GET").status, 200);
    }
    assert_eq!(contestant.exit_code(), Some(0));
}
