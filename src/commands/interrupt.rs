//! Ctrl-C: stops what is drawn, so that no half of a file is left. The second one ends the process at once.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use ctrlc;

use captioner::Cancel;

/// The exit code of a process that was signalled: what a shell reports after Ctrl-C.
pub const INTERRUPTED: i32 = 130;

/// A flag that the first SIGINT, SIGTERM or SIGHUP sets, before it calls `then`. To be called once.
///
/// ctrlc runs the closure on a thread of its own, not in the signal handler, so it may do what it likes.
pub fn watch<F: Fn() + Send + 'static>(then: F) -> Cancel {
    let cancel = Cancel::new();
    let (of_signal, is_second) = (cancel.clone(), AtomicBool::new(false));
    let watched = ctrlc::set_handler(move || {
        if is_second.swap(true, Ordering::Relaxed) {
            process::exit(INTERRUPTED);
        }
        of_signal.cancel();
        then();
    });
    if let Err(error) = watched {
        // A signal then ends the process as it does by default.
        warn!("cannot watch for Ctrl-C: {}", error);
    }
    cancel
}
