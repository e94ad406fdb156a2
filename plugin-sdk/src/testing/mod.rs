//! For plugin tests: a host in memory, and the conformance suite that every plugin passes.

#[expect(clippy::panic, reason = "a check that fails fails the plugin's test")]
mod conformance;
mod fake_host;

pub use conformance::{collector, exporter, parser};
pub use fake_host::{FakeHost, RecordingSink, Sample};
