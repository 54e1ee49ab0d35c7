//! The open connections: it enforces their limit, and closes idle ones at shutdown.

use std::collections::HashMap;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// All of them.
pub struct Connections {
    open: Mutex<HashMap<u64, Arc<Line>>>,
    /// One has ended, or there are to be no more.
    changed: Condvar,
    most: usize,
    is_closed: AtomicBool,
}

struct Line {
    socket: TcpStream,
    is_waiting: AtomicBool,
}

/// One of them, until it is dropped.
pub struct Connection {
    line: Arc<Line>,
    id: u64,
    all: Arc<Connections>,
}

impl Connections {
    pub fn new(most: usize) -> Connections {
        let (open, changed) = (Mutex::default(), Condvar::new());
        Connections { open, changed, most, is_closed: AtomicBool::new(false) }
    }

    /// Waits until there may be one more. `false`: there are to be no more.
    pub fn wait_for_room(&self) -> bool {
        let is_full = |open: &mut HashMap<_, _>| open.len() >= self.most && !self.is_closed();
        drop(
            self.changed.wait_while(self.open(), is_full).expect("no thread panics while it holds this lock"),
        );
        !self.is_closed()
    }

    /// Only the thread that accepts calls it, so there is still the room that it has waited for. No two
    /// connections have the same `id`.
    pub fn add(self: &Arc<Self>, socket: TcpStream, id: u64) -> Connection {
        let line = Arc::new(Line { socket, is_waiting: AtomicBool::new(false) });
        self.open().insert(id, line.clone());
        Connection { line, id, all: self.clone() }
    }

    /// No more of them. Those that wait for a request read on to the end of what has come, and no further.
    pub fn close(&self) {
        let open = self.open();
        // First this: who begins to wait looks at it afterwards.
        self.is_closed.store(true, SeqCst);
        open.values().filter(|line| line.is_waiting.load(SeqCst)).for_each(|line| line.end());
        self.changed.notify_all();
    }

    pub fn is_closed(&self) -> bool {
        self.is_closed.load(SeqCst)
    }

    /// Whether there are none left in that time.
    pub fn wait_for_end(&self, timeout: Duration) -> bool {
        let waited = self.changed.wait_timeout_while(self.open(), timeout, |open| !open.is_empty());
        !waited.expect("no thread panics while it holds this lock").1.timed_out()
    }

    fn open(&self) -> MutexGuard<'_, HashMap<u64, Arc<Line>>> {
        self.open.lock().expect("no thread panics while it holds this lock")
    }
}

impl Line {
    /// Linux gives first what has come before, and then the end.
    fn end(&self) {
        // It fails if the client has ended it.
        let _ = self.socket.shutdown(Shutdown::Read);
    }
}

impl Connection {
    pub fn socket(&self) -> &TcpStream {
        &self.line.socket
    }

    /// Says whether there is no request now that would be lost.
    pub fn set_waiting(&self, is_waiting: bool) {
        self.line.is_waiting.store(is_waiting, SeqCst);
        if is_waiting && self.all.is_closed() {
            self.line.end();
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.all.open().remove(&self.id);
        self.all.changed.notify_all();
    }
}
