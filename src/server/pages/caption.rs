//! `/caption`: the picture.

use std::rc::Rc;

use futures::Future;
use hyper::header::ContentType;
use hyper::mime::{APPLICATION, CHARSET, JSON, UTF_8};
use hyper::server::Request;
use hyper::StatusCode;

use image_macro;
use server::app::App;
use server::connection::caller::Caller;
use server::future_ext::ready;
use server::http::body;
use server::http::conditional::Conditions;
use server::http::reply::{Reply, ReplyFuture};
use server::pages::upload::{self, Upload};
use server::picture;

/// `GET /caption?…` and HEAD.
///
/// Decoding a query takes microseconds, so it happens here, on the reactor, and a query whose picture is cached is not
/// even decoded. No chain is needed: the only thing to wait for is the picture.
pub fn get(app: &Rc<App>, caller: Caller, request: &Request) -> ReplyFuture {
    let query = request.query().unwrap_or("");
    let conditions = Conditions::of(request);
    if let Some(reply) = picture::known(app, query, &conditions) {
        return ready(reply);
    }
    match image_macro::from_query(query) {
        Ok(image_macro) => picture::picture(app, caller, image_macro, Some(query.to_string()), conditions),
        Err(invalid) => ready(Reply::from(invalid)),
    }
}

/// `POST /caption`: with JSON, or [with a picture](upload) or a form.
///
/// The chain has three links, and their closures run on the reactor:
///
/// 1. `body::read` waits for the body, within its limit and deadline. `map_err` makes the error a `Reply` (408, 413),
///    because that is the error type of the next link.
/// 2. `and_then` decodes the JSON, of `--max-body` bytes at most, as soon as the body is there. It runs only if there is one. Its
///    closure returns a `Result`, which is a future that is ready.
/// 3. `then` sees both endings: it starts the picture, or returns the reply that says why there is none. From here on
///    nothing fails. Its arms are futures of two types, so each is boxed.
///
/// Dropping the chain (the client hangs up, the server ends) drops the link that it waits in: the body, or the picture.
pub fn post(app: &Rc<App>, caller: Caller, request: Request) -> ReplyFuture {
    if let Some(refusal) = refusal_of_coding(&request) {
        return ready(refusal);
    }
    let upload = match Upload::of(&request) {
        Some(Err(invalid)) => return ready(unread(&request, Reply::from(invalid))),
        Some(Ok(upload)) => Some(upload),
        None => None,
    };
    if let Some(refusal) = refusal_of(&request).filter(|_| upload.is_none()) {
        return ready(refusal);
    }
    let (_, _, _, headers, body) = request.deconstruct();
    if let Some(upload) = upload {
        return upload::answer(app, caller, upload, &headers, body);
    }
    let body = body::read(&headers, body, app.config.max_body, &app.deadline, &caller);
    let decoded =
        body.map_err(Reply::from).and_then(|body| image_macro::from_json(&body).map_err(Reply::from));
    let app = app.clone();
    Box::new(decoded.then(move |decoded| match decoded {
        // A POST has no conditions, and its picture no query string.
        Ok(image_macro) => picture::picture(&app, caller, image_macro, None, Conditions::default()),
        Err(reply) => ready(reply),
    }))
}

/// An answer without having read the body. The connection is closed after it if there is a body, because it is not known
/// where the next request begins.
fn unread(request: &Request, reply: Reply) -> Reply {
    if body::is_there(request.headers()) {
        reply.closing()
    } else {
        reply
    }
}

/// The answer to a POST whose body is compressed.
fn refusal_of_coding(request: &Request) -> Option<Reply> {
    let coding = request.headers().get_raw("Content-Encoding")?.one().unwrap_or(b"").trim_ascii();
    if coding.eq_ignore_ascii_case(b"identity") {
        return None;
    }
    let sentence = "the body must not be compressed: leave out Content-Encoding";
    Some(unread(request, Reply::error(StatusCode::UnsupportedMediaType, sentence)))
}

/// The answer to a POST that is no upload, and not JSON either, before its body is read.
fn refusal_of(request: &Request) -> Option<Reply> {
    let refused = |status, sentence| Some(unread(request, Reply::error(status, sentence)));
    if !request.query().unwrap_or("").is_empty() {
        let sentence =
            "POST takes its fields from the JSON body: leave the query string empty, or send a GET";
        return refused(StatusCode::BadRequest, sentence);
    }
    let headers = request.headers();
    let allowed = "the body must be JSON, with \"Content-Type: application/json\", a form, with \
                   \"multipart/form-data\", or a picture: a JPEG, a PNG or a GIF, with \"image/jpeg\", \
                   \"image/png\" or \"image/gif\"";
    match headers.get::<ContentType>() {
        // A body without a type is taken for what it most likely is.
        None if !headers.has::<ContentType>() => None,
        Some(mime) if mime.type_() == APPLICATION && mime.subtype() == JSON => {
            match mime.get_param(CHARSET) {
                Some(charset) if charset != UTF_8 => refused(
                    StatusCode::UnsupportedMediaType,
                    "the body must be JSON in UTF-8, as all JSON is",
                ),
                _ => None,
            }
        }
        _ => refused(StatusCode::UnsupportedMediaType, allowed),
    }
}
