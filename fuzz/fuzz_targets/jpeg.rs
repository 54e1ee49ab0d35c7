//! Fuzzes the decoding and drawing of a JPEG template.

#![no_main]

#[path = "../checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| checks::run("jpeg", input));
