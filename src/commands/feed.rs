//! Hands lines from a thread that reads them to the threads that draw them, and lets go of all of them at once.
//!
//! A thread that is blocked in `read`, because the program at the other end of a pipe has nothing to say yet, cannot be
//! cancelled. So the threads that must stop at a signal never read: they wait here. The one that reads is not joined; the
//! end of the process ends it.

use std::io::{self, BufRead};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

use super::lines::{Line, Lines};

/// Lines on their way, at most one at a time. Clones share it.
#[derive(Clone, Default)]
pub struct Feed(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// What [`Feed::next`] waits for.
    changed: Condvar,
    /// What the reader waits for.
    taken: Condvar,
}

#[derive(Default)]
struct State {
    /// Put here by the reader, taken by [`Feed::next`].
    waiting: Option<Read>,
    /// No more will be put there.
    is_over: bool,
    /// No more will be taken.
    is_closed: bool,
}

/// A line, or why there is none.
pub struct Read {
    /// After an error there are no more lines.
    pub line: io::Result<Line>,
    /// Bytes read up to its end.
    pub position: u64,
}

impl Feed {
    /// Reads the lines on a thread of their own. To be called once.
    ///
    /// # Errors
    /// If there can be no thread.
    pub fn start<R: BufRead + Send + 'static>(&self, mut lines: Lines<R>) -> io::Result<()> {
        let end = EndOnDrop(self.clone());
        let read = move || loop {
            let line = match lines.next() {
                Ok(Some(line)) => Ok(line),
                Ok(None) => return,
                Err(error) => Err(error),
            };
            let is_last = line.is_err();
            if !end.0.put(Read { line, position: lines.position() }) || is_last {
                return;
            }
        };
        thread::Builder::new().name("lines".to_string()).spawn(read).map(drop)
    }

    /// Waits for the next line. `None` at the end, and once the feed is closed.
    pub fn next(&self) -> Option<Read> {
        let waits = |state: &mut State| state.waiting.is_none() && !state.is_over && !state.is_closed;
        let changed = self.0.changed.wait_while(self.lock(), waits);
        let mut state = changed.expect("nothing panics under this lock");
        if state.is_closed {
            return None;
        }
        self.0.taken.notify_one();
        state.waiting.take()
    }

    /// From now on there are no more lines, and nothing waits for one.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.0.changed.notify_all();
        self.0.taken.notify_all();
    }

    /// Waits for room. Returns whether the line may still be taken.
    fn put(&self, read: Read) -> bool {
        let waits = |state: &mut State| state.waiting.is_some() && !state.is_closed;
        let taken = self.0.taken.wait_while(self.lock(), waits);
        let mut state = taken.expect("nothing panics under this lock");
        state.waiting = Some(read);
        self.0.changed.notify_one();
        !state.is_closed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("nothing panics under this lock")
    }
}

/// Says that the reader has ended, however it did.
struct EndOnDrop(Feed);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.lock().is_over = true;
        self.0 .0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, BufReader, Read};
    use std::sync::mpsc::{channel, Receiver};
    use std::thread;

    use super::{Feed, Lines};

    /// Blocks until the sender is dropped, as a pipe does while the other end is open.
    struct Open(Receiver<()>);

    impl Read for Open {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            Err(io::Error::other("broken"))
        }
    }

    #[test]
    fn each_line_is_taken_once_by_any_number_of_threads() {
        let text = (1..=2000).map(|number| format!("{}\n", number)).collect::<String>();
        let feed = Feed::default();
        feed.start(Lines::new(io::Cursor::new(text), 9)).unwrap();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let feed = feed.clone();
                let take = move || feed.next().map(|read| read.line.unwrap().number);
                thread::spawn(move || std::iter::from_fn(take).collect::<Vec<_>>())
            })
            .collect();
        let mut taken: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        taken.sort();
        assert_eq!(taken, (1..=2000).collect::<Vec<_>>());
    }

    #[test]
    fn what_waits_for_a_line_is_let_go_by_close_and_by_an_error() {
        let (open, end) = channel();
        let feed = Feed::default();
        feed.start(Lines::new(BufReader::new(Open(end)), 9)).unwrap();
        let waiting = {
            let feed = feed.clone();
            thread::spawn(move || feed.next().is_none())
        };
        feed.close();
        assert!(waiting.join().unwrap());

        let (open_too, end) = channel();
        let feed = Feed::default();
        feed.start(Lines::new(BufReader::new(Open(end)), 9)).unwrap();
        drop((open, open_too));
        assert_eq!(feed.next().unwrap().line.unwrap_err().to_string(), "broken");
        assert!(feed.next().is_none());
    }
}
