//! `--listen-fd`: the listening socket that systemd, or any other parent, has passed to the program by its number.
//!
//! The socket belongs to the parent as well, so it outlives the program: clients that connect while nothing serves wait
//! in the kernel for the next one. This file is part of the program and not of the library, because taking over a
//! descriptor is sound only before there are others, which is for `main` to know. It has the only unsafe code there is.

use std::io;
use std::net::TcpListener;

use thiserror::Error;

/// Why a descriptor cannot be listened on.
#[derive(Debug, Error)]
pub enum Unusable {
    /// There is nothing.
    #[error("descriptor {0} is not open: whoever starts memed must pass a listening socket there (systemd does, from a .socket unit)")]
    NotOpen(i32),
    /// A file, a pipe, a terminal.
    #[error("descriptor {0} is not a socket")]
    NotASocket(i32),
    /// UDP, or a Unix socket.
    #[error("descriptor {0} is {1}, and must be a TCP socket that listens")]
    NotTcp(i32, &'static str),
    /// One end of a connection, or not bound yet.
    #[error("descriptor {0} is a TCP socket that does not listen (in a .socket unit, Accept= must be no)")]
    NotListening(i32),
    /// The system's own error.
    #[error("descriptor {0} cannot be listened on: {1}")]
    Failed(i32, io::Error),
}

/// Takes over a listening socket. To be called once, before anything else is opened: a number that was passed is ours, and
/// a number that was not is not open.
///
/// It is checked before it is taken over, so a descriptor that is something else stays as it is. It is not inherited by
/// other programs (`FD_CLOEXEC`). The reactor makes it non-blocking, for all who share it.
///
/// `LISTEN_FDS` and `LISTEN_PID`, in which systemd says how many sockets it passed and to whom, are not needed: the number
/// is given, and a wrapper between systemd and the program would only make them wrong.
///
/// # Errors
/// If there is no socket that can be listened on.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub fn take(number: i32) -> Result<TcpListener, Unusable> {
    use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd};

    use rustix::io::{fcntl_setfd, Errno, FdFlags};
    use rustix::net::sockopt::{socket_acceptconn, socket_domain, socket_type};
    use rustix::net::{AddressFamily, SocketType};

    let failed = |errno: Errno| match errno {
        Errno::BADF => Unusable::NotOpen(number),
        Errno::NOTSOCK => Unusable::NotASocket(number),
        errno => Unusable::Failed(number, errno.into()),
    };
    // Sound: the number is not negative (see `command_line`), and nothing else runs that could close it meanwhile. If it
    // is not open, the first call says so, and touches nothing.
    let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
    let kind = socket_type(descriptor).map_err(failed)?;
    match (socket_domain(descriptor).map_err(failed)?, kind) {
        (AddressFamily::INET, SocketType::STREAM) | (AddressFamily::INET6, SocketType::STREAM) => {}
        (AddressFamily::UNIX, _) => return Err(Unusable::NotTcp(number, "a Unix socket")),
        (_, SocketType::DGRAM) => return Err(Unusable::NotTcp(number, "a UDP socket")),
        _ => return Err(Unusable::NotTcp(number, "a socket of another kind")),
    }
    if !socket_acceptconn(descriptor).map_err(failed)? {
        return Err(Unusable::NotListening(number));
    }
    fcntl_setfd(descriptor, FdFlags::CLOEXEC).map_err(failed)?;
    // Sound: the parent passed it to this process, and nothing in it owns it yet.
    Ok(TcpListener::from(unsafe { OwnedFd::from_raw_fd(number) }))
}

/// There is no check for it on other systems.
#[cfg(not(target_os = "linux"))]
pub fn take(number: i32) -> Result<TcpListener, Unusable> {
    let kind = io::ErrorKind::Unsupported;
    Err(Unusable::Failed(number, io::Error::new(kind, "--listen-fd is for Linux")))
}
