//! `/templates`, `/templates/{name}` and `/fonts`: what can be asked for.
//!
//! Names need no drawing, so the lists of them do not wait for a render thread. What kind of picture a template is may
//! need decoding it, and does, once.

use std::rc::Rc;
use std::sync::Arc;

use futures::future::{self, Loop};
use futures::Future;

use captioner::{Captioner, Described, Description};
use image_macro::{normal_name, Search};
use server::app::App;
use server::client::Client;
use server::connection::caller::Caller;
use server::future_ext::{ready, LocalFuture};
use server::http::reply::{Reply, ReplyFuture};
use server::pool::PoolError;

/// `GET /templates?…`: a sorted array of names, or with `details` of objects; with `q`, of those that have its words in
/// their name or keywords.
pub fn templates(app: &Rc<App>, caller: Caller, query: &str) -> ReplyFuture {
    match Search::parse(query) {
        Ok(search) if search.details => details(app, caller, search),
        Ok(ref search) if search.words.is_empty() => names(app, &caller, Captioner::template_names),
        Ok(search) => {
            let names = app.look(caller.client, move |captioner| Ok(found(captioner, &search)));
            app.reply_to(Box::new(app.deadline.limit(names)), |names| Reply::json(&names))
        }
        Err(invalid) => ready(Reply::from(invalid)),
    }
}

/// `GET /fonts`: a sorted array of names.
pub fn fonts(app: &Rc<App>, caller: &Caller) -> ReplyFuture {
    names(app, caller, Captioner::font_names)
}

fn names(app: &Rc<App>, caller: &Caller, names: fn(&Captioner) -> Arc<Vec<String>>) -> ReplyFuture {
    let names = app.look(caller.client, move |captioner| Ok(names(captioner)));
    app.reply_to(Box::new(app.deadline.limit(names)), |names| Reply::json(&*names))
}

/// The names of the templates that are searched for.
fn found(captioner: &Captioner, search: &Search) -> Vec<String> {
    let names = captioner.template_names();
    names.iter().filter(|name| search.finds(name, &captioner.keywords(name))).cloned().collect()
}

/// All that is known of the templates that are searched for.
///
/// `look` finds their names, and what is remembered of them. If that is all, the answer does not wait for a render thread.
/// Otherwise `and_then` begins a `loop_fn` over the others, as `preload` does: a turn is one job, which decodes one
/// template, so what other clients ask for is drawn in between. The deadline is around all of it. When it passes, or the
/// client hangs up, the template that is being decoded is given up, and what is known of the others is kept: the next
/// request has less to do.
fn details(app: &Rc<App>, caller: Caller, search: Search) -> ReplyFuture {
    let described =
        app.look(caller.client, move |captioner| Ok(captioner.described(found(captioner, &search))));
    let of_chain = app.clone();
    let descriptions = described.and_then(move |described| -> LocalFuture<_, PoolError> {
        if described.unknown.is_empty() {
            return ready(described.known);
        }
        caller.waits_for_drawing();
        Box::new(future::loop_fn(described, move |described| turn(&of_chain, caller.client, described)))
    });
    app.reply_to(Box::new(app.deadline.limit(descriptions)), |mut all| {
        all.sort_by(|one, other| one.info.name.cmp(&other.info.name));
        Reply::json(&all.iter().map(Description::to_json).collect::<Vec<_>>())
    })
}

/// Describes the next template. One that cannot be decoded is left out.
fn turn(
    app: &App,
    client: Client,
    mut described: Described,
) -> LocalFuture<Loop<Vec<Description>, Described>, PoolError> {
    let name = match described.unknown.pop() {
        Some(name) => name,
        None => return ready(Loop::Break(described.known)),
    };
    let captioner = app.captioner.clone();
    let description = app.pool.spawn(client, move |cancel| captioner.describe(&name, cancel));
    Box::new(description.map(move |description| {
        described.known.extend(description.value);
        Loop::Continue(described)
    }))
}

/// `GET /templates/{name}`: its format, size and number of frames, where its thumbnail is, and what is noted of it.
pub fn template(app: &Rc<App>, caller: &Caller, name: &str) -> ReplyFuture {
    caller.waits_for_drawing();
    let captioner = app.captioner.clone();
    let name = normal_name(name);
    let description = app.pool.run(caller.client, move |cancel| captioner.description(&name, cancel));
    app.reply_to(description, |description| Reply::json(&description.to_json()))
}
