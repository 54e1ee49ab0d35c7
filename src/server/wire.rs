//! The socket as hyper sees it: a [`Wire`], which follows where heads and bodies begin and end.
//!
//! Three things that hyper 0.11 does not do happen here. A head is held back until it is complete and
//! [`head::check`]ed; one that is refused is replaced by a small head that hyper takes, and the service
//! answers that one with the [`Rejection`], so that the client gets a sentence, in its turn, and the log a
//! line. A chunked body is followed by [`Chunks`]. And a connection that is closed while its client still
//! sends is closed gently: see [`Wire::shutdown`].

use std::cell::{Cell, RefCell};
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::rc::Rc;
use std::time::Duration;

use bytes::{Buf, BufMut, BytesMut};
use futures::task;
use futures::{Async, Future, Poll};
use tokio_core::net::TcpStream;
use tokio_core::reactor::{Handle, Timeout};
use tokio_io::{AsyncRead, AsyncWrite};

use super::chunks::Chunks;
use super::head::{self, Framing, Rejection, Search};

/// How long a client that is still sending may go on after it was answered and before it is cut off.
const LINGER: Duration = Duration::from_secs(2);
/// Bytes read from the socket at once.
const READ: usize = 16 << 10;
/// Reads of a lingering socket in a row before the other connections get their turn.
const READS_IN_A_ROW: usize = 16;
/// Requests of one connection in a row before the other connections get their turn: hyper goes on for as long
/// as there is a head to read, and a client can send heads as fast as they are answered.
const HEADS_IN_A_ROW: u32 = 16;
/// What hyper gets to see in place of a head that was refused. A HEAD has an answer without a body, even if
/// the rest of it is nonsense.
const STAND_IN: &[u8] = b"GET / HTTP/1.1\r\nHost: refused\r\nConnection: close\r\n\r\n";
const STAND_IN_FOR_HEAD: &[u8] = b"HEAD / HTTP/1.1\r\nHost: refused\r\nConnection: close\r\n\r\n";

/// What the service of a connection, and the connection itself, know from the wire.
#[derive(Default)]
pub struct WireState {
    rejection: RefCell<Option<Rejection>>,
    first_head: Cell<bool>,
    is_draining: Cell<bool>,
    is_over: Cell<bool>,
}

impl WireState {
    /// If the request that hyper has just read is a stand-in: what to answer.
    pub fn take_rejection(&self) -> Option<Rejection> {
        self.rejection.borrow_mut().take()
    }

    /// From now on the connection is to end as soon as it can.
    pub fn drain(&self) {
        self.is_draining.set(true);
    }

    /// From now on nothing is written any more.
    pub fn end(&self) {
        self.is_over.set(true);
    }

    /// Whether the connection has ended. What has not been written by then never will be.
    pub fn is_over(&self) -> bool {
        self.is_over.get()
    }

    /// Whether any head has been complete yet.
    pub fn has_head(&self) -> bool {
        self.first_head.get()
    }
}

/// A socket, and where in the stream of requests it is.
pub struct Wire {
    socket: TcpStream,
    handle: Handle,
    state: Rc<WireState>,
    /// Read from the socket and not yet by hyper.
    buffer: BytesMut,
    /// How many bytes of `buffer` hyper may have.
    released: usize,
    /// For the end of the head that `buffer` begins with.
    search: Search,
    next: Next,
    heads_in_a_row: u32,
    is_at_eof: bool,
    linger: Option<Timeout>,
}

/// What comes after the bytes that have been released.
enum Next {
    Head,
    Body(u64),
    Chunks(Chunks),
    /// Nothing that anybody will read.
    Refused,
}

impl Wire {
    /// Wraps an accepted socket.
    pub fn new(socket: TcpStream, handle: Handle, state: Rc<WireState>) -> Wire {
        Wire {
            socket,
            handle,
            state,
            buffer: BytesMut::new(),
            released: 0,
            search: Search::default(),
            next: Next::Head,
            heads_in_a_row: 0,
            is_at_eof: false,
            linger: None,
        }
    }

    /// Looks at the bytes that are not released yet, and releases what can be.
    fn advance(&mut self) -> io::Result<()> {
        let unseen = self.buffer.len() - self.released;
        match self.next {
            Next::Refused => {}
            Next::Body(left) => {
                let length = left.min(unseen as u64);
                self.released += length as usize;
                self.next = if length == left { Next::Head } else { Next::Body(left - length) };
            }
            Next::Chunks(ref mut chunks) => {
                let body = chunks.follow(&self.buffer[self.released..]);
                let length = body.map_err(|sentence| io::Error::new(io::ErrorKind::InvalidData, sentence))?;
                self.released += length;
                if chunks.is_end() {
                    self.next = Next::Head;
                }
            }
            Next::Head if self.released == 0 => self.advance_head(),
            // First things first: hyper reads what it has before it gets another head.
            Next::Head => {}
        }
        Ok(())
    }

    fn advance_head(&mut self) {
        if self.search.is_new() {
            self.buffer.advance(head::blank_lines(&self.buffer));
        }
        let first = match self.buffer.first() {
            Some(&first) => first,
            None => return,
        };
        let judged = match self.search.end_in(&self.buffer) {
            Some(end) if end <= head::MAX_HEAD => {
                head::check(&self.buffer[..end]).map(|framing| (end, framing))
            }
            _ if self.buffer.len() > head::MAX_HEAD => Err(head::too_large(&self.buffer)),
            _ if !head::can_begin_with(first) => Err(Rejection::malformed("this is not HTTP: is it https?")),
            _ if self.is_at_eof => {
                Err(Rejection::malformed("the request ended before its head was complete"))
            }
            _ => return,
        };
        self.search = Search::default();
        self.state.first_head.set(true);
        self.heads_in_a_row += 1;
        match judged {
            Ok((end, framing)) => {
                self.released = end;
                self.next = match framing {
                    Framing::Length(0) => Next::Head,
                    Framing::Length(length) => Next::Body(length),
                    Framing::Chunked { word } => {
                        self.buffer[word..word + "chunked".len()].make_ascii_lowercase();
                        Next::Chunks(Chunks::new())
                    }
                };
            }
            Err(rejection) => {
                *self.state.rejection.borrow_mut() = Some(rejection);
                let is_head = self.buffer.starts_with(b"HEAD ");
                let stand_in = if is_head { STAND_IN_FOR_HEAD } else { STAND_IN };
                self.buffer = BytesMut::from(stand_in);
                self.released = stand_in.len();
                self.next = Next::Refused;
            }
        }
    }

    /// Reads from the socket into the buffer.
    fn fill(&mut self) -> Poll<(), io::Error> {
        self.buffer.reserve(READ);
        match AsyncRead::read_buf(&mut self.socket, &mut self.buffer)? {
            Async::NotReady => {
                self.heads_in_a_row = 0;
                return Ok(Async::NotReady);
            }
            Async::Ready(0) => self.is_at_eof = true,
            Async::Ready(_) => {}
        }
        Ok(Async::Ready(()))
    }

    /// Until there is something that hyper may have. `false`: there will be nothing more.
    fn poll_released(&mut self) -> Poll<bool, io::Error> {
        if self.released == 0 && self.heads_in_a_row >= HEADS_IN_A_ROW {
            self.heads_in_a_row = 0;
            // Come again at once, but after the others.
            task::current().notify();
            return Ok(Async::NotReady);
        }
        loop {
            if self.released == 0 {
                self.advance()?;
            }
            if self.released > 0 {
                return Ok(Async::Ready(true));
            }
            if self.is_at_eof {
                return Ok(Async::Ready(false));
            }
            if let Next::Refused = self.next {
                return Ok(Async::Ready(false));
            }
            match self.fill()? {
                Async::Ready(()) => {}
                Async::NotReady => return Ok(Async::NotReady),
            }
        }
    }

    /// Whether the client may still be sending something that nobody will read.
    fn is_cut_short(&self) -> bool {
        let is_between_requests = match self.next {
            // While the server drains, half a head is nothing to wait for.
            Next::Head => self.buffer.is_empty() || self.state.is_draining.get(),
            _ => false,
        };
        !self.is_at_eof && !is_between_requests
    }

    /// Throws away what the client sends, until it stops or the time is over.
    fn poll_linger(&mut self) -> Poll<(), io::Error> {
        let mut discarded = [0; READ];
        for _ in 0..READS_IN_A_ROW {
            match self.socket.read(&mut discarded) {
                Ok(0) => return Ok(Async::Ready(())),
                Ok(_) => {}
                Err(ref error) if error.kind() == io::ErrorKind::WouldBlock => {
                    // To create a `Timeout` does nothing; to poll it is what makes it wake this task.
                    return match self.linger {
                        Some(ref mut timeout) => timeout.poll(),
                        None => Ok(Async::Ready(())),
                    };
                }
                Err(error) => return Err(error),
            }
        }
        // There is more at once. The others first; but not for longer than there is time.
        let is_over = match self.linger {
            Some(ref mut timeout) => timeout.poll()?.is_ready(),
            None => true,
        };
        if is_over {
            return Ok(Async::Ready(()));
        }
        task::current().notify();
        Ok(Async::NotReady)
    }
}

impl Read for Wire {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        match self.poll_released()? {
            Async::NotReady => Err(io::ErrorKind::WouldBlock.into()),
            Async::Ready(false) => Ok(0),
            Async::Ready(true) => {
                let length = to.len().min(self.released);
                to[..length].copy_from_slice(&self.buffer.split_to(length));
                self.released -= length;
                Ok(length)
            }
        }
    }
}

impl AsyncRead for Wire {
    // hyper calls this one. The provided one would zero the whole of hyper's buffer first, each time.
    fn read_buf<B: BufMut>(&mut self, to: &mut B) -> Poll<usize, io::Error> {
        match self.poll_released()? {
            Async::NotReady => Ok(Async::NotReady),
            Async::Ready(false) => Ok(Async::Ready(0)),
            Async::Ready(true) => {
                let length = to.remaining_mut().min(self.released);
                to.put_slice(&self.buffer.split_to(length));
                self.released -= length;
                Ok(Async::Ready(length))
            }
        }
    }
}

impl Write for Wire {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        self.socket.write(from)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

impl AsyncWrite for Wire {
    fn write_buf<B: Buf>(&mut self, from: &mut B) -> Poll<usize, io::Error> {
        self.socket.write_buf(from)
    }

    /// Closes the connection gently. A socket that is closed while there are bytes to read is reset, and a
    /// reset can overtake the answer on its way: the client that sends too much would learn of an error of
    /// its network instead of a 413. So our half is closed first, and what comes is thrown away for a while.
    fn shutdown(&mut self) -> Poll<(), io::Error> {
        if !self.is_cut_short() {
            return Ok(Async::Ready(()));
        }
        if self.linger.is_none() {
            self.socket.shutdown(Shutdown::Write)?;
            self.linger = Some(Timeout::new(LINGER, &self.handle)?);
        }
        self.poll_linger()
    }
}
