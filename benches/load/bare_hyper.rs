//! A server that is nothing but hyper 0.11 and gives the same answer to every request: the baseline for `memed`. It
//! runs in a process of its own: this bench, started with a hidden argument.

use std::io::{self, Read};
use std::net::SocketAddr;

use bytes::Bytes;
use futures::{future, Future, Stream};
use hyper::server::{Http, Request, Service};
use hyper::{Chunk, Response};
use tokio_core::net::TcpListener;
use tokio_core::reactor::Core;

/// The argument with which the bench serves instead of measuring.
pub const ARGUMENT: &str = "--bare-hyper";

/// The answer, read once.
#[derive(Clone)]
struct Same {
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Service for Same {
    type Request = Request;
    type Response = Response;
    type Error = ::hyper::Error;
    type Future = future::FutureResult<Response, ::hyper::Error>;

    fn call(&self, _: Request) -> Self::Future {
        let mut response = Response::new();
        for (name, value) in &self.headers {
            response.headers_mut().set_raw(name.clone(), value.as_str());
        }
        future::ok(response.with_body(Chunk::from(self.body.clone())))
    }
}

/// Reads a head and a body from standard input, and answers with them until the process is ended.
pub fn serve() {
    let mut input = Vec::new();
    io::stdin().read_to_end(&mut input).expect("the bench sends an answer");
    let end = input.windows(4).position(|four| four == b"\r\n\r\n").expect("it has a head");
    let head = String::from_utf8_lossy(&input[..end]).into_owned();
    let headers = head.split("\r\n").filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_string())).collect();
    let same = Same { headers, body: input[end + 4..].into() };

    let mut core = Core::new().expect("a reactor can be had");
    let handle = core.handle();
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = TcpListener::bind(&any_port, &handle).expect("a free port of loopback can be had");
    eprintln!("listening on http://{}", listener.local_addr().expect("it is bound"));
    let serving = listener.incoming().for_each(move |(socket, _)| {
        socket.set_nodelay(true)?;
        let connection = Http::<Chunk>::new().serve_connection(socket, same.clone());
        handle.spawn(connection.then(|_| Ok(())));
        Ok(())
    });
    core.run(serving).expect("accepting goes on");
}
