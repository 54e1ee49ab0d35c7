//! The way to a picture, shortest first: the client has it, the cache has it, somebody is drawing it, we draw
//! it.

use std::rc::Rc;
use std::sync::Arc;

use futures::{future, Future};

use super::conditional::Conditions;
use super::flights::Drawn;
use super::future_ext::{ready, BoxFuture};
use super::render::RenderError;
use super::response::{Reply, ReplyFuture};
use super::results::Finished;
use super::stats::count;
use super::timing::{Origin, Times};
use super::App;
use captioner::Fingerprint;
use image_macro::ImageMacro;

/// The answer to a query string that was asked before, if its client or the cache has the picture.
pub fn known(app: &App, query: &str, conditions: &Conditions) -> Option<Reply> {
    let fingerprint = app.results.known(query)?;
    if conditions.is_unmodified(&fingerprint) {
        count(&app.counters.not_modified);
        return Some(Reply::not_modified(&fingerprint));
    }
    let picture = app.results.get_early(&fingerprint)?;
    let drawn = Drawn { picture, fingerprint: Some(fingerprint), times: Times::default() };
    Some(answer(drawn, Origin::Cached, conditions))
}

/// The picture, or that part of it that the client has not. `query` is what asked for it, if it was one.
///
/// Waits for the fingerprint, then for the picture; both closures run on the reactor. One deadline is over
/// all of it, and it is this request's own: dropping the chain leaves the flight, and ends it only if nobody
/// else waits for it.
pub fn picture(
    app: &Rc<App>,
    image_macro: ImageMacro,
    query: Option<String>,
    conditions: Conditions,
) -> ReplyFuture {
    let image_macro = Arc::new(image_macro);
    let fingerprint = fingerprint(app, &image_macro);
    let at_hand = app.clone();
    let reply = fingerprint.and_then(move |fingerprint| -> BoxFuture<Reply, RenderError> {
        if let Some(query) = query.filter(|_| at_hand.files.is_none()) {
            at_hand.results.learn(query, fingerprint);
        }
        if conditions.is_unmodified(&fingerprint) {
            count(&at_hand.counters.not_modified);
            return ready(Reply::not_modified(&fingerprint));
        }
        let drawn = find(&at_hand, fingerprint, image_macro);
        Box::new(drawn.map(move |(drawn, origin)| answer(drawn, origin, &conditions)))
    });
    app.reply_to(Box::new(app.deadline.limit(reply)), |reply| reply)
}

/// The fingerprint: at once on the reactor if no file needs to be looked at, else from the thread that looks
/// at files. That thread draws nothing, so what is cached is found however busy the others are.
fn fingerprint(app: &App, image_macro: &Arc<ImageMacro>) -> BoxFuture<Fingerprint, RenderError> {
    let captioner = app.captioner.clone();
    match app.files {
        None => Box::new(future::result(captioner.fingerprint(image_macro).map_err(RenderError::from))),
        Some(ref files) => {
            let image_macro = image_macro.clone();
            Box::new(files.spawn(move |_| captioner.fingerprint(&image_macro)).map(|done| done.value))
        }
    }
}

/// From the cache, from a drawing in flight, or from one that begins here.
fn find(
    app: &Rc<App>,
    fingerprint: Fingerprint,
    image_macro: Arc<ImageMacro>,
) -> BoxFuture<(Drawn, Origin), RenderError> {
    if let Some(picture) = app.results.get(&fingerprint) {
        let times = Times::default();
        return ready((Drawn { picture, fingerprint: Some(fingerprint), times }, Origin::Cached));
    }
    if let Some(drawn) = app.flights.join(&fingerprint) {
        count(&app.counters.shared);
        return Box::new(drawn.map(|drawn| (drawn, Origin::Shared)));
    }
    let drawn = app.flights.start(fingerprint, draw(app, fingerprint, image_macro));
    Box::new(drawn.map(|drawn| {
        let origin = Origin::Drawn(drawn.times);
        (drawn, origin)
    }))
}

/// Draws it on the pool; keeps and counts it on the reactor. Dropping the future stops the drawing.
fn draw(
    app: &Rc<App>,
    fingerprint: Fingerprint,
    image_macro: Arc<ImageMacro>,
) -> BoxFuture<Drawn, RenderError> {
    let draw = app.draw.clone();
    let captioner = app.captioner.clone();
    let drawing = app.renderer.spawn(move |cancel| {
        let mut drawing = draw(&image_macro, cancel)?;
        // It may be kept for long.
        drawing.picture.bytes.shrink_to_fit();
        let is_same =
            !captioner.needs_files() || captioner.fingerprint(&image_macro).ok() == Some(fingerprint);
        Ok((drawing, if is_same { Some(fingerprint) } else { None }))
    });
    let app = app.clone();
    Box::new(drawing.map(move |done| {
        let (drawing, fingerprint) = done.value;
        let encode = drawing.encoding;
        let times = Times { queue: done.queued, draw: done.ran.saturating_sub(encode), encode };
        app.counters.record(times);
        let picture = Finished::from(drawing.picture);
        if let Some(fingerprint) = fingerprint {
            app.results.keep(fingerprint, &picture);
        }
        Drawn { picture, fingerprint, times }
    }))
}

fn answer(drawn: Drawn, origin: Origin, conditions: &Conditions) -> Reply {
    let length = drawn.picture.bytes.len();
    let reply = Reply::picture(drawn.picture, &origin);
    match drawn.fingerprint {
        Some(fingerprint) => reply.tagged(&fingerprint).with_part(conditions.part(&fingerprint, length)),
        None => reply,
    }
}
