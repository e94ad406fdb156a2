//! What every plugin must get right, and what this one writes.

use {crate}::{type};

use aiperf_plugin_sdk::RunInfo;
use aiperf_plugin_sdk::serde_json::json;
use aiperf_plugin_sdk::testing::{self, sample_report};

#[test]
fn conforms() {
    testing::exporter("{id}");
}

#[test]
fn the_sample_shows_the_defaults() {
    testing::sample_is_the_defaults::<{type}>();
}

#[test]
fn writes_a_line_per_metric() {
    let options = json!({ "path": "out.txt" });
    let host = testing::export("{id}", &options, &RunInfo::default(), &sample_report()).unwrap();
    let text = host.file("out.txt").unwrap();
    assert!(text.starts_with("time_to_first_token "), "{text}");
}
