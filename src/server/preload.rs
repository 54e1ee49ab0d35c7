//! Decodes templates and fonts before they are asked for, while requests are served already.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Duration;

use futures::future::{self, Loop};
use futures::Future;
use tokio_core::reactor::{Handle, Timeout};

use super::app::App;
use super::future_ext::{ready, LocalFuture};
use super::http::reply::{message_of, with_causes};
use super::pool::PoolError;
use captioner::{Cancel, CaptionError, Captioner};
use config::Preload;

/// How long to wait when the queue is full: requests go first.
const PAUSE: Duration = Duration::from_millis(50);

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
/// The chain: list the names, on the thread that looks at files; then a `loop_fn` over them. A turn of the loop is one
/// job in the pool, with a permit like any other, and the next turn starts when its result is back on the reactor. So
/// there is one of these jobs at a time, a request waits for one of them at most, and what the queue has no room for
/// comes later. `loop_fn` fits because each turn waits, and the state, the names that are left, moves from turn to
/// turn. Dropping the task, with the reactor, cancels the job.
pub fn start(app: &Rc<App>, handle: &Handle) {
    let preload = app.config.preload;
    if preload == Preload::None {
        return;
    }
    let items = app.look(move |captioner| Ok(items(captioner, preload)));
    let (of_loop, of_turns) = (app.clone(), handle.clone());
    let loaded =
        items.and_then(move |items| future::loop_fn(items, move |items| turn(&of_loop, &of_turns, items)));
    handle.spawn(loaded.map_err(|error| warn!("cannot preload: {}", with_causes(&error))));
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
        items.extend(captioner.template_names().into_iter().map(Item::Template));
    }
    if let Preload::Fonts | Preload::All = preload {
        items.extend(captioner.font_names().into_iter().map(Item::Font));
    }
    items.reverse();
    items
}

/// Loads the next item, and logs how that went.
fn turn(app: &Rc<App>, handle: &Handle, mut items: Items) -> LocalFuture<Loop<(), Items>, PoolError> {
    let item = match items.pop() {
        Some(item) if !app.is_stopping.get() => item,
        Some(_) | None => return ready(Loop::Break(())),
    };
    let (captioner, of_job) = (app.captioner.clone(), item.clone());
    let handle = handle.clone();
    let loaded = without_panic(app.pool.spawn(move |cancel| of_job.load(&captioner, cancel)));
    Box::new(loaded.then(move |loaded| -> LocalFuture<_, PoolError> {
        match loaded {
            Ok(_) => debug!("{:?} is loaded", item.name()),
            // The same item again, once there may be room.
            Err(PoolError::Busy) => {
                items.push(item);
                return pause(&handle, items);
            }
            Err(error) => warn!("cannot preload {:?}: {}", item.name(), with_causes(&error)),
        }
        ready(Loop::Continue(items))
    }))
}

fn pause(handle: &Handle, items: Items) -> LocalFuture<Loop<(), Items>, PoolError> {
    match Timeout::new(PAUSE, handle) {
        Ok(timeout) => Box::new(timeout.then(|_| Ok(Loop::Continue(items)))),
        // Without a timer it would try again without end.
        Err(_) => ready(Loop::Break(())),
    }
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
