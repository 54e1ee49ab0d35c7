//! Lesson 12: a chain becomes an `async fn`. The chain is in `docs/course/playground/examples/lesson_12_chain.rs`.

use playground_today::handler::{App, Body, Flag, Picture, Refusal};

/// Runs a job on a thread that may block, and waits for its result. Dropping the future tells the job to stop.
///
/// You need `TellOnDrop` of `playground_today::handler`, and `tokio::task::spawn_blocking`.
///
/// # Errors
/// What the job returns, or [`Refusal::Panicked`].
pub async fn on_a_thread<T, J>(_job: J) -> Result<T, Refusal>
where
    T: Send + 'static,
    J: FnOnce(&Flag) -> Result<T, Refusal> + Send + 'static,
{
    unimplemented!("a flag for the job; a guard that this future owns; a thread; and one .await")
}

/// Answers a POST: reads the body, decodes it, and gets the picture.
///
/// You need `look` and `draw` of `playground_today::handler`, and `tokio::time::timeout`.
///
/// # Errors
/// That of the first step that fails, or [`Refusal::Late`].
pub async fn post(_app: &App, _body: Body) -> Result<Picture, Refusal> {
    unimplemented!("three waits: the body; then, under one deadline, the look and the drawing")
}
