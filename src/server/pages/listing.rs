//! `/templates`, `/templates/{name}` and `/fonts`: what can be asked for.
//!
//! Names need no drawing, so the lists of them do not wait for a render thread. What kind of picture a template is may
//! need decoding it, and does, once.

use std::rc::Rc;
use std::sync::Arc;

use futures::Future;
use serde_json::Value;

use captioner::{keywords, Cancel, Captioner, TemplateInfo};
use image_macro::{normal_name, thumbnail_of, Search};
use server::app::App;
use server::connection::caller::Caller;
use server::future_ext::ready;
use server::http::reply::{Reply, ReplyFuture};

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
    names.iter().filter(|name| search.finds(name, keywords(name))).cloned().collect()
}

/// All that is known of the templates that are searched for.
///
/// `look` finds their names, and what is remembered of them. If that is all, the answer does not wait for a render thread.
/// Otherwise `and_then` sends a job to one, which decodes those that were not decoded before. The deadline is around both.
/// When it passes, or the client hangs up, the job is cancelled between two pieces of a file, and what it has learned by
/// then is kept: the next request has less to do.
fn details(app: &Rc<App>, caller: Caller, search: Search) -> ReplyFuture {
    let known = app.look(caller.client, move |captioner| {
        let names = found(captioner, &search);
        let known = captioner.known_infos(&names);
        Ok((names, known))
    });
    let of_chain = app.clone();
    let infos = known.and_then(move |(names, known)| {
        if let Some(known) = known {
            return ready(known);
        }
        caller.waits_for_drawing();
        let captioner = of_chain.captioner.clone();
        let job = move |cancel: &Cancel| captioner.template_infos(&names, cancel);
        Box::new(of_chain.pool.spawn(caller.client, job).map(|timed| timed.value))
    });
    app.reply_to(Box::new(app.deadline.limit(infos)), |infos| {
        Reply::json(&infos.iter().map(json).collect::<Vec<_>>())
    })
}

/// `GET /templates/{name}`: its format, size and number of frames, where its thumbnail is, and its keywords.
pub fn template(app: &Rc<App>, caller: &Caller, name: &str) -> ReplyFuture {
    caller.waits_for_drawing();
    let captioner = app.captioner.clone();
    let name = normal_name(name);
    let info = app.pool.run(caller.client, move |cancel| captioner.template_info(&name, cancel));
    app.reply_to(info, |info| Reply::json(&json(&info)))
}

fn json(info: &TemplateInfo) -> Value {
    json!({
        "name": info.name,
        "format": info.format.name(),
        "width": info.width,
        "height": info.height,
        "frames": info.frames,
        "thumbnail": thumbnail_of(&info.name, info.format),
        "keywords": keywords(&info.name),
    })
}
