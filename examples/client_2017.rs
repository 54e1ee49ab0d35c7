//! A client of 2017: `cargo run --example client_2017 -- URL TEMPLATE TEXT FILE`
//!
//! futures 0.1, tokio-core and hyper's client, as one wrote it before `async`/`await`. Everything runs on one reactor, which
//! `Core::run` turns until the future that it is given has resolved.

extern crate futures;
extern crate hyper;
extern crate serde_json;
extern crate tokio_core;

use std::env;
use std::error::Error;
use std::fs;
use std::process::exit;
use std::time::Duration;

use futures::future::{self, Either, Loop};
use futures::{Future, Stream};
use hyper::client::HttpConnector;
use hyper::header::{ContentLength, ContentType, RetryAfter};
use hyper::{Body, Client, Method, Request, StatusCode, Uri};
use serde_json::Value;
use tokio_core::reactor::{Core, Handle, Timeout};

/// How long the picture may take, the waits for a server that is busy included.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a server that is busy is asked.
const TRIES: u32 = 3;

type Failure = Box<dyn Error>;
type PictureFuture = Box<dyn Future<Item = Vec<u8>, Error = Failure>>;

/// Asks for a picture, and again if the server is busy.
///
/// `loop_fn` calls its closure until that resolves to `Break`. What one turn leaves to the next is in `Continue`: the tries
/// that are left. The loop ends with the first error, and dropping it closes the connection of the request in flight.
fn caption(client: &Client<HttpConnector>, handle: &Handle, uri: &Uri, json: &Value) -> PictureFuture {
    let (client, handle, uri, body) = (client.clone(), handle.clone(), uri.clone(), json.to_string());
    Box::new(future::loop_fn(TRIES, move |tries| {
        let mut request: Request<Body> = Request::new(Method::Post, uri.clone());
        request.headers_mut().set(ContentType::json());
        request.headers_mut().set(ContentLength(body.len() as u64));
        request.set_body(body.clone());
        let handle = handle.clone();
        // `concat2` collects the chunks of the body. The status is needed as well, so it travels along.
        let answer = client.request(request).and_then(|response| {
            let (status, wait) = (response.status(), wait_of(response.headers().get()));
            response.body().concat2().map(move |body| (status, wait, body))
        });
        answer.map_err(Failure::from).and_then(move |(status, wait, body)| match status {
            StatusCode::Ok => Either::A(future::ok(Loop::Break(body.to_vec()))),
            StatusCode::ServiceUnavailable if tries > 1 => {
                // Both arms of an `Either` are futures of one item: this one is a loop that goes on after a while.
                let waited = future::result(Timeout::new(wait, &handle)).flatten();
                Either::B(waited.map_err(Failure::from).map(move |()| Loop::Continue(tries - 1)))
            }
            status => Either::A(future::err(Failure::from(reason(status, &body)))),
        })
    }))
}

fn wait_of(header: Option<&RetryAfter>) -> Duration {
    match header {
        Some(&RetryAfter::Delay(delay)) => delay,
        _ => Duration::from_secs(1),
    }
}

/// memed's errors are JSON. A proxy in between may answer with something else.
fn reason(status: StatusCode, body: &[u8]) -> String {
    let json: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    match json["error"].as_str() {
        Some(sentence) => format!("{}: {}", status.as_u16(), sentence),
        None => status.to_string(),
    }
}

fn run(url: &str, template: &str, text: &str, file: &str) -> Result<(), Failure> {
    let mut core = Core::new()?;
    let handle = core.handle();
    let client = Client::new(&handle);
    let uri: Uri = format!("{}/caption", url).parse()?;
    let json = Value::Object(
        vec![("template".to_string(), template.into()), ("top_text".to_string(), text.into())]
            .into_iter()
            .collect(),
    );
    let picture = caption(&client, &handle, &uri, &json);
    // A race of two futures: `select2` resolves with the first, and hands over the other, which is dropped here.
    let race = picture.select2(Timeout::new(PATIENCE, &handle)?);
    match core.run(race) {
        Ok(Either::A((picture, _))) => fs::write(file, picture).map_err(Failure::from),
        Ok(Either::B(_)) => Err(Failure::from(format!("no picture within {} s", PATIENCE.as_secs()))),
        Err(Either::A((error, _))) => Err(error),
        Err(Either::B((error, _))) => Err(error.into()),
    }
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let done = match arguments.as_slice() {
        [url, template, text, file] => run(url, template, text, file),
        _ => {
            eprintln!("usage: client_2017 URL TEMPLATE TEXT FILE");
            exit(64)
        }
    };
    if let Err(error) = done {
        eprintln!("client_2017: {}", error);
        exit(1)
    }
}
