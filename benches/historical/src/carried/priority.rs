//! Lowers the priority of threads that draw, so that threads that serve requests run first.

#[cfg(target_os = "linux")]
use std::cell::Cell;

/// As much nicer as `memed`'s threads that draw are, of 19 at most.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

#[cfg(target_os = "linux")]
thread_local! {
    static HAS_GIVEN_WAY: Cell<bool> = const { Cell::new(false) };
}

/// Lowers the priority of the thread that calls it, once however often it does. Does nothing where the priority
/// is that of the whole process, as POSIX has it.
pub fn give_way() {
    #[cfg(target_os = "linux")]
    if !HAS_GIVEN_WAY.replace(true)
        && let Err(error) = rustix::process::nice(NICENESS)
    {
        eprintln!("cannot lower the priority of a thread: {error}");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::{NICENESS, give_way};
    use std::thread;

    #[test]
    fn a_thread_gives_way_once_and_alone() {
        let niceness = || rustix::process::nice(0).unwrap();
        let before = niceness();
        let twice = thread::spawn(move || {
            give_way();
            give_way();
            niceness()
        });
        assert_eq!(twice.join().unwrap(), (before + NICENESS).min(19));
        assert_eq!(niceness(), before);
    }
}
