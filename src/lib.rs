//! `memed` puts text on pictures, over HTTP, on the asynchronous Rust of 2017.
//!
//! Data flows one way through three rooms: a request is *understood*, then *drawn*, and the server
//! *carries* it.
//!
//! | room | what it is | what it may touch |
//! |---|---|---|
//! | [`image_macro`] | what is asked | neither I/O nor pixels nor futures |
//! | [`captioner`] | how it is drawn, synchronously | files and pixels; neither HTTP nor futures |
//! | [`server`] | how it is carried: futures 0.1, tokio-core, hyper 0.11 | sockets and threads; no pixel |
//!
//! `server` calls the other two, `captioner` uses `image_macro`, and neither calls back. [`config`] holds every
//! knob, [`command_line`] reads them, [`commands`] draw without the server, [`logging`] sets up the log,
//! [`descriptors`] makes room for connections.
//! `tests/rooms.rs` checks who uses what.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate bytemuck;
extern crate bytes;
extern crate clap;
extern crate clap_complete;
extern crate clap_mangen;
// Derive macros of today say `::core`, which edition 2015 looks for here.
extern crate core;
extern crate crc32fast;
extern crate ctrlc;
extern crate env_logger;
extern crate fast_image_resize;
#[cfg(test)]
extern crate fastrand;
extern crate fearless_simd;
#[macro_use(try_ready)]
extern crate futures;
extern crate futures_cpupool;
extern crate gif;
extern crate harfrust;
extern crate httparse;
extern crate hyper;
extern crate icu_casemap;
extern crate icu_locale_core;
extern crate icu_segmenter;
extern crate image;
extern crate indicatif;
extern crate jiff;
extern crate jpeg_decoder;
extern crate jpeg_encoder;
extern crate libm;
#[macro_use]
extern crate log;
extern crate lru;
extern crate memchr;
extern crate memed_data;
#[cfg(test)]
extern crate miniz_oxide;
extern crate moxcms;
extern crate net2;
extern crate open;
extern crate percent_encoding;
extern crate png;
extern crate prometheus_client;
#[cfg(test)]
extern crate proptest;
extern crate read_fonts;
extern crate rlimit;
#[cfg(target_os = "linux")]
extern crate rustix;
extern crate rusttype;
extern crate saphyr_parser;
extern crate serde;
#[macro_use]
extern crate serde_json;
extern crate sha2;
extern crate simd_adler32;
extern crate slab;
extern crate strsim;
extern crate tempfile;
extern crate thiserror;
extern crate tokio_core;
#[macro_use(try_nb)]
extern crate tokio_io;
extern crate tokio_signal;
extern crate tokio_timer;
extern crate toml;
extern crate ttf_parser;
extern crate unicode_bidi;
extern crate unicode_normalization;
extern crate unicode_properties;
extern crate unicode_script;
extern crate unicode_segmentation;
extern crate weezl;
extern crate zune_core;
extern crate zune_jpeg;

pub mod captioner;
pub mod command_line;
pub mod commands;
pub mod config;
pub mod descriptors;
pub mod image_macro;
pub mod logging;
pub mod server;
