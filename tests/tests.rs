//! Everything that is tested through a door of the program: HTTP, its library, its command line. What is
//! pure and small is tested beside its code.

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
extern crate serde_json;
extern crate socket2;
extern crate tempfile;

/// Servers, the program, clients that can misbehave, drawings that wait, temporary folders.
mod util;

/// Every route and header, when nothing is wrong.
mod api;
/// Input that is wrong, huge, slow or hostile: each gets its status and sentence, and the next request is
/// served.
mod bad_input;
/// What is not drawn twice, and what is not sent twice: the result cache, drawings that are shared, tags and
/// ranges.
mod caching;
/// Drawings that no request waits for any more.
mod cancelled;
/// What a fuzzer has made up.
mod corpus;
/// The files, functions and links that the documents name.
mod docs;
/// The bytes of requests: where heads and bodies end, and what is refused.
mod framing;
/// What a viewer sees of an animation, and what it should be.
mod gif_oracle;
/// Animated templates: what a viewer sees, frame by frame.
mod gif_pictures;
/// Pictures that somebody has looked at, and whether they still look so.
mod golden;
/// Where the text stands on pictures.
mod layout_pictures;
/// What letters look like.
mod letter_pictures;
/// What a client can draw out: slow heads, idle and unread connections, hang-ups, too many of them.
mod limits;
/// What is logged of requests that fail.
mod log;
/// What `/stats` and `/metrics` tell.
mod metrics;
/// Templates of every kind that files come in, and each of them in every format.
mod odd_pictures;
/// Templates built for a test, and what can be measured on pictures.
mod picture_util;
/// What is on the pictures.
mod pictures;
/// What is decoded before it is asked for.
mod preload;
/// The binary: its command line, its threads, its end.
mod program;
/// What holds whatever is asked for, of whatever template.
mod properties;
/// The walls between the rooms.
mod rooms;
/// Animated templates at another size.
mod scaled_gif_pictures;
/// The end of a server.
mod shutdown;
/// Everything at once, for a while, at random.
mod soak;
/// Pictures put together from strips and bands, and formats that become others.
mod strip_pictures;
