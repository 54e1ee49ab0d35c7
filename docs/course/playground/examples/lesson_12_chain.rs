//! The chain that lesson 12 turns into an `async fn`: a handler over the server's own pool and deadline. Counts its
//! clones, and drops it at each of its three waits.

extern crate futures;
extern crate playground;
extern crate tokio_core;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{mpsc, Arc, Mutex};
use std::time::Duration;

use futures::sync::oneshot;
use futures::{Async, Future};
use playground::captioner::{Cancel, CaptionError};
use playground::server::client::client;
use playground::server::future_ext::{ready, LocalFuture};
use playground::server::pool::deadline::Deadline;
use playground::server::pool::queue::Limits;
use playground::server::pool::{Pool, PoolError};
use tokio_core::reactor::Core;

type Picture = Rc<String>;

/// Why there is no picture.
#[derive(Debug)]
enum Refusal {
    Gone,
    BadRequest,
    Pool(#[allow(dead_code)] PoolError),
}

impl From<PoolError> for Refusal {
    fn from(error: PoolError) -> Refusal {
        Refusal::Pool(error)
    }
}

/// Answers a POST: reads the body, decodes it, and gets the picture.
fn post(app: &App, body: oneshot::Receiver<String>) -> LocalFuture<Picture, Refusal> {
    let of_decode = app.clone();
    let text = body.map_err(|_| Refusal::Gone);
    let asked = text.and_then(move |text| of_decode.decode(&text).map(|asked| (of_decode, asked)));
    Box::new(asked.and_then(|(app, asked)| picture(&app, asked)))
}

/// The picture that is kept, or a new one. One deadline is around both waits.
fn picture(app: &App, asked: Asked) -> LocalFuture<Picture, Refusal> {
    let of_look = asked.clone();
    let fingerprint = app.pool.spawn(client(1), move |told| look(&of_look, told));
    let of_chain = app.clone();
    let picture = fingerprint.and_then(move |fingerprint| -> LocalFuture<Picture, PoolError> {
        let fingerprint = fingerprint.value;
        if let Some(picture) = of_chain.kept(fingerprint) {
            return ready(picture);
        }
        let drawing = of_chain.pool.spawn(client(1), move |told| draw(&asked, told));
        Box::new(drawing.map(move |drawn| of_chain.keep(fingerprint, drawn.value)))
    });
    Box::new(app.deadline.limit(picture).map_err(Refusal::from))
}

/// What all handlers share. In the server, too, a clone of it is one of an `Rc`.
struct App {
    pool: Rc<Pool>,
    deadline: Rc<Deadline>,
    kept: Rc<RefCell<HashMap<u64, Picture>>>,
    gates: Gates,
    clones: Rc<Cell<usize>>,
}

impl Clone for App {
    fn clone(&self) -> App {
        self.clones.set(self.clones.get() + 1);
        App {
            pool: self.pool.clone(),
            deadline: self.deadline.clone(),
            kept: self.kept.clone(),
            gates: self.gates.clone(),
            clones: self.clones.clone(),
        }
    }
}

impl App {
    fn decode(&self, text: &str) -> Result<Asked, Refusal> {
        if text.is_empty() {
            return Err(Refusal::BadRequest);
        }
        Ok(Asked { text: text.into(), gates: self.gates.clone() })
    }

    fn kept(&self, fingerprint: u64) -> Option<Picture> {
        self.kept.borrow().get(&fingerprint).cloned()
    }

    fn keep(&self, fingerprint: u64, picture: String) -> Picture {
        let picture = Rc::new(picture);
        self.kept.borrow_mut().insert(fingerprint, picture.clone());
        picture
    }
}

/// What a request asks for. It goes to other threads, so what is shared in it is in an `Arc`.
struct Asked {
    text: Arc<str>,
    gates: Gates,
}

impl Clone for Asked {
    fn clone(&self) -> Asked {
        self.gates.clones.fetch_add(1, Ordering::SeqCst);
        Asked { text: self.text.clone(), gates: self.gates.clone() }
    }
}

fn look(asked: &Asked, told: &Cancel) -> Result<u64, CaptionError> {
    asked.gates.pass("the look", told)?;
    Ok(asked.text.bytes().map(u64::from).sum())
}

fn draw(asked: &Asked, told: &Cancel) -> Result<String, CaptionError> {
    asked.gates.pass("the drawing", told)?;
    Ok(format!("a picture of {}", asked.text))
}

/// Lets jobs through, but for the one that is held. Tells what becomes of that one.
#[derive(Clone)]
struct Gates {
    held: Option<&'static str>,
    news: Arc<Mutex<mpsc::Sender<String>>>,
    clones: Arc<AtomicUsize>,
}

impl Gates {
    fn pass(&self, job: &'static str, told: &Cancel) -> Result<(), CaptionError> {
        if self.held == Some(job) {
            self.tell(format!("{} runs", job));
            while told.check().is_ok() {}
            self.tell(format!("{} was told to stop", job));
        }
        told.check()
    }

    fn tell(&self, news: String) {
        self.news.lock().unwrap().send(news).expect("the program listens");
    }
}

fn app(held: Option<&'static str>) -> (App, mpsc::Receiver<String>) {
    let (tell, news) = mpsc::channel();
    let deadline = Rc::new(Deadline::start(Duration::from_secs(10)));
    let pool = Pool::start("render", Limits { threads: 1, queue: 1, per_client: 1 }, deadline.clone());
    let gates = Gates { held, news: Arc::new(Mutex::new(tell)), clones: Arc::default() };
    (App { pool: Rc::new(pool), deadline, kept: Rc::default(), gates, clones: Rc::default() }, news)
}

fn main() {
    let mut core = Core::new().expect("a reactor");

    let (shared, _news) = app(None);
    let (client, body) = oneshot::channel();
    client.send("a cat".to_string()).expect("the body is waited for");
    let drawn = core.run(post(&shared, body)).expect("nothing refuses it");
    println!("{}: {} clones of the app, {} of what is asked", drawn, shared.clones.get(), {
        shared.gates.clones.load(Ordering::SeqCst)
    });

    // At the first wait, the receiver of the body is in the chain.
    let (shared, _news) = app(None);
    let (mut client, body) = oneshot::channel::<String>();
    drop(post(&shared, body));
    let is_given_up = matches!(client.poll_cancel(), Ok(Async::Ready(())));
    println!("dropped while it reads: the body is given up: {}", is_given_up);

    // At the second and at the third, the guard of a job is.
    for &held in &["the look", "the drawing"] {
        let (shared, news) = app(Some(held));
        let (client, body) = oneshot::channel();
        client.send("a cat".to_string()).expect("the body is waited for");
        let mut chain = post(&shared, body);
        let runs = loop {
            let polled =
                core.run(futures::future::poll_fn(|| Ok::<_, ()>(Async::Ready(chain.poll().is_err()))));
            assert_eq!(polled, Ok(false));
            if let Ok(runs) = news.recv_timeout(Duration::from_millis(10)) {
                break runs;
            }
        };
        drop(chain);
        println!("dropped while {}: {}", runs, news.recv().expect("it tells"));
    }
}
