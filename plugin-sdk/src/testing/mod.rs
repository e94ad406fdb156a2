//! For plugin tests: a host in memory, the conformance suite that every plugin passes, a report to
//! export, and a check of documents against their JSON schema.

#[expect(clippy::panic, reason = "a check that fails fails the plugin's test")]
mod conformance;
mod export;
mod fake_host;
mod open;
mod options;
mod sample;
mod schema;

pub use conformance::{collector, exporter, parser};
pub use export::{begin_exporter, export, exporter_option_problems};
pub use fake_host::{FakeHost, RecordingSink, Sample};
pub use open::{open_collector, parse};
pub use options::sample_is_the_defaults;
pub use sample::sample_report;
pub use schema::schema_problems;
