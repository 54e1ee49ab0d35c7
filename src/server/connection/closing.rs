//! Closes a connection gently: the end of an [`Intake`].
//!
//! hyper 0.11 closes a socket that has unread bytes, which resets it, and the reset can overtake the last answer.

use std::io::{self, Read};
use std::net::Shutdown;
use std::time::Duration;

use bytes::BytesMut;
use futures::{Async, Future, Poll};
use tokio_core::reactor::Timeout;

use super::intake::{Intake, Next, READ, READ_AHEAD};
use server::future_ext::yield_now;

/// How long a client may go on sending after its last answer before the connection is closed.
const LINGER: Duration = Duration::from_secs(2);
/// Reads that discard what a client still sends, before the other connections get a turn.
const DISCARDED_IN_A_TURN: usize = 16;

impl Intake {
    /// Closes the connection gently.
    ///
    /// A socket that is closed while it holds unread bytes is reset, and the reset can overtake the answer: a client
    /// that sends too much would see a network error instead of a 413. So our half is closed first, and what the
    /// client still sends is read and discarded, for [`LINGER`] at most.
    pub fn poll_shutdown(&mut self) -> Poll<(), io::Error> {
        // Pitfall: hyper 0.11 calls this before it has flushed, if the body of the request was dropped. Pinned by
        // `a_get_with_a_body_gets_all_of_a_large_picture` in `tests/limits.rs`.
        if self.has_unwritten {
            return Ok(Async::NotReady);
        }
        if self.linger.is_none() {
            self.state.patience().closes();
            // What the kernel still holds would turn the close into a reset.
            while !self.is_at_eof && self.buffer.len() < READ_AHEAD && self.read_up_to(READ)?.is_ready() {}
            if !self.is_cut_short() {
                return Ok(Async::Ready(()));
            }
            self.buffer = BytesMut::new();
            self.socket.shutdown(Shutdown::Write)?;
            self.linger = Some(Timeout::new(LINGER, &self.handle)?);
        }
        // A connection whose place is needed does not wait for its client.
        if self.state.makes_room() {
            return Ok(Async::Ready(()));
        }
        self.poll_linger()
    }

    /// Whether the client may still be sending bytes that will not be read.
    fn is_cut_short(&self) -> bool {
        let is_complete = match self.next {
            // While the server drains, half a head is not waited for.
            Next::Head => {
                self.buffer.is_empty() || self.state.is_draining() && self.buffer.len() < READ_AHEAD
            }
            Next::Body(_) | Next::Chunks(_) | Next::Refused => false,
        };
        !self.is_at_eof && !is_complete
    }

    /// Discards what the client sends, until it closes its half or the time is up.
    fn poll_linger(&mut self) -> Poll<(), io::Error> {
        // The timer is polled first: that is what registers the task with it.
        let is_up = match self.linger {
            Some(ref mut timeout) => timeout.poll()?.is_ready(),
            None => true,
        };
        if is_up {
            return Ok(Async::Ready(()));
        }
        let mut discarded = self.scratch.borrow_mut();
        for _ in 0..DISCARDED_IN_A_TURN {
            if try_nb!(self.socket.read(&mut discarded[..])) == 0 {
                return Ok(Async::Ready(()));
            }
        }
        yield_now()
    }

    /// Makes the close of the socket a reset, which also discards what the kernel holds for a client that does not
    /// read.
    pub fn reset_on_close(&self) {
        if let Err(error) = self.socket.set_linger(Some(Duration::from_secs(0))) {
            debug!("cannot reset a connection: {}", error);
        }
    }
}
