//! The jobs that wait for a thread, and whose turn it is.
//!
//! A queue in which all wait in one line belongs to the client that asks most often. In this one each client has a line
//! of its own, and a thread that is free takes the next job of the client that was served longest ago. So a client that
//! has not been served lately waits for the jobs that run, and those of others like it, however many jobs another has.
//!
//! Places are shared out, too. A client may have so many jobs waiting, and if all places are taken, the client with the
//! most of them loses its last one to a client that has fewer.

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;

use server::client::Client;

/// Clients whose last turn is remembered. One that is forgotten counts as one that was never served.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

/// How many jobs there may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Jobs that run.
    pub threads: usize,
    /// Jobs that wait, of all clients together.
    pub queue: usize,
    /// Jobs of one client that wait.
    pub per_client: usize,
}

/// The lines of all clients. Clones share them. `J` is a job: dropping one that waits tells those who wait for its
/// result that it was refused.
pub struct Queue<J>(Arc<Mutex<State<J>>>);

struct State<J> {
    limits: Limits,
    /// Threads that have a job, or are about to take one.
    busy: usize,
    /// Threads that have a job.
    running: usize,
    /// Threads that have a job of the server, or are about to take one. Such a job takes no client's place, so there is
    /// one place more for each of them.
    own: usize,
    /// Jobs for which there is a thread. They are taken before any others.
    starting: VecDeque<Waiting<J>>,
    /// Jobs for which there is none, by client. No line is empty.
    lines: HashMap<Client, VecDeque<Waiting<J>>>,
    /// The turns in which clients were served last.
    served: LruCache<Client, u64>,
    /// Turns so far.
    turns: u64,
    /// Jobs so far.
    jobs: u64,
}

struct Waiting<J> {
    /// Jobs are numbered in the order in which they come, so each line is sorted.
    number: u64,
    client: Client,
    job: J,
}

/// What became of a job.
pub enum Entered<J> {
    /// There is a thread that has nothing to do. The caller starts it.
    Starts(Place<J>),
    /// A thread will take it from the queue.
    Waits(Place<J>),
}

impl<J> Clone for Queue<J> {
    fn clone(&self) -> Queue<J> {
        Queue(self.0.clone())
    }
}

impl<J> Queue<J> {
    /// An empty queue.
    pub fn new(limits: Limits) -> Queue<J> {
        Queue(Arc::new(Mutex::new(State {
            limits,
            busy: 0,
            running: 0,
            own: 0,
            starting: VecDeque::new(),
            lines: HashMap::new(),
            served: LruCache::new(REMEMBERED),
            turns: 0,
            jobs: 0,
        })))
    }

    /// The lock is held for a look at each line at most, and never while a job runs. A panic leaves nothing half done.
    fn state(&self) -> MutexGuard<'_, State<J>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a job, unless there is no place for it.
    pub fn enter(&self, client: Client, job: J) -> Option<Entered<J>> {
        let mut state = self.state();
        let number = state.jobs;
        let (starts, refused) = if state.busy < state.limits.threads {
            state.busy += 1;
            state.own += usize::from(client == Client::Server);
            state.starting.push_back(Waiting { number, client, job });
            (true, None)
        } else {
            // A job that is refused here is the caller's until the lock is released.
            let refused = if client == Client::Server { None } else { state.make_room(client)? };
            state.lines.entry(client).or_default().push_back(Waiting { number, client, job });
            (false, refused)
        };
        state.jobs += 1;
        // What waits for the refused job is notified, which must not happen under the lock.
        drop(state);
        drop(refused);
        let place = Place(Turn { queue: self.clone(), number, client: Rc::new(Cell::new(client)) });
        Some(if starts { Entered::Starts(place) } else { Entered::Waits(place) })
    }

    /// The next job, for a thread. `None`: the thread has nothing to do, and ends its work.
    pub fn next(&self) -> Option<(J, Running<J>)> {
        let mut state = self.state();
        match state.take_next() {
            Some(Waiting { client, job, .. }) => {
                state.running += 1;
                let turn = state.turns;
                state.turns += 1;
                state.served.put(client, turn);
                Some((job, Running { queue: self.clone(), client }))
            }
            None => {
                state.busy -= 1;
                None
            }
        }
    }

    /// How many jobs may wait.
    pub fn capacity(&self) -> usize {
        self.state().limits.queue
    }

    /// Jobs that a thread is running.
    pub fn running(&self) -> usize {
        self.state().running
    }

    /// Jobs that wait for a thread.
    pub fn waiting(&self) -> usize {
        let state = self.state();
        state.starting.len() + state.waiting()
    }
}

impl<J> State<J> {
    /// Jobs for which there is no thread. The server's own take no place.
    fn waiting(&self) -> usize {
        self.lines.iter().filter(|line| *line.0 != Client::Server).map(|line| line.1.len()).sum()
    }

    /// Makes sure that there is a place for one more job of a client. `Some(None)`: there is one. `Some(Some(…))`: this
    /// job has lost its place. `None`: the client has as many as it may have.
    fn make_room(&mut self, client: Client) -> Option<Option<Waiting<J>>> {
        let places = self.lines.get(&client).map_or(0, VecDeque::len);
        if places >= self.limits.per_client + self.own {
            return None;
        }
        if self.waiting() < self.limits.queue + self.own {
            return Some(None);
        }
        // Of several with as many, the one that came last.
        let of_clients = self.lines.iter().filter(|line| *line.0 != Client::Server);
        let most = of_clients.max_by_key(|line| (line.1.len(), line.1.back().map(|last| last.number)))?;
        let (&heaviest, most) = (most.0, most.1.len());
        if most <= places + 1 {
            return None;
        }
        self.lines.get_mut(&heaviest).map(VecDeque::pop_back)
    }

    fn take_next(&mut self) -> Option<Waiting<J>> {
        if let Some(starting) = self.starting.pop_front() {
            return Some(starting);
        }
        // `None`, never served, comes before every turn. Of several such clients, the one that came first.
        let last_turn = |client: &Client| self.served.peek(client).copied();
        let first = self.lines.iter().map(|line| line.1.front().map(|first| (first.number, first.client)));
        let next = first.flatten().min_by_key(|(number, client)| (last_turn(client), *number))?.1;
        self.own += usize::from(next == Client::Server);
        self.remove(next, |_| Some(0))
    }

    /// Takes a job out of a client's line.
    fn remove<F>(&mut self, client: Client, index: F) -> Option<Waiting<J>>
    where
        F: FnOnce(&VecDeque<Waiting<J>>) -> Option<usize>,
    {
        let line = self.lines.get_mut(&client)?;
        let removed = line.remove(index(line)?);
        if line.is_empty() {
            self.lines.remove(&client);
        }
        removed
    }
}

/// The place of a job that waits. Dropping it takes the job out of the queue, unless a thread has it already.
pub struct Place<J>(Turn<J>);

/// Whose turn a job waits for: that of one client, although several may wait for its result.
pub struct Turn<J> {
    queue: Queue<J>,
    number: u64,
    /// Whose line it is in. Written by [`Turn::also_of`], read by the drop of the place. Both are on the reactor.
    client: Rc<Cell<Client>>,
}

impl<J> Place<J> {
    /// The turn that the job waits for.
    pub fn turn(&self) -> Turn<J> {
        let Turn { ref queue, number, ref client } = self.0;
        Turn { queue: queue.clone(), number, client: client.clone() }
    }
}

impl<J> Turn<J> {
    /// Another client waits for the same job. If its turn comes first, the job is done then: no client is to wait longer
    /// because another has asked for the same before.
    pub fn also_of(&self, client: Client) {
        let mut state = self.queue.state();
        let own = self.client.get();
        let places = state.lines.get(&client).map_or(0, VecDeque::len);
        let index = match state.lines.get(&own).and_then(|line| index_of(self.number, line)) {
            Some(index) if own != client && places < state.limits.per_client => index,
            _ => return,
        };
        // The rounds until its turn, and then who is served first in that round.
        let turn = |rounds: usize, client: &Client| (rounds, state.served.peek(client).copied());
        if turn(places, &client) < turn(index, &own) {
            if let Some(job) = state.remove(own, |_| Some(index)) {
                let line = state.lines.entry(client).or_default();
                let index = line.partition_point(|other| other.number < self.number);
                line.insert(index, Waiting { client, ..job });
                self.client.set(client);
            }
        }
    }
}

impl<J> Drop for Place<J> {
    fn drop(&mut self) {
        let Place(ref turn) = *self;
        let mut state = turn.queue.state();
        let starting = index_of(turn.number, &state.starting).and_then(|index| state.starting.remove(index));
        let client = turn.client.get();
        state.own -= usize::from(starting.is_some() && client == Client::Server);
        let removed = starting.or_else(|| state.remove(client, |line| index_of(turn.number, line)));
        drop(state);
        // What the job owns may need the lock.
        drop(removed);
    }
}

fn index_of<J>(number: u64, line: &VecDeque<Waiting<J>>) -> Option<usize> {
    line.binary_search_by_key(&number, |job| job.number).ok()
}

/// A job that runs, until it is dropped.
pub struct Running<J> {
    queue: Queue<J>,
    client: Client,
}

impl<J> Drop for Running<J> {
    fn drop(&mut self) {
        let mut state = self.queue.state();
        state.running -= 1;
        state.own -= usize::from(self.client == Client::Server);
    }
}
