//! Keeps a test from hanging. Both playgrounds have it.

use std::panic;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Runs a test on a thread of its own, and fails if it takes longer than five seconds: asynchronous code that is wrong
/// hangs more often than it fails.
pub fn within<T, F>(test: F) -> T
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    const TIME: Duration = Duration::from_secs(5);
    let (done, is_done) = mpsc::channel();
    let thread = thread::spawn(move || {
        let result = test();
        let _ = done.send(());
        result
    });
    match is_done.recv_timeout(TIME) {
        // It has ended, or has panicked and dropped its sender.
        Ok(()) | Err(mpsc::RecvTimeoutError::Disconnected) => match thread.join() {
            Ok(result) => result,
            Err(panic) => panic::resume_unwind(panic),
        },
        Err(mpsc::RecvTimeoutError::Timeout) => {
            panic!("it hangs: after {:?} it is still not done. Who was to notify the task?", TIME)
        }
    }
}
