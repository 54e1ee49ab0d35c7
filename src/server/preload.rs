//! Decodes templates and fonts before they are asked for, while requests are served already.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use futures::future::{self, Loop};
use futures::Future;
use tokio_core::reactor::Handle;

use super::app::App;
use super::future_ext::{ready, LocalFuture};
use super::http::reply::{message_of, with_causes};
use super::pool::gate::Gate;
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

/// Starts what the config asks for, as a task of the reactor. It ends when all is decoded or the server stops.
///
/// The chain: list the names (on the thread that looks at files, if there are folders); then a `loop_fn` over them. A
/// turn of the loop is one job in the pool, and the next turn starts when its result is back on the reactor. So a
/// request waits for one of these jobs at most. They go through a gate of their own, with one place, so they take none
/// of the clients': no request is refused because of them. `loop_fn` fits because each turn waits, and the state, the
/// names that are left, moves from turn to turn. Dropping the task, with the reactor, cancels a template that is being
/// decoded.
///
/// Both the jobs and the whole chain are guarded against panics: the first so that the next item follows, the second
/// because listing the names is a job, too.
pub fn start(app: &Rc<App>, handle: &Handle) {
    let preload = app.config.preload;
    if preload == Preload::None {
        return;
    }
    let items = app.look(move |captioner| Ok(items(captioner, preload)));
    let (app, gate) = (app.clone(), Gate::new(1, 0));
    let loaded = items.and_then(move |items| future::loop_fn(items, move |items| turn(&app, &gate, items)));
    let guarded = without_panic(loaded);
    handle.spawn(guarded.map_err(|error| warn!("cannot preload: {}", with_causes(&error))));
}

/// Makes an error of a job's panic, so that the next item follows.
///
/// Pitfall: a panic of a job is raised again where its future is polled, which is in the task of this file, and
/// tokio-core catches nothing: it would end the process. Pinned by `a_job_that_panics_is_an_error` below.
fn without_panic<F, T>(job: F) -> LocalFuture<T, PoolError>
where
    F: Future<Item = T, Error = PoolError> + 'static,
    T: 'static,
{
    let job = AssertUnwindSafe(job).catch_unwind();
    Box::new(job.then(|ended| {
        ended.unwrap_or_else(|panic| Err(PoolError::Panicked(message_of(&*panic).to_string())))
    }))
}

fn items(captioner: &Captioner, preload: Preload) -> Vec<Item> {
    let mut items = Vec::new();
    if let Preload::Templates | Preload::All = preload {
        items.extend(captioner.template_names().iter().cloned().map(Item::Template));
    }
    if let Preload::Fonts | Preload::All = preload {
        items.extend(captioner.font_names().iter().cloned().map(Item::Font));
    }
    items.reverse();
    items
}

/// Loads the next item, and logs how that went.
fn turn(app: &Rc<App>, gate: &Gate, mut items: Items) -> LocalFuture<Loop<(), Items>, PoolError> {
    let item = match items.pop() {
        Some(item) if !app.is_stopping.get() => item,
        Some(_) | None => return ready(Loop::Break(())),
    };
    let (captioner, of_job) = (app.captioner.clone(), item.clone());
    let loaded = app.pool.spawn_through(gate, move |cancel| of_job.load(&captioner, cancel));
    Box::new(without_panic(loaded).then(move |loaded| {
        match loaded {
            Ok(_) => debug!("{:?} is loaded", item.name()),
            Err(error) => warn!("cannot preload {:?}: {}", item.name(), with_causes(&error)),
        }
        Ok(Loop::Continue(items))
    }))
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;
    use std::time::Duration;

    use tokio_core::reactor::Core;

    use super::without_panic;
    use captioner::{Cancel, CaptionError};
    use server::pool::deadline::Deadline;
    use server::pool::{Pool, PoolError};

    #[test]
    fn a_job_that_panics_is_an_error() {
        let mut core = Core::new().expect("a reactor");
        let deadline = Rc::new(Deadline::start(Duration::from_secs(1)));
        let pool = Pool::start("render", 1, 0, deadline);
        let job = pool.spawn(|_: &Cancel| -> Result<(), CaptionError> { panic!("on purpose") });
        // Without the guard the panic would come out of `run`.
        match core.run(without_panic(job)) {
            Err(PoolError::Panicked(ref message)) => assert_eq!(message, "on purpose"),
            other => panic!("{:?}", other.map(|timed| timed.value)),
        }
    }
}
