//! `/images/{template}/{top}/{bottom}.{extension}`: a picture by its path, to be pasted into a page or a chat.

use std::rc::Rc;

use hyper::server::Request;

use image_macro::Link;
use server::app::App;
use server::connection::caller::Caller;
use server::future_ext::ready;
use server::http::conditional::Conditions;
use server::http::reply::{Reply, ReplyFuture};
use server::picture;
use server::picture::kept::Asked;

/// `GET /images/…` and HEAD: the picture, or 301 to the normal form of the link.
///
/// As `caption::get`. Only links in their normal form are learned, so no other is answered before it is decoded.
pub fn get(app: &Rc<App>, caller: Caller, request: &Request) -> ReplyFuture {
    let (path, query) = (request.path(), request.query().unwrap_or(""));
    let conditions = Conditions::of(request);
    let asked = Asked::by_path(path, query);
    if let Some(reply) = picture::known(app, &asked, &conditions) {
        return ready(reply);
    }
    match Link::parse(path, query) {
        Ok(Link { moved: Some(normal), .. }) => ready(Reply::moved(normal)),
        Ok(Link { image_macro, moved: None }) => {
            picture::picture(app, caller, image_macro, Some(asked), conditions)
        }
        Err(invalid) => ready(Reply::from(invalid)),
    }
}
