//! What must hold for any bytes from outside. Each module is one target: `fuzz_targets/` feeds it made up
//! bytes, `tests/corpus.rs` the ones that are kept.

pub mod batch;
pub mod config;
pub mod page;
pub mod recording;
pub mod sse;
mod store;
