//! The collector on made-up files.

use aiperf_pressure::Pressure;

use aiperf_plugin_sdk::ErrorKind;
use aiperf_plugin_sdk::serde_json::json;
use aiperf_plugin_sdk::testing::{self, FakeHost, RecordingSink};

#[test]
fn conforms() {
    testing::collector("pressure");
}

#[test]
fn the_sample_shows_the_defaults() {
    testing::sample_is_the_defaults::<Pressure>();
}

#[test]
fn reads_what_is_there_and_names_what_is_not() {
    let folder = std::env::temp_dir().join(format!("pressure-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let page = "some avg10=1.50 avg60=0.00 avg300=0.00 total=2500000\n";
    std::fs::write(folder.join("cpu"), page).unwrap();
    let options = json!({ "path": folder, "resources": ["cpu", "io"] });
    let mut collector = testing::open_collector("pressure", &options, &FakeHost::new()).unwrap();
    let mut sink = RecordingSink::default();
    collector.collect(&mut sink).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let values: Vec<f64> = sink.samples.iter().map(|sample| sample.value).collect();
    assert_eq!(values, [0.015, 0.0, 0.0, 2.5]);
    assert_eq!(sink.errors.len(), 1);
    assert_eq!(sink.errors[0].source_id.as_deref(), Some("io"));
}

#[test]
fn a_kernel_without_it_is_no_reason_to_try_again() {
    let options = json!({ "path": "/nonexistent" });
    let error = testing::open_collector("pressure", &options, &FakeHost::new()).unwrap_err();
    assert_eq!(
        (error.kind, error.retriable),
        (ErrorKind::Unsupported, false)
    );
}
