//! Who owns what of a job, at five moments: two jobs of the server's pool, and the drop of their futures.

extern crate playground;

use std::rc::Rc;
use std::sync::{mpsc, Arc, Mutex};
use std::thread;
use std::time::Duration;

use playground::server::client::client;
use playground::server::pool::deadline::Deadline;
use playground::server::pool::queue::Limits;
use playground::server::pool::Pool;
use playground::trace::{self, event};

/// Says where the closure is that owns it.
struct Owned(Arc<Mutex<String>>);

impl Owned {
    fn says(&self, what: &str) {
        *self.0.lock().unwrap() = format!("{} {}", what, thread::current().name().unwrap());
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.says("dropped on");
    }
}

fn main() {
    let limits = Limits { threads: 1, queue: 1, per_client: 1 };
    let pool = Pool::start("render", limits, Rc::new(Deadline::start(Duration::from_secs(10))));
    let closure = Arc::new(Mutex::new("in the queue".to_string()));
    let look = |moment: &str, future: &str, which_runs: &str, flag: &str| {
        let tone = |is_gone: bool| if is_gone { "gone" } else { "plain" };
        let is = closure.lock().unwrap().clone();
        event("future", format!("{} | {} | {}", moment, future, tone(future == "dropped")));
        event("jobs that wait", format!("{} | {} | plain", moment, pool.waiting()));
        event("jobs that run", format!("{} | {}{} | plain", moment, pool.running(), which_runs));
        event("closure", format!("{} | {} | {}", moment, is, tone(is.starts_with("dropped"))));
        event("flag", format!("{} | {} | {}", moment, flag, if flag == "set" { "good" } else { "plain" }));
    };

    // Another job has the only thread.
    let (end, may_end) = mpsc::channel::<()>();
    let other = pool.spawn(client(1), move |_| Ok(may_end.recv().is_ok()));
    wait_until(|| pool.running() == 1);

    let owned = Owned(closure.clone());
    let waits = pool.spawn(client(1), move |_| {
        owned.says("runs on");
        Ok(())
    });
    look("it waits", "kept", ", another", "nobody looks");
    drop(waits);
    look("dropped while it waits", "dropped", ", another", "nobody looks");

    end.send(()).unwrap();
    wait_until(|| pool.running() == 0);
    drop(other);

    // The job looks at its flag each time it is asked to, and returns when nobody asks any more.
    let (ask, is_asked) = mpsc::channel::<()>();
    let (answer, answered) = mpsc::channel();
    *closure.lock().unwrap() = "in the queue".to_string();
    let owned = Owned(closure.clone());
    let runs = pool.spawn(client(1), move |cancel| {
        owned.says("runs on");
        for () in is_asked {
            answer.send(if cancel.check().is_ok() { "not set" } else { "set" }).unwrap();
        }
        Ok(())
    });
    let flag = || {
        ask.send(()).unwrap();
        answered.recv().unwrap()
    };
    look("it runs", "kept", "", flag());
    drop(runs);
    look("dropped while it runs", "dropped", "", flag());
    drop(ask);
    wait_until(|| pool.running() == 0);
    look("it has returned", "dropped", "", "nobody looks");
    trace::print();
}

fn wait_until<F: Fn() -> bool>(is_so: F) {
    while !is_so() {
        thread::yield_now();
    }
}
