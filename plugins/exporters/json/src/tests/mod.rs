//! Whole runs through the boundary's objects, files in memory.

mod sample;
mod schema_check;

use aiperf_plugin_sdk::hosting::{ExporterHandle, builtin_factories};
use aiperf_plugin_sdk::prelude::*;
use aiperf_plugin_sdk::report::MetricReport;
use aiperf_plugin_sdk::testing::{self, FakeHost};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{Config, Document, Json};

fn begin(host: &FakeHost) -> ExporterHandle {
    let factory = builtin_factories().remove(0);
    let mut exporter = factory.open_exporter(&json!({}), host.services()).unwrap();
    exporter.begin(&RunInfo::default()).unwrap();
    exporter
}

fn exported(report: &Report) -> Value {
    let host = FakeHost::new();
    begin(&host).finish(report).unwrap();
    serde_json::from_str(&host.file("aiperf.json").unwrap()).unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn conforms() {
    testing::exporter("json");
}

#[test]
fn the_sample_is_the_defaults() {
    let sample: Config = toml::from_str(Json::SAMPLE).unwrap();
    assert_eq!(sample, Config::default());
    assert_eq!(
        serde_json::from_str::<Config>("{}").unwrap(),
        Config::default()
    );
}

#[test]
fn an_empty_path_is_an_error_that_names_it() {
    let errors = builtin_factories()
        .remove(0)
        .validate(&json!({ "path": "" }));
    assert_eq!(errors[0].path.as_deref(), Some("path"));
}

#[test]
fn the_file_appears_complete_or_not_at_all() {
    let host = FakeHost::new();
    let mut exporter = begin(&host);
    assert_eq!(host.files(), [""; 0]);
    exporter.abort("test").unwrap();
    assert_eq!(host.files(), [""; 0]);

    let mut exporter = begin(&host);
    exporter.finish(&sample::report()).unwrap();
    assert_eq!(host.files(), ["aiperf.json"]);
    assert!(host.file("aiperf.json").unwrap().ends_with("}\n"));
}

#[test]
fn the_documented_structure_holds() {
    let document = exported(&sample::report());
    let first_five = [
        "benchmark_start_time",
        "benchmark_end_time",
        "duration_seconds",
        "aiperf_version",
        "model",
    ];
    assert_eq!(keys(&document["metadata"])[..5], first_five);
    assert_eq!(
        keys(&document)[..3],
        ["metadata", "llm_metrics", "server_metrics"]
    );

    let eight = ["avg", "min", "max", "p99", "p90", "p50", "std", "unit"];
    let latency = &document["llm_metrics"]["request_latency"];
    assert_eq!(keys(latency)[..8], eight);
    assert_eq!(latency["avg"], 8.12);

    let endpoints = &document["server_metrics"]["endpoints"];
    let server = &endpoints["http://127.0.0.1:39827/server1/metrics"]["servers"]["server-0"];
    let metadata =
        json!({ "server_type": "ai-server", "hostname": "unknown", "instance": "server-0:8080" });
    assert_eq!(server["metadata"], metadata);
    let memory = &server["metrics"]["memory_usage_bytes"];
    assert_eq!(keys(memory)[..8], eight);
    assert_eq!(memory["max"], 1.58e11);
    assert_eq!(memory["p99"], Value::Null, "unknown is null, not absent");
    assert_eq!(memory["unit"], "bytes");
}

#[test]
fn facts_stand_beside_the_metrics() {
    let document = exported(&sample::report());
    let endpoints = &document["server_metrics"]["endpoints"];
    let server = &endpoints["http://127.0.0.1:39827/server1/metrics"]["servers"]["server-0"];
    assert_eq!(server["info"]["build_info"][0]["labels"]["version"], "1.2");
}

#[test]
fn endpoints_that_never_answered_are_listed_with_their_errors() {
    let document = exported(&sample::report());
    let silent = &document["server_metrics"]["endpoints"]["http://localhost:8081/metrics"];
    assert_eq!(silent["servers"], json!({}));
    assert_eq!(silent["scrapes"]["failed"], 4);
    assert_eq!(silent["last_error"]["type"], "connect_refused");
    let summary = &document["server_metrics"]["summary"];
    assert_eq!(
        (&summary["reachable"], &summary["configured"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(
        summary["endpoints_configured"][1],
        "http://localhost:8081/metrics"
    );
    assert_eq!(summary["endpoints_successful"].as_array().unwrap().len(), 1);
}

#[test]
fn a_run_without_load_has_empty_client_metrics() {
    let document = exported(&Report::default());
    assert_eq!(document["llm_metrics"], json!({}));
    assert_eq!(document["requests"], Value::Null);
    assert_eq!(document["server_metrics"]["endpoints"], json!({}));
}

#[test]
fn the_schema_is_current() {
    let current = serde_json::to_string_pretty(&crate::schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.json");
        std::fs::write(path, &current).unwrap();
        return;
    }
    let hint = "run the tests once with UPDATE_SCHEMAS=1";
    assert_eq!(include_str!("../../schema.json"), current, "{hint}");
}

#[test]
fn documents_obey_the_schema() {
    let schema = crate::schema().to_value();
    for report in [Report::default(), sample::report()] {
        assert_eq!(schema_check::problems(&schema, &exported(&report)), [""; 0]);
    }
}

#[test]
fn the_schema_notices_what_is_wrong() {
    let schema = crate::schema().to_value();
    let check = |pointer: &str, wrong: Value| {
        let mut document = exported(&sample::report());
        *document.pointer_mut(pointer).unwrap() = wrong;
        let problems = schema_check::problems(&schema, &document);
        assert!(
            problems.iter().any(|problem| problem.starts_with(pointer)),
            "{problems:?}"
        );
    };
    check("/metadata/duration_seconds", json!("14"));
    check("/llm_metrics/request_latency", json!({ "avg": "fast" }));
    check("/metadata/status", json!("exploded"));
    check("/server_metrics/summary", json!({}));
}

proptest! {
    #[test]
    fn every_finite_value_survives(bits: u64) {
        let value = f64::from_bits(bits);
        prop_assume!(value.is_finite());
        let mut report = sample::report();
        let metric: &mut MetricReport = &mut report.servers[0].metrics[0];
        metric.stats.avg = Some(value);
        let text = Document::new(&report).to_bytes().unwrap();
        let back: Value = serde_json::from_slice(&text).unwrap();
        let server = &back["server_metrics"]["endpoints"]
            ["http://127.0.0.1:39827/server1/metrics"]["servers"]["server-0"];
        let back = server["metrics"]["memory_usage_bytes"]["avg"].as_f64().unwrap();
        prop_assert_eq!(back.to_bits(), bits);
    }
}
