//! No server: answers everything with the body of `/health`, without looking at what was asked. What is measured with it
//! is the load generator and the kernel: the floor under all other figures.
//!
//! One thread waits for all sockets (epoll), so it is on Linux only. It understands no more of HTTP than where a head
//! ends. Of its arguments it takes the address; the others are for servers.

#![forbid(unsafe_code)]

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    linux::serve()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("null: it needs epoll, which is Linux's");
    std::process::exit(1);
}

#[cfg(target_os = "linux")]
mod linux {
    use std::env;
    use std::io::{self, ErrorKind, Read, Write};
    use std::net::{SocketAddr, TcpStream};

    use historical::carried::listen;
    use memed::descriptors;
    use rustix::event::epoll;

    const ANSWER: &[u8] =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"status\":\"ok\"}\n";
    const END: &[u8] = b"\r\n\r\n";
    /// Connections, at most.
    const MOST: usize = 16_000;
    /// The number of the socket that listens, among those of the connections.
    const LISTENER: u64 = u64::MAX;

    /// A connection, and the end of what it has sent, which may be the begin of the end of a head.
    struct Connection {
        socket: TcpStream,
        tail: Vec<u8>,
    }

    pub fn serve() -> io::Result<()> {
        descriptors::prepare(MOST)?;
        let address: Option<SocketAddr> = env::args().nth(1).and_then(|address| address.parse().ok());
        let listener = listen::listen(address.ok_or(ErrorKind::InvalidInput)?)?;
        listener.set_nonblocking(true)?;
        let poll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&poll, &listener, epoll::EventData::new_u64(LISTENER), epoll::EventFlags::IN)?;
        eprintln!("listening on http://{}", listener.local_addr()?);

        let (mut connections, mut free) = (Vec::<Option<Connection>>::new(), Vec::new());
        let mut events = Vec::with_capacity(1_024);
        loop {
            events.clear();
            epoll::wait(&poll, rustix::buffer::spare_capacity(&mut events), None)?;
            for event in &events {
                let number = event.data.u64();
                if number != LISTENER {
                    let slot = &mut connections[number as usize];
                    if !slot.as_mut().is_some_and(|connection| connection.answer().unwrap_or(false)) {
                        // Its drop takes it out of the epoll, too.
                        *slot = None;
                        free.push(number);
                    }
                    continue;
                }
                while let Ok((socket, _)) = listener.accept() {
                    socket.set_nonblocking(true)?;
                    let number = free.pop().unwrap_or(connections.len() as u64);
                    epoll::add(&poll, &socket, epoll::EventData::new_u64(number), epoll::EventFlags::IN)?;
                    let connection = Some(Connection { socket, tail: Vec::new() });
                    match connections.get_mut(number as usize) {
                        Some(slot) => *slot = connection,
                        None => connections.push(connection),
                    }
                }
            }
        }
    }

    impl Connection {
        /// Answers what has come. Returns whether the connection goes on.
        fn answer(&mut self) -> io::Result<bool> {
            let mut buffer = [0; 4_096];
            let length = match self.socket.read(&mut buffer) {
                Ok(0) => return Ok(false),
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            };
            let come = &buffer[..length];
            let heads = if self.tail.is_empty() && come.ends_with(END) && length < 256 {
                1
            } else {
                self.tail.extend_from_slice(come);
                let heads = self.tail.windows(END.len()).filter(|window| *window == END).count();
                let end = self.tail.windows(END.len()).rposition(|window| window == END);
                self.tail.drain(..end.map_or(0, |end| end + END.len()));
                heads
            };
            let is_last = come.windows(6).any(|window| window == b": clos");
            for _ in 0..heads {
                self.socket.write_all(ANSWER)?;
            }
            Ok(!is_last)
        }
    }
}
