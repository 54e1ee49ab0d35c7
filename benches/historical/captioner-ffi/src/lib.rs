//! A C ABI over what the contestants in Rust share: `carried/pictures.rs`, and the command line.
//!
//! `captioner.h` documents it for callers: who frees what, and which thread may call what. This file has the functions
//! and all unsafe code; `job` and `answer` have what they pass on, in safe Rust.
//!
//! A panic never crosses the border: each function that can panic is in [`guarded`].

#![warn(missing_docs)]

mod answer;
mod job;

use std::ffi::{CStr, CString, OsString, c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;

use historical::carried::{Pictures, Work, knobs};
use memed::config::Config;

pub use answer::{Answer, Text};
pub use job::Job;

// Not in tests: valgrind sees the system's only.
#[cfg(all(unix, not(test)))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Of sysexits.h: a failure of the program itself.
const EX_SOFTWARE: c_int = 70;

/// `captioner`.
pub struct Captioner {
    pictures: Pictures,
    address: CString,
}

/// `captioner_settings`.
#[repr(C)]
pub struct Settings {
    address: *const c_char,
    render_threads: usize,
    queue: usize,
    max_connections: usize,
    max_body: usize,
    max_upload: usize,
    request_timeout: f64,
    shutdown_timeout: f64,
    header_timeout: f64,
    keep_alive_timeout: f64,
    write_timeout: f64,
}

impl Settings {
    /// `address` points into the captioner.
    fn new(config: &Config, captioner: &Captioner) -> Settings {
        Settings {
            address: captioner.address.as_ptr(),
            render_threads: config.render_threads,
            queue: config.queue,
            max_connections: config.max_connections,
            max_body: config.max_body,
            max_upload: config.max_upload,
            request_timeout: config.request_timeout.as_secs_f64(),
            shutdown_timeout: config.shutdown_timeout.as_secs_f64(),
            header_timeout: config.header_timeout.as_secs_f64(),
            keep_alive_timeout: config.keep_alive_timeout.as_secs_f64(),
            write_timeout: config.write_timeout.as_secs_f64(),
        }
    }
}

/// See `captioner.h`.
///
/// # Safety
/// `arguments` are `count` strings that end in NUL; the other pointers can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn captioner_open(
    arguments: *const *const c_char,
    count: usize,
    settings: *mut Settings,
    exit_code: *mut c_int,
    text: *mut Text,
) -> *mut Captioner {
    // SAFETY: the caller says that they are so many strings that end in NUL.
    let arguments: Vec<OsString> = unsafe { elements(arguments, count) }
        .iter()
        .map(|argument| unsafe { CStr::from_ptr(*argument) }.to_string_lossy().into_owned().into())
        .collect();
    match guarded(|| open(arguments)).unwrap_or_else(|panic| Err((EX_SOFTWARE, panic))) {
        Ok((captioner, config)) => {
            let captioner = Box::new(captioner);
            // SAFETY: the caller says that it can be written to. The address is not moved with the box.
            unsafe { settings.write(Settings::new(&config, &captioner)) };
            Box::into_raw(captioner)
        }
        Err((code, words)) => {
            // SAFETY: the caller says that both can be written to.
            unsafe {
                exit_code.write(code);
                text.write(Text::new(words));
            }
            std::ptr::null_mut()
        }
    }
}

fn open(arguments: Vec<OsString>) -> Result<(Captioner, Config), (c_int, String)> {
    let config = knobs::read(arguments).map_err(|reason| match reason {
        knobs::NoConfig::Help(text) => (0, text),
        knobs::NoConfig::Mistakes(mistakes) => (knobs::EX_USAGE, mistakes.join("\n") + "\n"),
    })?;
    knobs::prepare_descriptors(&config);
    let pictures = Pictures::load(&config).map_err(|error| (EX_SOFTWARE, format!("{error}\n")))?;
    let address = CString::new(config.address.to_string()).expect("an address has no NUL in it");
    Ok((Captioner { pictures, address }, config))
}

/// See `captioner.h`.
///
/// # Safety
/// It is from `captioner_open`, was not closed before, and is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn captioner_close(captioner: *mut Captioner) {
    if !captioner.is_null() {
        // SAFETY: it is a box of ours, and the caller gives it back, once.
        let captioner = unsafe { Box::from_raw(captioner) };
        let _ = guarded(|| drop(captioner));
    }
}

/// See `captioner.h`.
///
/// # Safety
/// The captioner is open; the bytes are as long as the lengths say; `answer` can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn captioner_read_query(
    captioner: *const Captioner,
    query: *const c_char,
    query_length: usize,
    if_none_match: *const c_char,
    if_none_match_length: usize,
    answer: *mut Answer,
) -> *mut Job {
    // SAFETY: the caller says that it is open, and that the bytes are there.
    let (captioner, query, field) = unsafe {
        let field = (!if_none_match.is_null()).then(|| elements(if_none_match.cast(), if_none_match_length));
        (&*captioner, elements(query.cast(), query_length), field)
    };
    let read = || {
        // Of a query, only ASCII is left as it is, so what is not UTF-8 is refused like any other such byte. Of the
        // field, what is not text is `""`, as with the other contestants.
        let query = String::from_utf8_lossy(query);
        let field = field.map(|field| str::from_utf8(field).unwrap_or(""));
        captioner.pictures.of_query(&query, field)
    };
    // SAFETY: the caller says that it can be written to.
    unsafe { job_or_answer(read, answer) }
}

/// See `captioner.h`.
///
/// # Safety
/// As for `captioner_read_query`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn captioner_read_json(
    captioner: *const Captioner,
    body: *const u8,
    length: usize,
    answer: *mut Answer,
) -> *mut Job {
    // SAFETY: the caller says that it is open, and that the bytes are there.
    let (captioner, body) = unsafe { (&*captioner, elements(body, length)) };
    // SAFETY: the caller says that it can be written to.
    unsafe { job_or_answer(|| captioner.pictures.of_json(body), answer) }
}

/// See `captioner.h`. The captioner is not needed before the job is drawn: it is there to read all requests alike.
///
/// # Safety
/// As for `captioner_read_query`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn captioner_read_picture(
    _: *const Captioner,
    query: *const c_char,
    query_length: usize,
    body: *const u8,
    length: usize,
    answer: *mut Answer,
) -> *mut Job {
    // SAFETY: the caller says that the bytes are there.
    let (query, body) = unsafe { (elements(query.cast(), query_length), elements(body, length)) };
    // The body is the caller's, and the job is drawn later.
    let read = || Work::of_picture(&String::from_utf8_lossy(query), body.to_vec());
    // SAFETY: the caller says that it can be written to.
    unsafe { job_or_answer(read, answer) }
}

/// See `captioner.h`.
#[unsafe(no_mangle)]
pub extern "C" fn captioner_list_templates() -> *mut Job {
    Job::boxed(Work::Templates)
}

/// See `captioner.h`.
#[unsafe(no_mangle)]
pub extern "C" fn captioner_list_fonts() -> *mut Job {
    Job::boxed(Work::Fonts)
}

/// See `captioner.h`.
///
/// # Safety
/// The name is as long as the length says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn captioner_describe_template(name: *const c_char, length: usize) -> *mut Job {
    // SAFETY: the caller says that the bytes are there.
    let name = unsafe { elements(name.cast(), length) };
    Job::boxed(Work::Template(String::from_utf8_lossy(name).into_owned()))
}

/// See `captioner.h`.
///
/// # Safety
/// The captioner is open, the job was not freed, and `answer` can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn captioner_draw(captioner: *const Captioner, job: *const Job, answer: *mut Answer) {
    // SAFETY: the caller says that both are there until this function returns. A job is only ever shared: what
    // changes in it is behind a lock, so another thread may cancel it meanwhile.
    let (captioner, job) = unsafe { (&*captioner, &*job) };
    let drawn = guarded(|| job.draw(&captioner.pictures)).unwrap_or_else(|panic| Answer::panicked(&panic));
    // SAFETY: the caller says that it can be written to.
    unsafe { answer.write(drawn) }
}

/// See `captioner.h`.
///
/// # Safety
/// The job was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn captioner_cancel(job: *const Job) {
    // SAFETY: the caller says that it is there. It is only shared, see `captioner_draw`.
    unsafe { &*job }.cancel();
}

/// See `captioner.h`.
///
/// # Safety
/// The job is one of ours, was not freed before, and no thread uses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn captioner_free_job(job: *mut Job) {
    if !job.is_null() {
        // SAFETY: it is a box of ours, and the caller gives it back, once.
        drop(unsafe { Box::from_raw(job) });
    }
}

/// See `captioner.h`.
///
/// # Safety
/// It was filled by one of these functions, or is all zeros, or was freed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn captioner_free_answer(answer: *mut Answer) {
    // SAFETY: the caller says that it is one of ours. It is empty from now on.
    unsafe { answer.replace(Answer::empty()).free() }
}

/// See `captioner.h`.
///
/// # Safety
/// As for `captioner_free_answer`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn captioner_free_text(text: *mut Text) {
    // SAFETY: as above.
    unsafe { text.replace(Text::empty()).free() }
}

/// The job to do, or null and the answer.
///
/// # Safety
/// `answer` can be written to.
unsafe fn job_or_answer(
    read: impl FnOnce() -> Result<Work, historical::carried::Reply>,
    answer: *mut Answer,
) -> *mut Job {
    let early = match guarded(read) {
        Ok(Ok(work)) => return Job::boxed(work),
        Ok(Err(reply)) => Answer::new(reply),
        Err(panic) => Answer::panicked(&panic),
    };
    // SAFETY: as this function's own.
    unsafe { answer.write(early) };
    std::ptr::null_mut()
}

/// As a slice.
///
/// # Safety
/// There are so many from the pointer on, for as long as the slice is used; none if it is null.
unsafe fn elements<'a, T>(first: *const T, count: usize) -> &'a [T] {
    // A slice must not be null, not even an empty one.
    if count == 0 || first.is_null() {
        return &[];
    }
    // SAFETY: as this function's own.
    unsafe { slice::from_raw_parts(first, count) }
}

/// What it returns, or the words of its panic, which ends here: unwinding into another language is no option.
///
/// Nothing that it borrows is broken by that: the captioner has the same guarantee from `memed`, whose threads live on
/// after a panic, and jobs are done once.
fn guarded<T>(function: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(function)).map_err(|panic| {
        let words = panic.downcast_ref::<&str>().map(ToString::to_string);
        words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".to_string())
    })
}

#[cfg(test)]
mod tests;
