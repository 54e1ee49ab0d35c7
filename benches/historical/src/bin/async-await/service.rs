//! Answers requests: from hyper's request to its response.

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use historical::carried::{Asked, Reply, Route, Work, route};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue, IF_NONE_MATCH};
use hyper::{Request, Response};
use serde_json::json;
use tokio::time::timeout;

use super::App;

/// Answers a request. Never fails: hyper would close the connection without a word.
pub async fn answer(app: Arc<App>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let in_flight = app.counts.start_request();
    // What is known without drawing comes early, as an error does.
    let reply = reply(&app, request).await.unwrap_or_else(|early| early);
    in_flight.answered(reply.status);
    Ok(into_response(reply, app.counts.is_stopping()))
}

async fn reply(app: &App, request: Request<Incoming>) -> Result<Reply, Reply> {
    let (head, body) = request.into_parts();
    let field = |name| head.headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or(""));
    let if_none_match = field(IF_NONE_MATCH);
    let target = head.uri.path_and_query().map_or("", |target| target.as_str());
    let asked =
        Asked { method: head.method.as_str(), target, if_none_match, content_type: field(CONTENT_TYPE) };
    let (max_body, max_upload) = (app.config.max_body, app.config.max_upload);
    match route(&asked)? {
        Route::Caption(query) => render(app, app.pictures.of_query(&query, if_none_match)?).await,
        Route::PostedCaption => render(app, app.pictures.of_json(&read(app, body, max_body).await?)?).await,
        Route::PostedPicture(query) => {
            render(app, Work::of_picture(&query, read(app, body, max_upload).await?)?).await
        }
        Route::Templates => render(app, Work::Templates).await,
        Route::Template(name) => render(app, Work::Template(name)).await,
        Route::Fonts => render(app, Work::Fonts).await,
        Route::Stats => Ok(Reply::json(200, &app.counts.json())),
        Route::Health if app.counts.is_stopping() => Ok(Reply::json(503, &json!({ "status": "stopping" }))),
        Route::Health => Ok(Reply::json(200, &json!({ "status": "ok" }))),
    }
}

/// Under the deadline, which is over the wait for a thread, too.
async fn render(app: &App, work: Work) -> Result<Reply, Reply> {
    let drawn = app.renderer.run(app.pictures.clone(), work);
    timeout(app.config.request_timeout, drawn).await.map_err(|_| Reply::timed_out())?
}

/// The whole body, of so many bytes at most. One that says that it is too large is refused before a byte of it is read.
async fn read(app: &App, body: Incoming, limit: usize) -> Result<Bytes, Reply> {
    if body.size_hint().lower() > limit as u64 {
        return Err(Reply::too_large(limit));
    }
    let collected = timeout(app.config.request_timeout, Limited::new(body, limit).collect()).await;
    match collected.map_err(|_| Reply::slow_body())? {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Reply::too_large(limit)),
        Err(_) => Err(Reply::malformed_body()),
    }
}

/// hyper adds `Content-Length` and `Date`, and leaves out the body for a HEAD.
fn into_response(reply: Reply, is_stopping: bool) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = match value {
            Cow::Borrowed(value) => response.header(name, HeaderValue::from_static(value)),
            Cow::Owned(value) => response.header(name, value),
        };
    }
    if reply.closes || is_stopping {
        response = response.header(CONNECTION, "close");
    }
    response.body(Full::new(reply.body)).expect("the status and the headers of a reply are well-formed")
}
