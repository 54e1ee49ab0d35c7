// The third of four steps fails with an error that nothing converts into the one of the others. Every step is
// a box, as in `memed`.

use std::io;

use futures01::{Future, future};

struct Refusal;

type BoxFuture<T, E> = Box<dyn Future<Item = T, Error = E>>;

fn read() -> BoxFuture<String, Refusal> {
    Box::new(future::ok(String::new()))
}

fn decode(body: String) -> BoxFuture<usize, Refusal> {
    Box::new(future::ok(body.len()))
}

fn find(template: usize) -> BoxFuture<Vec<u8>, io::Error> {
    Box::new(future::ok(vec![0; template]))
}

fn draw(mut template: Vec<u8>) -> BoxFuture<Vec<u8>, Refusal> {
    template.push(1);
    Box::new(future::ok(template))
}

fn answer() -> BoxFuture<usize, Refusal> {
    Box::new(
        read()
            .and_then(|body| decode(body))
            .and_then(|asked| find(asked))
            .and_then(|template| draw(template))
            .map(|picture| picture.len()),
    )
}

fn main() {
    drop(answer());
}
