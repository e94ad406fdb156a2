//! What every plugin must get right, and what this one names.

use {crate}::{type};

use aiperf_plugin_sdk::serde_json::json;
use aiperf_plugin_sdk::testing::{self, FakeHost};

#[test]
fn conforms() {
    testing::collector("{id}");
}

#[test]
fn the_sample_shows_the_defaults() {
    testing::sample_is_the_defaults::<{type}>();
}

#[test]
fn names_the_page() {
    let options = json!({ "url": "http://localhost:9400/metrics" });
    let mut collector = testing::open_collector("{id}", &options, &FakeHost::new()).unwrap();
    let targets = collector.targets().unwrap().targets;
    assert_eq!(targets.len(), 1);
    assert_eq!(targets[0].url, "http://localhost:9400/metrics");
}
