//! A request panics at six places, one after the other. Which net catches it?

extern crate futures;
extern crate playground;
extern crate tokio_core;

mod nets;

use playground::trace::{self, event};

use nets::{Catcher, Site};

fn main() {
    let catchers = [
        (Catcher::Nobody, "the reactor: no net, it leaves Core::run"),
        (Catcher::Connection, "net 4, the connection: it is closed"),
        (Catcher::Request, "net 3, the request: a 500"),
        (Catcher::Flight, "net 2, the flight: a 500 for all that wait"),
        (Catcher::Job, "net 1, the job: a 500 for all that wait"),
    ];
    let caught: Vec<_> = nets::SITES.iter().map(|&site| (nets::run(site), site)).collect();
    for &(catcher, title) in &catchers {
        for &(_, site) in caught.iter().filter(|&&(by, _)| by == catcher) {
            event(title, sentence(site));
        }
    }
    trace::print();
}

fn sentence(site: Site) -> &'static str {
    match site {
        Site::BeforeLazy => "the code of call before its lazy",
        Site::Page => "the page, before its first wait",
        Site::ReplyOfPicture => "picture → reply, in the request's chain",
        Site::KeepDrawing => "drawing → cache, in the shared chain",
        Site::Job => "the job, on its thread",
        Site::OwnTask => "a task that was spawned without a net",
    }
}
