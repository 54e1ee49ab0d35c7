//! Tells the supervisor, systemd, what the program does: that it is ready, that it stops, and that its reactor lives.
//!
//! This is systemd's notification protocol (`sd_notify(3)`): a datagram of text to the Unix socket that `NOTIFY_SOCKET`
//! names. Without that variable nothing is sent. A unit with `Type=notify` is started when it has got `READY=1`, and with
//! `WatchdogSec=` it is killed and started again when there was no `WATCHDOG=1` for that long.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process;
use std::rc::Rc;
use std::time::Duration;

use futures::{future, Future, Stream};
use tokio_core::reactor::{Handle, Interval};

use super::future_ext::LocalFuture;

/// How long the first message may wait for room in the supervisor's queue.
const FIRST_MESSAGE: Duration = Duration::from_secs(1);

/// The socket of a supervisor.
struct Supervisor {
    socket: UnixDatagram,
    address: SocketAddr,
}

/// Tells the supervisor that the server is ready, as soon as the reactor runs, and that it is alive, for as long as the
/// reactor does. Returns the signal to stop, which tells it that, too. `status` is for `systemctl status`.
///
/// Three futures, and each message comes from where it is true:
///
/// 1. `lazy` runs its closure when the reactor first polls the task, so `READY=1` is not said by a program whose reactor
///    never ran. What is to be preloaded is decoded later, while requests are served, as for `/health`.
/// 2. `for_each` over an [`Interval`], in the same task, is the watchdog. Its timer is the reactor's own: if a closure
///    blocks the reactor, or a task spins in it, the timer is not polled, nothing is sent, and systemd starts another
///    server. A thread with a timer would go on saying that all is well. The task ends with the reactor, so requests
///    that are finished after the signal are watched as well.
/// 3. `then` on `signal` runs its closure when the signal has come.
///
/// Only the first message may wait, a second at most, if the supervisor's queue is full: while many services start, and
/// before anything is served. Then the socket does not block, and a message that finds no room is lost. That is why there are
/// two beats in the time that the supervisor allows.
pub fn attend(handle: &Handle, signal: LocalFuture<(), ()>, status: &str) -> LocalFuture<(), ()> {
    let supervisor = match Supervisor::of_process() {
        Some(Ok(supervisor)) => Rc::new(supervisor),
        Some(Err(error)) => {
            warn!("cannot tell the supervisor anything: NOTIFY_SOCKET: {}", error);
            return signal;
        }
        None => return signal,
    };
    let beats = watchdog().and_then(|within| {
        let interval = Interval::new(within / 2, handle);
        interval.map_err(|error| warn!("there is no watchdog, for want of a timer: {}", error)).ok()
    });
    let (of_task, of_signal) = (supervisor.clone(), supervisor);
    let ready = format!("READY=1\nSTATUS={}", status);
    handle.spawn(future::lazy(move || -> LocalFuture<(), ()> {
        of_task.tell(&ready);
        of_task.never_waits();
        match beats {
            None => Box::new(future::ok(())),
            Some(beats) => Box::new(
                beats
                    .for_each(move |()| {
                        of_task.tell("WATCHDOG=1");
                        Ok(())
                    })
                    .map_err(|error| warn!("the watchdog's timer failed: {}", error)),
            ),
        }
    }));
    Box::new(signal.then(move |ended| {
        of_signal.tell("STOPPING=1\nSTATUS=finishing what is in flight");
        ended
    }))
}

impl Supervisor {
    /// That of this process, if there is one.
    fn of_process() -> Option<io::Result<Supervisor>> {
        let name = env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty())?;
        Some(Supervisor::at(&name))
    }

    /// The one at that path or, behind an `@`, at that name without a file.
    fn at(name: &OsStr) -> io::Result<Supervisor> {
        let address = match name.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
            [b'/', ..] => SocketAddr::from_pathname(name)?,
            _ => {
                let sentence = format!("{:?} is neither a path nor a name behind \"@\"", name);
                return Err(io::Error::new(io::ErrorKind::InvalidInput, sentence));
            }
        };
        let socket = UnixDatagram::unbound()?;
        socket.set_write_timeout(Some(FIRST_MESSAGE))?;
        Ok(Supervisor { socket, address })
    }

    /// From here on.
    fn never_waits(&self) {
        if let Err(error) = self.socket.set_nonblocking(true) {
            warn!("messages to the supervisor may wait: {}", error);
        }
    }

    fn tell(&self, message: &str) {
        // By its address each time: a supervisor that starts anew has another socket there.
        if let Err(error) = self.socket.send_to_addr(message.as_bytes(), &self.address) {
            warn!("cannot tell the supervisor {:?}: {}", message.lines().next().unwrap_or(""), error);
        }
    }
}

/// Within how long the watchdog must hear from this process, if it watches it.
fn watchdog() -> Option<Duration> {
    let number = |name| env::var(name).ok()?.parse::<u64>().ok();
    let is_ours = number("WATCHDOG_PID").is_none_or(|watched| watched == u64::from(process::id()));
    number("WATCHDOG_USEC").filter(|&within| within > 1 && is_ours).map(Duration::from_micros)
}
