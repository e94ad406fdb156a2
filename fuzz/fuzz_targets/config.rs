//! See `aiperf_fuzz::config`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aiperf_fuzz::config::check(data));
