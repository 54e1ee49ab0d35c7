//! Lesson 4: one chain, from two sources of templates to an answer that cannot fail.

use futures::Future;

/// A future with a name that can be written down. Lesson 5 says more of it.
pub type LocalFuture<T, E> = Box<dyn Future<Item = T, Error = E>>;

/// Why a source has no template.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SourceError {
    /// It does not have it. Another may.
    NotThere,
    /// It cannot be read. This is an error to report, and no reason to ask another source.
    Broken,
}

/// Why a template cannot be shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Damaged;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Refusal {
    /// 404.
    NotFound,
    /// 500.
    Broken,
    /// 422.
    Damaged,
}

impl From<SourceError> for Refusal {
    fn from(error: SourceError) -> Refusal {
        match error {
            SourceError::NotThere => Refusal::NotFound,
            SourceError::Broken => Refusal::Broken,
        }
    }
}

impl From<Damaged> for Refusal {
    fn from(_: Damaged) -> Refusal {
        Refusal::Damaged
    }
}

/// The width of a template. It takes microseconds, so it returns no future.
pub fn width(template: &str) -> Result<usize, Damaged> {
    if template.is_empty() {
        Err(Damaged)
    } else {
        Ok(template.len())
    }
}

/// The template of the cache or, if it is not there, of the folder. With `then`, a colleague has written it so:
///
/// ```ignore
/// Box::new(cache.then(move |found| -> LocalFuture<String, SourceError> {
///     match found {
///         Ok(template) => Box::new(future::ok(template)),
///         Err(SourceError::NotThere) => folder(),
///         Err(SourceError::Broken) => Box::new(future::err(SourceError::Broken)),
///     }
/// }))
/// ```
///
/// It works, and boxes a template that was there already, to unwrap it again. Which combinator lets a success pass?
pub fn find<F>(_cache: LocalFuture<String, SourceError>, _folder: F) -> LocalFuture<String, SourceError>
where
    F: FnOnce() -> LocalFuture<String, SourceError> + 'static,
{
    unimplemented!("a closure that sees the error, and returns a future")
}

/// The answer to a request: `find` the template, then its `width`, then the sentence of it. It cannot fail: its error is
/// `()` because a future must have one.
///
/// "200: 3 wide", "404", "500" or "422".
pub fn answer<F>(_cache: LocalFuture<String, SourceError>, _folder: F) -> LocalFuture<String, ()>
where
    F: FnOnce() -> LocalFuture<String, SourceError> + 'static,
{
    unimplemented!("four links: find, make the error a Refusal, and_then, then")
}
