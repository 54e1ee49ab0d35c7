//! Several sockets that listen on one port.

use std::io;
use std::net::{SocketAddr, TcpListener};

use rustix::io::{FdFlags, fcntl_setfd};
use socket2::{Domain, Protocol, Socket, Type};

/// Connections that may wait to be accepted, for each; `memed` asks for as many.
const BACKLOG: i32 = 4096;

/// Listens with so many sockets. With port 0, all have the one that the first is given.
///
/// # Errors
/// If the address is taken or cannot be had.
pub fn listen(mut address: SocketAddr, many: usize) -> io::Result<(SocketAddr, Vec<TcpListener>)> {
    let mut sockets = Vec::new();
    for _ in 0..many {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(true)?;
        socket.set_tcp_nodelay(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let socket = TcpListener::from(socket);
        address = socket.local_addr()?;
        sockets.push(socket);
    }
    Ok((address, sockets))
}

/// Lets programs that are started from now on have it.
///
/// # Errors
/// Those of the system.
pub fn pass_on(socket: &TcpListener) -> io::Result<()> {
    Ok(fcntl_setfd(socket, FdFlags::empty())?)
}

#[cfg(test)]
mod tests {
    use super::listen;

    #[test]
    fn several_sockets_have_one_port() {
        let (address, sockets) = listen(([127, 0, 0, 1], 0).into(), 3).unwrap();
        assert_ne!(address.port(), 0);
        assert!(sockets.iter().all(|socket| socket.local_addr().unwrap() == address));
    }
}
