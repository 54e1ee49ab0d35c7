//! Implements `AsyncRead` and `AsyncWrite` for hyper, over the connection's [`Intake`].
//!
//! hyper 0.11 reads and writes whatever implements these two traits, so what it lacks (a strict judge of heads,
//! timeouts, a gentle close) goes in between. hyper owns its I/O object and gives no access to it, so `Connection`
//! shares the `Intake` behind it through an `Rc<RefCell<_>>`.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::rc::Rc;

use bytes::{Buf, BufMut, IntoBuf};
use futures::{Async, Poll};
use tokio_io::{AsyncRead, AsyncWrite};

use super::intake::Intake;

/// hyper's end of a connection.
pub struct HyperIo(pub Rc<RefCell<Intake>>);

impl HyperIo {
    /// Passes up to `limit` of the released bytes to `sink` and returns how many; 0 at the end of the input.
    fn poll_take(&mut self, limit: usize, sink: &mut dyn FnMut(&[u8])) -> Poll<usize, io::Error> {
        let mut intake = self.0.borrow_mut();
        if !try_ready!(intake.poll_released()) {
            return Ok(Async::Ready(0));
        }
        let length = limit.min(intake.released());
        intake.take(length, sink);
        Ok(Async::Ready(length))
    }
}

/// What `Read` and `Write` return for a poll: `NotReady` is the error `WouldBlock` there.
fn or_would_block(poll: Poll<usize, io::Error>) -> io::Result<usize> {
    match poll? {
        Async::Ready(length) => Ok(length),
        Async::NotReady => Err(io::ErrorKind::WouldBlock.into()),
    }
}

impl Read for HyperIo {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        or_would_block(self.poll_take(to.len(), &mut |bytes| to[..bytes.len()].copy_from_slice(bytes)))
    }
}

impl AsyncRead for HyperIo {
    // hyper calls this one. The provided implementation would zero all of hyper's buffer before each read.
    fn read_buf<B: BufMut>(&mut self, to: &mut B) -> Poll<usize, io::Error> {
        self.poll_take(to.remaining_mut(), &mut |bytes| to.put_slice(bytes))
    }
}

impl Write for HyperIo {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        or_would_block(self.0.borrow_mut().poll_write(&mut from.into_buf()))
    }

    /// Does nothing: a socket has no buffer of ours to flush.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncWrite for HyperIo {
    fn write_buf<B: Buf>(&mut self, from: &mut B) -> Poll<usize, io::Error> {
        self.0.borrow_mut().poll_write(from)
    }

    fn shutdown(&mut self) -> Poll<(), io::Error> {
        self.0.borrow_mut().poll_shutdown()
    }
}
