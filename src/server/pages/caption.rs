//! `/caption`: the picture.

use std::rc::Rc;

use futures::Future;
use hyper::header::Headers;
use hyper::server::Request;
use hyper::Body;

use captioner::format_of;
use image_macro::{self, Edit, Format};
use server::app::App;
use server::connection::caller::Caller;
use server::future_ext::ready;
use server::http::body;
use server::http::conditional::Conditions;
use server::http::reply::{Reply, ReplyFuture};
use server::pages::announced::Announced;
use server::pages::first_bytes::Kind;
use server::pages::upload::{self, Upload};
use server::picture;
use server::picture::kept::Asked;

/// `GET /caption?…` and HEAD. `/caption.png?…` is the same in that format.
///
/// Decoding a query takes microseconds, so it happens here, on the reactor, and a query whose picture is cached is not
/// even decoded. No chain is needed: the only thing to wait for is the picture.
pub fn get(app: &Rc<App>, caller: Caller, request: &Request, format: Option<Format>) -> ReplyFuture {
    let query = request.query().unwrap_or("");
    let conditions = Conditions::of(request);
    let asked = Asked::by_query(query, format);
    if let Some(reply) = picture::known(app, &asked, &conditions) {
        return ready(reply);
    }
    let decoded = image_macro::from_query(query).and_then(|image_macro| match format {
        Some(format) => image_macro.in_format(format),
        None => Ok(image_macro),
    });
    match decoded {
        Ok(image_macro) => picture::picture(app, caller, image_macro, Some(asked), conditions),
        Err(invalid) => ready(Reply::from(invalid)),
    }
}

/// `POST /caption`: with JSON, a form, or [a picture](upload).
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
    let announced = match Announced::of(&request) {
        Ok(announced) => announced,
        Err(refusal) => return ready(unread(&request, refusal)),
    };
    let (_, _, _, headers, body) = request.deconstruct();
    match announced {
        Announced::Json => {}
        Announced::Upload(upload) => return upload::answer(app, caller, upload, &headers, body),
        Announced::Any { may_be_form } => return any(app, caller, &headers, body, may_be_form),
    }
    let body = body::read(&headers, body, app.config.max_body, &app.deadline, &caller);
    let decoded =
        body.map_err(Reply::from).and_then(|body| image_macro::from_json(&body).map_err(Reply::from));
    let app = app.clone();
    Box::new(decoded.then(move |decoded| match decoded {
        // A POST has no conditions, and its picture no URL.
        Ok(image_macro) => picture::picture(&app, caller, image_macro, None, Conditions::default()),
        Err(reply) => ready(reply),
    }))
}

/// The same, with a body that is a picture, JSON or a form, which its first bytes tell: a picture may have `--max-upload`
/// bytes, and anything else `--max-body`, because it is decoded here, on the reactor.
///
/// `then` sees both endings of the body: it goes on as its kind wants it, or makes the error the answer.
fn any(app: &Rc<App>, caller: Caller, headers: &Headers, body: Body, may_be_form: bool) -> ReplyFuture {
    let (picture, other) = (app.config.max_upload, app.config.max_body);
    let limit_of = move |first: &[u8]| if format_of(first).is_some() { picture } else { other };
    let most = picture.max(other);
    let body = body::read_by_first_bytes(headers, body, most, limit_of, &app.deadline, &caller);
    let app = app.clone();
    Box::new(body.then(move |body| {
        let body = match body {
            Ok(body) => body,
            Err(error) => return ready(Reply::from(error)),
        };
        let decoded = match Kind::of(&body) {
            Kind::Json => image_macro::from_json(&body),
            Kind::Nothing | Kind::Form | Kind::Unknown if may_be_form => image_macro::from_urlencoded(&body),
            // The picture as it is, or the error about one.
            _ => {
                let upload = Upload::Picture { edit: Edit::default(), has_fields: false };
                return upload::draw(&app, caller, upload, body);
            }
        };
        match decoded {
            Ok(image_macro) => picture::picture(&app, caller, image_macro, None, Conditions::default()),
            Err(invalid) => ready(Reply::from(invalid)),
        }
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
