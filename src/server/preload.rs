//! Decodes templates and fonts before they are asked for, while requests are served already.

use std::rc::Rc;

use futures::future::{self, Loop};
use futures::Future;
use tokio_core::reactor::Handle;

use super::app::App;
use super::client::Client;
use super::future_ext::{ready, LocalFuture};
use super::http::failures::with_causes;
use super::pool::PoolError;
use captioner::{Cancel, CaptionError, Captioner};
use config::Preload;

/// What is left to do, the next one last.
type Items = Vec<Item>;

/// Something to decode, by name.
#[derive(Clone, Debug)]
enum Item {
    Template(String),
    Font(String),
}

impl Item {
    fn name(&self) -> &str {
        match *self {
            Item::Template(ref name) | Item::Font(ref name) => name,
        }
    }

    fn load(&self, captioner: &Captioner, cancel: &Cancel) -> Result<(), CaptionError> {
        match *self {
            Item::Template(ref name) => captioner.preload_template(name, cancel),
            Item::Font(ref name) => captioner.preload_font(name),
        }
    }
}

/// Looks at the folders, and starts what the config asks for, as a task of the reactor. It ends when all is decoded or the server stops.
///
/// The chain: list the names (on the thread that looks at files, if there are folders); then a `loop_fn` over them. A
/// turn of the loop is one job in the pool, and the next turn starts when its result is back on the reactor. So a
/// request waits for one of these jobs at most. In the queue the server is a client like any other, but its jobs take
/// no place: no request is refused because of them. `loop_fn` fits because each turn waits, and the state, the names
/// that are left, moves from turn to turn. Dropping the task, with the reactor, cancels a template that is being decoded.
pub fn start(app: &Rc<App>, handle: &Handle) {
    let preload = app.config.preload;
    if preload == Preload::None && !app.captioner.needs_files() {
        return;
    }
    let items = app.look(Client::Server, move |captioner| Ok(items(captioner, preload)));
    let app = app.clone();
    let loaded = items.and_then(move |items| future::loop_fn(items, move |items| turn(&app, items)));
    handle.spawn(loaded.map_err(|error| warn!("cannot preload: {}", with_causes(&error))));
}

fn items(captioner: &Captioner, preload: Preload) -> Vec<Item> {
    let mut items = Vec::new();
    // Listed and read in any case: what is wrong with a folder or with notes is logged then.
    captioner.read_notes();
    let (templates, fonts) = (captioner.template_names(), captioner.font_names());
    if let Preload::Templates | Preload::All = preload {
        items.extend(templates.iter().cloned().map(Item::Template));
    }
    if let Preload::Fonts | Preload::All = preload {
        items.extend(fonts.iter().cloned().map(Item::Font));
    }
    items.reverse();
    items
}

/// Loads the next item, and logs how that went.
fn turn(app: &Rc<App>, mut items: Items) -> LocalFuture<Loop<(), Items>, PoolError> {
    let item = match items.pop() {
        Some(item) if !app.is_stopping.get() => item,
        Some(_) | None => return ready(Loop::Break(())),
    };
    let (captioner, of_job) = (app.captioner.clone(), item.clone());
    let loaded = app.pool.spawn(Client::Server, move |cancel| of_job.load(&captioner, cancel));
    Box::new(loaded.then(move |loaded| {
        match loaded {
            Ok(_) => debug!("{:?} is loaded", item.name()),
            Err(error) => warn!("cannot preload: {}", with_causes(&error)),
        }
        Ok(Loop::Continue(items))
    }))
}
