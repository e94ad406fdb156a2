//! What every plugin must get right, and what this one reads.

use {crate}::{type};

use aiperf_plugin_sdk::serde_json::json;
use aiperf_plugin_sdk::testing::{self, FakeHost, RecordingSink};

#[test]
fn conforms() {
    testing::collector("{id}");
}

#[test]
fn the_sample_shows_the_defaults() {
    testing::sample_is_the_defaults::<{type}>();
}

#[test]
fn reads_complete_lines() {
    let path = std::env::temp_dir().join(format!("{id}-{}", std::process::id()));
    std::fs::write(&path, "queue 3\nwait 0.5\nhalf").unwrap();
    let mut collector =
        testing::open_collector("{id}", &json!({ "path": path }), &FakeHost::new()).unwrap();
    let mut sink = RecordingSink::default();
    // The host in memory says stop at the first wait.
    collector.run(&mut sink).unwrap();
    std::fs::remove_file(&path).unwrap();
    let names: Vec<&str> = sink.samples.iter().map(|sample| &*sample.name).collect();
    assert_eq!(names, ["queue", "wait"]);
}
