//! A server on a free port that is gone when the test is, and a blocking client that sends raw bytes.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{mpsc, Arc};
use std::thread;
use std::time::{Duration, Instant};

use futures::sync::oneshot;
use memed::captioner::Captioner;
use memed::config::Config;
use memed::server::{Draw, Server};
use serde_json;
use socket2::{Domain, SockRef, Socket, Type};

/// Only there to stop a test from hanging.
pub const LONG: Duration = Duration::from_secs(20);

/// A running server. Its drop stops it and joins its thread.
pub struct Serve {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Serve {
    /// With the defaults, but for two threads that draw.
    pub fn start() -> Serve {
        Serve::with(config())
    }

    pub fn with(config: Config) -> Serve {
        Serve::run(move || Server::bind(config))
    }

    /// With another way to draw.
    pub fn drawing(config: Config, draw: Arc<Draw>) -> Serve {
        let captioner = Arc::new(Captioner::new(config.captioner.clone()));
        Serve::run(move || Server::bind_drawing(config, captioner, draw))
    }

    fn run<F>(bind: F) -> Serve
    where
        F: FnOnce() -> ::std::io::Result<Server> + Send + 'static,
    {
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = mpsc::channel();
        let thread = thread::spawn(move || {
            let server = bind().expect("a free port of loopback can be had");
            tell.send(server.local_addr()).expect("the test waits for it");
            server.run_until(stopped).expect("the reactor runs");
        });
        let address = told.recv_timeout(LONG).expect("the server starts");
        Serve { address, stop: Some(stop), thread: Some(thread) }
    }

    /// A new connection.
    pub fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// One GET on a connection of its own.
    pub fn get(&self, target: &str) -> Response {
        self.connect().get(target)
    }

    /// One POST of JSON on a connection of its own.
    pub fn post(&self, body: &str) -> Response {
        self.connect().post("/caption", "application/json", body.as_bytes())
    }

    /// Tells it to stop, without waiting.
    pub fn stop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
    }

    /// Waits until it has stopped.
    pub fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server does not panic");
        }
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        self.stop();
        if thread::panicking() {
            return;
        }
        self.join();
    }
}

/// On a free port of loopback, with two threads that draw.
pub fn config() -> Config {
    Config { address: SocketAddr::from(([127, 0, 0, 1], 0)), render_threads: 2, ..Config::default() }
}

/// A connection on which every read and write is bounded in time.
pub struct Client {
    pub socket: TcpStream,
    /// Read, and not part of a response yet.
    unread: Vec<u8>,
    pace: Option<Pace>,
}

/// How a slow client reads: so much, after such a pause.
const SLOW: Pace = Pace { bytes: 4 << 10, pause: Duration::from_millis(1) };

struct Pace {
    bytes: usize,
    pause: Duration,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Client {
        Client::over(TcpStream::connect_timeout(&address, LONG).expect("the server listens"))
    }

    pub fn over(socket: TcpStream) -> Client {
        socket.set_read_timeout(Some(LONG)).unwrap();
        socket.set_write_timeout(Some(LONG)).unwrap();
        Client { socket, unread: Vec::new(), pace: None }
    }

    /// One that reads a little at a time, and lets the system keep no more than that for it.
    pub fn slow(address: SocketAddr) -> Client {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        // Before it connects: then the server is told of a small window from the start. And with segments as a
        // network has them, not as large as loopback's, the server's side keeps little, too.
        socket.set_recv_buffer_size(SLOW.bytes).unwrap();
        socket.set_tcp_mss(1400).unwrap();
        socket.connect_timeout(&address.into(), LONG).expect("the server listens");
        Client { pace: Some(SLOW), ..Client::over(socket.into()) }
    }

    /// Hangs up without a goodbye: the server's next read or write fails.
    pub fn reset(self) {
        SockRef::from(&self.socket).set_linger(Some(Duration::from_secs(0))).unwrap();
    }

    pub fn get(&mut self, target: &str) -> Response {
        self.request("GET", target)
    }

    /// A request without a body, and its response.
    pub fn request(&mut self, method: &str, target: &str) -> Response {
        self.request_with(method, target, &[])
    }

    /// The same with more header fields, each a whole line.
    pub fn request_with(&mut self, method: &str, target: &str, fields: &[&str]) -> Response {
        self.ask(method, target, fields);
        self.response_to(method)
    }

    /// Sends a request without a body, and does not wait.
    pub fn ask(&mut self, method: &str, target: &str, fields: &[&str]) {
        let fields: String = fields.iter().map(|field| format!("{}\r\n", field)).collect();
        self.send(format!("{} {} HTTP/1.1\r\nHost: test\r\n{}\r\n", method, target, fields).as_bytes());
    }

    pub fn post(&mut self, target: &str, content_type: &str, body: &[u8]) -> Response {
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: test\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n",
            target,
            content_type,
            body.len()
        );
        self.send(head.as_bytes());
        self.send(body);
        self.response()
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).expect("the server reads");
    }

    /// Sends bytes to a server that may have closed the connection.
    pub fn try_send(&mut self, bytes: &[u8]) -> ::std::io::Result<()> {
        self.socket.write_all(bytes)
    }

    /// Sends nothing more; still reads.
    pub fn finish(&mut self) {
        self.socket.shutdown(Shutdown::Write).unwrap();
    }

    /// The next response.
    pub fn response(&mut self) -> Response {
        self.response_to("GET")
    }

    fn response_to(&mut self, method: &str) -> Response {
        self.try_response(method).expect("there is a whole response")
    }

    /// The next response, if the connection does not end before it is complete.
    pub fn try_response(&mut self, method: &str) -> Option<Response> {
        let end = loop {
            if let Some(end) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            self.read_some()?;
        };
        let head = String::from_utf8(self.unread.drain(..end).collect()).expect("heads are text");
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let status: u16 = status.expect("the first line has a status");
        if status == 100 {
            return self.try_response(method);
        }
        let headers: HashMap<_, _> = lines
            .map(|line| {
                let mut halves = line.splitn(2, ": ");
                (halves.next().unwrap().to_lowercase(), halves.next().unwrap_or("").to_string())
            })
            .collect();
        let length = headers.get("content-length");
        let has_body = status != 204 && status != 304;
        assert_eq!(length.is_some(), has_body, "every response with a body has its length");
        let length: usize = length.map_or(0, |length| length.parse().expect("which is a number"));
        let length = if method == "HEAD" { 0 } else { length };
        while self.unread.len() < length {
            self.read_some()?;
        }
        Some(Response { status, headers, body: self.unread.drain(..length).collect() })
    }

    /// Whether the server closes the connection, cleanly or not, without sending anything more.
    pub fn is_closed(&mut self) -> bool {
        self.unread.is_empty() && self.read_some().is_none()
    }

    /// Reads until there are so many bytes, or no more come.
    pub fn read_up_to(&mut self, length: usize) {
        while self.unread.len() < length && self.read_some().is_some() {}
    }

    fn read_some(&mut self) -> Option<()> {
        let mut bytes = [0; 64 << 10];
        let most = match self.pace {
            Some(ref pace) => {
                thread::sleep(pace.pause);
                pace.bytes
            }
            None => bytes.len(),
        };
        match self.socket.read(&mut bytes[..most]) {
            Ok(0) => None,
            Ok(length) => {
                self.unread.extend_from_slice(&bytes[..length]);
                Some(())
            }
            Err(error) => {
                let kind = error.kind();
                assert!(
                    kind != ::std::io::ErrorKind::WouldBlock && kind != ::std::io::ErrorKind::TimedOut,
                    "the server is silent"
                );
                None
            }
        }
    }
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    /// By lower-case name.
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn json(&self) -> serde_json::Value {
        assert_eq!(self.headers["content-type"], "application/json");
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// The sentence of an error; empty if it is none.
    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or("").to_string()
    }

    /// Fails unless it is a picture of that format.
    pub fn picture(&self, format: &str) -> &[u8] {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        assert_eq!(self.headers["content-type"], format!("image/{}", format));
        &self.body
    }
}

/// Asks again and again until it is so. Fails if it never is.
pub fn until<F: FnMut() -> bool>(mut is_so: F) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < LONG, "it never happens");
        thread::yield_now();
    }
}

/// Percent-escapes whatever a URL may not have.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            escaped.push(byte as char);
        } else {
            escaped.push_str(&format!("%{:02X}", byte));
        }
    }
    escaped
}
