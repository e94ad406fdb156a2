//! Recordings that are not as they should be.

use std::path::PathBuf;

use aiperf_plugin_sdk::report::Report;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Recomputed, Recording};
use crate::run::RunError;

/// A recording with these lines.
fn recording(run: &Value, scrapes: &[Value], requests: &[Value]) -> (TempDir, Recording) {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, lines: &[Value]| -> PathBuf {
        let path = dir.path().join(name);
        let lines: Vec<String> = lines.iter().map(|line| line.to_string() + "\n").collect();
        std::fs::write(&path, lines.concat()).unwrap();
        path
    };
    let recording = Recording {
        run: write("run.json", std::slice::from_ref(run)),
        scrapes: Some(write("scrapes", scrapes)),
        requests: Some(write("requests", requests)),
    };
    (dir, recording)
}

fn run_file() -> Value {
    json!({
        "schema_version": "1.7", "complete": true, "requests": 0, "new_in_1_7": true,
        "planned": [{ "index": 0, "name": "profiling", "kind": "profiling" }],
        "endpoints": [{ "info": { "url": "http://h/metrics", "display": "h" } }],
    })
}

fn page(number: u32, more: &Value) -> Value {
    let mut line = json!({
        "timestamp_ns": 1000 + number, "mono_ns": number, "latency_ns": 1, "error": null,
        "server_url": "http://h/metrics", "server_id": "server-0", "phase": "profiling",
        "barrier": "tick", "endpoint": 0, "page": number, "servers": 1, "values": [1.5],
    });
    let fields = line.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    line
}

/// The page that explains series 0.
fn first() -> Value {
    let schema = json!({
        "families": [{ "name": "depth", "type": "gauge", "help": "", "unit": "" }],
        "series": [{ "id": 0, "name": "depth", "family": "depth", "labels": {} }],
    });
    page(0, &json!({ "schema": schema, "series": [0] }))
}

fn recompute(scrapes: &[Value], requests: &[Value]) -> Recomputed {
    let (_dir, recording) = recording(&run_file(), scrapes, requests);
    recording.recompute(None, None).unwrap()
}

fn reachable(report: &Report) -> bool {
    report.endpoints[0].reachable
}

#[test]
fn later_versions_with_further_fields_are_read() {
    let recomputed = recompute(&[first(), page(1, &json!({ "new_in_1_7": [] }))], &[]);
    assert_eq!(recomputed.gaps, []);
    assert!(reachable(&recomputed.report));
    assert_eq!(recomputed.report.servers[0].metrics[0].key, "depth");
}

#[test]
fn a_line_that_does_not_fit_is_left_out_with_its_reason() {
    let check = |line: Value, reason: &str| {
        let recomputed = recompute(&[first(), line, page(2, &json!({}))], &[]);
        let [gap] = recomputed.gaps.as_slice() else {
            panic!("{:?}", recomputed.gaps);
        };
        assert_eq!(gap.code, "recording_damaged");
        assert!(
            gap.message.contains("the first is line 2"),
            "{}",
            gap.message
        );
        assert!(gap.message.contains(reason), "{}", gap.message);
        assert!(reachable(&recomputed.report));
    };
    check(page(1, &json!({ "phase": "dinner" })), "no phase `dinner`");
    check(
        page(1, &json!({ "values": [1.0, 2.0] })),
        "1 series and 2 values",
    );
    check(page(1, &json!({ "values": ["many"] })), "many");
    check(page(1, &json!({ "values": null })), "no `values`");
    check(
        page(1, &json!({ "page": null })),
        "neither `page` nor `error`",
    );
    check(
        page(1, &json!({ "endpoint": 4_000_000 })),
        "no endpoint 4000000",
    );
    let server = json!({ "server_id": "server-9", "values": [] });
    check(page(1, &server), "line that names its series is missing");
    let unknown = json!({ "server_id": "server-9", "series": [7] });
    check(page(1, &unknown), "line that explains series 7 is missing");
    let series = json!([{ "id": 1, "name": "x", "family": "x", "labels": {} }]);
    let schema = json!({ "schema": { "families": [], "series": series } });
    check(page(1, &schema), "family `x` is not explained");
}

#[test]
fn a_page_that_lacks_a_server_is_noted() {
    let half = page(1, &json!({ "servers": 2 }));
    let recomputed = recompute(&[first(), half, page(2, &json!({}))], &[]);
    let gap = &recomputed.gaps[0];
    assert_eq!(gap.code, "recording_incomplete");
    assert!(gap.message.starts_with("1 pages lack"), "{}", gap.message);
}

fn request(more: &Value) -> Value {
    let mut line = json!({
        "id": 1, "phase": "profiling", "outcome": "done", "status": 200, "worker": 0,
        "request_start_ns": 5_000, "send_delay_ms": 0.001, "time_to_first_token_ms": 1.0,
        "request_latency_ms": 3.0, "request_duration_ms": 3.5, "input_sequence_length": 7,
        "input_sequence_length_estimated": false, "output_sequence_length": 3,
        "output_sequence_length_estimated": true, "output_chunks": 2,
        "first_token_read_lag_ms": 0.0, "requested_output_tokens": null, "cached_tokens": null,
        "token_gaps_ms": [2.0], "error": null,
    });
    let fields = line.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    line
}

#[test]
fn a_request_that_does_not_fit_is_left_out_with_its_reason() {
    let check = |line: Value, reason: &str| {
        let recomputed = recompute(&[], &[line, request(&json!({}))]);
        let [gap] = recomputed.gaps.as_slice() else {
            panic!("{:?}", recomputed.gaps);
        };
        assert!(gap.message.contains(reason), "{}", gap.message);
    };
    check(request(&json!({ "phase": null })), "no phase ``");
    check(request(&json!({ "outcome": "late" })), "late");
    check(
        request(&json!({ "outcome": "failed" })),
        "without its error",
    );
    let error = json!({ "type": "mood", "message": "" });
    let failed = json!({ "outcome": "failed", "error": error });
    check(request(&failed), "no class of errors is called `mood`");
}

#[test]
fn requests_without_pages_make_phases_of_a_killed_run() {
    let run = json!({
        "schema_version": "1.0", "complete": false, "requests": 0,
        "planned": [
            { "index": 0, "name": "warmup", "kind": "warmup" },
            { "index": 1, "name": "profiling", "kind": "profiling" },
        ],
    });
    let at = |ns: i64| request(&json!({ "request_start_ns": ns }));
    let (_dir, recording) = recording(&run, &[], &[at(2_000_000), at(1_000_000)]);
    let report = recording.recompute(None, None).unwrap().report;
    let [phase] = report.phases.as_slice() else {
        panic!("{:?}", report.phases);
    };
    assert_eq!((phase.start_ns, phase.end_ns), (1_000_000, 5_000_000));
    assert_eq!(report.warnings[0].code, "run_incomplete");
}

#[test]
fn another_version_is_refused() {
    let (_dir, recording) = recording(&json!({ "schema_version": "2.0" }), &[], &[]);
    let error = recording.recompute(None, None).unwrap_err();
    assert!(matches!(error, RunError::Recording { .. }), "{error}");
}
