//! Reads what strace has recorded of a program, for a picture of its threads.
//!
//! It understands the lines of `strace -f -Y -tt -e signal=none`: the thread's id and name, the time of day, and a
//! system call with its result. While a call of one thread is under way, lines of others may come between, so strace
//! writes such a call in two lines: `call(…  <unfinished ...>` and `<... call resumed>…) = result`.

use std::collections::HashMap;

/// A system call.
struct Call<'a> {
    thread: &'a str,
    /// The name, the arguments and the result. Of a call that has not returned there is no result.
    text: String,
    from: Moment,
    /// `None` if the trace does not say when it returned: strace writes the time of a call's beginning.
    to: Option<Moment>,
}

/// The number of a line, and its time in microseconds.
type Moment = (usize, u64);

/// What the threads did: the time in microseconds since the first of these events, the thread, its lane in the picture
/// (which is the thread as well), and a short text.
///
/// A thread runs from `wakes up` to `→ call`, where it begins to sleep in that system call: in
/// `epoll_wait`, or in a `futex` that waits. What it does in between has a text of its own. Calls that fail, such as a
/// `read` that would block, are left out, and so is an `epoll_wait` that does not wait: it only looks.
pub fn events(text: &str) -> Vec<(u64, String, String, String)> {
    let calls = calls(text);
    let mut sleepers = HashMap::new();
    for call in calls.iter().filter(|call| call.text.contains("FUTEX_WAIT")) {
        sleepers.entry(first_argument(&call.text)).or_insert(call.thread);
    }
    let mut events = Vec::new();
    for call in &calls {
        if is_sleep(&call.text) {
            events.push((call.from, call.thread, format!("→ {}", name(&call.text))));
            events.extend(call.to.map(|moment| (moment, call.thread, "wakes up".to_string())));
        } else if let Some(what) = what(&call.text, &sleepers) {
            events.push((call.from, call.thread, what));
        }
    }
    events.sort_by_key(|event| event.0);
    // Threads that sleep at the beginning have nothing to show until they wake up.
    let mut awake: HashMap<_, bool> = HashMap::new();
    events.retain(|(_, thread, what)| {
        let is_awake = awake.entry(*thread).or_default();
        *is_awake |= what == "wakes up";
        *is_awake
    });
    let start = events.first().map_or(0, |event| event.0.1);
    let shown = |((_, at), thread, what): (Moment, &str, String)| {
        (at - start, thread.to_string(), thread.to_string(), what)
    };
    events.into_iter().map(shown).collect()
}

/// Puts the halves of calls together. The calls are in the order in which they begin.
fn calls(text: &str) -> Vec<Call<'_>> {
    let mut calls: Vec<Call> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let Some((thread, at, rest)) = parts(line) else { continue };
        let now = (number, at);
        // The latest call of this thread is over by now, whether or not its own line could say so.
        let latest = calls.iter_mut().rev().find(|call| call.thread == thread);
        if let Some(call) = latest {
            call.to.get_or_insert(now);
            if let Some((_, tail)) = rest.split_once(" resumed>") {
                call.text.push_str(tail);
                continue;
            }
        }
        let text = rest.strip_suffix("<unfinished ...>").unwrap_or(rest).to_string();
        calls.push(Call { thread, text, from: now, to: None });
    }
    calls
}

/// A line's thread, its time of day in microseconds, and the rest.
fn parts(line: &str) -> Option<(&str, u64, &str)> {
    let (id, rest) = line.split_once(' ')?;
    // `-Y` adds the name: `123<timer>`.
    let thread = id.split_once('<').map_or(id, |(_, name)| name.trim_end_matches('>'));
    let (time, rest) = rest.trim_start().split_once(' ')?;
    let (clock, micros) = time.split_once('.')?;
    let mut seconds = 0;
    for part in clock.split(':') {
        seconds = seconds * 60 + part.parse::<u64>().ok()?;
    }
    Some((thread, seconds * 1_000_000 + micros.parse::<u64>().ok()?, rest))
}

fn name(call: &str) -> &str {
    call.split('(').next().unwrap_or(call)
}

fn first_argument(call: &str) -> &str {
    call.split(['(', ',', ')']).nth(1).unwrap_or("")
}

/// What it has returned. (Short calls are padded: `close(11)  = 0`.)
fn result(call: &str) -> Option<i64> {
    call.rsplit_once(" = ")?.1.split_whitespace().next()?.parse().ok()
}

/// Whether a thread sleeps in it. The last argument of `epoll_wait` is how long it may: 0 is not at all.
fn is_sleep(call: &str) -> bool {
    match name(call) {
        "epoll_wait" => !call.rsplit_once(" = ").is_some_and(|(call, _)| call.ends_with(", 0)")),
        "futex" => call.contains("FUTEX_WAIT"),
        _ => false,
    }
}

/// A call that is no sleep, in a few words. `None` for one that is not worth them.
fn what(call: &str, sleepers: &HashMap<&str, &str>) -> Option<String> {
    let (name, result) = (name(call), result(call)?);
    if result < 0 {
        return None;
    }
    match name {
        "accept4" => Some(format!("{name}: socket {result}")),
        "close" => Some(format!("{name}: {}", first_argument(call))),
        "futex" => {
            // It returns how many threads it has woken.
            let woken = sleepers.get(first_argument(call)).filter(|_| result > 0)?;
            Some(format!("{name}: wakes {woken}"))
        }
        "read" | "recvfrom" if result == 0 => Some(format!("{name}: end")),
        "read" | "recvfrom" | "write" | "writev" | "sendto" => {
            Some(format!("{name}: {result} byte{}", if result == 1 { "" } else { "s" }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::events;

    /// The thread and the text of each event.
    fn shown(text: &str) -> Vec<String> {
        events(text).into_iter().map(|(_, thread, _, what)| format!("{thread} {what}")).collect()
    }

    #[test]
    fn one_picture_is_what_its_trace_says() {
        let expected = [
            "memed wakes up",
            "memed accept4: socket 11",
            "memed recvfrom: 126 bytes",
            "memed futex: wakes render-0",
            "render-0 wakes up",
            "memed futex: wakes timer",
            "timer wakes up",
            "timer → futex",
            "memed → epoll_wait",
            "render-0 write: 1 byte",
            "memed wakes up",
            "memed read: 1 byte",
            "render-0 → futex",
            "memed writev: 29069 bytes",
            "memed → epoll_wait",
        ];
        assert_eq!(shown(include_str!("../../pictures/one-picture.strace")), expected);
    }

    #[test]
    fn a_second_request_needs_one_thread() {
        let trace = include_str!("../../pictures/one-picture-again.strace");
        assert!(shown(trace).iter().all(|event| event.starts_with("memed ")));
    }

    #[test]
    fn a_call_in_two_lines_is_one_call_and_time_begins_with_the_first_event() {
        let trace = "\
1<a> 23:59:59.000001 epoll_wait(3,  <unfinished ...>
2<b> 23:59:59.000010 futex(0x1, FUTEX_WAIT_BITSET_PRIVATE, 7, NULL <unfinished ...>
1<a> 23:59:59.000100 <... epoll_wait resumed>[{events=EPOLLIN}], 1024, -1) = 1
1<a> 23:59:59.000120 futex(0x1, FUTEX_WAKE_PRIVATE, 1 <unfinished ...>
2<b> 23:59:59.000130 <... futex resumed>) = 0
1<a> 23:59:59.000131 <... futex resumed>) = 1
1<a> 23:59:59.000140 read(4, 0x7f, 128) = -1 EAGAIN (Resource temporarily unavailable)
1<a> 23:59:59.000150 epoll_wait(3, [], 1024, 0) = 0
1<a> 23:59:59.000160 epoll_wait(3, [], 1024, 5) = 0
1<a> 23:59:59.005200 close(4)               = 0
";
        let event =
            |at, thread: &str, what: &str| (at, thread.to_string(), thread.to_string(), what.to_string());
        let expected = [
            event(0, "a", "wakes up"),
            event(20, "a", "futex: wakes b"),
            event(30, "b", "wakes up"),
            event(60, "a", "→ epoll_wait"),
            event(5100, "a", "wakes up"),
            event(5100, "a", "close: 4"),
        ];
        assert_eq!(events(trace), expected);
    }
}
