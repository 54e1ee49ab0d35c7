//! The tests of lesson 4.

extern crate futures;
extern crate playground;
extern crate tokio_core;

#[cfg_attr(feature = "solutions", path = "../solutions/lesson_04.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../exercises/lesson_04.rs")]
// What nothing uses until the exercise is written.
#[allow(dead_code)]
mod exercise;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use futures::{future, Future, Poll};
use playground::within;
use tokio_core::reactor::{Core, Timeout};

use exercise::{answer, find, LocalFuture, SourceError};

type Found = Result<&'static str, SourceError>;

/// A source that has answered already.
fn source(found: Found) -> LocalFuture<String, SourceError> {
    Box::new(future::result(found.map(str::to_string)))
}

/// A future that says whether it is still there.
struct Watched {
    inner: LocalFuture<String, SourceError>,
    is_there: Rc<Cell<bool>>,
}

impl Future for Watched {
    type Item = String;
    type Error = SourceError;

    fn poll(&mut self) -> Poll<String, SourceError> {
        self.inner.poll()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.is_there.set(false);
    }
}

/// What `answer` says, and how often the folder was asked.
fn asked(cache: Found, folder: Found) -> (String, u32) {
    within(move || {
        let asked = Rc::new(Cell::new(0));
        let of_folder = asked.clone();
        let chain = answer(source(cache), move || {
            of_folder.set(of_folder.get() + 1);
            source(folder)
        });
        assert_eq!(asked.get(), 0, "the folder was asked before the chain was polled");
        let answered = chain.wait().expect("an answer cannot fail");
        (answered, asked.get())
    })
}

#[test]
fn a_template_of_the_cache_passes_and_the_folder_is_not_asked() {
    assert_eq!(asked(Ok("cat"), Ok("another cat")), ("200: 3 wide".to_string(), 0));
}

#[test]
fn a_template_that_is_not_cached_comes_from_the_folder() {
    assert_eq!(asked(Err(SourceError::NotThere), Ok("horse")), ("200: 5 wide".to_string(), 1));
}

#[test]
fn a_broken_cache_is_reported_and_no_reason_to_ask_the_folder() {
    assert_eq!(asked(Err(SourceError::Broken), Ok("horse")), ("500".to_string(), 0));
}

#[test]
fn the_error_of_the_second_source_is_the_error_of_the_chain() {
    assert_eq!(asked(Err(SourceError::NotThere), Err(SourceError::NotThere)), ("404".to_string(), 1));
    assert_eq!(asked(Err(SourceError::NotThere), Err(SourceError::Broken)), ("500".to_string(), 1));
}

#[test]
fn a_damaged_template_is_refused_and_no_reason_to_ask_the_folder() {
    assert_eq!(
        asked(Ok(""), Ok("horse")),
        ("422".to_string(), 0),
        "`or_else` sees the errors of all links before it"
    );
}

#[test]
fn the_cache_is_gone_when_the_folder_is_asked() {
    within(|| {
        let is_there = Rc::new(Cell::new(true));
        let cache = Watched { inner: source(Err(SourceError::NotThere)), is_there: is_there.clone() };
        let found = find(Box::new(cache), move || {
            assert!(!is_there.get(), "the future of the cache is still there, with all that it owns");
            source(Ok("horse"))
        });
        assert_eq!(found.wait(), Ok("horse".to_string()));
    });
}

#[test]
fn it_is_written_with_or_else() {
    #[cfg(feature = "solutions")]
    let source = include_str!("../solutions/lesson_04.rs");
    #[cfg(not(feature = "solutions"))]
    let source = include_str!("../exercises/lesson_04.rs");
    assert!(
        source.contains(".or_else("),
        "the colleague's `then` has the same results; can it be said shorter?"
    );
}

#[test]
fn a_source_that_takes_its_time_is_waited_for() {
    within(|| {
        let mut core = Core::new().unwrap();
        let handle = core.handle();
        let late = move |found: Found| -> LocalFuture<String, SourceError> {
            let timeout = Timeout::new(Duration::from_millis(20), &handle).unwrap();
            Box::new(timeout.map_err(|_| SourceError::Broken).and_then(move |()| found.map(str::to_string)))
        };
        let chain = answer(late(Err(SourceError::NotThere)), move || late(Ok("cat")));
        assert_eq!(
            core.run(chain),
            Ok("200: 3 wide".to_string()),
            "`wait` would block the reactor's thread here"
        );
    });
}
