// The third of four steps fails with an error that nothing converts into the one of the others. No step is a
// box, so the type of the chain names every step before.

use std::io;

use futures01::future::FutureResult;
use futures01::{Future, future};

struct Refusal;

fn read() -> FutureResult<String, Refusal> {
    future::ok(String::new())
}

fn decode(body: String) -> FutureResult<usize, Refusal> {
    future::ok(body.len())
}

fn find(template: usize) -> FutureResult<Vec<u8>, io::Error> {
    future::ok(vec![0; template])
}

fn draw(mut template: Vec<u8>) -> FutureResult<Vec<u8>, Refusal> {
    template.push(1);
    future::ok(template)
}

fn answer() -> Box<dyn Future<Item = usize, Error = Refusal>> {
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
