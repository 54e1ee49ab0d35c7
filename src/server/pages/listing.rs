//! `/templates`, `/templates/{name}` and `/fonts`: what can be asked for.
//!
//! Names need no drawing, so the two lists do not wait for a render thread. What kind of picture a template is may need
//! decoding it, and does.

use std::rc::Rc;
use std::sync::Arc;

use captioner::Captioner;
use image_macro::normal_name;
use server::app::App;
use server::connection::caller::Caller;
use server::http::reply::{Reply, ReplyFuture};

/// `GET /templates`: a sorted array of names.
pub fn templates(app: &Rc<App>, caller: &Caller) -> ReplyFuture {
    names(app, caller, Captioner::template_names)
}

/// `GET /fonts`: a sorted array of names.
pub fn fonts(app: &Rc<App>, caller: &Caller) -> ReplyFuture {
    names(app, caller, Captioner::font_names)
}

fn names(app: &Rc<App>, caller: &Caller, names: fn(&Captioner) -> Arc<Vec<String>>) -> ReplyFuture {
    let names = app.look(caller.client, move |captioner| Ok(names(captioner)));
    app.reply_to(Box::new(app.deadline.limit(names)), |names| Reply::json(&*names))
}

/// `GET /templates/{name}`: its format, size and number of frames.
pub fn template(app: &Rc<App>, caller: &Caller, name: &str) -> ReplyFuture {
    caller.waits_for_drawing();
    let captioner = app.captioner.clone();
    let name = normal_name(name);
    let info = app.pool.run(caller.client, move |cancel| captioner.template_info(&name, cancel));
    app.reply_to(info, |info| {
        Reply::json(&json!({
            "name": info.name,
            "format": info.format.name(),
            "width": info.width,
            "height": info.height,
            "frames": info.frames,
        }))
    })
}
