//! Helpers that several tests share: a server on a free port, the program as a process, a misbehaving client, held
//! drawings, temporary folders.

use std::thread;
use std::time::{Duration, Instant};

pub use self::client::{escaped, Client, Response};
pub use self::drawing::{End, Held, BOOM};
pub use self::folder::Folder;
pub use self::program::Program;
pub use self::serve::{config, Serve};

mod client;
mod drawing;
mod folder;
mod program;
mod serve;

/// A time limit that only keeps a broken test from hanging.
pub const LONG: Duration = Duration::from_secs(20);

/// Waits until it is so. Fails if it never is: a machine on which much else runs may take its time.
pub fn until<F: FnMut() -> bool>(mut is_so: F) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < 3 * LONG, "it never happens");
        // Other tests need the processor that asking again and again would take.
        thread::sleep(Duration::from_micros(500));
    }
}
