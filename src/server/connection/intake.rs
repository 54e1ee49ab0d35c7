//! Reads a connection's bytes before hyper does: judges heads and follows bodies. [`super::closing`] closes it.
//!
//! hyper 0.11 answers a malformed head with a bare status, and understands some heads differently from a proxy in front
//! of it. So bytes pass through here first. A head is held
//! back until it is complete and [`head::check`] has accepted it; a body is released as it arrives, and a chunked one
//! is decoded by [`Chunks`] and framed anew, so that the end of every request is known here, and hyper gets as few
//! chunks as there are reads.
//!
//! # The stand-in
//!
//! A head that is refused must be answered with a sentence, and only hyper can write that answer: responses to earlier
//! requests of the connection may still be in its buffer, and bytes that went to the socket directly would land in the
//! middle of them. So `Intake` hands hyper a small, valid head in place of the bad one: the stand-in. It leaves the
//! [`Rejection`] in the connection's state at the same moment. hyper parses the stand-in as the next request and calls
//! the service in its turn; the service finds the `Rejection`, and answers with it instead of routing the request.
//! The stand-in says `Connection: close`, because after a refused head it is not known where the next request begins.
//! The access log shows `"-"` for its request line. A stand-in for a HEAD is a HEAD, since its answer has no body.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::rc::Rc;

use bytes::{Buf, BytesMut};
use futures::{Async, Poll};
use thiserror::Error;
use tokio_core::net::TcpStream;
use tokio_core::reactor::{Handle, Timeout};
use tokio_io::AsyncWrite;

use super::chunks::{framed, Chunks, Decoded};
use super::head::{self, Framing, Head, Search};
use super::rejection::Rejection;
use super::state::ConnectionState;
use server::future_ext::yield_now;

/// Bytes read from a socket at once.
pub(super) const READ: usize = 16 << 10;
/// Bytes of a request, and of a response, that cost nothing of the budget for all connections. Most have no more.
const FREE: usize = 4 << 10;
/// Bytes of later requests that are read while one is answered.
pub(super) const READ_AHEAD: usize = FREE;
/// Bytes that are read from one socket, and written to one, before the other connections get a turn: what takes some
/// tenths of a millisecond. hyper goes on for as long as there is something to read, and so does a client that sends
/// without pause, or one that reads as fast as we write.
const READ_IN_A_TURN: usize = 32 << 10;
const WRITTEN_IN_A_TURN: usize = 512 << 10;
/// Requests of one connection before the other connections get a turn. A client can send heads as fast as they are
/// answered.
const HEADS_IN_A_TURN: u32 = 16;
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

const STAND_IN: &[u8] = b"GET / HTTP/1.1\r\nHost: refused\r\nConnection: close\r\n\r\n";
const STAND_IN_FOR_HEAD: &[u8] = b"HEAD / HTTP/1.1\r\nHost: refused\r\nConnection: close\r\n\r\n";

/// The buffer that all connections read into, one after the other, so that an idle connection holds none.
pub type Scratch = Rc<RefCell<Vec<u8>>>;

/// Makes the buffer for all connections of one reactor.
pub fn scratch() -> Scratch {
    Rc::new(RefCell::new(vec![0; READ]))
}

/// There is no room for the rest of a body, because the buffers of all clients are full.
#[derive(Clone, Copy, Debug, Error)]
#[error("there is no room for more of this request now: try again in a second")]
pub struct NoRoom;

/// The socket of one connection, and its position in the sequence of heads and bodies.
pub struct Intake {
    pub(super) socket: TcpStream,
    pub(super) scratch: Scratch,
    pub(super) handle: Handle,
    pub(super) state: Rc<ConnectionState>,
    /// Read from the socket, and not yet by hyper.
    pub(super) buffer: BytesMut,
    /// How many bytes of `buffer` hyper may read.
    released: usize,
    /// Looks for the end of the head that `buffer` begins with.
    search: Search,
    pub(super) next: Next,
    turn: Turn,
    /// Whether the client waits for a 100 before it sends the body of its request.
    expects_continue: bool,
    /// Whether hyper has bytes that the socket has not taken.
    pub(super) has_unwritten: bool,
    pub(super) is_at_eof: bool,
    pub(super) linger: Option<Timeout>,
}

/// What the connection has done since the reactor gave it a turn.
#[derive(Default)]
struct Turn {
    heads: u32,
    read: usize,
    written: usize,
}

/// What follows the bytes that have been released.
pub(super) enum Next {
    Head,
    /// That many bytes of a body.
    Body(u64),
    Chunks(Chunks),
    /// Bytes that will not be read, because a head was refused.
    Refused,
}

impl Intake {
    /// For an accepted socket.
    pub fn new(socket: TcpStream, handle: Handle, state: Rc<ConnectionState>, scratch: Scratch) -> Intake {
        Intake {
            scratch,
            socket,
            handle,
            state,
            buffer: BytesMut::new(),
            released: 0,
            search: Search::default(),
            next: Next::Head,
            turn: Turn::default(),
            expects_continue: false,
            has_unwritten: false,
            is_at_eof: false,
            linger: None,
        }
    }

    /// Sets the options of the socket. It works without them, too.
    pub fn prepare(&self, send_buffer: usize) {
        if let Err(error) = self.socket.set_nodelay(true) {
            debug!("cannot set TCP_NODELAY: {}", error);
        }
        if let Err(error) = self.socket.set_send_buffer_size(send_buffer) {
            debug!("cannot set SO_SNDBUF: {}", error);
        }
    }

    /// The reactor polls the connection's task.
    pub fn begin_turn(&mut self) {
        self.turn = Turn::default();
    }

    // ===== reading =====

    /// Ready with `true` when there are released bytes, with `false` when there will be none any more.
    pub fn poll_released(&mut self) -> Poll<bool, io::Error> {
        loop {
            let has_had_its_share = self.turn.heads >= HEADS_IN_A_TURN || self.turn.read >= READ_IN_A_TURN;
            if self.released == 0 && !has_had_its_share {
                self.advance()?;
            }
            if self.released > 0 {
                return Ok(Async::Ready(true));
            }
            if let Next::Refused = self.next {
                return Ok(Async::Ready(false));
            }
            if self.is_at_eof && self.buffer.is_empty() {
                return Ok(Async::Ready(false));
            }
            if has_had_its_share {
                return yield_now();
            }
            try_ready!(self.fill());
        }
    }

    /// The number of bytes that hyper may read.
    pub fn released(&self) -> usize {
        self.released
    }

    /// Passes the first `length` of the released bytes to `sink`, and drops them.
    pub fn take(&mut self, length: usize, sink: &mut dyn FnMut(&[u8])) {
        sink(&self.buffer[..length]);
        self.released -= length;
        self.state.passes(length);
        if length == self.buffer.len() {
            self.buffer = BytesMut::new();
        } else {
            self.buffer.advance(length);
        }
    }

    /// Reads from the socket into the buffer, once. If there is no room for what was read, the request is refused.
    fn fill(&mut self) -> Poll<(), io::Error> {
        try_ready!(self.read_up_to(READ));
        if self.state.try_buffer(self.buffer.len(), FREE) {
            return Ok(Async::Ready(()));
        }
        match self.next {
            Next::Head => self.refuse(Rejection::no_room()),
            Next::Body(_) | Next::Chunks(_) => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, NoRoom));
            }
            Next::Refused => {}
        }
        Ok(Async::Ready(()))
    }

    pub(super) fn read_up_to(&mut self, most: usize) -> Poll<(), io::Error> {
        let mut scratch = self.scratch.borrow_mut();
        match self.socket.read(&mut scratch[..most]) {
            Ok(0) => self.is_at_eof = true,
            Ok(length) => {
                self.buffer.extend_from_slice(&scratch[..length]);
                self.turn.read += length;
            }
            Err(ref error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Async::NotReady),
            Err(error) => return Err(error),
        }
        Ok(Async::Ready(()))
    }

    /// Looks at the bytes that are not released yet, all of them, and releases those that may be.
    fn advance(&mut self) -> io::Result<()> {
        match self.next {
            Next::Refused => {}
            Next::Body(left) => {
                let length = left.min(self.buffer.len() as u64);
                self.released = length as usize;
                self.next = if length == left { Next::Head } else { Next::Body(left - length) };
            }
            Next::Chunks(ref mut chunks) => {
                let decoded = chunks.decode(&self.buffer);
                let Decoded { used, data, is_end } =
                    decoded.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
                let mut framed = framed(&data, is_end);
                self.released = framed.len();
                framed.extend_from_slice(&self.buffer[used..]);
                self.buffer = framed;
                if is_end {
                    self.next = Next::Head;
                }
            }
            // hyper reads the rest of one request before it gets the head of the next.
            Next::Head => self.advance_head(),
        }
        Ok(())
    }

    fn advance_head(&mut self) {
        if self.search.is_new() {
            self.buffer.advance(head::blank_lines(&self.buffer));
        }
        let first = match self.buffer.first() {
            Some(&first) => first,
            None => {
                self.buffer = BytesMut::new();
                self.state.try_buffer(0, FREE);
                return;
            }
        };
        let judged = match self.search.end_in(&self.buffer) {
            Some(end) if end <= head::MAX_HEAD => {
                head::check(&mut self.buffer[..end]).map(|head| (end, head))
            }
            _ if self.buffer.len() > head::MAX_HEAD => Err(head::too_large(&self.buffer)),
            _ if !head::can_begin_with(first) => Err(Rejection::malformed("this is not HTTP: is it https?")),
            _ if self.is_at_eof => {
                Err(Rejection::malformed("the request ended before its head was complete"))
            }
            // What came along with the last request has not been counted yet.
            _ if !self.state.try_buffer(self.buffer.len(), FREE) => Err(Rejection::no_room()),
            _ => return self.state.patience().head_begins(),
        };
        self.search = Search::default();
        self.state.head_arrives();
        self.turn.heads += 1;
        match judged {
            Ok((end, Head { framing, expects_continue })) => {
                self.released = end;
                self.expects_continue = expects_continue;
                self.next = match framing {
                    Framing::Length(0) => Next::Head,
                    Framing::Length(length) => Next::Body(length),
                    Framing::Chunked => Next::Chunks(Chunks::new()),
                };
            }
            Err(rejection) => self.refuse(rejection),
        }
    }

    /// Replaces the head in the buffer, and all that follows it, by a stand-in (see the top of this file).
    pub fn refuse(&mut self, rejection: Rejection) {
        self.search = Search::default();
        self.state.head_arrives();
        self.state.reject(rejection);
        let is_head = self.buffer.starts_with(b"HEAD ");
        let stand_in = if is_head { STAND_IN_FOR_HEAD } else { STAND_IN };
        self.buffer = BytesMut::from(stand_in);
        self.released = stand_in.len();
        self.next = Next::Refused;
    }

    /// Refuses a head that is not complete, if part of it has arrived. `true`: hyper has an answer to give.
    pub fn refuse_head(&mut self, rejection: Rejection) -> bool {
        let has_begun = self.is_between_requests() && !self.buffer.is_empty();
        if has_begun {
            self.refuse(rejection);
        }
        has_begun
    }

    /// Whether all bytes of the requests so far have been read by hyper.
    fn is_between_requests(&self) -> bool {
        match self.next {
            Next::Head => self.released == 0,
            Next::Body(_) | Next::Chunks(_) | Next::Refused => false,
        }
    }

    /// Ready when the client has closed the connection, or its half of it.
    ///
    /// hyper does not read while it waits for a response, so it would not notice. What arrives here is the beginning
    /// of the next request, and is kept, up to [`READ_AHEAD`]. A client that closes only its half cannot be told from
    /// one that is gone, and is treated as gone.
    pub fn poll_hang_up(&mut self) -> Poll<(), io::Error> {
        if !self.is_between_requests() {
            return Ok(Async::NotReady);
        }
        while !self.is_at_eof {
            if self.buffer.len() >= READ_AHEAD {
                return Ok(Async::NotReady);
            }
            let room = READ_AHEAD - self.buffer.len();
            try_ready!(self.read_up_to(room));
        }
        Ok(Async::Ready(()))
    }

    // ===== writing =====

    /// Writes to the socket, and notes whether the client takes what is written.
    pub fn poll_write<B: Buf>(&mut self, from: &mut B) -> Poll<usize, io::Error> {
        self.has_unwritten = true;
        if self.turn.written >= WRITTEN_IN_A_TURN {
            return yield_now();
        }
        let written = self.socket.write_buf(from)?;
        self.has_unwritten = from.has_remaining();
        match written {
            Async::Ready(length) => {
                self.turn.written += length;
                self.state.patience().takes(length, !self.has_unwritten);
            }
            Async::NotReady => {
                self.state.patience().blocks();
                self.state.holds_response();
            }
        }
        Ok(written)
    }

    /// Asks the client for the body that it has announced, if it waits to be asked (RFC 9110, section 10.1.1).
    ///
    /// hyper would ask for every body, before the request is looked at, so it does not get to see the expectation: see
    /// [`head::check`]. The bytes go to the socket directly. hyper has none of its own to write before them: it
    /// reads a head only when the answer before it has been written. Were it not so, the client would not be asked, and
    /// would send its body when it has waited long enough.
    pub fn send_continue(&mut self) {
        let is_expected = self.expects_continue && self.buffer.is_empty() && !self.has_unwritten;
        self.expects_continue = false;
        if is_expected {
            // A failure comes up again with the next read or write.
            let _ = self.socket.write(CONTINUE);
        }
    }
}
