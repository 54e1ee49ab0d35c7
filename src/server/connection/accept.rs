//! Accepts connections: the listener, the loop, and what is left to serve when the loop ends.

use std::io;
use std::net::{self, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use futures::{Async, Future, Poll, Stream};
use net2::TcpBuilder;
use tokio_core::net::{Incoming, TcpStream};
use tokio_core::reactor::{Handle, Timeout};

use super::drain::{Drain, Watch};
use super::intake::{self, Scratch};
use super::slots::Look;
use super::{refuse, serve, Resources};
use server::app::App;
use server::client::Client;
use server::future_ext::yield_now;
use server::numbers::counters::count;

/// Connections that may wait to be accepted. The kernel's own limit (`somaxconn`) may be lower.
const BACKLOG: i32 = 4096;

/// How long to wait after an accept that failed for want of descriptors or memory, until some are free.
const PAUSE: Duration = Duration::from_millis(50);

/// How long a connection for which there is no slot waits until idle ones are looked for again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Connections accepted in a row before those that are open get a turn. Each takes some tens of microseconds.
const ACCEPTS_IN_A_ROW: u32 = 4;

/// Listens on an address that no other process listens on.
///
/// Pitfall: hyper's own `bind` sets SO_REUSEPORT. A second server would start without an error and get half of the
/// connections.
///
/// # Errors
/// If the address is in use, not of this machine, or needs privileges.
pub fn listen(address: &SocketAddr) -> io::Result<net::TcpListener> {
    let builder = if address.is_ipv4() { TcpBuilder::new_v4() } else { TcpBuilder::new_v6() }?;
    // Lets a server start again while connections of the last one are in TIME_WAIT. On Windows the option means
    // what SO_REUSEPORT means here.
    if cfg!(unix) {
        builder.reuse_address(true)?;
    }
    builder.bind(address)?.listen(BACKLOG)
}

/// Accepts connections for ever, and spawns a task on the reactor for each. Dropping it ends the accepting.
///
/// A future written by hand. As a chain it would be a `loop_fn` over the `Incoming`, with a future to wait for a
/// connection, another for a slot, a third for the pause, and a box to give them one type; each turn would move the
/// state through all of them. Here it is a struct with a `poll` that goes on until something is not ready:
///
/// 1. the pause after an error of ours is over,
/// 2. a connection is there. An error of a single connection is skipped; `for_each` would end at it,
/// 3. a slot is free for its client. Only an accepted connection says whose it is, so it is accepted first, and waits
///    here. Meanwhile no other one is accepted.
pub struct Accept {
    incoming: Incoming,
    app: Rc<App>,
    handle: Handle,
    watch: Watch,
    scratch: Scratch,
    pause: Option<Timeout>,
    waiting: Option<Waiting>,
}

/// A connection that has no slot yet.
struct Waiting {
    socket: TcpStream,
    peer: SocketAddr,
    /// When to look for an idle connection again. `None`: that was not done yet.
    look_again: Option<Timeout>,
}

impl Accept {
    /// Accepts from `incoming` once it is polled.
    pub fn new(incoming: Incoming, app: Rc<App>, drain: &Drain, handle: &Handle) -> Accept {
        let (watch, scratch) = (drain.watch(), intake::scratch());
        Accept { incoming, app, handle: handle.clone(), watch, scratch, pause: None, waiting: None }
    }

    /// Ready when the connection that waits has been spawned or refused, or if none does.
    fn poll_waiting(&mut self) -> Async<()> {
        let mut waiting = match self.waiting.take() {
            Some(waiting) => waiting,
            None => return Async::Ready(()),
        };
        let client = Client::from(waiting.peer.ip());
        let resources = Resources::new(self.watch.clone(), self.scratch.clone());
        loop {
            // An idle connection that was asked to end has done so by then, unless a request had come just before.
            let look = match waiting.look_again {
                None => Look::First,
                // A timer that fails leaves the notification by the next free slot.
                Some(ref mut timeout) => match timeout.poll() {
                    Ok(Async::Ready(())) => Look::Again,
                    Ok(Async::NotReady) | Err(_) => Look::No,
                },
            };
            match self.app.slots.poll_free(client, look) {
                Async::Ready(Ok(())) => {
                    self.handle.spawn(serve(
                        waiting.socket,
                        waiting.peer,
                        &self.app,
                        resources,
                        &self.handle,
                    ));
                    return Async::Ready(());
                }
                Async::Ready(Err(_full)) => {
                    count(&self.app.counters.turned_away);
                    refuse(waiting.socket, waiting.peer, &self.app, resources, &self.handle);
                    return Async::Ready(());
                }
                Async::NotReady if look != Look::No => match Timeout::new(LOOK_AGAIN, &self.handle) {
                    Ok(timeout) => waiting.look_again = Some(timeout),
                    Err(error) => {
                        warn!("cannot set a timer: {}", error);
                        self.waiting = Some(waiting);
                        return Async::NotReady;
                    }
                },
                Async::NotReady => {
                    self.waiting = Some(waiting);
                    return Async::NotReady;
                }
            }
        }
    }

    /// Spawns the connection that waits for a slot, if there is one: there will be no other time to serve it.
    pub fn finish(self) {
        if let Some(Waiting { socket, peer, .. }) = self.waiting {
            let resources = Resources::new(self.watch, self.scratch);
            self.handle.spawn(serve(socket, peer, &self.app, resources, &self.handle));
        }
    }
}

impl Future for Accept {
    type Item = ();
    type Error = ();

    fn poll(&mut self) -> Poll<(), ()> {
        for _ in 0..ACCEPTS_IN_A_ROW {
            if let Some(ref mut pause) = self.pause {
                if let Ok(Async::NotReady) = pause.poll() {
                    return Ok(Async::NotReady);
                }
            }
            self.pause = None;
            if self.poll_waiting().is_not_ready() {
                return Ok(Async::NotReady);
            }
            match self.incoming.poll() {
                Ok(Async::NotReady) => return Ok(Async::NotReady),
                Ok(Async::Ready(Some((socket, peer)))) => {
                    self.waiting = Some(Waiting { socket, peer, look_again: None });
                }
                // tokio-core's stream of connections has no end.
                Ok(Async::Ready(None)) => return Ok(Async::Ready(())),
                Err(ref error) if is_of_one_connection(error) => {}
                Err(error) => {
                    warn!("cannot accept a connection: {}", error);
                    self.pause = Timeout::new(PAUSE, &self.handle).ok();
                }
            }
        }
        yield_now()
    }
}

/// Accepts what the kernel holds already, and closes the listener: closing it alone would reset those connections.
///
/// Does not wait, since the listener is in non-blocking mode, and accepts a backlog's worth at most: clients that go
/// on connecting must not keep it open.
pub fn accept_rest(listener: net::TcpListener, app: &Rc<App>, drain: &Drain, handle: &Handle) {
    let scratch = intake::scratch();
    for _ in 0..BACKLOG {
        let (socket, peer) = match listener.accept() {
            Ok(accepted) => accepted,
            Err(ref error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(ref error) if is_of_one_connection(error) => continue,
            Err(error) => {
                warn!("cannot accept the rest of the backlog: {}", error);
                break;
            }
        };
        // Over the limits, if need be.
        let resources = Resources::new(drain.watch(), scratch.clone());
        match TcpStream::from_stream(socket, handle) {
            Ok(socket) => handle.spawn(serve(socket, peer, app, resources, handle)),
            Err(error) => warn!("cannot serve a connection: {}", error),
        }
    }
}

/// Whether the connection failed, and not the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
