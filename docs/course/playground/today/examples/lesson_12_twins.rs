//! One handler in three styles, and what can be counted of each: a chain with a box for each function, as in the server;
//! the same chain without a box; an `async fn`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::any::type_name_of_val;
use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use futures01::executor::{Notify, spawn};
use futures01::future::{Either, ok};
use futures01::{Async, Future as Future01};
use playground_today::trace::{event, print};

// ===== The three styles =====

/// A chain, as the server writes it: the future of each function is in a box.
fn boxed(app: &App) -> LocalFuture<usize> {
    let (of_draw, of_answer) = (app.clone(), app.clone());
    let body: LocalFuture<_> = Box::new(read());
    let asked = body.and_then(decode);
    let picture = asked.and_then(move |asked| -> LocalFuture<_> { Box::new(draw(&of_draw, asked)) });
    Box::new(picture.map(move |picture| answer(&of_answer, picture)))
}

/// The same chain without a box. The return type could not be written before Rust 1.26.
fn unboxed(app: &App) -> impl Future01<Item = usize, Error = ()> + use<> {
    let (of_draw, of_answer) = (app.clone(), app.clone());
    let asked = read().and_then(decode);
    let picture = asked.and_then(move |asked| draw(&of_draw, asked));
    picture.map(move |picture| answer(&of_answer, picture))
}

async fn awaits(app: &App) -> Result<usize, ()> {
    let asked = decode(read().await?)?;
    let picture = draw(app, asked).await?;
    Ok(answer(app, picture))
}

// ===== What they call =====

type LocalFuture<T> = Box<dyn Future01<Item = T, Error = ()>>;

/// Clones share it, and are counted.
struct App(Rc<Cell<usize>>);

impl Clone for App {
    fn clone(&self) -> App {
        self.0.set(self.0.get() + 1);
        App(self.0.clone())
    }
}

static READS: AtomicUsize = AtomicUsize::new(0);
static TOLD: AtomicUsize = AtomicUsize::new(0);

fn read() -> Wait {
    READS.fetch_add(1, Ordering::SeqCst);
    Wait { value: 1, polls: 0 }
}

fn decode(body: usize) -> Result<usize, ()> {
    Ok(body + 1)
}

fn draw(_app: &App, asked: usize) -> Wait {
    Wait { value: asked + 1, polls: 0 }
}

fn answer(_app: &App, picture: usize) -> usize {
    picture + 1
}

/// A wait for both worlds: not ready at its first poll, ready at its second. It notifies nobody, because this program
/// polls again by itself. If it is dropped in between, its job is told.
struct Wait {
    value: usize,
    polls: u32,
}

impl Future01 for Wait {
    type Item = usize;
    type Error = ();

    fn poll(&mut self) -> futures01::Poll<usize, ()> {
        self.polls += 1;
        Ok(if self.polls == 1 { Async::NotReady } else { Async::Ready(self.value) })
    }
}

impl Future for Wait {
    type Output = Result<usize, ()>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context) -> Poll<Result<usize, ()>> {
        self.polls += 1;
        if self.polls == 1 { Poll::Pending } else { Poll::Ready(Ok(self.value)) }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if self.polls == 1 {
            TOLD.fetch_add(1, Ordering::SeqCst);
        }
    }
}

// ===== What is counted =====

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static ALLOCATED: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// Safety: all calls go to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::SeqCst);
        ALLOCATED.fetch_add(layout.size(), Ordering::SeqCst);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }
}

/// Whoever is notified: nobody.
struct Nobody;

impl Notify for Nobody {
    fn notify(&self, _: usize) {}
}

struct Counts {
    bytes: usize,
    name: usize,
    reads_at_call: usize,
    polls: usize,
    allocations: usize,
    allocated: usize,
    clones: usize,
    told: usize,
    loser: &'static str,
}

fn count<T>(
    make: impl Fn(&'static App) -> T,
    polls: impl Fn(T, usize) -> usize,
    loser: impl Fn(T) -> &'static str,
) -> Counts {
    // For as long as the program runs: `awaits` borrows it.
    let app: &'static App = Box::leak(Box::new(App(Rc::default())));
    let of = |counter: &AtomicUsize, before: usize| counter.load(Ordering::SeqCst) - before;
    let before = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
    let (allocations, allocated, reads) = (before(&ALLOCATIONS), before(&ALLOCATED), before(&READS));
    let future = make(app);
    let reads_at_call = of(&READS, reads);
    let (bytes, name) = (size_of_val(&future), type_name_of_val(&future).chars().count());
    let polls_to_the_end = polls(future, usize::MAX);
    let (allocations, allocated) = (of(&ALLOCATIONS, allocations), of(&ALLOCATED, allocated));
    let (clones, told) = (app.0.get(), before(&TOLD));
    assert_eq!(polls(make(app), 2), 2);
    let told = of(&TOLD, told);
    let loser = loser(make(app));
    Counts {
        bytes,
        name,
        reads_at_call,
        polls: polls_to_the_end,
        allocations,
        allocated,
        clones,
        told,
        loser,
    }
}

/// Polls a future of 0.1 as often as `most`, or until it is ready, and drops it. Returns how often it was polled.
fn polls_01<F: Future01<Item = usize, Error = ()>>(future: F, most: usize) -> usize {
    let (mut task, nobody) = (spawn(future), nobody());
    (1..=most).find(|&poll| task.poll_future_notify(&nobody, 0).unwrap().is_ready() || poll == most).unwrap()
}

/// The same for a future of today.
fn polls_today(future: impl Future<Output = Result<usize, ()>>, most: usize) -> usize {
    let (mut task, mut cx) = (std::pin::pin!(future), Context::from_waker(Waker::noop()));
    (1..=most).find(|&poll| task.as_mut().poll(&mut cx).is_ready() || poll == most).unwrap()
}

/// What becomes of a future that loses a race.
fn loser_01<F: Future01<Item = usize, Error = ()>>(future: F) -> &'static str {
    let mut race = spawn(future.select2(ok::<(), ()>(())));
    match race.poll_future_notify(&nobody(), 0) {
        // One of its three polls was in the race.
        Ok(Async::Ready(Either::B(((), loser)))) => {
            assert_eq!(polls_01(loser, usize::MAX), 2);
            "handed over"
        }
        _ => "dropped",
    }
}

fn loser_today(future: impl Future<Output = Result<usize, ()>>) -> &'static str {
    let told = TOLD.load(Ordering::SeqCst);
    polls_today(
        async {
            tokio::select! {
                biased;
                result = future => result,
                () = std::future::ready(()) => Ok(0),
            }
        },
        1,
    );
    if TOLD.load(Ordering::SeqCst) > told { "dropped" } else { "handed over" }
}

fn nobody() -> Arc<Nobody> {
    thread_local!(static NOBODY: Arc<Nobody> = Arc::new(Nobody));
    NOBODY.with(Arc::clone)
}

fn main() {
    // Not counted: it is made once.
    drop(nobody());
    let columns = [
        ("chain, boxed", count(boxed, polls_01, loser_01)),
        ("chain, not boxed", count(unboxed, polls_01, loser_01)),
        ("async fn", count(awaits, polls_today, loser_today)),
    ];
    let is = |good: bool| if good { "good" } else { "bad" };
    for (column, counts) in &columns {
        let cell = |row: &str, text: String, tone: &str| event(row, format!("{column} | {text} | {tone}"));
        let boxes =
            if counts.allocated > 0 { format!(" + {} in boxes", counts.allocated) } else { String::new() };
        cell("bytes", format!("{}{boxes}", counts.bytes), "plain");
        cell("characters of its type's name", counts.name.to_string(), is(counts.name < 100));
        cell("allocations", counts.allocations.to_string(), is(counts.allocations == 0));
        cell("clones of the app", counts.clones.to_string(), is(counts.clones == 0));
        let begun = if counts.reads_at_call > 0 { "the reading" } else { "nothing" };
        cell("begun by the call", begun.to_string(), "plain");
        cell("polls to the end", counts.polls.to_string(), "plain");
        let told = if counts.told == 1 { "tells its job" } else { "tells no one" };
        cell("dropped while it waits", told.to_string(), is(counts.told == 1));
        let tone = if counts.loser == "dropped" { "gone" } else { "good" };
        cell("having lost a race", counts.loser.to_string(), tone);
    }
    print();
}
