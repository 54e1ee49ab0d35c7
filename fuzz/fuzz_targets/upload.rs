//! Fuzzes a client's own picture, and forms that may have one.

#![no_main]

#[path = "../checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| checks::run("upload", input));
