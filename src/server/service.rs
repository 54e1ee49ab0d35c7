//! hyper's `Service`: the route table, one line a route, and the ring that catches panics.

use std::any::Any;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use futures::{future, Future};
use hyper::server::{Request, Service};
use hyper::{self, Method, Response, StatusCode};
use percent_encoding::percent_decode;

use super::future_ext::{ready, BoxFuture};
use super::response::{internal, AccessLog, Body, Reply, Replying};
use super::wire::Seen;
use super::{caption, listing, stats, App};

/// The service of one connection.
pub struct Memed {
    app: Rc<App>,
    seen: Rc<Seen>,
    peer: SocketAddr,
}

impl Memed {
    /// Of the connection to that peer.
    pub fn new(app: Rc<App>, seen: Rc<Seen>, peer: SocketAddr) -> Memed {
        Memed { app, seen, peer }
    }
}

impl Service for Memed {
    type Request = Request;
    type Response = Response<Body>;
    type Error = hyper::Error;
    type Future = BoxFuture<Response<Body>, hyper::Error>;

    /// Answers a request. Never fails: hyper would close the connection without a word.
    ///
    /// `lazy` moves the first step, too, into the future, so that `catch_unwind` has all of it; a panic of
    /// a drawing comes up here as well, where its future is polled. It becomes a 500, and the next request
    /// of the same connection finds everything in order: what a handler shares is counters and caches.
    fn call(&self, request: Request) -> Self::Future {
        let rejection = self.seen.take_rejection();
        let log = match rejection {
            None => AccessLog::start(self.peer, request.method(), request.uri().as_ref(), request.version()),
            Some(_) => AccessLog::of_refused(self.peer),
        };
        let app = self.app.clone();
        let in_flight = app.counters.start_request();
        let replying = future::lazy(move || match rejection {
            Some(rejection) => ready(Reply::from(rejection)),
            None => route(&app, request),
        });
        let replied = AssertUnwindSafe(replying).catch_unwind();
        Box::new(replied.then(move |reply| {
            let reply = match reply {
                Ok(Ok(reply)) => reply,
                // A handler has no error to give, so this arm is only for the compiler.
                Ok(Err(())) => internal("a handler failed without a reply"),
                Err(panic) => internal(&format!("a request panicked: {}", message_of(&*panic))),
            };
            drop(in_flight);
            Ok(reply.into_response(log))
        }))
    }
}

const READ: &[Method] = &[Method::Get, Method::Head];
const READ_OR_POST: &[Method] = &[Method::Get, Method::Head, Method::Post];

fn route(app: &Rc<App>, request: Request) -> Replying {
    let path = request.path().to_string();
    // Split before it is unescaped: an escaped slash is part of a name.
    let segments: Vec<String> = path.split('/').skip(1).map(unescaped).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = request.method().clone();
    match segments[..] {
        ["caption"] => allowing(READ_OR_POST, method, || caption::caption(app, request)),
        ["templates"] => allowing(READ, method, || listing::templates(app)),
        ["templates", name] if !name.is_empty() => allowing(READ, method, || listing::template(app, name)),
        ["fonts"] => allowing(READ, method, || listing::fonts(app)),
        ["stats"] => allowing(READ, method, || stats::stats(app)),
        ["health"] => allowing(READ, method, || stats::health(app)),
        _ => ready(not_found(&path)),
    }
}

fn allowing<F>(allowed: &'static [Method], method: Method, handler: F) -> Replying
where
    F: FnOnce() -> Replying,
{
    if allowed.contains(&method) {
        handler()
    } else {
        ready(Reply::method_not_allowed(&method, allowed))
    }
}

fn not_found(path: &str) -> Reply {
    let shown: String = path.chars().take(60).collect();
    let sentence = format!(
        "there is nothing at {:?}: there are /caption, /templates, /templates/{{name}}, /fonts, /stats and \
         /health",
        shown
    );
    Reply::error(StatusCode::NotFound, &sentence)
}

/// A name that is not UTF-8 becomes one that nothing has.
fn unescaped(segment: &str) -> String {
    percent_decode(segment.as_bytes()).decode_utf8_lossy().into_owned()
}

fn message_of(panic: &(dyn Any + Send)) -> &str {
    let as_str = panic.downcast_ref::<&str>().copied();
    as_str.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no message)")
}
