//! The threads that take requests from tiny_http and answer them.

use std::io::{self, Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;

use historical::carried::{Asked, Reply, Route, Work, route};
use serde_json::json;
use tiny_http::{Header, Request, Response, Server};

use super::{App, End};

/// Starts so many handlers; with 0, one thread that starts another for each request. Each holds a clone of
/// `busy` until it returns.
///
/// Returns how many times `Server::unblock` is to be called to end them all.
pub fn start(
    handlers: usize,
    server: &Arc<Server>,
    app: &Arc<App>,
    ends: &Sender<End>,
    busy: &Sender<()>,
) -> usize {
    let threads = handlers.max(1);
    for _ in 0..threads {
        let (server, app, ends, busy) = (server.clone(), app.clone(), ends.clone(), busy.clone());
        thread::spawn(move || {
            let error = loop {
                let request = match server.recv() {
                    Ok(request) => request,
                    Err(error) => break error,
                };
                if handlers > 0 {
                    answer(&app, request);
                } else {
                    let (app, busy) = (app.clone(), busy.clone());
                    thread::spawn(move || {
                        answer(&app, request);
                        drop(busy);
                    });
                }
            };
            // An `unblock` comes up here, too, when the server stops already; then nobody listens.
            let _ = ends.send(End::Failed(error));
        });
    }
    threads
}

/// Answers a request. A panic costs it its answer, and nobody else anything.
fn answer(app: &App, mut request: Request) {
    let _ = catch_unwind(AssertUnwindSafe(move || {
        let in_flight = app.counts.start_request();
        // What is known without drawing comes early, as an error does.
        let reply = reply(app, &mut request).unwrap_or_else(|early| early);
        in_flight.answered(reply.status);
        // A client that has gone needs no answer.
        let _ = request.respond(response(reply));
    }));
}

fn reply(app: &App, request: &mut Request) -> Result<Reply, Reply> {
    let field = |name| {
        let header = request.headers().iter().find(|header| header.field.equiv(name));
        header.map(|header| header.value.as_str())
    };
    let if_none_match = field("If-None-Match");
    let (method, target) = (request.method().as_str(), request.url());
    let asked = Asked { method, target, if_none_match, content_type: field("Content-Type") };
    let (app, render) = (app, |work| app.renderer.run(work, app.config.request_timeout));
    match route(&asked)? {
        Route::Caption(query) => render(app.pictures.of_query(&query, if_none_match)?),
        Route::PostedCaption => render(app.pictures.of_json(&read(request, app.config.max_body)?)?),
        Route::Templates => render(Work::Templates),
        Route::Template(name) => render(Work::Template(name)),
        Route::Fonts => render(Work::Fonts),
        Route::Stats => Ok(Reply::json(200, &app.counts.json())),
        Route::Health if app.counts.is_stopping() => Ok(Reply::json(503, &json!({ "status": "stopping" }))),
        Route::Health => Ok(Reply::json(200, &json!({ "status": "ok" }))),
    }
}

/// The whole body.
fn read(request: &mut Request, limit: usize) -> Result<Vec<u8>, Reply> {
    if request.body_length().is_some_and(|length| length > limit) {
        return Err(Reply::too_large(limit));
    }
    let mut body = Vec::new();
    match request.as_reader().take(limit as u64 + 1).read_to_end(&mut body) {
        Ok(length) if length > limit => Err(Reply::too_large(limit)),
        Ok(length) if request.body_length().is_some_and(|told| told != length) => {
            Err(Reply::malformed_body())
        }
        Ok(_) => Ok(body),
        Err(_) => Err(Reply::malformed_body()),
    }
}

/// tiny_http adds `Content-Length` and `Date`, and leaves out the body for a HEAD.
fn response(reply: Reply) -> Response<impl io::Read> {
    let headers = reply
        .headers
        .into_iter()
        .map(|(name, value)| Header::from_bytes(name, value).expect("the headers of a reply are ASCII"));
    let length = reply.body.len();
    let body = Cursor::new(reply.body);
    // Else it would be sent in chunks from 32 KiB on, without its length.
    Response::new(reply.status.into(), headers.collect(), body, Some(length), None)
        .with_chunked_threshold(usize::MAX)
}
