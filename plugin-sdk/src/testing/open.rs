//! Instances of plugins that tests drive themselves.

use serde_json::Value;

use super::{FakeHost, RecordingSink, Sample, conformance};
use crate::hosting::CollectorHandle;
use crate::time::PayloadClock;
use crate::{Context, Payload, PluginKind, Result};

/// Opens the collector `id` with `options` on `host`, as a run does. Give it a [`RecordingSink`] to
/// see what it reads.
///
/// # Errors
/// As the plugin says.
///
/// # Panics
/// If no such collector is linked into the test.
pub fn open_collector(id: &str, options: &Value, host: &FakeHost) -> Result<CollectorHandle> {
    let (factory, _) = conformance::linked(PluginKind::Collector, id);
    factory.open_collector(options, &Context::new(id), host.services())
}

/// Has the parser `id` read `body`, a page of the first content type that it names.
///
/// # Errors
/// As the plugin says.
///
/// # Panics
/// If no such parser is linked into the test.
pub fn parse(id: &str, options: &Value, body: &[u8]) -> Result<Vec<Sample>> {
    let (factory, descriptor) = conformance::linked(PluginKind::Parser, id);
    let services = FakeHost::new().services();
    let mut parser = factory.open_parser(options, &Context::new(id), services)?;
    let content_type = descriptor.content_types.first().map_or("", String::as_str);
    let payload = Payload::new(content_type, body, PayloadClock::default()).source("test");
    let mut sink = RecordingSink::default();
    parser.parse(&payload, &mut sink)?;
    parser.close()?;
    Ok(sink.samples)
}
