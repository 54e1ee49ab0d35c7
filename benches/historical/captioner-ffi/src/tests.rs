//! The functions, called as a program in C would call them; and the same tests once more, under valgrind.

use std::env;
use std::ffi::{CStr, CString, c_char, c_int};
use std::mem::MaybeUninit;
use std::process::Command;
use std::ptr;
use std::thread;
use std::time::{Duration, Instant};

use super::*;

/// Takes some tenths of a second if its template is not kept.
const SLOW: &str = "template=dramatic-raccoon&top_text=slow&width=300";
const QUICK: &str = "template=cat&top_text=hi&width=100";

/// A captioner that is closed at the end.
struct Opened {
    captioner: *mut Captioner,
    settings: Settings,
}

/// What a captioner is not opened with: the exit code and the text.
type Refusal = (c_int, String);

fn open(arguments: &[&str]) -> Result<Opened, Refusal> {
    let arguments: Vec<CString> = arguments.iter().map(|argument| CString::new(*argument).unwrap()).collect();
    let pointers: Vec<*const c_char> = arguments.iter().map(|argument| argument.as_ptr()).collect();
    let mut settings = MaybeUninit::uninit();
    let (mut exit_code, mut text) = (-1, Text::empty());
    unsafe {
        let captioner = captioner_open(
            pointers.as_ptr(),
            pointers.len(),
            settings.as_mut_ptr(),
            &raw mut exit_code,
            &raw mut text,
        );
        if !captioner.is_null() {
            return Ok(Opened { captioner, settings: settings.assume_init() });
        }
        let words = text.as_str().to_string();
        captioner_free_text(&raw mut text);
        captioner_free_text(&raw mut text);
        Err((exit_code, words))
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        unsafe { captioner_close(self.captioner) }
    }
}

/// An answer, copied out and freed.
#[derive(Debug, PartialEq)]
struct Copied {
    status: u16,
    content_type: Option<String>,
    etag: Option<String>,
    body: Vec<u8>,
}

fn copied(mut answer: Answer) -> Copied {
    let text = |text: *const c_char| {
        (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_string())
    };
    let (status, content_type, etag) = (answer.status, text(answer.content_type), text(answer.etag));
    let body = unsafe { elements(answer.body, answer.body_length) }.to_vec();
    unsafe {
        captioner_free_answer(&raw mut answer);
        // It is empty now.
        captioner_free_answer(&raw mut answer);
    }
    Copied { status, content_type, etag, body }
}

impl Opened {
    fn read(&self, query: &str, field: Option<&str>) -> Result<*mut Job, Copied> {
        let mut answer = Answer::empty();
        let (field, length) = field.map_or((ptr::null(), 0), |field| (field.as_ptr().cast(), field.len()));
        let query = (query.as_ptr().cast(), query.len());
        let job =
            unsafe { captioner_read_query(self.captioner, query.0, query.1, field, length, &raw mut answer) };
        if job.is_null() { Err(copied(answer)) } else { Ok(job) }
    }

    fn read_picture(&self, query: &str, body: &[u8]) -> Result<*mut Job, Copied> {
        let mut answer = Answer::empty();
        let (query, body) = ((query.as_ptr().cast(), query.len()), (body.as_ptr(), body.len()));
        let job = unsafe {
            captioner_read_picture(self.captioner, query.0, query.1, body.0, body.1, &raw mut answer)
        };
        if job.is_null() { Err(copied(answer)) } else { Ok(job) }
    }

    fn draw(&self, job: *mut Job) -> Copied {
        let mut answer = MaybeUninit::uninit();
        unsafe {
            captioner_draw(self.captioner, job, answer.as_mut_ptr());
            captioner_free_job(job);
            copied(answer.assume_init())
        }
    }
}

#[test]
fn a_picture_is_drawn_then_kept_and_then_the_client_has_it() {
    let opened = open(&["127.0.0.1:4711", "--render-threads", "3", "--request-timeout", "0.5"]).ok().unwrap();
    let settings = &opened.settings;
    assert_eq!(unsafe { CStr::from_ptr(settings.address) }.to_str(), Ok("127.0.0.1:4711"));
    assert_eq!((settings.render_threads, settings.request_timeout), (3, 0.5));
    let drawn = opened.draw(opened.read(QUICK, None).unwrap());
    assert_eq!((drawn.status, drawn.content_type.as_deref()), (200, Some("image/png")));
    assert!(drawn.body.starts_with(b"\x89PNG") && drawn.body.len() > 1000);
    assert_eq!(opened.read(QUICK, None).unwrap_err(), drawn);
    let known = opened.read(QUICK, drawn.etag.as_deref()).unwrap_err();
    assert_eq!((known.status, known.etag, known.body.len()), (304, drawn.etag, 0));
}

#[test]
fn json_and_lists_are_jobs_too_and_mistakes_are_answers() {
    let opened = open(&[]).ok().unwrap();
    let mut answer = Answer::empty();
    let body = br#"{"template": "no-such"}"#;
    let job = unsafe { captioner_read_json(opened.captioner, body.as_ptr(), body.len(), &raw mut answer) };
    let refused = copied(answer);
    assert!(job.is_null());
    assert_eq!((refused.status, refused.content_type.as_deref()), (404, Some("application/json")));
    assert!(String::from_utf8(refused.body).unwrap().contains("no-such"));
    assert_eq!(opened.read("", None).unwrap_err().status, 400);
    let fonts = opened.draw(captioner_list_fonts());
    assert!(fonts.status == 200 && fonts.body.starts_with(b"[\"") && fonts.etag.is_none());
    assert!(opened.draw(captioner_list_templates()).body.starts_with(b"[\""));
    let name = "cat";
    let cat = unsafe { captioner_describe_template(name.as_ptr().cast(), name.len()) };
    assert_eq!(opened.draw(cat).status, 200);
    assert_eq!(opened.draw(unsafe { captioner_describe_template(ptr::null(), 0) }).status, 404);
}

#[test]
fn a_job_has_its_own_copy_of_a_clients_picture() {
    let opened = open(&["--max-upload", "5000000"]).ok().unwrap();
    assert_eq!(opened.settings.max_upload, 5_000_000);
    let own = opened.draw(opened.read(QUICK, None).unwrap()).body;
    let mut sent = own.clone();
    let job = opened.read_picture("bottom_text=there&format=gif", &sent).unwrap();
    sent.fill(0);
    drop(sent);
    let drawn = opened.draw(job);
    assert_eq!((drawn.status, drawn.content_type.as_deref(), drawn.etag), (200, Some("image/gif"), None));
    assert!(drawn.body.starts_with(b"GIF89a"));

    let refused = |query, body: &[u8]| opened.read_picture(query, body).unwrap_err().status;
    assert_eq!((refused("", b"no picture"), refused("", b""), refused("hue=3", &own)), (415, 400, 400));
    let cut = opened.read_picture("", &own[..own.len() / 2]).unwrap();
    assert_eq!(opened.draw(cut).status, 400);
    unsafe { captioner_free_job(opened.read_picture("", &own).unwrap()) };
}

#[test]
fn a_job_that_is_cancelled_ends_and_is_not_done_twice() {
    let opened = open(&["--template-cache", "0", "--result-cache", "0"]).ok().unwrap();
    let start = Instant::now();
    assert_eq!(opened.draw(opened.read(SLOW, None).unwrap()).status, 200);
    let alone = start.elapsed();

    // Pointers are not Send, and these may be used by two threads at once.
    let (captioner, job) = (opened.captioner as usize, opened.read(SLOW, None).unwrap() as usize);
    let start = Instant::now();
    let drawing = thread::spawn(move || {
        let mut answer = MaybeUninit::uninit();
        unsafe {
            captioner_draw(captioner as *const Captioner, job as *const Job, answer.as_mut_ptr());
            copied(answer.assume_init()).status
        }
    });
    thread::sleep(Duration::min(alone / 10, Duration::from_millis(10)));
    unsafe { captioner_cancel(job as *const Job) };
    assert_eq!(drawing.join().unwrap(), 504);
    assert!(start.elapsed() < alone, "{:?}, {alone:?}", start.elapsed());
    assert_eq!(opened.draw(job as *mut Job).status, 500, "it was done before");

    let early = opened.read(SLOW, None).unwrap();
    unsafe { captioner_cancel(early) };
    assert_eq!(opened.draw(early).status, 504);
    unsafe {
        captioner_free_job(opened.read(SLOW, None).unwrap());
        captioner_free_job(ptr::null_mut());
    }
}

#[test]
fn a_bad_command_line_is_a_text_and_an_exit_code() {
    let (code, words) = open(&["--render-threads", "0"]).err().unwrap();
    assert!(code == 64 && words.contains("--render-threads"), "{code}, {words}");
    let (code, words) = open(&["--help"]).err().unwrap();
    assert!(code == 0 && words.contains("--request-timeout"), "{code}, {words}");
}

#[test]
fn a_panic_ends_where_it_is_caught() {
    let words = guarded::<()>(|| panic!("{} and {}", "one", 2)).unwrap_err();
    assert_eq!(words, "one and 2");
    let answer = copied(Answer::panicked(&words));
    assert_eq!(answer.status, 500);
    assert!(!String::from_utf8(answer.body).unwrap().contains("one"), "the cause is for the log");
}

/// Every block is freed once, and none is read or written outside of it or after that.
#[test]
fn valgrind_finds_nothing_in_the_other_tests() {
    const INSIDE: &str = "INSIDE_VALGRIND";
    if env::var_os(INSIDE).is_some() {
        return;
    }
    if !Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return eprintln!("skipped: there is no valgrind");
    }
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--quiet", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=definite"]);
    valgrind.args(["--errors-for-leak-kinds=definite", "--fair-sched=yes"]);
    valgrind.arg(env::current_exe().unwrap()).args(["--test-threads", "1"]).env(INSIDE, "1");
    let output = valgrind.output().unwrap();
    let (said, printed) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{said}\n{printed}");
    assert!(printed.contains("7 passed"), "{printed}");
}
