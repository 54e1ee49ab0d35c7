//! `POST /caption` with a client's own picture: as the body, or in a form.
//!
//! [`super::announced`] says where the fields are. What the picture is, its first bytes say.

use std::rc::Rc;
use std::time::Duration;

use futures::Future;
use hyper::header::Headers;
use hyper::Body;

use captioner::{Cancel, CaptionError, Captioner, Picture};
use image_macro::{from_form, Boundary, Edit, Form, ImageMacro, Invalid};
use server::app::App;
use server::connection::caller::Caller;
use server::future_ext::{failed, ready};
use server::http::body;
use server::http::conditional::Conditions;
use server::http::reply::{Reply, ReplyFuture};
use server::numbers::counters::Counters;
use server::pages::first_bytes::Kind;
use server::picture;
use server::picture::kept::SharedPicture;
use server::picture::timing::{Origin, Times};
use server::pool::{PoolError, Timed};

/// What a client's own picture is saved as: not as it was called, which is known for a few only.
const NAME: &str = "memed";

/// A body that may be, or have, a client's own picture.
#[derive(Debug)]
pub enum Upload {
    /// The body is the picture.
    Picture {
        /// What is asked for.
        edit: Edit,
        /// Whether the query string has the fields of that; it may have none.
        has_fields: bool,
    },
    /// The body is a form, `multipart/form-data`, with the fields and perhaps a picture.
    Form(Boundary),
}

/// What became of an upload on its thread.
enum Outcome {
    Drawn(Picture),
    /// A form without a picture. Its template may have been drawn with these captions already.
    Asked(ImageMacro),
    Refused(Invalid),
}

impl Upload {
    /// Decodes and draws it. Runs on a render thread: to look through a large form takes milliseconds.
    fn draw(self, captioner: &Captioner, body: &[u8], cancel: &Cancel) -> Result<Outcome, CaptionError> {
        match self {
            Upload::Picture { edit, .. } => {
                captioner.caption_picture(body, &edit, cancel).map(Outcome::Drawn)
            }
            Upload::Form(boundary) => match from_form(body, &boundary) {
                Ok(Form::Picture(picture, edit)) => {
                    captioner.caption_picture(picture, &edit, cancel).map(Outcome::Drawn)
                }
                Ok(Form::Template(image_macro)) => Ok(Outcome::Asked(image_macro)),
                Err(invalid) => Ok(Outcome::Refused(invalid)),
            },
        }
    }
}

/// Reads an upload, of `--max-upload` bytes at most, and answers it.
///
/// The bytes of the body count towards `--buffers` as they arrive, because they pass through the connection's intake,
/// and until the answer is written. What a client announces and does not send costs nothing.
///
/// `then` sees both endings of the body, on the reactor: it starts the drawing, or makes the error the answer (408, 413,
/// 503). Dropping the chain drops what has arrived.
pub fn answer(app: &Rc<App>, caller: Caller, upload: Upload, headers: &Headers, body: Body) -> ReplyFuture {
    let body = body::read(headers, body, app.config.max_upload, &app.deadline, &caller);
    let app = app.clone();
    Box::new(body.then(move |body| match body {
        Ok(body) => draw(&app, caller, upload, body),
        Err(error) => ready(Reply::from(error)),
    }))
}

/// Draws an upload in the pool. The picture is not cached and shared with no other request, as it has no fingerprint: to
/// hash the body would cost more than another request for the same is worth.
///
/// The closure of `spawn` runs on a render thread, and owns the body: it is freed there. The deadline is around the wait
/// for it. The closure of `then` runs on the reactor: it makes the answer, or, if the form has asked for a template, goes
/// the way of any other request for one. When the deadline passes or the client hangs up, the chain is dropped: a
/// drawing that waits leaves the queue, one that runs is cancelled between two bands or frames.
pub fn draw(app: &Rc<App>, caller: Caller, upload: Upload, body: Vec<u8>) -> ReplyFuture {
    if let Upload::Picture { has_fields, .. } = upload {
        match Kind::of(&body) {
            Kind::Picture => {}
            other => return ready(other.refusal(has_fields)),
        }
    }
    if !app.budget.admits(caller.client, 0) {
        return app.reply_to(failed(PoolError::NoRoom), |reply| reply);
    }
    caller.waits_for_drawing();
    let captioner = app.captioner.clone();
    let drawing = app.pool.spawn(caller.client, move |cancel| upload.draw(&captioner, &body, cancel));
    let of_chain = app.clone();
    Box::new(app.deadline.limit(drawing).then(move |drawn: Result<_, PoolError>| {
        let app = of_chain;
        match drawn {
            Ok(Timed { value: Outcome::Drawn(picture), queued, ran }) => {
                ready(counted(&app.counters, picture, queued, ran))
            }
            Ok(Timed { value: Outcome::Refused(invalid), .. }) => ready(Reply::from(invalid)),
            Ok(Timed { value: Outcome::Asked(image_macro), .. }) => {
                picture::picture(&app, caller, image_macro, None, Conditions::default())
            }
            Err(error) => app.reply_to(failed(error), |reply| reply),
        }
    }))
}

/// Counts a drawing, and makes its answer.
fn counted(counters: &Counters, mut picture: Picture, queue: Duration, ran: Duration) -> Reply {
    let encode = picture.encode_time;
    let times = Times { queue, draw: ran.saturating_sub(encode), encode };
    counters.drawn(times);
    // A slow reader may keep it for a while.
    picture.bytes.shrink_to_fit();
    Reply::picture(SharedPicture::new(picture, NAME, None), &Origin::Sent(times))
}
