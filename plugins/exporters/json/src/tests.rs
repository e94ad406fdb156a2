//! Whole runs through the boundary's objects, files in memory.

use aiperf_plugin_sdk::prelude::*;
use aiperf_plugin_sdk::report::MetricReport;
use aiperf_plugin_sdk::testing::{self, FakeHost, sample_report, schema_problems};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{Document, Json};

const BALANCER: &str = "/server_metrics/endpoints/http:~1~1127.0.0.1:39827~1server1~1metrics\
    /servers/server-1";

fn exported(report: &Report) -> Value {
    let host = testing::export("json", &json!({}), &RunInfo::default(), report).unwrap();
    serde_json::from_str(&host.file("aiperf.json").unwrap()).unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    let object = value.as_object().unwrap();
    object.keys().map(String::as_str).collect()
}

#[test]
fn conforms() {
    testing::exporter("json");
    testing::sample_is_the_defaults::<Json>();
}

#[test]
fn an_empty_path_is_an_error_that_names_it() {
    let problems = testing::exporter_option_problems("json", &json!({ "path": "" }));
    assert!(problems[0].starts_with("`path`: is empty"), "{problems:?}");
}

#[test]
fn the_file_appears_complete_or_not_at_all() {
    let (host, run) = (FakeHost::new(), RunInfo::default());
    let mut aborted = testing::begin_exporter("json", &json!({}), &host, &run).unwrap();
    assert_eq!(host.files(), [""; 0]);
    aborted.abort("test").unwrap();
    assert_eq!(host.files(), [""; 0]);

    let host = testing::export("json", &json!({}), &run, &sample_report()).unwrap();
    assert_eq!(host.files(), ["aiperf.json"]);
    assert!(host.file("aiperf.json").unwrap().ends_with("}\n"));
}

#[test]
fn the_documented_structure_holds() {
    let document = exported(&sample_report());
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

    let server = document.pointer(BALANCER).unwrap();
    let metadata =
        json!({ "server_type": "ai-server", "hostname": "unknown", "instance": "server-0:8080" });
    assert_eq!(server["metadata"], metadata);
    let memory = &server["metrics"]["memory_usage_bytes"];
    assert_eq!(keys(memory)[..8], eight);
    assert_eq!(memory["max"], 1.58e11);
    assert_eq!(memory["p99"], Value::Null, "unknown is null, not absent");
    assert_eq!(memory["unit"], "bytes");
    assert_eq!(
        server["info"]["build_info"][0]["labels"]["version"], "1.2",
        "facts stand beside the metrics"
    );
}

/// Nothing of a report is lost: what can be read back from the document equals it.
#[test]
fn every_part_of_the_report_is_there() {
    let report = sample_report();
    let (document, whole) = (exported(&report), serde_json::to_value(&report).unwrap());
    for part in [
        "llm_metrics",
        "requests",
        "phases",
        "slices",
        "aggregates",
        "pairs",
        "client_health",
        "warnings",
    ] {
        assert_eq!(document[part], whole[part], "{part}");
    }
    let servers = document["server_metrics"]["endpoints"].as_object().unwrap();
    let servers = servers
        .values()
        .flat_map(|endpoint| endpoint["servers"].as_object().unwrap());
    let servers: Vec<_> = servers.map(|(_, server)| &server["metrics"]).collect();
    let expected = whole["servers"].as_array().unwrap().iter();
    let expected: Vec<_> = expected.map(|server| &server["metrics"]).collect();
    assert_eq!(servers, expected);
    for (name, value) in whole["metadata"].as_object().unwrap() {
        assert_eq!(&document["metadata"][name], value, "{name}");
    }
    for endpoint in whole["endpoints"].as_array().unwrap() {
        let shown = &document["server_metrics"]["endpoints"][endpoint["url"].as_str().unwrap()];
        for (name, value) in endpoint
            .as_object()
            .unwrap()
            .iter()
            .filter(|(n, _)| *n != "url")
        {
            assert_eq!(&shown[name], value, "{name}");
        }
    }
}

#[test]
fn the_summary_counts_endpoints_that_never_answered() {
    let document = exported(&sample_report());
    let silent = &document["server_metrics"]["endpoints"]["http://localhost:8081/metrics"];
    assert_eq!(silent["servers"], json!({}));
    let summary = &document["server_metrics"]["summary"];
    assert_eq!(
        (&summary["reachable"], &summary["configured"]),
        (&json!(2), &json!(3))
    );
    assert_eq!(
        summary["endpoints_configured"][2],
        "http://localhost:8081/metrics"
    );
    assert_eq!(summary["endpoints_successful"].as_array().unwrap().len(), 2);
}

#[test]
fn a_run_without_load_has_empty_client_metrics() {
    let document = exported(&Report::default());
    assert_eq!(document["llm_metrics"], json!({}));
    assert_eq!(document["requests"], Value::Null);
    assert_eq!(document["client_health"], Value::Null);
    for part in ["slices", "aggregates", "pairs"] {
        assert_eq!(document[part], json!([]), "{part}");
    }
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
    assert_eq!(include_str!("../schema.json"), current, "{hint}");
}

#[test]
fn documents_obey_the_schema() {
    let schema = crate::schema().to_value();
    for report in [Report::default(), sample_report()] {
        assert_eq!(schema_problems(&schema, &exported(&report)), [""; 0]);
    }
}

#[test]
fn the_schema_notices_what_is_wrong() {
    let schema = crate::schema().to_value();
    let check = |pointer: &str, wrong: Value| {
        let mut document = exported(&sample_report());
        *document.pointer_mut(pointer).unwrap() = wrong;
        let problems = schema_problems(&schema, &document);
        assert!(
            problems.iter().any(|problem| problem.starts_with(pointer)),
            "{problems:?}"
        );
    };
    check("/metadata/duration_seconds", json!("14"));
    check("/llm_metrics/request_latency", json!({ "avg": "fast" }));
    check("/metadata/status", json!("exploded"));
    check("/server_metrics/summary", json!({}));
    check("/slices/0/duration_seconds", json!(null));
    check("/aggregates/0/combine", json!("median"));
    check("/pairs/0/causes/0", json!("network"));
    check("/client_health", json!(true));
}

proptest! {
    #[test]
    fn every_finite_value_survives(bits: u64) {
        let value = f64::from_bits(bits);
        prop_assume!(value.is_finite());
        let mut report = sample_report();
        let metric: &mut MetricReport = &mut report.servers[1].metrics[0];
        metric.stats.avg = Some(value);
        let text = Document::new(&report).to_bytes().unwrap();
        let back: Value = serde_json::from_slice(&text).unwrap();
        let server = back.pointer(BALANCER).unwrap();
        let back = server["metrics"]["cpu_system_seconds"]["avg"].as_f64().unwrap();
        prop_assert_eq!(back.to_bits(), bits);
    }
}
