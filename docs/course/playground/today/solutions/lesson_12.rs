//! Lesson 12: a chain becomes an `async fn`.

use playground_today::handler::{App, Asked, Body, Flag, Picture, Refusal, TellOnDrop, draw, look};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Runs a job on a thread that may block, and waits for its result. Dropping the future tells the job to stop.
///
/// # Errors
/// What the job returns, or [`Refusal::Panicked`].
pub async fn on_a_thread<T, J>(job: J) -> Result<T, Refusal>
where
    T: Send + 'static,
    J: FnOnce(&Flag) -> Result<T, Refusal> + Send + 'static,
{
    let told = Flag::default();
    // A name, and not `_`: this variable is part of the future's state until the function ends, or is dropped.
    let _tell_on_drop = TellOnDrop(told.clone());
    spawn_blocking(move || job(&told)).await.unwrap_or(Err(Refusal::Panicked))
}

/// Answers a POST: reads the body, decodes it, and gets the picture.
pub async fn post(app: &App, body: Body) -> Result<Picture, Refusal> {
    let asked = app.decode(&body.read().await?)?;
    timeout(app.limit, picture(app, asked)).await.unwrap_or(Err(Refusal::Late))
}

/// The picture that is kept, or a new one.
async fn picture(app: &App, asked: Asked) -> Result<Picture, Refusal> {
    // The closure goes to another thread, which cannot borrow from this future. So one clone remains.
    let of_look = asked.clone();
    let fingerprint = on_a_thread(move |told| look(&of_look, told)).await?;
    if let Some(picture) = app.kept(fingerprint) {
        return Ok(picture);
    }
    let picture = on_a_thread(move |told| draw(&asked, told)).await?;
    app.keep(fingerprint, &picture);
    Ok(picture)
}
