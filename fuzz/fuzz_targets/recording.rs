//! See `aiperf_fuzz::recording`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aiperf_fuzz::recording::check(data));
