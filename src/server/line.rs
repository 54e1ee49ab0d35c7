//! The bytes of a connection: where heads and bodies begin and end, and how it is closed.
//!
//! A head is held back until it is complete and [`head::check`]ed; one that is refused is replaced by a small
//! head that hyper takes, and the service answers that one with the [`Rejection`], so that the client gets a
//! sentence, in its turn, and the log a line. A chunked body is followed by [`Chunks`]. A connection that is
//! closed while its client still sends is closed gently: see [`Line::shutdown`].

use std::cell::RefCell;
use std::io::{self, Read};
use std::net::Shutdown;
use std::rc::Rc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use futures::task;
use futures::{Async, Future, Poll};
use tokio_core::net::TcpStream;
use tokio_core::reactor::{Handle, Timeout};
use tokio_io::AsyncWrite;

use super::chunks::Chunks;
use super::head::{self, Framing, Rejection, Search};
use super::wire::WireState;

/// How long a client that is still sending may go on after it was answered and before it is cut off.
const LINGER: Duration = Duration::from_secs(2);
/// Bytes read from a socket at once.
const READ: usize = 16 << 10;
/// Bytes of later requests that are read while one is answered.
const READ_AHEAD: usize = 16 << 10;
/// Reads of a socket in a row before the other connections get their turn.
const READS_IN_A_ROW: usize = 16;
/// Requests of one connection in a row before the other connections get their turn: hyper goes on for as long
/// as there is a head to read, and a client can send heads as fast as they are answered.
const HEADS_IN_A_ROW: u32 = 16;
/// What hyper gets to see in place of a head that was refused. A HEAD has an answer without a body, even if
/// the rest of it is nonsense.
const STAND_IN: &[u8] = b"GET / HTTP/1.1\r\nHost: refused\r\nConnection: close\r\n\r\n";
const STAND_IN_FOR_HEAD: &[u8] = b"HEAD / HTTP/1.1\r\nHost: refused\r\nConnection: close\r\n\r\n";

/// Where bytes are read to before they go to the buffer of their connection.
pub type Scratch = Rc<RefCell<Vec<u8>>>;

/// One for all connections of a reactor.
pub fn scratch() -> Scratch {
    Rc::new(RefCell::new(vec![0; READ]))
}

/// A socket, and where in the stream of requests it is.
pub struct Line {
    socket: TcpStream,
    /// What all connections read into, one after the other: an idle one must not hold a buffer.
    scratch: Scratch,
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

impl Line {
    /// Of an accepted socket.
    pub fn new(socket: TcpStream, handle: Handle, state: Rc<WireState>, scratch: Scratch) -> Line {
        Line {
            scratch,
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
            _ => return self.state.pace().head_begins(),
        };
        self.search = Search::default();
        self.state.has_read_head();
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
            Err(rejection) => self.refuse(rejection),
        }
    }

    /// Puts a head that hyper takes in the place of what there is.
    fn refuse(&mut self, rejection: Rejection) {
        self.search = Search::default();
        self.state.has_read_head();
        self.state.reject(rejection);
        let is_head = self.buffer.starts_with(b"HEAD ");
        let stand_in = if is_head { STAND_IN_FOR_HEAD } else { STAND_IN };
        self.buffer = BytesMut::from(stand_in);
        self.released = stand_in.len();
        self.next = Next::Refused;
    }

    /// Reads from the socket into the buffer.
    fn fill(&mut self) -> Poll<(), io::Error> {
        let mut scratch = self.scratch.borrow_mut();
        match self.socket.read(&mut scratch[..]) {
            Ok(0) => self.is_at_eof = true,
            Ok(length) => self.buffer.extend_from_slice(&scratch[..length]),
            Err(ref error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.heads_in_a_row = 0;
                return Ok(Async::NotReady);
            }
            Err(error) => return Err(error),
        }
        Ok(Async::Ready(()))
    }

    /// Until there is something that hyper may have. `false`: there will be nothing more.
    pub fn poll_released(&mut self) -> Poll<bool, io::Error> {
        if self.released == 0 && self.heads_in_a_row >= HEADS_IN_A_ROW {
            self.heads_in_a_row = 0;
            // Come again at once, but after the others.
            task::current().notify();
            return Ok(Async::NotReady);
        }
        // Blank lines before a head are nothing, however many of them come: the others get their turn.
        for _ in 0..READS_IN_A_ROW {
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
        task::current().notify();
        Ok(Async::NotReady)
    }

    /// Lets hyper have the first of the released bytes, which are gone then.
    pub fn take(&mut self, length: usize, to: &mut dyn FnMut(&[u8])) {
        to(&self.buffer[..length]);
        self.released -= length;
        if length == self.buffer.len() {
            self.buffer = BytesMut::new();
        } else {
            self.buffer.advance(length);
        }
    }

    /// How many bytes hyper may take.
    pub fn released(&self) -> usize {
        self.released
    }

    /// Whether the client is gone: it has closed the connection, or its side of it. Reads on while a request is
    /// answered, which hyper does not; what comes is the beginning of the next request, and kept, up to
    /// [`READ_AHEAD`].
    ///
    /// A client that only ends its side looks the same as one that is gone, and is taken for it.
    pub fn poll_hang_up(&mut self) -> Poll<(), io::Error> {
        let is_between_requests = match self.next {
            Next::Head => self.released == 0,
            _ => false,
        };
        while is_between_requests && !self.is_at_eof {
            if self.buffer.len() >= READ_AHEAD {
                return Ok(Async::NotReady);
            }
            match self.fill()? {
                Async::Ready(()) => {}
                Async::NotReady => return Ok(Async::NotReady),
            }
        }
        Ok(if is_between_requests { Async::Ready(()) } else { Async::NotReady })
    }

    /// Refuses a head that takes too long, if there is any of it: hyper will have an answer to give then.
    pub fn refuse_late_head(&mut self) -> bool {
        let has_begun = match self.next {
            Next::Head => self.released == 0 && !self.buffer.is_empty(),
            _ => false,
        };
        if has_begun {
            self.refuse(Rejection::late());
        }
        has_begun
    }

    /// Ends the connection with a reset, and with it what the kernel holds for a client that does not read.
    pub fn reset(&self) {
        if let Err(error) = self.socket.set_linger(Some(Duration::from_secs(0))) {
            debug!("cannot reset a connection: {}", error);
        }
    }

    /// Whether the client may still be sending something that nobody will read.
    fn is_cut_short(&self) -> bool {
        let is_between_requests = match self.next {
            // While the server drains, half a head is nothing to wait for.
            Next::Head => {
                self.buffer.is_empty() || self.state.is_draining() && self.buffer.len() < READ_AHEAD
            }
            _ => false,
        };
        !self.is_at_eof && !is_between_requests
    }

    /// Throws away what the client sends, until it stops or the time is over.
    fn poll_linger(&mut self) -> Poll<(), io::Error> {
        let mut discarded = self.scratch.borrow_mut();
        for _ in 0..READS_IN_A_ROW {
            match self.socket.read(&mut discarded[..]) {
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

    /// Closes the connection gently. A socket that is closed while there are bytes to read is reset, and a
    /// reset can overtake the answer on its way: the client that sends too much would learn of an error of
    /// its network instead of a 413. So our half is closed first, and what comes is thrown away for a while.
    pub fn shutdown(&mut self) -> Poll<(), io::Error> {
        // Pitfall: hyper 0.11 asks before it has flushed, if the body of the request was dropped. Pinned by
        // `a_get_with_a_body_gets_all_of_a_large_picture` in `tests/limits.rs`.
        if self.state.pace().is_blocked() {
            return Ok(Async::NotReady);
        }
        if self.linger.is_none() {
            self.state.pace().ends();
            // What the kernel still holds would turn the close into a reset.
            while !self.is_at_eof && self.buffer.len() < READ_AHEAD && self.fill()?.is_ready() {}
        }
        if !self.is_cut_short() {
            return Ok(Async::Ready(()));
        }
        if self.linger.is_none() {
            self.socket.shutdown(Shutdown::Write)?;
            self.linger = Some(Timeout::new(LINGER, &self.handle)?);
        }
        self.poll_linger()
    }

    /// Gives bytes to the socket.
    pub fn write<B: Buf>(&mut self, from: &mut B) -> Poll<usize, io::Error> {
        let written = self.socket.write_buf(from)?;
        match written {
            Async::Ready(length) => self.state.pace().takes(length, !from.has_remaining()),
            Async::NotReady => self.state.pace().blocks(),
        }
        Ok(written)
    }
}
