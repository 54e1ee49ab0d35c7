//! `/templates`, `/templates/{name}` and `/fonts`: what there is. Folders are listed and files are read on
//! the pool: neither may block the reactor.

use std::rc::Rc;

use super::response::{Reply, ReplyFuture};
use super::App;
use image_macro::normal_name;

/// A sorted array of names.
pub fn templates(app: &Rc<App>) -> ReplyFuture {
    let captioner = app.captioner.clone();
    let names = app.renderer.run(move |_| Ok(captioner.template_names()));
    app.reply_to(names, |names| Reply::json(&json!(names)))
}

/// What kind of picture it is.
pub fn template(app: &Rc<App>, name: &str) -> ReplyFuture {
    let captioner = app.captioner.clone();
    let name = normal_name(name);
    let info = app.renderer.run(move |cancel| captioner.template_info(&name, cancel));
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

/// A sorted array of names.
pub fn fonts(app: &Rc<App>) -> ReplyFuture {
    let captioner = app.captioner.clone();
    let names = app.renderer.run(move |_| Ok(captioner.font_names()));
    app.reply_to(names, |names| Reply::json(&json!(names)))
}
