//! What every plugin must get right, and what this one reads.

use {crate}::{type};

use aiperf_plugin_sdk::serde_json::json;
use aiperf_plugin_sdk::testing;

#[test]
fn conforms() {
    testing::parser("{id}");
}

#[test]
fn the_sample_shows_the_defaults() {
    testing::sample_is_the_defaults::<{type}>();
}

#[test]
fn reads_lines() {
    let page = b"queue 3\n?\nwait 0.5\n";
    let samples = testing::parse("{id}", &json!({ "prefix": "a_" }), page).unwrap();
    let read: Vec<(&str, f64)> = samples.iter().map(|s| (&*s.name, s.value)).collect();
    assert_eq!(read, [("a_queue", 3.0), ("a_wait", 0.5)]);
}
