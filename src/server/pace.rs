//! How long a client may take: what a connection waits for, since when, and until when.
//!
//! No sockets and no timers here: `line` and `access_log` tell what happens, `connection` asks for the deadline
//! and keeps the one timer that a connection has.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// Bytes that a client must take of a response within the write timeout, if there are so many left: who reads
/// a byte now and then holds a connection no longer than who reads nothing.
const ENOUGH: usize = 64 << 10;
/// The timeouts of a connection are longer than asked for by up to one part in this many.
const STAGGER: u32 = 10;
/// 2^32 divided by the golden ratio. Successive multiples of it, modulo 2^32, lie evenly, however few or many of
/// them there are and wherever one begins (Knuth, TAOCP 3, section 6.4).
const GOLDEN: u32 = 0x9e37_79b9;

/// How long a client may take for what.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// The head of a request, from its first byte to its last; of the first request, from the connection on.
    pub head: Duration,
    /// The first byte of another request, from the last byte of the response before it.
    pub idle: Duration,
    /// The next [`ENOUGH`] bytes of a response.
    pub write: Duration,
}

/// The timeouts of one connection after the other, spread a little: a thousand clients that came at one instant
/// would be late at one instant otherwise, and all others would wait until the last of them was told.
#[derive(Debug)]
pub struct Staggered {
    timeouts: Timeouts,
    /// [`GOLDEN`] times how many there have been.
    position: Cell<u32>,
}

impl Staggered {
    /// None shorter than these, and none more than a tenth longer.
    pub fn new(timeouts: Timeouts) -> Staggered {
        Staggered { timeouts, position: Cell::new(0) }
    }

    /// Those of the next connection.
    pub fn next(&self) -> Timeouts {
        let position = self.position.get();
        self.position.set(position.wrapping_add(GOLDEN));
        let fraction = f64::from(position) / f64::from(u32::MAX);
        let stretch = |time: Duration| time + (time / STAGGER).mul_f64(fraction);
        let Timeouts { head, idle, write } = self.timeouts;
        Timeouts { head: stretch(head), idle: stretch(idle), write: stretch(write) }
    }
}

/// What is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// The head of a request.
    Head,
    /// Another request. Nothing has been asked, so nothing need be answered.
    Request,
    /// The reading of a response.
    Reader,
}

/// What a connection waits for.
#[derive(Debug)]
pub struct Pace {
    timeouts: Timeouts,
    waits: Waits,
    /// Since when the socket takes no more, and how much it has taken since.
    blocked: Option<(Instant, usize)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Waits {
    /// For the rest of a head.
    Head(Instant),
    /// For the next request.
    Request(Instant),
    /// For nothing: what comes is thrown away, for a time of its own.
    Nothing,
    /// For nothing of the client's but the body of its request, which has a deadline of its own.
    Answer,
}

impl Pace {
    /// Of a connection that was accepted just now: whoever connects has something to ask.
    pub fn new(timeouts: Timeouts) -> Pace {
        Pace { timeouts, waits: Waits::Head(Instant::now()), blocked: None }
    }

    /// A part of a head has come.
    pub fn head_begins(&mut self) {
        if let Waits::Request(_) = self.waits {
            self.waits = Waits::Head(Instant::now());
        }
    }

    /// A whole head has come.
    pub fn head_ends(&mut self) {
        self.waits = Waits::Answer;
    }

    /// The response is with the socket.
    pub fn answered(&mut self) {
        self.waits = Waits::Request(Instant::now());
    }

    /// The last response is with the socket.
    pub fn ends(&mut self) {
        self.waits = Waits::Nothing;
    }

    /// Whether a request is being answered.
    pub fn is_answering(&self) -> bool {
        self.waits == Waits::Answer
    }

    /// Whether the socket takes no more.
    pub fn is_blocked(&self) -> bool {
        self.blocked.is_some()
    }

    /// The socket takes no more for now.
    pub fn blocks(&mut self) {
        if self.blocked.is_none() {
            self.blocked = Some((Instant::now(), 0));
        }
    }

    /// The socket has taken some bytes, and then all that there are for now, or not.
    pub fn takes(&mut self, bytes: usize, takes_all: bool) {
        self.blocked = match self.blocked {
            Some(_) if takes_all => None,
            Some((_, before)) if before + bytes >= ENOUGH => Some((Instant::now(), 0)),
            Some((since, before)) => Some((since, before + bytes)),
            None => None,
        };
    }

    /// When something will be late, if nothing happens.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadlines().map(|deadline| deadline.0).min()
    }

    /// What is late by now.
    pub fn late(&self) -> Option<Late> {
        let now = Instant::now();
        self.deadlines().find(|deadline| deadline.0 <= now).map(|deadline| deadline.1)
    }

    fn deadlines(&self) -> impl Iterator<Item = (Instant, Late)> {
        let timeouts = self.timeouts;
        let of_reader = self.blocked.map(|(since, _)| (since + timeouts.write, Late::Reader));
        let of_request = match self.waits {
            // What is not read yet is no sign of an idle client.
            _ if self.blocked.is_some() => None,
            Waits::Head(since) => Some((since + timeouts.head, Late::Head)),
            Waits::Request(since) => Some((since + timeouts.idle, Late::Request)),
            Waits::Answer | Waits::Nothing => None,
        };
        of_reader.into_iter().chain(of_request)
    }
}

#[cfg(test)]
mod tests {
    use super::{Late, Pace, Staggered, Timeouts, ENOUGH, STAGGER};
    use std::thread;
    use std::time::Duration;

    const LONG: Duration = Duration::from_secs(1000);
    const SHORT: Duration = Duration::from_millis(20);

    fn late_after(short: fn(&mut Timeouts) -> &mut Duration, happens: fn(&mut Pace)) -> Option<Late> {
        let mut timeouts = Timeouts { head: LONG, idle: LONG, write: LONG };
        *short(&mut timeouts) = SHORT;
        let mut pace = Pace::new(timeouts);
        happens(&mut pace);
        assert_eq!(pace.late(), None);
        thread::sleep(2 * SHORT);
        pace.late()
    }

    #[test]
    fn each_wait_has_its_own_timeout() {
        assert_eq!(late_after(|timeouts| &mut timeouts.head, |_| {}), Some(Late::Head));
        assert_eq!(late_after(|timeouts| &mut timeouts.head, Pace::head_ends), None);
        assert_eq!(late_after(|timeouts| &mut timeouts.head, Pace::answered), None);
        assert_eq!(late_after(|timeouts| &mut timeouts.idle, |_| {}), None);
        assert_eq!(late_after(|timeouts| &mut timeouts.idle, Pace::answered), Some(Late::Request));
        let next = |pace: &mut Pace| {
            pace.answered();
            pace.head_begins();
        };
        assert_eq!(late_after(|timeouts| &mut timeouts.idle, next), None);
        assert_eq!(late_after(|timeouts| &mut timeouts.head, next), Some(Late::Head));
    }

    #[test]
    fn those_who_came_together_are_not_late_together() {
        let staggered = Staggered::new(Timeouts { head: LONG, idle: LONG, write: LONG });
        let mut heads: Vec<_> = (0..1000)
            .map(|_| {
                let Timeouts { head, idle, write } = staggered.next();
                assert_eq!((idle, write), (head, head));
                head
            })
            .collect();
        heads.sort();
        assert!(heads[0] >= LONG && heads[999] <= LONG + LONG / STAGGER);
        // As even as it can be, they would be this far apart.
        let even = LONG / STAGGER / 1000;
        let gaps = heads.windows(2).map(|pair| pair[1] - pair[0]);
        assert!(gaps.clone().min() > Some(even / 4) && gaps.max() < Some(even * 4));
    }

    #[test]
    fn a_reader_must_take_enough_or_all() {
        assert_eq!(late_after(|timeouts| &mut timeouts.write, Pace::blocks), Some(Late::Reader));
        let takes_all = |pace: &mut Pace| {
            pace.blocks();
            pace.takes(1, true);
        };
        assert_eq!(late_after(|timeouts| &mut timeouts.write, takes_all), None);
        let mut pace = Pace::new(Timeouts { head: LONG, idle: LONG, write: LONG });
        pace.blocks();
        let first = pace.deadline();
        thread::sleep(SHORT);
        pace.takes(ENOUGH - 1, false);
        assert_eq!(pace.deadline(), first);
        pace.takes(1, false);
        assert!(pace.deadline() > first);
        // Somebody who does not read is not idle.
        pace.answered();
        assert!(pace.is_blocked());
    }
}
