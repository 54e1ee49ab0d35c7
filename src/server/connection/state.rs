//! What the parts of one connection tell each other: its [`Intake`](super::intake), hyper's service, the access log,
//! and the `Connection` that owns them all.
//!
//! hyper owns the I/O object and the service and gives access to neither. So each of them has an `Rc` of this.

use std::cell::{Cell, RefCell, RefMut};

use super::head::Rejection;
use super::patience::{Patience, Timeouts};

/// The shared state of one connection. Lives on the reactor's thread.
pub struct ConnectionState {
    /// The answer to the stand-in that hyper is about to read, or has read. Written by `Intake` when it refuses a
    /// head, taken by `ConnectionService` with the request.
    rejection: RefCell<Option<Rejection>>,
    /// Written by `Intake` (heads begin and end, writes block and go on) and by the access log (a response is
    /// written). Read by `Connection`, which closes on late clients.
    patience: RefCell<Patience>,
    /// Whether a whole head has ever arrived. Written by `Intake`, read by `Connection`: hyper takes a connection
    /// that has sent nothing for a busy one.
    has_head: Cell<bool>,
    /// Whether the server is stopping. Written by `Connection`, read by `Intake`, which then waits for no half head.
    is_draining: Cell<bool>,
    /// Whether the connection has ended. Written by `Connection` when it is dropped, read by the access log: a
    /// response that is dropped after that was cut off.
    is_over: Cell<bool>,
}

impl ConnectionState {
    /// For a connection that was accepted now.
    pub fn new(timeouts: Timeouts) -> ConnectionState {
        ConnectionState {
            rejection: RefCell::new(None),
            patience: RefCell::new(Patience::new(timeouts)),
            has_head: Cell::new(false),
            is_draining: Cell::new(false),
            is_over: Cell::new(false),
        }
    }

    /// How long the client may take for what it does now.
    pub fn patience(&self) -> RefMut<'_, Patience> {
        self.patience.borrow_mut()
    }

    /// The answer to the request that hyper has just read, if that request is a stand-in.
    pub fn take_rejection(&self) -> Option<Rejection> {
        self.rejection.borrow_mut().take()
    }

    /// The next request that hyper reads is a stand-in, and this is its answer.
    pub fn reject(&self, rejection: Rejection) {
        *self.rejection.borrow_mut() = Some(rejection);
    }

    /// A whole head has arrived, good or bad.
    pub fn has_read_head(&self) {
        self.has_head.set(true);
        self.patience().head_ends();
    }

    /// Whether a whole head has ever arrived.
    pub fn has_head(&self) -> bool {
        self.has_head.get()
    }

    /// Whether the server is stopping.
    pub fn is_draining(&self) -> bool {
        self.is_draining.get()
    }

    /// The server is stopping.
    pub fn drain(&self) {
        self.is_draining.set(true);
    }

    /// Whether the connection has ended. What has not been written by then never will be.
    pub fn is_over(&self) -> bool {
        self.is_over.get()
    }

    /// The connection ends here.
    pub fn end(&self) {
        self.is_over.set(true);
    }
}
