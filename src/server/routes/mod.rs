//! hyper's `Service`: finds the route of a request, calls its page, catches its panics, and makes hyper's response.

pub mod table;

use std::cell::RefCell;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use futures::{future, Future};
use hyper::header::{Connection, ConnectionOption};
use hyper::server::{Request, Service};
use hyper::{self, Response, StatusCode};

use self::table::Route;
use super::app::App;
use super::client::{self, Client};
use super::connection::caller::Caller;
use super::connection::intake::Intake;
use super::connection::state::ConnectionState;
use super::future_ext::{ready, LocalFuture};
use super::http::access_log::{AccessLog, Body};
use super::http::body;
use super::http::reply::{Reply, ReplyFuture};
use super::pages::{caption, health, images, listing, metrics, openapi, stats, web};
use super::pool::message_of;
use config::Cors;

/// The service of one connection. hyper calls it once for each request, with one request at a time.
pub struct ConnectionService {
    app: Rc<App>,
    state: Rc<ConnectionState>,
    intake: Rc<RefCell<Intake>>,
    peer: SocketAddr,
}

impl ConnectionService {
    /// The service of the connection from that peer.
    pub fn new(
        app: Rc<App>,
        state: Rc<ConnectionState>,
        intake: Rc<RefCell<Intake>>,
        peer: SocketAddr,
    ) -> ConnectionService {
        ConnectionService { app, state, intake, peer }
    }
}

impl Service for ConnectionService {
    type Request = Request;
    type Response = Response<Body>;
    type Error = hyper::Error;
    type Future = LocalFuture<Response<Body>, hyper::Error>;

    /// Answers a request. Never resolves to an error: hyper would close the connection without a response.
    ///
    /// The chain, from the inside:
    ///
    /// 1. `lazy` runs its closure at the first poll, on the reactor: it calls the page. Without `lazy` the page's own
    ///    code, up to its first wait, would run before there is a future to guard.
    /// 2. `catch_unwind` is the inner panic guard. It catches panics of that code and of the page's chain; those of a
    ///    drawing are errors already. The request becomes a 500, and the connection goes on: handlers share counters
    ///    and caches, which no panic leaves in an invalid state.
    /// 3. `then` sees a reply or a panic, and makes the response.
    ///
    /// hyper drops this future when the connection ends, so a client that hangs up drops the page's chain, whatever it
    /// waits for. What the closure of `then` owns is dropped with it: the request is no longer in flight, and the access
    /// log writes its line.
    fn call(&self, request: Request) -> Self::Future {
        let rejection = self.state.take_rejection();
        let counters = self.app.counters.clone();
        let address = client::address_of(request.headers(), self.app.config.trust_forwarded, self.peer.ip());
        let trace = self.app.tracer.trace(request.headers());
        let state = self.state.clone();
        let log = AccessLog::start(address, self.peer, state, counters, &request, rejection.is_some(), trace);
        let client = Client::from(address);
        self.state.is_of(client);
        let caller = Caller::new(client, self.state.clone(), self.intake.clone());
        let in_flight = self.app.counters.start_request();
        let route = Route::find(request.method(), request.path());
        let leaves_body = !route.reads_body() && body::is_there(request.headers());
        let is_last = leaves_body || wants_close(&request) || self.state.has_large_head();
        let is_shared = self.app.config.cors == Cors::Pictures && route.is_public(request.path());
        let (of_page, of_end) = (self.app.clone(), self.app.clone());
        let state = self.state.clone();
        let reply = future::lazy(move || match rejection {
            Some(rejection) => ready(Reply::from(rejection)),
            None => answer(&of_page, caller, route, request),
        });
        let guarded = AssertUnwindSafe(reply).catch_unwind();
        Box::new(guarded.then(move |reply| {
            let reply = match reply {
                Ok(Ok(reply)) => reply,
                // A page has no error to return, so this arm is here for the compiler.
                Ok(Err(())) => Reply::internal("a page failed without a reply".to_string()),
                Err(panic) => Reply::internal(format!("a request panicked: {}", message_of(&*panic))),
            };
            drop(in_flight);
            let is_last = is_last || of_end.is_stopping.get() || state.makes_room();
            let reply = if is_last { reply.closing() } else { reply };
            state.answers_with(reply.body());
            Ok(reply.into_response(log, is_shared))
        }))
    }
}

/// Whether the client has announced that this is its last request on the connection.
fn wants_close(request: &Request) -> bool {
    let options = request.headers().get::<Connection>();
    options.is_some_and(|options| options.contains(&ConnectionOption::Close))
}

/// Calls the page of the route.
fn answer(app: &Rc<App>, caller: Caller, route: Route, request: Request) -> ReplyFuture {
    match route {
        Route::Caption { format } => caption::get(app, caller, &request, format),
        Route::Image => images::get(app, caller, &request),
        Route::PostCaption => caption::post(app, caller, request),
        Route::Templates => listing::templates(app, caller, request.query().unwrap_or("")),
        Route::Template { ref name } => listing::template(app, &caller, name),
        Route::Fonts => listing::fonts(app, &caller),
        Route::Stats => ready(stats::stats(app)),
        Route::Metrics => ready(metrics::metrics(app)),
        Route::Health => ready(health::health(app)),
        Route::Web(asset) => ready(web::get(&request, asset)),
        Route::OpenApi => ready(openapi::get(&request, table::methods)),
        Route::Favicon => ready(web::favicon()),
        Route::Options(allowed) => ready(Reply::options(allowed)),
        Route::ServerOptions(allowed) => ready(Reply::server_options(allowed)),
        Route::MethodNotAllowed(allowed) => ready(Reply::method_not_allowed(request.method(), allowed)),
        Route::NotImplemented => ready(Reply::not_implemented(request.method())),
        Route::NotFound => ready(not_found(request.path())),
    }
}

fn not_found(path: &str) -> Reply {
    let shown: String = path.chars().take(60).collect();
    let sentence = format!("there is nothing at {:?}: the paths are {}", shown, table::paths());
    Reply::error(StatusCode::NotFound, &sentence)
}
