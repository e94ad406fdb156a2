//! See `aiperf_fuzz::batch`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aiperf_fuzz::batch::check(data));
