//! hyper 0.11 as its own guide had it, to tell what is the era's and what is `memed`'s own: `memed` has its own way with
//! sockets, heads, buffers and timeouts below hyper, and this program has none of it.
//!
//! It answers the same requests and draws under the same deadline, behind the same bounded queue. It lacks what hyper 0.11
//! lacks: timeouts for clients, a limit of connections, a cancel when a client hangs up. A signal ends it at once, and so does a connection that cannot be accepted.

#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::env;
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use futures_cpupool::CpuPool;
use futures01::future::{self, Either, Future};
use futures01::stream::Stream;
use historical::carried::{Asked, Counts, Pictures, Reply, Route, Work, knobs, listen, priority, route};
use hyper011::header::ContentLength;
use hyper011::server::{Http, Service};
use hyper011::{Body, Chunk, Request, Response, StatusCode};
use memed::captioner::Cancel;
use memed::config::Config;
use serde_json::json;
use tokio_core::net::TcpListener;
use tokio_core::reactor::{Core, Handle, Timeout};

#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What every request can see.
struct App {
    config: Config,
    pictures: Arc<Pictures>,
    pool: CpuPool,
    /// Requests that draw or wait.
    inside: Arc<AtomicUsize>,
    counts: Counts,
    handle: Handle,
}

/// hyper's, for one connection.
struct Answers(std::rc::Rc<App>);

/// What is known without drawing is an error, as with the other contestants.
type BoxFuture = Box<dyn Future<Item = Reply, Error = Reply>>;

fn main() -> Result<(), Box<dyn Error>> {
    let config = knobs::read_or_exit("bare-hyper", env::args_os().skip(1).collect());
    knobs::prepare_descriptors(&config);
    let mut core = Core::new()?;
    let handle = core.handle();
    let listener = listen::listen(config.address)?;
    let address = listener.local_addr()?;
    let listener = TcpListener::from_listener(listener, &address, &handle)?;
    let pictures = Arc::new(Pictures::load(&config)?);
    let pool = futures_cpupool::Builder::new().pool_size(config.render_threads).create();
    let (inside, counts) = (Arc::default(), Counts::default());
    let app = std::rc::Rc::new(App { config, pictures, pool, inside, counts, handle: handle.clone() });
    eprintln!("listening on http://{address}");
    let http = Http::<Chunk>::new();
    core.run(listener.incoming().for_each(|(socket, _)| {
        // It fails when the client disconnects or does not speak HTTP: no one is left to answer.
        let connection = http.serve_connection(socket, Answers(app.clone()));
        handle.spawn(connection.map(drop).map_err(drop));
        Ok(())
    }))?;
    Ok(())
}

impl Service for Answers {
    type Request = Request;
    type Response = Response;
    type Error = hyper011::Error;
    type Future = Box<dyn Future<Item = Response, Error = hyper011::Error>>;

    fn call(&self, request: Request) -> Self::Future {
        let app = self.0.clone();
        let replied = reply(&app, request).then(move |replied| {
            let reply = replied.unwrap_or_else(|early| early);
            app.counts.start_request().answered(reply.status);
            Ok(into_response(reply))
        });
        Box::new(replied)
    }
}

fn reply(app: &std::rc::Rc<App>, request: Request) -> BoxFuture {
    let (method, uri, _, headers, body) = request.deconstruct();
    // As it was sent: typed, what is no media type would be as if it were missing.
    let field = |name| {
        headers.get_raw(name).and_then(|raw| raw.one()).map(|value| str::from_utf8(value).unwrap_or(""))
    };
    let (if_none_match, content_type) = (field("If-None-Match"), field("Content-Type"));
    let target = uri.query().map_or(uri.path().to_string(), |query| format!("{}?{query}", uri.path()));
    let asked = Asked { method: method.as_ref(), target: &target, if_none_match, content_type };
    let length = headers.get::<ContentLength>().map_or(0, |length| length.0);
    let work = match route(&asked) {
        Ok(Route::Caption(query)) => app.pictures.of_query(&query, if_none_match),
        Ok(Route::PostedCaption) => {
            let pictures = app.pictures.clone();
            return posted(app, length, body, app.config.max_body, move |body| pictures.of_json(&body));
        }
        Ok(Route::PostedPicture(query)) => {
            let read = move |body| Work::of_picture(&query, body);
            return posted(app, length, body, app.config.max_upload, read);
        }
        Ok(Route::Templates) => Ok(Work::Templates),
        Ok(Route::Template(name)) => Ok(Work::Template(name)),
        Ok(Route::Fonts) => Ok(Work::Fonts),
        Ok(Route::Stats) => Err(Reply::json(200, &app.counts.json())),
        Ok(Route::Health) => Err(Reply::json(200, &json!({ "status": "ok" }))),
        Err(reply) => Err(reply),
    };
    match work {
        Ok(work) => draw(app, work),
        Err(reply) => Box::new(future::err(reply)),
    }
}

/// The answer to a body of `limit` bytes at most, of which `length` are announced; `work_of` says what it asks for.
fn posted(
    app: &std::rc::Rc<App>,
    length: u64,
    body: Body,
    limit: usize,
    work_of: impl FnOnce(Vec<u8>) -> Result<Work, Reply> + 'static,
) -> BoxFuture {
    if length > limit as u64 {
        return Box::new(future::err(Reply::too_large(limit)));
    }
    let app = app.clone();
    let read = body.map_err(|_| Reply::malformed_body()).fold(Vec::new(), move |mut read, chunk| {
        read.extend_from_slice(&chunk);
        if read.len() > limit { Err(Reply::too_large(limit)) } else { Ok(read) }
    });
    Box::new(read.and_then(move |body| match work_of(body) {
        Ok(work) => draw(&app, work),
        Err(reply) => Box::new(future::err(reply)),
    }))
}

/// Under the deadline, which is over the wait for a thread, too.
fn draw(app: &App, work: Work) -> BoxFuture {
    let places = app.config.render_threads + app.config.queue;
    let step = |inside| (inside < places).then_some(inside + 1);
    if app.inside.fetch_update(SeqCst, SeqCst, step).is_err() {
        return Box::new(future::err(Reply::busy()));
    }
    let (pictures, inside, cancel) = (app.pictures.clone(), app.inside.clone(), Cancel::new());
    let for_thread = cancel.clone();
    let drawn = app.pool.spawn_fn(move || {
        priority::give_way();
        let reply = match for_thread.check() {
            Ok(()) => pictures.run(work, &for_thread),
            Err(_) => Reply::timed_out(),
        };
        inside.fetch_sub(1, SeqCst);
        Ok::<_, Reply>(reply)
    });
    let timeout = match Timeout::new(app.config.request_timeout, &app.handle) {
        Ok(timeout) => timeout,
        Err(error) => return Box::new(future::err(Reply::internal(&error.to_string()))),
    };
    let either = drawn.select2(timeout.map_err(|error: io::Error| Reply::internal(&error.to_string())));
    Box::new(either.then(move |first| match first {
        Ok(Either::A((reply, _))) | Err(Either::A((reply, _)) | Either::B((reply, _))) => Ok(reply),
        Ok(Either::B(((), late))) => {
            // Dropped, it would never start if it waits, and its place would never be free.
            late.forget();
            cancel.cancel();
            Ok(Reply::timed_out())
        }
    }))
}

fn into_response(reply: Reply) -> Response {
    let status = StatusCode::try_from(reply.status).unwrap_or(StatusCode::InternalServerError);
    let mut response = Response::new().with_status(status);
    let headers = response.headers_mut();
    for (name, value) in reply.headers {
        match value {
            Cow::Borrowed(text) => headers.set_raw(name, text),
            Cow::Owned(text) => headers.set_raw(name, text),
        }
    }
    if reply.closes {
        headers.set_raw("Connection", "close");
    }
    if !matches!(reply.status, 204 | 304) {
        headers.set(ContentLength(reply.body.len() as u64));
    }
    // A chunk of 2017 has bytes of 2017, so they are copied.
    response.with_body(reply.body.to_vec())
}
