//! See `aiperf_fuzz::page`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aiperf_fuzz::page::check(data));
