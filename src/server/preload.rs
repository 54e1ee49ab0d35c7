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
    handle.spawn(guarded(loaded));
}

/// Makes a task of a chain: logs its error, and catches its panic.
///
/// Pitfall: a panic of a job is raised again where its future is polled, which is in this task, and tokio-core catches
/// nothing: it would end the process. Pinned by `a_job_that_panics_ends_preloading_and_not_the_server` below.
fn guarded<F>(chain: F) -> LocalFuture<(), ()>
where
    F: Future<Item = (), Error = PoolError> + 'static,
{
    Box::new(AssertUnwindSafe(chain).catch_unwind().then(|ended| {
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!("cannot preload: {}", with_causes(&error)),
            Err(panic) => error!("preloading panicked: {}", message_of(&*panic)),
        }
        Ok(())
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
    let loaded = app.pool.spawn(move |cancel| of_job.load(&captioner, cancel));
    Box::new(loaded.then(move |loaded| -> LocalFuture<_, PoolError> {
        match loaded {
            Ok(_) => debug!("{:?} is loaded", item.name()),
            // The same item again, once there may be room.
            Err(PoolError::Busy) => {
                items.push(item);
                return pause(&handle, items);
            }
            Err(error) => warn!("{}", with_causes(&error)),
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

    use futures::future;
    use tokio_core::reactor::Core;

    use super::guarded;
    use captioner::{Cancel, CaptionError};
    use futures::Future;
    use server::pool::deadline::Deadline;
    use server::pool::Pool;

    #[test]
    fn a_job_that_panics_ends_preloading_and_not_the_server() {
        let mut core = Core::new().expect("a reactor");
        let deadline = Rc::new(Deadline::start(Duration::from_secs(1)));
        let pool = Pool::start("render", 1, 0, deadline);
        let job = pool.spawn(|_: &Cancel| -> Result<(), CaptionError> { panic!("on purpose") });
        let task = guarded(job.map(|timed| timed.value));
        // Without the guard the panic would come out of `run`.
        assert_eq!(core.run(task), Ok(()));
        assert_eq!(core.run(future::ok::<_, ()>("it lives")), Ok("it lives"));
    }
}
