//! Fuzzes the decoding and drawing of a GIF template.

#![no_main]

#[path = "../checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| checks::run("gif", input));
