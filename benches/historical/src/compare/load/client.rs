//! A keep-alive connection with one request at a time.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::PATIENCE;
use super::answer::{Answer, Ask, Wrong, parse, tag};

/// The half of a connection where answers come in.
pub struct Reader {
    socket: OwnedReadHalf,
    buffer: Vec<u8>,
    /// Whether to look for the `ETag` of answers, which costs a little.
    pub keeps_tags: bool,
    /// That of the last answer.
    pub tag: Option<String>,
}

/// Both halves.
pub struct Client {
    pub reader: Reader,
    pub writer: OwnedWriteHalf,
}

impl Client {
    /// # Errors
    /// If the server does not take the connection in time.
    pub async fn connect(address: SocketAddr) -> io::Result<Client> {
        Client::of(timeout(PATIENCE, TcpStream::connect(address)).await??)
    }

    /// The same, from another address of loopback: to a server that shares itself out, another client.
    ///
    /// # Errors
    /// As [`Client::connect`], or if the machine has no such address.
    pub async fn connect_from(source: IpAddr, address: SocketAddr) -> io::Result<Client> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.bind((source, 0).into())?;
        Client::of(timeout(PATIENCE, socket.connect(address)).await??)
    }

    fn of(socket: TcpStream) -> io::Result<Client> {
        socket.set_nodelay(true)?;
        let (reader, writer) = socket.into_split();
        // The buffer grows to what is needed: ten thousand clients have ten thousand of them.
        let buffer = Vec::with_capacity(512);
        Ok(Client { reader: Reader { socket: reader, buffer, keeps_tags: false, tag: None }, writer })
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// If there is none in time. The connection is of no use then.
    pub async fn ask(&mut self, ask: Ask, request: &[u8]) -> Result<Answer, Wrong> {
        let asked = async {
            self.writer.write_all(request).await.map_err(|_| Wrong::Closed)?;
            self.reader.answer(ask).await
        };
        timeout(PATIENCE, asked).await.unwrap_or(Err(Wrong::Late))
    }
}

impl Reader {
    /// Waits for the next answer, however long it takes.
    ///
    /// # Errors
    /// If the connection ends before it, or it is no HTTP.
    pub async fn answer(&mut self, ask: Ask) -> Result<Answer, Wrong> {
        self.answer_to(|| Some(ask)).await
    }

    /// The same, where it is known only when an answer comes what was asked; an answer to nothing is malformed.
    ///
    /// # Errors
    /// As [`Reader::answer`].
    pub async fn answer_to(&mut self, asked: impl Fn() -> Option<Ask>) -> Result<Answer, Wrong> {
        loop {
            if !self.buffer.is_empty() {
                let ask = asked().ok_or(Wrong::Malformed)?;
                if let Some(answer) = parse(ask, &self.buffer)? {
                    self.tag = if self.keeps_tags { tag(&self.buffer) } else { None };
                    self.buffer.drain(..answer.length);
                    return Ok(answer);
                }
            }
            match self.socket.read_buf(&mut self.buffer).await {
                Ok(0) => return Err(Wrong::Closed),
                Err(_) => return Err(Wrong::Reset),
                Ok(_) => {}
            }
        }
    }

    /// Whether the server cannot have read the last request, after an `answer` that failed with `wrong`: the kernel
    /// resets a connection that is closed with unread data, and does not if everything was read before the close.
    pub fn was_never_heard(&self, wrong: Wrong) -> bool {
        let was_reset = wrong == Wrong::Reset || matches!(self.socket.as_ref().take_error(), Ok(Some(_)));
        was_reset && self.buffer.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream as Socket};
    use std::thread;

    use super::*;

    const REQUEST: &[u8] = b"GET /health HTTP/1.1\r\n\r\n";

    /// How a request ends with a server that does this to its connection.
    async fn ask(serve: fn(Socket)) -> io::Result<(Wrong, bool)> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let mut client = Client::connect(listener.local_addr()?).await?;
        let (socket, _) = listener.accept()?;
        let serving = thread::spawn(move || serve(socket));
        let wrong = client.ask(Ask::Health, REQUEST).await.expect_err("there is no answer");
        serving.join().expect("it has ended");
        Ok((wrong, client.reader.was_never_heard(wrong)))
    }

    #[tokio::test]
    async fn a_request_that_was_read_and_dropped_is_lost() -> io::Result<()> {
        let read_and_close = |mut socket: Socket| {
            let _ = socket.read(&mut [0; 512]);
        };
        assert_eq!(ask(read_and_close).await?, (Wrong::Closed, false));
        let cut = |mut socket: Socket| {
            let _ = socket.read(&mut [0; 512]);
            let _ = socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
        };
        assert_eq!(ask(cut).await?, (Wrong::Closed, false));
        Ok(())
    }

    #[tokio::test]
    async fn a_request_that_nobody_read_is_not() -> io::Result<()> {
        let leave_it = |socket: Socket| {
            let _ = socket.peek(&mut [0; 512]);
        };
        assert_eq!(ask(leave_it).await?, (Wrong::Reset, true));

        // Sent into a connection that has been closed already.
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let mut client = Client::connect(listener.local_addr()?).await?;
        drop(listener.accept()?);
        let wrong = client.ask(Ask::Health, REQUEST).await.expect_err("there is no server");
        assert!(client.reader.was_never_heard(wrong), "{wrong:?}");
        Ok(())
    }
}
