//! What the parts of one connection tell each other: its [`Intake`](super::intake), hyper's service, the access log,
//! and the `Connection` that owns them all.
//!
//! hyper owns the I/O object and the service and gives access to neither. So each of them has an `Rc` of this.

use std::cell::{Cell, RefCell, RefMut};
use std::time::Instant;

use bytes::Bytes;
use futures::task::{self, Task};

use super::clock::Clock;
use super::patience::{Patience, Timeouts};
use super::rejection::Rejection;
use server::budget::Lease;
use server::client::Client;

/// A larger head costs its connection. Hardly any is larger, but for queries with many long captions.
const LARGE_HEAD: usize = 16 << 10;

/// What is lost with a connection that asks for nothing. The least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// No request has begun.
    Nothing,
    /// Part of a head.
    HalfHead,
    /// It has not been polled yet, and its request may be in the kernel.
    Unknown,
}

/// The shared state of one connection. Lives on the reactor's thread.
pub struct ConnectionState {
    /// The answer to the stand-in that hyper is about to read, or has read. Written by `Intake` when it refuses a
    /// head, taken by `ConnectionService` with the request.
    rejection: RefCell<Option<Rejection>>,
    /// Written by `Intake` (heads begin and end, writes block and go on) and by the access log (a response is
    /// written). Read by `Connection`, which closes on late clients.
    patience: RefCell<Patience>,
    /// The bytes of the current request, beyond those that every connection has, and of a response that the client is slow
    /// to read. Written by `Intake`, given back by the access log when the answer is written.
    lease: Lease,
    /// Bytes of the current request that hyper has taken. Written by `Intake`, set to zero with the answer.
    passed: Cell<usize>,
    /// The body of the response to the current request. Written by the service, emptied when it is written.
    response: RefCell<Bytes>,
    /// Whether a whole head has ever arrived. Written by `Intake`, read by `Connection`: hyper takes a connection
    /// that has sent nothing for a busy one.
    has_head: Cell<bool>,
    /// Whether the current request waits for a drawing. Written by its page, set to false when there is an answer. Read by
    /// `Connection`, which gives up the drawing if the client is gone.
    is_drawing: Cell<bool>,
    /// Whether the connection is to end because another needs its place. Written by `Slots`, read by `Connection`.
    makes_room: Cell<bool>,
    /// The connection's task, to be notified of that. Written once by `Connection`.
    task: RefCell<Option<Task>>,
    /// Whether the server is stopping. Written by `Connection`, read by `Intake`, which then waits for no half head.
    is_draining: Cell<bool>,
    /// Whether the connection has ended. Written by `Connection` when it is dropped, read by the access log: a
    /// response that is dropped after that was cut off.
    is_over: Cell<bool>,
}

impl ConnectionState {
    /// For a connection that was accepted now. `lease` is one of no bytes.
    pub fn new(timeouts: Timeouts, clock: Clock, lease: Lease) -> ConnectionState {
        ConnectionState {
            rejection: RefCell::new(None),
            patience: RefCell::new(Patience::new(timeouts, clock)),
            lease,
            passed: Cell::new(0),
            response: RefCell::new(Bytes::new()),
            has_head: Cell::new(false),
            is_drawing: Cell::new(false),
            makes_room: Cell::new(false),
            task: RefCell::new(None),
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
    pub fn head_arrives(&self) {
        self.has_head.set(true);
        self.patience().head_ends();
    }

    /// Whether a whole head has ever arrived.
    pub fn has_head(&self) -> bool {
        self.has_head.get()
    }

    /// Leases room for so many buffered bytes, beside those that hyper has. The first `free` cost nothing. `false` if
    /// there is no room for them.
    pub fn try_buffer(&self, buffered: usize, free: usize) -> bool {
        self.lease.try_set((self.passed.get() + buffered).saturating_sub(free))
    }

    /// Whose request the current one is: behind proxies only its head says that.
    pub fn is_of(&self, client: Client) {
        self.lease.move_to(client);
    }

    /// Whether the head of the current request was so large that the connection is to end with it.
    ///
    /// Pitfall: hyper's buffer grows with a head and never shrinks, so that an idle connection would keep it. Pinned by
    /// `a_connection_with_a_large_head_is_not_kept` in `tests/sharing.rs`.
    pub fn has_large_head(&self) -> bool {
        self.passed.get() > LARGE_HEAD
    }

    /// hyper has taken so many bytes.
    pub fn passes(&self, bytes: usize) {
        self.passed.set(self.passed.get() + bytes);
    }

    /// The current request waits for a drawing.
    pub fn draws(&self) {
        self.is_drawing.set(true);
    }

    /// Whether it does.
    pub fn is_drawing(&self) -> bool {
        self.is_drawing.get()
    }

    /// The current request has its answer, which is not written yet.
    pub fn answers_with(&self, body: Bytes) {
        self.is_drawing.set(false);
        *self.response.borrow_mut() = body;
    }

    /// The client does not take the response as fast as it is written, so its bytes stay in memory, in the name of that
    /// client: wherever the picture comes from, it outlives the cache.
    pub fn holds_response(&self) {
        self.lease.set(self.passed.get());
        self.lease.hold(&self.response.borrow());
    }

    /// All of the response has been given to the socket.
    pub fn answered(&self) {
        self.patience().answered();
        self.is_drawing.set(false);
        self.passed.set(0);
        *self.response.borrow_mut() = Bytes::new();
        self.lease.release();
    }

    /// If hardly anything would be lost with the connection: how much, and since when it waits. `None` while a request is
    /// answered, and once it has been asked to end.
    pub fn idle(&self) -> Option<(Loss, Instant)> {
        if self.makes_room.get() {
            return None;
        }
        let (has_begun, since) = self.patience.borrow().idle()?;
        let loss = match has_begun {
            _ if self.task.borrow().is_none() => Loss::Unknown,
            true => Loss::HalfHead,
            false => Loss::Nothing,
        };
        Some((loss, since))
    }

    /// Asks the connection to end, because another needs its place.
    pub fn make_room(&self) {
        self.makes_room.set(true);
        if let Some(ref task) = *self.task.borrow() {
            task.notify();
        }
    }

    /// Whether it has been asked to.
    pub fn makes_room(&self) -> bool {
        self.makes_room.get()
    }

    /// Keeps a handle of the current task, the connection's, unless that is done already.
    pub fn keep_task(&self) {
        self.task.borrow_mut().get_or_insert_with(task::current);
    }

    /// Has the connection polled, as a timer does that has come.
    #[cfg(test)]
    pub fn wake(&self) {
        if let Some(ref task) = *self.task.borrow() {
            task.notify();
        }
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
