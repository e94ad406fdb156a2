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
fn reads_three_averages() {
    let path = std::env::temp_dir().join(format!("{id}-{}", std::process::id()));
    std::fs::write(&path, "0.5 0.25 0.125 1/100 1\n").unwrap();
    let mut collector =
        testing::open_collector("{id}", &json!({ "path": path }), &FakeHost::new()).unwrap();
    let mut sink = RecordingSink::default();
    collector.collect(&mut sink).unwrap();
    std::fs::remove_file(&path).unwrap();
    let values: Vec<f64> = sink.samples.iter().map(|sample| sample.value).collect();
    assert_eq!(values, [0.5, 0.25, 0.125]);
}
