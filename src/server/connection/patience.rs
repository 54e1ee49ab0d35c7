//! How long the server waits for a client: what a connection waits for now, since when, and until when.
//!
//! hyper 0.11 has no timeouts of its own. This file holds the rules and no I/O: `intake`, `state` and the access log
//! report what happens on the connection, `Connection` asks for the deadline and keeps the one timer for it.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::clock::Clock;

/// Bytes of a response that a client must take within the write timeout, if so many are left. A client that reads a
/// byte now and then holds a connection no longer than one that reads nothing.
const ENOUGH: usize = 64 << 10;
/// Timeouts are lengthened by up to one part in this many.
const STAGGER: u32 = 10;
/// 2^32 divided by the golden ratio. Successive multiples of it, modulo 2^32, are spread evenly, however many there
/// are and wherever the sequence begins (Knuth, TAOCP 3, section 6.4).
const GOLDEN: u32 = 0x9e37_79b9;

/// The timeouts of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For the head of a request, from its first byte to its last. For the first request, from the accept on.
    pub head: Duration,
    /// For the first byte of the next request, from the last byte of a response.
    pub idle: Duration,
    /// For the next [`ENOUGH`] bytes of a response.
    pub write: Duration,
}

/// Hands out the timeouts of one connection after the other, each a little longer than configured.
///
/// A thousand slow clients that connect at one instant would otherwise time out at one instant, and the reactor
/// would serve nothing else until it had refused the last of them.
#[derive(Debug)]
pub struct Staggered {
    timeouts: Timeouts,
    /// [`GOLDEN`] times the number handed out so far, modulo 2^32.
    position: Cell<u32>,
}

impl Staggered {
    /// Hands out timeouts of at least these, and at most a tenth longer.
    pub fn new(timeouts: Timeouts) -> Staggered {
        Staggered { timeouts, position: Cell::new(0) }
    }

    /// The timeouts of the next connection.
    pub fn next(&self) -> Timeouts {
        let position = self.position.get();
        self.position.set(position.wrapping_add(GOLDEN));
        let fraction = f64::from(position) / f64::from(u32::MAX);
        let stretch = |time: Duration| time + (time / STAGGER).mul_f64(fraction);
        let Timeouts { head, idle, write } = self.timeouts;
        Timeouts { head: stretch(head), idle: stretch(idle), write: stretch(write) }
    }
}

/// What the client took too long for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// Sending the head of a request.
    Head,
    /// Sending another request. No request is open, so no answer is due.
    Request,
    /// Reading a response.
    Reader,
}

/// What one connection waits for, and the deadline of that.
#[derive(Debug)]
pub struct Patience {
    clock: Clock,
    timeouts: Timeouts,
    waits: Waits,
    blocked: Option<Blocked>,
}

/// What the connection waits for while the socket takes what is written to it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Waits {
    /// The rest of a head, or all of the first one.
    Head { since: Instant, has_begun: bool },
    /// The next request.
    Request { since: Instant },
    /// Only the body of the current request, which has a deadline of its own, or nothing at all.
    Answer,
    /// Nothing: the connection is closing, and what still comes is discarded for a time of its own.
    Close { since: Instant },
}

/// The socket takes no more bytes.
#[derive(Clone, Copy, Debug)]
struct Blocked {
    since: Instant,
    /// Bytes it has taken since, of [`ENOUGH`].
    taken: usize,
}

/// When the client will be late, and for what.
struct Limit {
    at: Instant,
    late: Late,
}

impl Patience {
    /// For a connection that was accepted now. A client that connects has a request to send.
    pub fn new(timeouts: Timeouts, clock: Clock) -> Patience {
        let waits = Waits::Head { since: clock.now(), has_begun: false };
        Patience { clock, timeouts, waits, blocked: None }
    }

    /// Part of a head has arrived.
    pub fn head_begins(&mut self) {
        match self.waits {
            Waits::Request { .. } => self.waits = Waits::Head { since: self.clock.now(), has_begun: true },
            Waits::Head { ref mut has_begun, .. } => *has_begun = true,
            Waits::Answer | Waits::Close { .. } => {}
        }
    }

    /// A whole head has arrived.
    pub fn head_ends(&mut self) {
        self.waits = Waits::Answer;
    }

    /// All of the response has been given to the socket.
    pub fn answered(&mut self) {
        self.waits = Waits::Request { since: self.clock.now() };
    }

    /// The connection is closing.
    pub fn closes(&mut self) {
        self.waits = Waits::Close { since: self.clock.now() };
    }

    /// Whether a request is being answered.
    pub fn is_answering(&self) -> bool {
        self.waits == Waits::Answer
    }

    /// Whether the socket takes no more.
    pub fn is_blocked(&self) -> bool {
        self.blocked.is_some()
    }

    /// A write returned `WouldBlock`.
    pub fn blocks(&mut self) {
        if self.blocked.is_none() {
            self.blocked = Some(Blocked { since: self.clock.now(), taken: 0 });
        }
    }

    /// The socket has taken `bytes`. `takes_all`: nothing is left to write for now.
    pub fn takes(&mut self, bytes: usize, takes_all: bool) {
        self.blocked = match self.blocked {
            Some(_) if takes_all => None,
            Some(Blocked { taken, .. }) if taken + bytes >= ENOUGH => {
                Some(Blocked { since: self.clock.now(), taken: 0 })
            }
            Some(Blocked { since, taken }) => Some(Blocked { since, taken: taken + bytes }),
            None => None,
        };
    }

    /// If no request is open: whether part of a head has arrived, and since when the connection waits for the rest, for
    /// the next one, or for the client to close it.
    pub fn idle(&self) -> Option<(bool, Instant)> {
        match self.waits {
            _ if self.is_blocked() => None,
            Waits::Head { since, has_begun } => Some((has_begun, since)),
            Waits::Request { since } | Waits::Close { since } => Some((false, since)),
            Waits::Answer => None,
        }
    }

    /// When the client will be late if nothing happens until then.
    pub fn deadline(&self) -> Option<Instant> {
        self.limit().map(|limit| limit.at)
    }

    /// What the client is late for by now, if anything.
    pub fn late(&self) -> Option<Late> {
        self.limit().filter(|limit| limit.at <= self.clock.now()).map(|limit| limit.late)
    }

    fn limit(&self) -> Option<Limit> {
        // A client that still has a response to read is not idle, so this comes first.
        if let Some(Blocked { since, .. }) = self.blocked {
            return Some(Limit { at: since + self.timeouts.write, late: Late::Reader });
        }
        match self.waits {
            Waits::Head { since, .. } => Some(Limit { at: since + self.timeouts.head, late: Late::Head }),
            Waits::Request { since } => Some(Limit { at: since + self.timeouts.idle, late: Late::Request }),
            Waits::Answer | Waits::Close { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, Late, Patience, Staggered, Timeouts, ENOUGH, STAGGER};
    use std::time::Duration;

    const LONG: Duration = Duration::from_secs(1000);
    const SHORT: Duration = Duration::from_secs(20);

    /// What the client is late for if one of the timeouts is short, and `happens` has happened.
    fn late_after(short: fn(&mut Timeouts) -> &mut Duration, happens: fn(&mut Patience)) -> Option<Late> {
        let mut timeouts = Timeouts { head: LONG, idle: LONG, write: LONG };
        *short(&mut timeouts) = SHORT;
        let clock = Clock::default();
        let mut patience = Patience::new(timeouts, clock.clone());
        happens(&mut patience);
        assert_eq!(patience.late(), None);
        clock.advance(SHORT);
        patience.late()
    }

    #[test]
    fn each_wait_has_its_own_timeout() {
        assert_eq!(late_after(|timeouts| &mut timeouts.head, |_| {}), Some(Late::Head));
        assert_eq!(late_after(|timeouts| &mut timeouts.head, Patience::head_ends), None);
        assert_eq!(late_after(|timeouts| &mut timeouts.head, Patience::answered), None);
        assert_eq!(late_after(|timeouts| &mut timeouts.idle, |_| {}), None);
        assert_eq!(late_after(|timeouts| &mut timeouts.idle, Patience::answered), Some(Late::Request));
        let next = |patience: &mut Patience| {
            patience.answered();
            patience.head_begins();
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
        // Spread perfectly evenly, they would be this far apart.
        let even = LONG / STAGGER / 1000;
        let gaps = heads.windows(2).map(|pair| pair[1] - pair[0]);
        assert!(gaps.clone().min() > Some(even / 4) && gaps.max() < Some(even * 4));
    }

    #[test]
    fn a_reader_must_take_enough_or_all() {
        assert_eq!(late_after(|timeouts| &mut timeouts.write, Patience::blocks), Some(Late::Reader));
        let takes_all = |patience: &mut Patience| {
            patience.blocks();
            patience.takes(1, true);
        };
        assert_eq!(late_after(|timeouts| &mut timeouts.write, takes_all), None);
        let clock = Clock::default();
        let mut patience = Patience::new(Timeouts { head: LONG, idle: LONG, write: LONG }, clock.clone());
        patience.blocks();
        let first = patience.deadline();
        clock.advance(SHORT);
        patience.takes(ENOUGH - 1, false);
        assert_eq!(patience.deadline(), first);
        patience.takes(1, false);
        assert!(patience.deadline() > first);
        // A client that does not read is not idle.
        patience.answered();
        assert!(patience.is_blocked());
    }
}
