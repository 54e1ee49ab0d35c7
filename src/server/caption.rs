//! `/caption`: the picture.

use std::rc::Rc;

use futures::Future;
use hyper::header::ContentType;
use hyper::mime::{APPLICATION, JSON};
use hyper::server::Request;
use hyper::{Method, StatusCode};

use super::conditional::Conditions;
use super::future_ext::ready;
use super::response::{Reply, ReplyFuture};
use super::service::has_body;
use super::{body, picture, App};
use image_macro;

/// `GET /caption?…` and `HEAD`, and `POST /caption` with JSON.
pub fn caption(app: &Rc<App>, request: Request) -> ReplyFuture {
    if *request.method() == Method::Post {
        return post(app, request);
    }
    let query = request.query().unwrap_or("");
    let conditions = Conditions::of(&request);
    if let Some(reply) = picture::known(app, query, &conditions) {
        return ready(reply);
    }
    match image_macro::from_query(query) {
        Ok(image_macro) => picture::picture(app, image_macro, Some(query.to_string()), conditions),
        Err(invalid) => ready(Reply::from(invalid)),
    }
}

/// The body is read on the reactor as its bytes arrive, and decoded there: 128 KiB at most, as it comes.
/// Dropping the chain (a deadline, a connection that ends) drops the body, then the drawing.
fn post(app: &Rc<App>, request: Request) -> ReplyFuture {
    if let Some(refusal) = refusal_of(&request) {
        return ready(if has_body(&request) { refusal.closing() } else { refusal });
    }
    let (_, _, _, headers, body) = request.deconstruct();
    let read = body::read(&headers, body, app.config.max_body, &app.deadline);
    let app = app.clone();
    let decoded =
        read.map_err(Reply::from).and_then(|body| image_macro::from_json(&body).map_err(Reply::from));
    Box::new(decoded.then(move |decoded| match decoded {
        Ok(image_macro) => picture::picture(&app, image_macro, None, Conditions::default()),
        Err(reply) => ready(reply),
    }))
}

/// What a POST must not be.
fn refusal_of(request: &Request) -> Option<Reply> {
    if !request.query().unwrap_or("").is_empty() {
        let sentence =
            "POST takes its fields from the JSON body: leave the query string empty, or send a GET";
        return Some(Reply::error(StatusCode::BadRequest, sentence));
    }
    let headers = request.headers();
    // Without any type it is what it is most likely to be.
    let is_json = match headers.get::<ContentType>() {
        Some(mime) => mime.type_() == APPLICATION && mime.subtype() == JSON,
        None => !headers.has::<ContentType>(),
    };
    if is_json {
        return None;
    }
    let sentence = "the body must be JSON, with \"Content-Type: application/json\"";
    Some(Reply::error(StatusCode::UnsupportedMediaType, sentence))
}
