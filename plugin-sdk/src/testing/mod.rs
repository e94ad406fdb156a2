//! For plugin tests: a host in memory, the conformance suite that every plugin passes, and a check of
//! documents against their JSON schema.

#[expect(clippy::panic, reason = "a check that fails fails the plugin's test")]
mod conformance;
mod fake_host;
mod schema;

pub use conformance::{collector, exporter, parser};
pub use fake_host::{FakeHost, RecordingSink, Sample};
pub use schema::schema_problems;
