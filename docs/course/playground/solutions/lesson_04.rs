//! Lesson 4: one chain, from two sources of templates to an answer that cannot fail.

use futures::{future, Future};

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

/// The template of the cache or, if it is not there, of the folder.
pub fn find<F>(cache: LocalFuture<String, SourceError>, folder: F) -> LocalFuture<String, SourceError>
where
    F: FnOnce() -> LocalFuture<String, SourceError> + 'static,
{
    Box::new(cache.or_else(move |error| match error {
        SourceError::NotThere => folder(),
        // The two arms must be of one type, and the other is a box.
        SourceError::Broken => Box::new(future::err(error)),
    }))
}

/// The answer to a request: `find` the template, then its `width`, then the sentence of it. It cannot fail: its error is
/// `()` because a future must have one.
///
/// "200: 3 wide", "404", "500" or "422".
pub fn answer<F>(cache: LocalFuture<String, SourceError>, folder: F) -> LocalFuture<String, ()>
where
    F: FnOnce() -> LocalFuture<String, SourceError> + 'static,
{
    let found = find(cache, folder).from_err::<Refusal>();
    let measured = found.and_then(|template| width(&template).map_err(Refusal::from));
    Box::new(measured.then(|measured| {
        Ok(match measured {
            Ok(width) => format!("200: {} wide", width),
            Err(Refusal::NotFound) => "404".to_string(),
            Err(Refusal::Broken) => "500".to_string(),
            Err(Refusal::Damaged) => "422".to_string(),
        })
    }))
}
