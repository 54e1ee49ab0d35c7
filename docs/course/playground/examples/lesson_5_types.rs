//! The type of a chain, link by link, and its size. The chain is that of a POST in the server: `body::read` and
//! `caption::post`, with a channel for the body.

extern crate futures;
extern crate playground;

use std::any;
use std::mem;
use std::rc::Rc;
use std::time::Duration;

use futures::sync::mpsc;
use futures::{future, Future, Stream};
use playground::server::future_ext::{ready, LocalFuture};
use playground::server::pool::deadline::{Deadline, Expired};
use playground::trace::{self, event};

struct Reply;
struct BodyError;

impl From<Expired> for BodyError {
    fn from(_: Expired) -> BodyError {
        BodyError
    }
}

fn main() {
    let mut sizes = Sizes::default();
    let deadline = Rc::new(Deadline::start(Duration::from_secs(1)));
    let (_client, body) = mpsc::unbounded::<Vec<u8>>();

    // `body::read`
    sizes.see("UnboundedReceiver", &body);
    let body = body.map_err(|()| BodyError);
    sizes.see("MapErr, of a stream", &body);
    let collected = body.fold(Vec::new(), |mut collected, chunk| {
        collected.extend(chunk);
        future::ok::<_, BodyError>(collected)
    });
    sizes.see("Fold", &collected);
    let limited = deadline.limit(collected);
    sizes.see("Limited", &limited);
    print_type("body::read", &limited);
    let body: LocalFuture<Vec<u8>, BodyError> = Box::new(limited);
    sizes.see("Box<dyn Future>, of body::read", &body);

    // `caption::post`
    let body = body.map_err(|_| Reply);
    sizes.see("MapErr", &body);
    let decoded = body.and_then(|body| String::from_utf8(body).map_err(|_| Reply));
    sizes.see("AndThen", &decoded);
    let app = Rc::new(());
    let replied = decoded.then(move |decoded| -> LocalFuture<Reply, ()> {
        let _app = app;
        ready(decoded.map(|_| Reply).unwrap_or_else(|reply| reply))
    });
    sizes.see("Then", &replied);
    print_type("caption::post", &replied);
    let boxed: LocalFuture<Reply, ()> = Box::new(replied);
    sizes.see("Box<dyn Future>, of caption::post", &boxed);
    sizes.print();
}

/// What was seen, the innermost first.
#[derive(Default)]
struct Sizes(Vec<(String, usize)>);

impl Sizes {
    fn see<T>(&mut self, link: &str, value: &T) {
        self.0.push((link.to_string(), mem::size_of_val(value)));
    }

    fn print(self) {
        let mut is_boxed = false;
        for (link, size) in self.0.into_iter().rev() {
            let is_box = link.starts_with("Box");
            let place = if is_boxed { ", on the heap" } else { "" };
            event(link, format!("{} bytes{}{}", size, place, if is_box { ": two pointers" } else { "" }));
            is_boxed = is_box;
        }
        println!();
        trace::print();
    }
}

/// Prints a type without the paths in it, each of its own arguments on a line.
fn print_type<T>(of: &str, _value: &T) {
    let mut name = String::new();
    for part in
        any::type_name::<T>().split_inclusive(|letter: char| !letter.is_alphanumeric() && letter != '_')
    {
        if part.ends_with(':') {
            // What was before is the path of what comes.
            let start =
                name.rfind(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != ':');
            name.truncate(start.map_or(0, |start| start + 1));
        } else {
            name.push_str(part);
        }
    }
    println!("{}, before it is boxed:", of);
    let mut depth = 0;
    for letter in name.chars() {
        match letter {
            '<' => depth += 1,
            '>' => depth -= 1,
            _ => {}
        }
        match letter {
            '<' if depth == 1 => print!("<\n    "),
            ',' if depth == 1 => print!(",\n   "),
            '>' if depth == 0 => println!("\n>"),
            _ => print!("{}", letter),
        }
    }
}
