//! The socket as hyper sees it: a [`Wire`]. What it does with the bytes is in [`super::line`]; the connection
//! has the same [`Line`] in its other hand.

use std::cell::{Cell, RefCell, RefMut};
use std::io::{self, Read, Write};
use std::rc::Rc;

use bytes::{Buf, BufMut, IntoBuf};
use futures::{Async, Poll};
use tokio_io::{AsyncRead, AsyncWrite};

use super::head::Rejection;
use super::line::Line;
use super::pace::{Pace, Timeouts};

/// What the service of a connection, and the connection itself, know from the wire.
pub struct WireState {
    rejection: RefCell<Option<Rejection>>,
    pace: RefCell<Pace>,
    first_head: Cell<bool>,
    is_draining: Cell<bool>,
    is_over: Cell<bool>,
}

impl WireState {
    /// Of a connection that was accepted just now.
    pub fn new(timeouts: Timeouts) -> WireState {
        WireState {
            rejection: RefCell::new(None),
            pace: RefCell::new(Pace::new(timeouts)),
            first_head: Cell::new(false),
            is_draining: Cell::new(false),
            is_over: Cell::new(false),
        }
    }

    /// How long the client may take for what it does now.
    pub fn pace(&self) -> RefMut<'_, Pace> {
        self.pace.borrow_mut()
    }

    /// If the request that hyper has just read is a stand-in: what to answer.
    pub fn take_rejection(&self) -> Option<Rejection> {
        self.rejection.borrow_mut().take()
    }

    /// The next request that hyper reads is a stand-in, to be answered with this.
    pub fn reject(&self, rejection: Rejection) {
        *self.rejection.borrow_mut() = Some(rejection);
    }

    /// A head was complete, good or bad.
    pub fn has_read_head(&self) {
        self.first_head.set(true);
        self.pace().head_ends();
    }

    /// Whether the connection is to end as soon as it can.
    pub fn is_draining(&self) -> bool {
        self.is_draining.get()
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

/// A line, shared with the connection: hyper's future owns what it reads from, and lets nobody reach in.
pub struct Wire(pub Rc<RefCell<Line>>);

impl Wire {
    /// Some of the bytes that hyper may have, at most so many. None: there will be nothing more.
    fn poll_take(&mut self, most: usize, to: &mut dyn FnMut(&[u8])) -> Poll<usize, io::Error> {
        let mut line = self.0.borrow_mut();
        match line.poll_released()? {
            Async::NotReady => Ok(Async::NotReady),
            Async::Ready(false) => Ok(Async::Ready(0)),
            Async::Ready(true) => {
                let length = most.min(line.released());
                line.take(length, to);
                Ok(Async::Ready(length))
            }
        }
    }
}

impl Read for Wire {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        match self.poll_take(to.len(), &mut |bytes| to[..bytes.len()].copy_from_slice(bytes))? {
            Async::NotReady => Err(io::ErrorKind::WouldBlock.into()),
            Async::Ready(length) => Ok(length),
        }
    }
}

impl AsyncRead for Wire {
    // hyper calls this one. The provided one would zero the whole of hyper's buffer first, each time.
    fn read_buf<B: BufMut>(&mut self, to: &mut B) -> Poll<usize, io::Error> {
        self.poll_take(to.remaining_mut(), &mut |bytes| to.put_slice(bytes))
    }
}

impl Write for Wire {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        match self.0.borrow_mut().write(&mut from.into_buf())? {
            Async::NotReady => Err(io::ErrorKind::WouldBlock.into()),
            Async::Ready(length) => Ok(length),
        }
    }

    /// A socket has nothing to flush.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncWrite for Wire {
    fn write_buf<B: Buf>(&mut self, from: &mut B) -> Poll<usize, io::Error> {
        self.0.borrow_mut().write(from)
    }

    fn shutdown(&mut self) -> Poll<(), io::Error> {
        self.0.borrow_mut().shutdown()
    }
}
