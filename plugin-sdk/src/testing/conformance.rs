//! What every plugin must get right. One line in a plugin's tests:
//!
//! ```ignore
//! aiperf_plugin_sdk::testing::parser("prometheus");
//! ```
//!
//! The checks go through the same objects as a run does. They panic with what is wrong.

use serde_json::{Value, json};

use super::{FakeHost, RecordingSink};
use crate::hosting::{Factory, builtin_factories};
use crate::report::Report;
use crate::run::RunInfo;
use crate::view::{RequestBlock, RequestRow, SchemaDelta, ScrapeMeta, ScrapeRecord, ServerEntry};
use crate::{CollectorMode, Context, Descriptor, ErrorKind, Payload, PluginKind};

/// Checks a collector: declaration, options, life cycle, one reading.
///
/// # Panics
/// If the plugin does not conform.
pub fn collector(id: &str) {
    let (factory, descriptor) = declared(PluginKind::Collector, id);
    let host = FakeHost::new();
    for _ in 0..2 {
        let Ok(mut collector) =
            factory.open_collector(&json!({}), &Context::new(id), host.services())
        else {
            // Some collectors need options or devices; then the error must say so in one line.
            return;
        };
        match descriptor.mode {
            Some(CollectorMode::Targets) => {
                let targets = collector.targets().expect("targets without options");
                let mut ids: Vec<_> = targets.targets.iter().map(|target| &target.id).collect();
                ids.sort();
                ids.dedup();
                assert_eq!(
                    ids.len(),
                    targets.targets.len(),
                    "two targets have the same id"
                );
            }
            Some(CollectorMode::Poll) => {
                let mut sink = RecordingSink::default();
                if let Err(error) = collector.collect(&mut sink) {
                    assert_ne!(error.kind, ErrorKind::Panic, "{error}");
                }
            }
            Some(CollectorMode::Stream) => {
                // The fake host says stop at the first wait.
                collector
                    .run(&mut RecordingSink::default())
                    .expect("stops when told");
            }
            None => panic!("collector `{id}` declares no mode"),
        }
        collector.close().expect("close");
    }
}

/// Checks a parser: declaration, options, and that no bytes make it panic or name bytes that are
/// not there.
///
/// # Panics
/// If the plugin does not conform.
pub fn parser(id: &str) {
    let (factory, descriptor) = declared(PluginKind::Parser, id);
    assert!(
        !descriptor.content_types.is_empty(),
        "parser `{id}` declares no content type"
    );
    let host = FakeHost::new();
    let mut parser = factory
        .open_parser(&json!({}), &Context::new(id), host.services())
        .expect("open by default");
    let mut junk: Vec<Vec<u8>> = vec![
        vec![],
        vec![0],
        vec![b'\n'; 3],
        vec![0xff; 100],
        b"{\"a\":[1,2".to_vec(),
    ];
    junk.extend((0_u8..=255).map(|byte| vec![byte, b'"', byte, b'{', b' ', byte, b'\\']));
    for body in &junk {
        let clock = crate::time::PayloadClock::default();
        let payload = Payload::new(&descriptor.content_types[0], body, clock).source("test");
        parser.sniff(body);
        if let Err(error) = parser.parse(&payload, &mut RecordingSink::default()) {
            assert_ne!(error.kind, ErrorKind::Panic, "{error} on {body:?}");
        }
    }
    parser.close().expect("close");
}

/// Checks an exporter: declaration, options, an empty run, a small run, an aborted run, and that
/// a full disk is an error and not a panic.
///
/// # Panics
/// If the plugin does not conform.
pub fn exporter(id: &str) {
    let (factory, _) = declared(PluginKind::Exporter, id);
    let open = |host: &FakeHost| {
        factory
            .open_exporter(&json!({}), &Context::new(id), host.services())
            .expect("open by default")
    };
    let (run, report) = (RunInfo::default(), Report::default());

    let mut empty = open(&FakeHost::new());
    empty.begin(&run).expect("begin");
    empty.finish(&report).expect("finish an empty run");
    empty.close().expect("close");

    let mut aborted = open(&FakeHost::new());
    aborted.begin(&run).expect("begin");
    small_run(&mut |record| aborted.scrape(record));
    aborted.abort("test").expect("abort");

    let full = FakeHost::new();
    let mut failing = open(&full);
    if failing.begin(&run).is_ok() {
        full.fail_writes();
        let mut results = Vec::new();
        small_run(&mut |record| {
            results.push(failing.scrape(record));
            Ok(())
        });
        let mut block = RequestBlock::default();
        block.push(&RequestRow::default());
        results.push(failing.requests(&block));
        results.push(failing.finish(&report));
        for error in results.into_iter().filter_map(Result::err) {
            assert_ne!(error.kind, ErrorKind::Panic, "{error}");
        }
    }
}

fn small_run(scrape: &mut dyn FnMut(&ScrapeRecord) -> crate::Result<()>) {
    let schema = SchemaDelta {
        servers: vec![ServerEntry::default()],
        ..SchemaDelta::default()
    };
    let record = ScrapeRecord {
        meta: ScrapeMeta {
            timestamp_ns: 1,
            ..ScrapeMeta::default()
        },
        schema,
        ..ScrapeRecord::default()
    };
    scrape(&record).expect("one scrape");
}

/// Finds the plugin among those linked into the test.
pub(super) fn linked(kind: PluginKind, id: &str) -> (Factory, Descriptor) {
    builtin_factories()
        .into_iter()
        .map(|factory| {
            let descriptor = factory.descriptor().expect("descriptor");
            (factory, descriptor)
        })
        .find(|(_, descriptor)| descriptor.kind == kind && descriptor.id == id)
        .unwrap_or_else(|| {
            panic!(
                "no {} `{id}` is linked; is `export_plugin!` there?",
                kind.as_str()
            )
        })
}

/// The plugin, after checking what all kinds have in common.
fn declared(kind: PluginKind, id: &str) -> (Factory, Descriptor) {
    let (factory, descriptor) = linked(kind, id);
    let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    assert!(
        !id.is_empty() && id.chars().all(lower),
        "id `{id}` is not lower_snake_case"
    );
    assert!(
        descriptor.summary.ends_with('.'),
        "the summary is a sentence with a full stop"
    );
    assert!(!descriptor.version.is_empty(), "no version");
    unknown_option_is_named(&factory);
    options_are_documented(&descriptor);
    (factory, descriptor)
}

fn unknown_option_is_named(factory: &Factory) {
    let errors = factory.validate(&json!({ "no_such_option": 1 }));
    let named = errors
        .iter()
        .any(|error| error.message.contains("no_such_option"));
    assert!(
        named,
        "an unknown option must be an error that names it (`deny_unknown_fields`)"
    );
}

fn options_are_documented(descriptor: &Descriptor) {
    let options = descriptor
        .schema
        .get("properties")
        .and_then(Value::as_object);
    for (name, schema) in options.into_iter().flatten() {
        let documented = schema.get("description").and_then(Value::as_str).is_some();
        assert!(documented, "option `{name}` has no doc comment");
    }
}
