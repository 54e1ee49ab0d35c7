//! Four nets, as the server has them, around a request for a picture. The pool and the flights are the server's own.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use futures::{future, Future};
use tokio_core::reactor::{Core, Handle};

use playground::captioner::{CaptionError, Fingerprint, Format, Picture};
use playground::server::client::client;
use playground::server::future_ext::LocalFuture;
use playground::server::picture::flights::{Drawn, Flights};
use playground::server::picture::kept::SharedPicture;
use playground::server::picture::timing::Times;
use playground::server::pool::deadline::Deadline;
use playground::server::pool::queue::Limits;
use playground::server::pool::{Pool, PoolError, Timed};

/// Where it panics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Site {
    /// In the code of `call` before its `lazy`. hyper calls `call` while the connection is polled.
    BeforeLazy,
    /// In the code of the page, up to the first thing that it waits for.
    Page,
    /// In a closure of the request's own chain, which makes a reply of the picture that it has waited for.
    ReplyOfPicture,
    /// In the closure that puts the finished drawing into the cache, once for all requests that wait.
    KeepDrawing,
    /// In the job that draws.
    Job,
    /// In a task that the page has given to `Handle::spawn`.
    OwnTask,
}

/// All of them.
pub const SITES: [Site; 6] =
    [Site::BeforeLazy, Site::Page, Site::ReplyOfPicture, Site::KeepDrawing, Site::Job, Site::OwnTask];

/// Who catches it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Catcher {
    /// `spawn_shared`, on the thread of the pool.
    Job,
    /// `Flights::start`.
    Flight,
    /// `call`.
    Request,
    /// `catch_panics`.
    Connection,
    /// It leaves `Core::run`.
    Nobody,
}

/// Lets a request panic at that site. Returns who caught it.
pub fn run(site: Site) -> Catcher {
    // A thread of its own: if no net holds, that thread ends.
    let reactor = thread::spawn(move || {
        let mut core = Core::new().expect("a reactor");
        let caught = Rc::new(Cell::new(None));
        let connection = connection(site, caught.clone(), &core.handle());
        core.run(connection).expect("it never fails");
        // A task of its own is polled now, if it was not before.
        core.turn(Some(Duration::from_millis(0)));
        caught.get().expect("it panics at every site")
    });
    reactor.join().unwrap_or(Catcher::Nobody)
}

type Caught = Rc<Cell<Option<Catcher>>>;

/// The fourth net. A future of hyper's is inside of it, which calls the service when it is polled.
fn connection(site: Site, caught: Caught, handle: &Handle) -> LocalFuture<(), ()> {
    let (of_call, handle) = (caught.clone(), handle.clone());
    let http = future::lazy(move || call(site, of_call, handle));
    Box::new(AssertUnwindSafe(http).catch_unwind().then(move |ended| {
        if ended.is_err() {
            caught.set(Some(Catcher::Connection));
        }
        Ok(())
    }))
}

/// The third net. A reply is its status.
fn call(site: Site, caught: Caught, handle: Handle) -> LocalFuture<u16, ()> {
    panic_if(site == Site::BeforeLazy);
    let of_page = caught.clone();
    let reply = future::lazy(move || page(site, of_page, &handle));
    Box::new(AssertUnwindSafe(reply).catch_unwind().then(move |reply| {
        if reply.is_err() {
            caught.set(Some(Catcher::Request));
        }
        reply.unwrap_or(Ok(500))
    }))
}

/// The page. It turns every error into a reply.
fn page(site: Site, caught: Caught, handle: &Handle) -> LocalFuture<u16, ()> {
    panic_if(site == Site::Page);
    if site == Site::OwnTask {
        handle.spawn(future::lazy(|| -> Result<(), ()> { panic!("on purpose") }));
    }
    let picture = picture(site, caught).map(move |_| {
        panic_if(site == Site::ReplyOfPicture);
        200
    });
    Box::new(picture.or_else(|_| Ok(500)))
}

/// The first net and the second.
fn picture(site: Site, caught: Caught) -> LocalFuture<Drawn, PoolError> {
    let limits = Limits { threads: 1, queue: 1, per_client: 1 };
    let pool = Pool::start("render", limits, Rc::new(Deadline::start(Duration::from_secs(10))));
    let flights = Flights::default();
    let (drawing, turn) = pool.spawn_shared(client(1), move |_| {
        panic_if(site == Site::Job);
        Ok::<_, CaptionError>(vec![7; 100])
    });
    let kept = caught_by(Catcher::Job, caught.clone(), drawing).map(move |timed| {
        panic_if(site == Site::KeepDrawing);
        drawn(timed)
    });
    let picture = caught_by(Catcher::Flight, caught, flights.start(Fingerprint(0), Box::new(kept), turn));
    // A flight and the threads live as long as the server.
    Box::new(picture.then(move |picture| {
        drop((pool, flights));
        picture
    }))
}

/// Takes note of who has made an error of the panic, unless somebody further in has.
fn caught_by<T: 'static>(
    catcher: Catcher,
    caught: Caught,
    future: LocalFuture<T, PoolError>,
) -> LocalFuture<T, PoolError> {
    Box::new(future.map_err(move |error| {
        if let (&PoolError::Panicked(_), None) = (&error, caught.get()) {
            caught.set(Some(catcher));
        }
        error
    }))
}

fn drawn(timed: Timed<Vec<u8>>) -> Drawn {
    let nothing = Duration::default();
    let picture =
        Picture { format: Format::Png, bytes: timed.value, encode_time: nothing, too_small: Vec::new() };
    let times = Times { queue: timed.queued, draw: timed.ran, encode: nothing };
    Drawn { picture: SharedPicture::new(picture, "", None), times }
}

fn panic_if(is_here: bool) {
    assert!(!is_here, "on purpose");
}
