//! An addon of Node over what the contestants in Rust share: `carried/pictures.rs`, and the command line.
//!
//! A request is read on Node's only thread, which takes microseconds, and gives an answer or a [`Job`]. A job is drawn in
//! libuv's pool, as the addons of image libraries do. `captioner.d.ts` has what JavaScript sees of it.

#![deny(unsafe_code)]
#![warn(missing_docs)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use historical::carried::{Pictures, Reply, Work, knobs, priority};
use memed::captioner::Cancel;
use memed::config::Config;
use napi::bindgen_prelude::{AsyncTask, Buffer, Either};
use napi::{Env, Error, Result, Status, Task};
use napi_derive::napi;

#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Templates, fonts, and pictures that are kept.
#[napi]
pub struct Captioner {
    pictures: Arc<Pictures>,
    config: Config,
}

/// What the command line says, as far as a server has to know it. Times are in milliseconds.
#[napi(object)]
#[expect(missing_docs, reason = "the names are those of memed's knobs")]
pub struct Settings {
    pub host: String,
    pub port: u16,
    pub render_threads: u32,
    pub queue: u32,
    pub max_connections: u32,
    pub max_body: u32,
    pub max_upload: u32,
    pub request_timeout: f64,
    pub shutdown_timeout: f64,
    pub header_timeout: f64,
    pub keep_alive_timeout: f64,
    pub write_timeout: f64,
}

/// An answer, in the terms of HTTP: a picture, a list, or an error as JSON.
#[napi(object)]
pub struct Answer {
    /// The HTTP status code.
    pub status: u16,
    /// Not for a 304.
    pub content_type: Option<String>,
    /// With its quotes, if it is a picture of a template.
    pub etag: Option<String>,
    /// A copy: V8 allows no two buffers in the same memory, and the cache may give the same picture again.
    pub body: Buffer,
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Answer {
        let text = |name| reply.field(name).map(str::to_string);
        let (content_type, etag) = (text("Content-Type"), text("ETag"));
        Answer { status: reply.status, content_type, etag, body: reply.body.to_vec().into() }
    }
}

#[napi]
impl Captioner {
    /// Reads memed's command line.
    ///
    /// # Errors
    /// With `code` `Cancelled` if its help was asked for, which is the message then; with `InvalidArg` for mistakes, a
    /// line each; with `GenericFailure` if a template or font cannot be used.
    #[napi(constructor)]
    pub fn new(arguments: Vec<String>) -> Result<Captioner> {
        let arguments = arguments.into_iter().map(Into::into).collect();
        let config = knobs::read(arguments).map_err(|reason| match reason {
            knobs::NoConfig::Help(text) => Error::new(Status::Cancelled, text),
            knobs::NoConfig::Mistakes(mistakes) => Error::new(Status::InvalidArg, mistakes.join("\n")),
        })?;
        knobs::prepare_descriptors(&config);
        let pictures = Pictures::load(&config).map_err(|error| Error::from_reason(error.to_string()))?;
        Ok(Captioner { pictures: Arc::new(pictures), config })
    }

    /// What the server has to know.
    #[napi(getter)]
    pub fn settings(&self) -> Settings {
        let config = &self.config;
        // Node takes whole ones only.
        let milliseconds = |time: Duration| (time.as_secs_f64() * 1000.0).ceil();
        let whole = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Settings {
            host: config.address.ip().to_string(),
            port: config.address.port(),
            render_threads: whole(config.render_threads),
            queue: whole(config.queue),
            max_connections: whole(config.max_connections),
            max_body: whole(config.max_body),
            max_upload: whole(config.max_upload),
            request_timeout: milliseconds(config.request_timeout),
            shutdown_timeout: milliseconds(config.shutdown_timeout),
            header_timeout: milliseconds(config.header_timeout),
            keep_alive_timeout: milliseconds(config.keep_alive_timeout),
            write_timeout: milliseconds(config.write_timeout),
        }
    }

    /// What a query string asks for: a job that is to be drawn, or an answer: 200 with a picture that was kept, 304, 400 or
    /// 404.
    #[napi(catch_unwind)]
    pub fn read_query(&self, query: String, if_none_match: Option<String>) -> Either<Job, Answer> {
        self.job_or_answer(|pictures| pictures.of_query(&query, if_none_match.as_deref()))
    }

    /// The same for a JSON body.
    #[napi(catch_unwind)]
    pub fn read_json(&self, body: &[u8]) -> Either<Job, Answer> {
        self.job_or_answer(|pictures| pictures.of_json(body))
    }

    /// The same for a body that is a client's own picture, with its captions in the query string. The body is not copied:
    /// the job keeps the buffer alive, and its bytes must stay as they are until the job is done; its
    /// ArrayBuffer must not be transferred or resized.
    #[napi(catch_unwind)]
    pub fn read_picture(&self, query: String, body: Buffer) -> Either<Job, Answer> {
        self.job_or_answer(|_| Work::of_picture(&query, body))
    }

    /// A job.
    #[napi]
    pub fn list_templates(&self) -> Job {
        self.job(Work::Templates)
    }

    /// A job.
    #[napi]
    pub fn list_fonts(&self) -> Job {
        self.job(Work::Fonts)
    }

    /// A job.
    #[napi]
    pub fn describe_template(&self, name: String) -> Job {
        self.job(Work::Template(name))
    }

    fn job(&self, work: Work) -> Job {
        Job { pictures: self.pictures.clone(), work: Mutex::new(Some(work)), cancel: Cancel::new() }
    }

    fn job_or_answer(
        &self,
        read: impl FnOnce(&Pictures) -> std::result::Result<Work, Reply>,
    ) -> Either<Job, Answer> {
        match read(&self.pictures) {
            Ok(work) => Either::A(self.job(work)),
            Err(reply) => Either::B(reply.into()),
        }
    }
}

/// Something to draw, or to list.
#[napi]
pub struct Job {
    pictures: Arc<Pictures>,
    /// Taken when it is drawn. Behind a lock, because napi borrows the job until then, and it may be cancelled meanwhile.
    work: Mutex<Option<Work>>,
    cancel: Cancel,
}

#[napi]
impl Job {
    /// Does it in libuv's pool.
    ///
    /// # Errors
    /// The second time.
    #[napi(ts_return_type = "Promise<Answer>")]
    pub fn draw(&self) -> Result<AsyncTask<Drawing>> {
        let work = self.work.lock().unwrap_or_else(PoisonError::into_inner).take();
        let work = work.ok_or_else(|| Error::from_reason("a job is drawn once"))?;
        let (pictures, cancel) = (self.pictures.clone(), self.cancel.clone());
        Ok(AsyncTask::new(Drawing { pictures, work: Some(work), cancel }))
    }

    /// Asks it to stop. Its promise resolves within milliseconds, with an answer that nobody waits for. One that was not
    /// drawn lets go of its body at once.
    #[napi]
    pub fn cancel(&self) {
        self.cancel.cancel();
        *self.work.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// A job in the pool.
pub struct Drawing {
    pictures: Arc<Pictures>,
    work: Option<Work>,
    cancel: Cancel,
}

impl Task for Drawing {
    type Output = Answer;
    type JsValue = Answer;

    fn compute(&mut self) -> Result<Answer> {
        priority::give_way();
        let work = self.work.take().ok_or_else(|| Error::from_reason("a job is drawn once"))?;
        let drawn = catch_unwind(AssertUnwindSafe(|| self.pictures.run(work, &self.cancel)));
        Ok(drawn.unwrap_or_else(|_| Reply::internal("a drawing panicked")).into())
    }

    fn resolve(&mut self, _: Env, answer: Answer) -> Result<Answer> {
        Ok(answer)
    }
}
