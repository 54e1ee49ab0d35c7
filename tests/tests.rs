//! Tests of the public interfaces: HTTP, the library, the command line. Unit tests stand beside the code that they
//! test.

extern crate fastrand;
extern crate futures;
extern crate gif;
extern crate image;
extern crate jpeg_encoder;
extern crate libc;
extern crate memed;
extern crate miniz_oxide;
extern crate net2;
extern crate png;
extern crate proptest;
#[macro_use]
extern crate serde_json;
extern crate socket2;
extern crate tempfile;

/// Helpers: servers, the program as a process, misbehaving clients, held drawings, temporary folders.
mod util;

/// Every route and header, for valid requests.
mod api;
/// Input that is wrong, huge, slow or hostile: each gets its status and sentence, and the next request is
/// served.
mod bad_input;
/// Bars above and below pictures.
mod bar_pictures;
/// Captions in boxes, upright and turned.
mod box_pictures;
/// The result cache, shared drawings, entity tags and ranges.
mod caching;
/// How soon a cancelled drawing stops.
mod cancelled;
/// The commands: pictures without a server, lists, probes, completions, man pages.
mod commands;
/// What RFC 9110, RFC 9112 and browsers ask of a server, beyond where a request ends.
mod conformance;
/// Inputs kept from fuzzing.
mod corpus;
/// The sessions of the course.
mod course;
/// The files, functions and links that the documents name.
mod docs;
/// Picture files as people bring them.
mod file_kinds;
/// Fonts that are damaged.
mod font_files;
/// Forms, JSON under any type, fields that are left empty, keys that others add to a URL.
mod forms;
/// How requests are framed: where heads and bodies end, and what is refused.
mod framing;
/// A GIF player that shares no code with `memed`, and the checks built on it.
mod gif_oracle;
/// Room for a text's colors in the palettes of animations.
mod gif_palettes;
/// Captions on animated templates, checked frame by frame.
mod gif_pictures;
/// Comparison with the golden pictures, which a person has approved.
mod golden;
/// Captioned JPEGs keep the sampling, the steps and the pixels of their template.
mod jpeg_kinds;
/// Writes JPEGs of every sampling, in any scans.
mod jpeg_writer;
/// The position, size and lines of text.
mod layout_pictures;
/// The look of letters: colors, outlines, fonts.
mod letter_pictures;
/// The limits on clients: slow heads, idle connections, unread responses, hang-ups, too many connections.
mod limits;
/// Links that embed, where they redirect, and the names of pictures.
mod links;
/// The log lines of failed requests.
mod log;
/// The figures of `/stats` and `/metrics`.
mod metrics;
/// Templates in every variant of the file formats, each drawn in every format.
mod odd_pictures;
/// The page on which a person makes a meme, and what it asks for.
mod page;
/// `--listen-fd`: a listening socket that is passed to the program.
#[cfg(target_os = "linux")]
mod passed_socket;
/// Helpers: templates built for a test, and measurements on pictures.
mod picture_util;
/// The content of captioned pictures.
mod pictures;
/// Preloading of templates and fonts.
mod preload;
/// The binary: its command line, threads, log and exit.
mod program;
/// Property tests of requests and templates.
mod properties;
/// The import rules between the rooms of `src`.
mod rooms;
/// Animated templates at another size.
mod scaled_gif_pictures;
mod script_pictures;
/// What one client asks for takes nothing from another.
mod sharing;
/// Graceful shutdown.
mod shutdown;
/// A soak test: random good and bad clients, all at once.
mod soak;
/// Pictures assembled from encoded strips, and conversions between formats.
mod strip_pictures;
/// What systemd is told.
#[cfg(target_os = "linux")]
mod supervisor;
/// What is noted of a template in the file beside its picture.
mod template_notes;
/// Captions that come and go in animations.
mod timing_pictures;
/// JSON lines in the log, `traceparent`, `X-Request-Id`.
mod tracing;
/// A client's own picture, in the body or in a form.
mod uploads;
