//! A blocking HTTP client that can misbehave: it sends raw bytes, reads slowly, and hangs up.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use serde_json;
use socket2::{Domain, SockRef, Socket, Type};

use super::LONG;

/// A connection on which every read and write has a time limit.
pub struct Client {
    pub socket: TcpStream,
    /// Bytes that were read after the last response.
    unread: Vec<u8>,
    pace: Option<Pace>,
}

/// How a slow client reads: this much, after this pause.
const SLOW: Pace = Pace { bytes: 4 << 10, pause: Duration::from_millis(1) };

struct Pace {
    bytes: usize,
    pause: Duration,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Client {
        Client::over(TcpStream::connect_timeout(&address, LONG).expect("the server listens"))
    }

    /// From one of the addresses of loopback, which the server takes for another client than those from the others.
    pub fn from(last: u8, address: SocketAddr) -> Client {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let own = SocketAddr::from(([127, 0, 0, last], 0));
        socket.bind(&own.into()).expect("loopback has many addresses");
        socket.connect_timeout(&address.into(), LONG).expect("the server listens");
        Client::over(socket.into())
    }

    pub fn over(socket: TcpStream) -> Client {
        socket.set_read_timeout(Some(LONG)).unwrap();
        socket.set_write_timeout(Some(LONG)).unwrap();
        Client { socket, unread: Vec::new(), pace: None }
    }

    /// A client that reads a little at a time, and whose kernel buffers no more than that.
    pub fn slow(address: SocketAddr) -> Client {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        // Set before it connects, so that the server sees a small window from the start. With segments as small as
        // a network's, the server's side buffers little as well.
        socket.set_recv_buffer_size(SLOW.bytes).unwrap();
        socket.set_tcp_mss(1400).unwrap();
        socket.connect_timeout(&address.into(), LONG).expect("the server listens");
        Client { pace: Some(SLOW), ..Client::over(socket.into()) }
    }

    /// Resets the connection: the server's next read or write fails.
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

    /// The same with further header fields, each a whole line.
    pub fn request_with(&mut self, method: &str, target: &str, fields: &[&str]) -> Response {
        self.ask(method, target, fields);
        self.response_to(method)
    }

    /// Sends a request without a body, and does not wait for the response.
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
    pub fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.socket.write_all(bytes)
    }

    /// Closes its half of the connection: sends nothing more, but still reads.
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

    /// Reads bytes as they are, among them those that came with the last response.
    pub fn read_raw(&mut self, bytes: &mut [u8]) {
        while self.unread.len() < bytes.len() {
            self.read_some().expect("the server goes on");
        }
        let rest = self.unread.split_off(bytes.len());
        bytes.copy_from_slice(&self.unread);
        self.unread = rest;
    }

    /// Waits until the first byte of a response is there, and leaves it there.
    pub fn peek(&self) {
        while let Err(error) = self.socket.peek(&mut [0]) {
            assert_eq!(error.kind(), ErrorKind::Interrupted);
        }
    }

    /// Whether something has arrived already. Does not wait for it.
    pub fn has_bytes(&self) -> bool {
        self.socket.set_nonblocking(true).unwrap();
        let first = self.socket.peek(&mut [0]);
        self.socket.set_nonblocking(false).unwrap();
        first.is_ok()
    }

    /// Whether the server closes the connection, cleanly or not, without sending anything more.
    pub fn is_closed(&mut self) -> bool {
        self.unread.is_empty() && self.read_some().is_none()
    }

    /// Reads until it has this many bytes, or the connection ends.
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
            // A process that is stopped and continued leaves a read with a time limit in this way.
            Err(ref error) if error.kind() == ErrorKind::Interrupted => Some(()),
            Err(error) => {
                let kind = error.kind();
                assert!(kind != ErrorKind::WouldBlock && kind != ErrorKind::TimedOut, "the server is silent");
                None
            }
        }
    }
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    /// By name, in lower case.
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Response {
    /// Its body. Fails unless it is JSON.
    pub fn json(&self) -> serde_json::Value {
        assert_eq!(self.headers["content-type"], "application/json");
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// The sentence of an error; empty if it is not one.
    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or("").to_string()
    }

    /// Its body. Fails unless it is a picture of this format.
    pub fn picture(&self, format: &str) -> &[u8] {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        assert_eq!(self.headers["content-type"], format!("image/{}", format));
        &self.body
    }
}

/// A text with everything percent-escaped that may have a meaning in a URL.
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
