//! The process's table of descriptors: each connection needs a place in it. For whoever starts a server, before
//! there are threads.

use std::io;

use rlimit;
#[cfg(target_os = "linux")]
use rustix;

/// Descriptors that are not for connections: the reactor's, the listener, the files that are read.
#[cfg(target_os = "linux")]
const OTHERS: u64 = 64;

/// Raises the limit of descriptors as far as it goes (what a shell gives at first is often a thousand), and has
/// the kernel make room for that many connections, or for as many as the limit lets in. Gives the limit.
///
/// Pitfall: Linux doubles the table when it is full, and in a process with threads each doubling waits until
/// every processor has passed a quiet point (`synchronize_rcu` in its `expand_fdtable`): up to 20 ms in which the
/// reactor stands still in its accept, at 64 connections, at 128, at 256 and so on. The table never shrinks, so
/// it is made as large as it may get while there is one thread and nobody waits. It takes eight bytes a
/// descriptor, of the next power of two. Pinned by `the_descriptor_table_is_large_before_it_is_needed` in
/// `tests/program.rs`.
///
/// # Errors
/// If the limit cannot be raised.
pub fn prepare(connections: usize) -> io::Result<u64> {
    let limit = rlimit::increase_nofile_limit(u64::MAX)?;
    #[cfg(target_os = "linux")]
    make_room((connections as u64).saturating_add(OTHERS).min(limit));
    #[cfg(not(target_os = "linux"))]
    let _ = connections;
    Ok(limit)
}

/// Takes the last descriptor of so many, and gives it back at once.
#[cfg(target_os = "linux")]
fn make_room(descriptors: u64) {
    let last = descriptors.saturating_sub(1).min(i32::MAX as u64) as i32;
    match rustix::io::fcntl_dupfd_cloexec(io::stderr(), last) {
        Ok(descriptor) => drop(descriptor),
        // Without it the table grows as it is needed.
        Err(error) => debug!("cannot make room for {} descriptors: {}", descriptors, error),
    }
}
