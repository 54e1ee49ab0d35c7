//! The process's table of file descriptors, where each connection needs an entry. To be prepared before a server
//! starts, while no client waits.

use std::io;

use rlimit;
#[cfg(target_os = "linux")]
use rustix;

/// Descriptors that are not for connections: the reactor's, the listener's, those of files being read, and of connections
/// that are being refused.
const OTHERS: u64 = 128;

/// Raises the soft limit of descriptors to the hard one (shells often start with a thousand), and has the kernel
/// grow the table for that many connections, or for as many as the limit allows. Returns the limit.
///
/// Pitfall: Linux doubles the table when it is full, and in a process with threads each doubling waits for an RCU
/// grace period (`synchronize_rcu` in its `expand_fdtable`): up to 20 ms in which the reactor is blocked in its
/// accept, at 64 connections, at 128, at 256 and so on. The table never shrinks, so it is grown to its largest size
/// at the start, while no client waits. It takes eight bytes a descriptor, rounded up to a
/// power of two. Pinned by `the_descriptor_table_is_large_before_it_is_needed` in
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

/// The same, and returns for how many connections there are descriptors, `connections` at most. With a warning if there
/// are fewer.
pub fn prepare_or_warn(connections: usize) -> usize {
    let limit = prepare(connections).unwrap_or_else(|error| {
        warn!("cannot raise the limit of descriptors: {}", error);
        u64::MAX
    });
    // With hardly any descriptors, most of them are for connections.
    let room = limit.saturating_sub(OTHERS).max(limit / 2).max(1);
    if room >= connections as u64 {
        return connections;
    }
    warn!("there are {} descriptors, so there can be {} connections (see ulimit -n)", limit, room);
    room as usize
}

/// Grows the table: duplicates standard error as the last of so many descriptors, and closes the duplicate.
#[cfg(target_os = "linux")]
fn make_room(descriptors: u64) {
    let last = descriptors.saturating_sub(1).min(i32::MAX as u64) as i32;
    match rustix::io::fcntl_dupfd_cloexec(io::stderr(), last) {
        Ok(descriptor) => drop(descriptor),
        // Then the table grows when it is full.
        Err(error) => debug!("cannot make room for {} descriptors: {}", descriptors, error),
    }
}
