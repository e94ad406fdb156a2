//! Plugin libraries, loaded by the `aiperf` binary; see `tests/README.md`.

#![expect(
    clippy::panic,
    clippy::float_cmp,
    reason = "a failed check ends a test, and counts are whole numbers"
)]

mod contained;
#[expect(dead_code, reason = "shared with the other black-box tests")]
#[path = "../cli/context.rs"]
mod context;
mod damaged;
mod library;
mod listed;
mod loading;
mod refused;
mod works;
