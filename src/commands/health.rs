//! `memed health`: asks a server whether it takes requests, for the probe of a container that has no other HTTP client.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::failure::Failure;
use super::output;
use command_line::Target;

/// More of an answer is not read: that of `/health` has some 300 bytes.
const MAX_ANSWER: usize = 16 << 10;

/// Asks, and prints the answer: `ok`.
///
/// # Errors
/// With exit code 1, if there is no answer within the timeout, or one with another status than 200.
pub fn run(target: Target, timeout: Duration) -> Result<(), Failure> {
    let url = format!("http://{}{}", target.authority, target.path);
    let late = || format!("no answer within {} s", timeout.as_secs_f64());
    // The resolver has no time limit of its own, so all of it is on a thread that may be left behind.
    let (send, receive) = mpsc::channel();
    let asking = move || send.send(ask(&target, Instant::now() + timeout));
    let reason = match thread::Builder::new().spawn(asking) {
        Ok(_) => match receive.recv_timeout(timeout) {
            Ok(Ok(Answer { status: 200, body })) => {
                return output::print(format!("{}\n", said(&body)).as_bytes())
            }
            Ok(Ok(Answer { status, body })) => format!("{} {}", status, said(&body)),
            Ok(Err(ref error)) if is_timeout(error) => late(),
            Ok(Err(error)) => error.to_string(),
            Err(RecvTimeoutError::Timeout) => late(),
            Err(RecvTimeoutError::Disconnected) => "the probe itself failed".to_string(),
        },
        Err(error) => error.to_string(),
    };
    Err(Failure::undone(format!("{}: {}", url, reason)))
}

struct Answer {
    status: u16,
    body: Vec<u8>,
}

fn ask(target: &Target, deadline: Instant) -> io::Result<Answer> {
    let mut socket = connect(&target.authority, deadline)?;
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: memed-health/{}\r\nConnection: close\r\n\r\n",
        target.path,
        target.authority,
        env!("CARGO_PKG_VERSION")
    );
    socket.set_write_timeout(Some(left(deadline)?))?;
    socket.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    loop {
        // Each read has what is left of the time, so a server that drips does not prolong it.
        socket.set_read_timeout(Some(left(deadline)?))?;
        let mut some = [0; 1024];
        match socket.read(&mut some) {
            Ok(0) => break,
            Ok(read) => bytes.extend_from_slice(&some[..read]),
            Err(ref error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if bytes.len() > MAX_ANSWER {
            break;
        }
    }
    answer(&bytes).ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "the answer is not HTTP"))
}

/// Tries each address of a name.
fn connect(authority: &str, deadline: Instant) -> io::Result<TcpStream> {
    let mut last = io::Error::new(ErrorKind::NotFound, "the name has no address");
    for address in authority.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, left(deadline)?) {
            Ok(socket) => return Ok(socket),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left == Duration::from_secs(0) {
        Err(ErrorKind::TimedOut.into())
    } else {
        Ok(left)
    }
}

/// A socket says `WouldBlock` when its time is over.
fn is_timeout(error: &io::Error) -> bool {
    error.kind() == ErrorKind::TimedOut || error.kind() == ErrorKind::WouldBlock
}

fn answer(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]);
    let mut words = head.lines().next()?.split(' ');
    let status = words.next().filter(|version| version.starts_with("HTTP/")).and(words.next())?;
    Some(Answer { status: status.parse().ok()?, body: bytes[end + 4..].to_vec() })
}

/// The word in a body of `{"status": "ok"}`, or an error's sentence; otherwise nothing.
fn said(body: &[u8]) -> String {
    let json: Option<::serde_json::Value> = ::serde_json::from_slice(body).ok();
    let word = json.as_ref().and_then(|json| json.get("status").or_else(|| json.get("error"))?.as_str());
    word.unwrap_or("(not memed's answer)").to_string()
}
