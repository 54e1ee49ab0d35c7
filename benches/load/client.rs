//! An HTTP client that takes as little processor time as possible, because the server shares its processors.

use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::str;
use std::time::Duration;

use libc::MSG_TRUNC;
use socket2::{Domain, SockRef, Socket, Type};

/// A time limit that only keeps the bench from hanging.
pub const LONG: Duration = Duration::from_secs(30);
/// Larger than most answers, so that one read gets a whole one.
const BUFFER: usize = 128 << 10;
/// Enough for a head, and little of the body behind it.
const HEAD: usize = 1 << 10;

/// Where connections come from and go to. To the server, another address is another client.
#[derive(Clone, Copy)]
pub struct Route {
    /// An address of loopback, of which there are 2^24.
    pub from: Ipv4Addr,
    pub to: SocketAddr,
    /// How long to wait for the connection, and for each part of an answer.
    pub patience: Duration,
}

impl Route {
    fn socket(&self) -> io::Result<Socket> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((self.from, 0)).into())?;
        Ok(socket)
    }

    pub fn connect(&self) -> io::Result<Client> {
        let socket = self.socket()?;
        socket.connect_timeout(&self.to.into(), self.patience)?;
        Client::new(socket.into(), self.patience, 4 * HEAD)
    }

    /// A connection without a client around it. If it is narrow, the kernel buffers little of what is not read; with
    /// the segments of 64 KiB that loopback has, it would buffer megabytes.
    pub fn connect_bare(&self, is_narrow: bool) -> io::Result<TcpStream> {
        let socket = self.socket()?;
        if is_narrow {
            socket.set_recv_buffer_size(4 << 10)?;
            socket.set_tcp_mss(1400)?;
        }
        socket.connect_timeout(&self.to.into(), self.patience)?;
        socket.set_read_timeout(Some(self.patience))?;
        Ok(socket.into())
    }
}

/// One keep-alive connection, with one request at a time.
pub struct Client {
    socket: TcpStream,
    buffer: Vec<u8>,
    /// Bytes of `buffer` that have been read.
    filled: usize,
    /// Bytes of `buffer` that were the last answer.
    used: usize,
}

/// An answer, in the client's buffer.
pub struct Answer<'a> {
    pub status: u16,
    pub head: &'a str,
    pub body: &'a [u8],
}

impl<'a> Answer<'a> {
    /// The names and values of the header fields.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> + 'a {
        self.head.split("\r\n").skip(1).filter_map(|line| line.split_once(": "))
    }

    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers().find(|header| header.0.eq_ignore_ascii_case(name)).map(|header| header.1)
    }

    /// A duration in the field `Server-Timing`, which is there if the picture was drawn for this request.
    pub fn timing(&self, name: &str) -> Option<Duration> {
        let mut metrics = self.header("server-timing")?.split(", ");
        let duration = metrics.find_map(|metric| metric.strip_prefix(name)?.strip_prefix(";dur="))?;
        Some(Duration::from_secs_f64(duration.parse::<f64>().ok()? / 1e3))
    }

    /// Whether the server closes the connection after this answer.
    pub fn is_last(&self) -> bool {
        self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

/// The bytes of a GET.
pub fn get(target: &str) -> String {
    format!("GET {} HTTP/1.1\r\nHost: load\r\n\r\n", target)
}

impl Client {
    pub fn connect(address: SocketAddr) -> io::Result<Client> {
        Client::with_buffer(address, BUFFER)
    }

    /// For a connection that is idle or has small answers.
    pub fn with_buffer(address: SocketAddr, buffer: usize) -> io::Result<Client> {
        Client::new(TcpStream::connect_timeout(&address, LONG)?, LONG, buffer)
    }

    fn new(socket: TcpStream, patience: Duration, buffer: usize) -> io::Result<Client> {
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(patience))?;
        socket.set_write_timeout(Some(patience))?;
        Ok(Client { socket, buffer: vec![0; buffer], filled: 0, used: 0 })
    }

    /// A second handle of the connection, to end it from another thread.
    pub fn handle(&self) -> io::Result<TcpStream> {
        self.socket.try_clone()
    }

    pub fn get(&mut self, target: &str) -> io::Result<Answer<'_>> {
        self.send(get(target))?;
        self.answer()
    }

    pub fn send<R: AsRef<[u8]>>(&mut self, request: R) -> io::Result<()> {
        self.socket.write_all(request.as_ref())
    }

    /// Waits for the whole of the next answer.
    pub fn answer(&mut self) -> io::Result<Answer<'_>> {
        self.buffer.copy_within(self.used..self.filled, 0);
        self.filled -= self.used;
        self.used = 0;
        let head = loop {
            let end = self.buffer[..self.filled].windows(4).position(|four| four == b"\r\n\r\n");
            match end {
                Some(end) => break end,
                None => self.read_some()?,
            }
        };
        let malformed = || io::Error::new(io::ErrorKind::InvalidData, "an answer without status or length");
        let length = content_length(&self.buffer[..head]).ok_or_else(malformed)?;
        self.used = head + 4 + length;
        if self.buffer.len() < self.used {
            self.buffer.resize(self.used, 0);
        }
        while self.filled < self.used {
            self.read_some()?;
        }
        let text = str::from_utf8(&self.buffer[..head]).map_err(|_| malformed())?;
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(malformed)?;
        Ok(Answer { status, head: text, body: &self.buffer[head + 4..self.used] })
    }

    /// Waits for the next answer and returns it without its body. The kernel discards that, because copying it would
    /// take processor time from the server.
    pub fn skip_answer(&mut self) -> io::Result<Answer<'_>> {
        let malformed = || io::Error::new(io::ErrorKind::InvalidData, "an answer without status or length");
        // The head, and as little else as possible.
        let most = HEAD.min(self.buffer.len());
        let filled = self.socket.read(&mut self.buffer[..most])?;
        if filled == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let start = &self.buffer[..filled];
        let head = start.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(malformed)?;
        let text = str::from_utf8(&start[..head]).map_err(|_| malformed())?;
        let status = text.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(malformed)?;
        // A 304 has no body, whatever its length says.
        let length = if status == 304 { 0 } else { content_length(text.as_bytes()).ok_or_else(malformed)? };
        let mut left = (head + 4 + length).checked_sub(filled).ok_or_else(malformed)?;
        let mut nowhere = [MaybeUninit::uninit(); BUFFER];
        while left > 0 {
            let most = left.min(BUFFER);
            match SockRef::from(&self.socket).recv_with_flags(&mut nowhere[..most], MSG_TRUNC)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                length => left -= length,
            }
        }
        Ok(Answer { status, head: text, body: &[] })
    }

    fn read_some(&mut self) -> io::Result<()> {
        if self.filled == self.buffer.len() {
            self.buffer.resize(2 * self.filled, 0);
        }
        match self.socket.read(&mut self.buffer[self.filled..])? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            length => {
                self.filled += length;
                Ok(())
            }
        }
    }
}

/// The length of the body behind this head.
pub fn content_length(head: &[u8]) -> Option<usize> {
    let name = b"content-length: ";
    let is_it = |line: &&[u8]| line.len() > name.len() && line[..name.len()].eq_ignore_ascii_case(name);
    let line = head.split(|&byte| byte == b'\n').find(is_it)?;
    str::from_utf8(&line[name.len()..]).ok()?.trim_end().parse().ok()
}
