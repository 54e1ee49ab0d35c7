//! hyper's `Service`: the route table, one line a route, and the ring that catches panics.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use futures::{future, Future};
use hyper::header::{Connection, ConnectionOption, ContentLength, TransferEncoding};
use hyper::server::{Request, Service};
use hyper::{self, Method, Response, StatusCode};
use percent_encoding::percent_decode;

use super::access_log::{AccessLog, Body};
use super::future_ext::{ready, BoxFuture};
use super::response::{internal, message_of, Reply, ReplyFuture};
use super::wire::WireState;
use super::{caption, listing, metrics, stats, App};

/// The service of one connection.
pub struct Memed {
    app: Rc<App>,
    state: Rc<WireState>,
    peer: SocketAddr,
}

impl Memed {
    /// Of the connection to that peer.
    pub fn new(app: Rc<App>, state: Rc<WireState>, peer: SocketAddr) -> Memed {
        Memed { app, state, peer }
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
        let rejection = self.state.take_rejection();
        let (method, state) = (request.method(), self.state.clone());
        let counters = self.app.counters.clone();
        let log = match rejection {
            None => {
                let (target, version) = (request.uri().as_ref(), request.version());
                AccessLog::start(self.peer, state, counters, method, target, version)
            }
            Some(_) => AccessLog::start_refused(self.peer, state, counters, method),
        };
        let app = self.app.clone();
        let is_last = wants_close(&request) || leaves_body(&request);
        let in_flight = app.counters.start_request();
        let at_end = app.clone();
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
            Ok(if is_last || at_end.is_stopping.get() { reply.closing() } else { reply }.into_response(log))
        }))
    }
}

/// Whether the client said that this is its last request of the connection.
fn wants_close(request: &Request) -> bool {
    let options = request.headers().get::<Connection>();
    options.is_some_and(|options| options.contains(&ConnectionOption::Close))
}

/// Whether there is a body that no handler reads. hyper then closes the connection after the response,
/// because it would have to read on to find the next request; it is for us to say so.
fn leaves_body(request: &Request) -> bool {
    has_body(request) && !(*request.method() == Method::Post && request.path() == "/caption")
}

/// Whether there is a body.
pub fn has_body(request: &Request) -> bool {
    let headers = request.headers();
    headers.get::<ContentLength>().is_some_and(|length| length.0 > 0) || headers.has::<TransferEncoding>()
}

const READ: &[Method] = &[Method::Get, Method::Head];
const READ_OR_POST: &[Method] = &[Method::Get, Method::Head, Method::Post];

fn route(app: &Rc<App>, request: Request) -> ReplyFuture {
    let path = request.path().to_string();
    // Split before it is unescaped: an escaped slash is part of a name.
    let segments: Vec<Cow<'_, str>> = path.split('/').skip(1).map(unescaped).collect();
    let segments: Vec<&str> = segments.iter().map(Cow::as_ref).collect();
    let method = request.method().clone();
    match segments[..] {
        ["caption"] => allowing(READ_OR_POST, method, || caption::caption(app, request)),
        ["templates"] => allowing(READ, method, || listing::templates(app)),
        ["templates", name] if !name.is_empty() => allowing(READ, method, || listing::template(app, name)),
        ["fonts"] => allowing(READ, method, || listing::fonts(app)),
        ["stats"] => allowing(READ, method, || stats::stats(app)),
        ["metrics"] => allowing(READ, method, || metrics::metrics(app)),
        ["health"] => allowing(READ, method, || stats::health(app)),
        _ => ready(not_found(&path)),
    }
}

fn allowing<F>(allowed: &'static [Method], method: Method, handler: F) -> ReplyFuture
where
    F: FnOnce() -> ReplyFuture,
{
    if allowed.contains(&method) {
        handler()
    } else if method == Method::Options {
        ready(Reply::options(allowed))
    } else {
        ready(Reply::method_not_allowed(&method, allowed))
    }
}

fn not_found(path: &str) -> Reply {
    let shown: String = path.chars().take(60).collect();
    let sentence = format!(
        "there is nothing at {:?}: there are /caption, /templates, /templates/{{name}}, /fonts, /stats, \
         /metrics and /health",
        shown
    );
    Reply::error(StatusCode::NotFound, &sentence)
}

/// A name that is not UTF-8 becomes one that nothing has.
fn unescaped(segment: &str) -> Cow<'_, str> {
    percent_decode(segment.as_bytes()).decode_utf8_lossy()
}
