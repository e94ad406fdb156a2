//! Black-box tests of the `aiperf` binary; see `tests/README.md`.

mod bad_input;
mod context;
mod main_job;
mod tidy;
