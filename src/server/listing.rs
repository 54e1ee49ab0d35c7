//! `/templates`, `/templates/{name}` and `/fonts`: what there is. Folders are listed and files are read on
//! the pool: neither may block the reactor.

use std::rc::Rc;

use super::response::{Reply, Replying};
use super::App;

/// A sorted array of names.
pub fn templates(app: &Rc<App>) -> Replying {
    let captioner = app.captioner.clone();
    let names = app.renderer.run(move |_| captioner.template_names());
    app.replying(names, |names| Reply::json(&json!(names)))
}

/// What kind of picture it is.
pub fn template(app: &Rc<App>, name: &str) -> Replying {
    let captioner = app.captioner.clone();
    let name = name.to_string();
    let info = app.renderer.run(move |_| captioner.template_info(&name));
    app.replying(info, |info| {
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
pub fn fonts(app: &Rc<App>) -> Replying {
    let captioner = app.captioner.clone();
    let names = app.renderer.run(move |_| captioner.font_names());
    app.replying(names, |names| Reply::json(&json!(names)))
}
