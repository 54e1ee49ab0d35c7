//! The way to a picture, shortest first: the client has it, the cache has it, it is being drawn, it is drawn.

pub mod flights;
pub mod kept;
pub mod timing;

use std::rc::Rc;
use std::sync::Arc;

use futures::Future;

use self::flights::Drawn;
use self::kept::{Asked, SharedPicture};
use self::timing::{Origin, Times};
use captioner::Fingerprint;
use image_macro::ImageMacro;
use server::app::App;
use server::client::Client;
use server::connection::caller::Caller;
use server::future_ext::{failed, ready, LocalFuture};
use server::http::conditional::{Conditions, Precondition};
use server::http::reply::{Reply, ReplyFuture};
use server::numbers::counters::count;
use server::pool::{PoolError, Turn};

/// The answer to what was asked before, in the same words, if its client or the cache has the picture. Decodes nothing.
pub fn known(app: &App, asked: &Asked, conditions: &Conditions) -> Option<Reply> {
    let fingerprint = app.kept.fingerprint_of(asked)?;
    if let Some(reply) = without_picture(app, &fingerprint, conditions) {
        return Some(reply);
    }
    app.kept.get_early(&fingerprint).map(|picture| answer(picture, Origin::Cached, conditions))
}

/// The answer if the conditions of the request make it one without a picture.
fn without_picture(app: &App, fingerprint: &Fingerprint, conditions: &Conditions) -> Option<Reply> {
    match conditions.check(fingerprint) {
        Precondition::Holds => None,
        Precondition::Failed => Some(Reply::precondition_failed()),
        Precondition::Unmodified => {
            count(&app.counters.not_modified);
            Some(Reply::not_modified(fingerprint))
        }
    }
}

/// The picture, or the part of it that the client wants. `asked` is what [`known`] will know it by, if it is asked for by
/// a URL.
///
/// The chain waits twice: for the fingerprint, and in `and_then` for the picture. The closures run on the reactor. The
/// deadline is around both waits, and it is this request's own. When it passes, or the client hangs up, the chain is
/// dropped: the request leaves its flight, and the drawing is cancelled only if no other request waits for it.
pub fn picture(
    app: &Rc<App>,
    caller: Caller,
    image_macro: ImageMacro,
    asked: Option<Asked>,
    conditions: Conditions,
) -> ReplyFuture {
    let image_macro = Arc::new(image_macro);
    let of_look = image_macro.clone();
    // The thread that looks at files draws nothing, so a cached picture is found however busy the render threads are.
    let fingerprint = app.look(caller.client, move |captioner| captioner.fingerprint(&of_look));
    let of_chain = app.clone();
    let reply = fingerprint.and_then(move |fingerprint| -> LocalFuture<Reply, PoolError> {
        let app = of_chain;
        // Without folders, the same words have the same fingerprint for as long as the program runs.
        if let Some(asked) = asked.filter(|_| app.files.is_none()) {
            app.kept.learn(asked, fingerprint);
        }
        if let Some(reply) = without_picture(&app, &fingerprint, &conditions) {
            return ready(reply);
        }
        let found = find(&app, &caller, fingerprint, image_macro);
        Box::new(found.map(move |(picture, origin)| answer(picture, origin, &conditions)))
    });
    app.reply_to(Box::new(app.deadline.limit(reply)), |reply| reply)
}

/// From the cache, from a drawing in flight, or from one that starts here. The arms are futures of three types, so each
/// is boxed.
fn find(
    app: &Rc<App>,
    caller: &Caller,
    fingerprint: Fingerprint,
    image_macro: Arc<ImageMacro>,
) -> LocalFuture<(SharedPicture, Origin), PoolError> {
    if let Some(picture) = app.kept.get(&fingerprint) {
        return ready((picture, Origin::Cached));
    }
    caller.waits_for_drawing();
    if let Some(flight) = app.flights.join(&fingerprint, caller.client) {
        count(&app.counters.shared);
        return Box::new(flight.map(|drawn| (drawn.picture, Origin::Shared)));
    }
    if !app.budget.admits(caller.client, 0) {
        return failed(PoolError::NoRoom);
    }
    let (drawing, turn) = draw(app, caller.client, fingerprint, image_macro);
    let flight = app.flights.start(fingerprint, drawing, turn);
    Box::new(flight.map(|drawn| (drawn.picture, Origin::Drawn(drawn.times))))
}

/// Draws the picture in the pool, then caches and counts it.
///
/// The closure of `spawn` runs on a render thread, the closure of `map` on the reactor, once for all requests that wait.
/// Dropping the future cancels the drawing, and nothing is cached. `client` is the one who asked first.
fn draw(
    app: &Rc<App>,
    client: Client,
    fingerprint: Fingerprint,
    image_macro: Arc<ImageMacro>,
) -> (LocalFuture<Drawn, PoolError>, Option<Turn>) {
    let draw = app.draw.clone();
    let captioner = app.captioner.clone();
    let name = image_macro.template.clone();
    let (drawing, turn) = app.pool.spawn_shared(client, move |cancel| {
        let mut picture = draw(&image_macro, cancel)?;
        // It may be cached for long.
        picture.bytes.shrink_to_fit();
        // A file that changed since the fingerprint was taken may be shown as it was before, or after.
        let is_same =
            !captioner.needs_files() || captioner.fingerprint(&image_macro).ok() == Some(fingerprint);
        Ok((picture, if is_same { Some(fingerprint) } else { None }))
    });
    let app = app.clone();
    let drawn = drawing.map(move |timed| {
        let (picture, fingerprint) = timed.value;
        let encode = picture.encode_time;
        let times = Times { queue: timed.queued, draw: timed.ran.saturating_sub(encode), encode };
        app.counters.drawn(times);
        let picture = SharedPicture::new(picture, &name, fingerprint);
        app.kept.keep(&picture);
        Drawn { picture, times }
    });
    (Box::new(drawn), turn)
}

fn answer(picture: SharedPicture, origin: Origin, conditions: &Conditions) -> Reply {
    let length = picture.bytes.len();
    let part = picture.fingerprint.map(|fingerprint| conditions.part(&fingerprint, length));
    let reply = Reply::picture(picture, &origin);
    match part {
        Some(part) => reply.with_part(part),
        None => reply,
    }
}
