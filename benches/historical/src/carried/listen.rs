//! The socket that listens.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections that may wait to be accepted; `memed` asks for as many.
const BACKLOG: i32 = 4096;

/// Listens, in blocking mode. The connections it gives have `TCP_NODELAY` on Linux, where they inherit it.
///
/// # Errors
/// If the address is taken or cannot be had.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if cfg!(unix) {
        // While connections of the last server are in TIME_WAIT. On Windows it means another thing.
        socket.set_reuse_address(true)?;
    }
    socket.set_tcp_nodelay(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
