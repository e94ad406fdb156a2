//! Whole runs through the boundary's objects, files in memory.

use std::collections::BTreeMap;

use aiperf_plugin_sdk::hosting::{ExporterHandle, builtin_factories};
use aiperf_plugin_sdk::report::{ScrapeFailure, ServerMetadata};
use aiperf_plugin_sdk::testing::{self, FakeHost};
use aiperf_plugin_sdk::view::{
    Barrier, FamilyEntry, KeyEntry, Outcome, RequestBlock, RequestRow, SchemaDelta, ScrapeMeta,
    ScrapeRecord, SeriesEntry, ServerEntry,
};
use aiperf_plugin_sdk::{MetricKind, Plugin, prelude::*, schemars};
use serde_json::{Value, json};

use crate::{Config, Jsonl, RequestLine, ScrapeLine};

const SCRAPES: &str = "server_metrics_export.jsonl";
const REQUESTS: &str = "profile_export.jsonl";

fn begin(host: &FakeHost, options: &Value) -> ExporterHandle {
    let factory = builtin_factories().remove(0);
    let mut exporter = factory.open_exporter(options, host.services()).unwrap();
    exporter.begin(&RunInfo::default()).unwrap();
    exporter
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn schema() -> SchemaDelta {
    let series = |name: &str, family: &str, kind, pairs: &[(&str, &str)]| SeriesEntry {
        server: 0,
        name: name.to_owned(),
        family: family.to_owned(),
        kind,
        labels: labels(pairs),
        server_labels: labels(&[("instance", "server-0:8080")]),
    };
    let family = |name: &str, kind, help: &str| FamilyEntry {
        server: 0,
        name: name.to_owned(),
        kind,
        help: help.to_owned(),
        unit: String::new(),
    };
    let key = |key: &str| KeyEntry {
        key: key.to_owned(),
        ..KeyEntry::default()
    };
    SchemaDelta {
        servers: vec![ServerEntry {
            url: "http://127.0.0.1:39827/server1/metrics".to_owned(),
            collector_id: "collector_http___127_0_0_1_39827_server1_metrics".to_owned(),
            server_id: "server-0".to_owned(),
            metadata: ServerMetadata {
                server_type: "ai-server".to_owned(),
                instance: "server-0:8080".to_owned(),
                ..ServerMetadata::default()
            },
        }],
        families: vec![
            family("ttft", MetricKind::Histogram, "First token."),
            family("odd\"gauge", MetricKind::Gauge, ""),
        ],
        series: vec![
            series(
                "ttft_bucket",
                "ttft",
                MetricKind::Histogram,
                &[("le", "0.5")],
            ),
            series(
                "ttft_bucket",
                "ttft",
                MetricKind::Histogram,
                &[("le", "+Inf")],
            ),
            series("odd\"gauge", "odd\"gauge", MetricKind::Gauge, &[]),
            series("ttft_sum", "ttft", MetricKind::Histogram, &[]),
        ],
        keys: vec![key("memory_usage_bytes"), key("ttft_sum")],
    }
}

fn good() -> ScrapeRecord {
    ScrapeRecord {
        meta: ScrapeMeta {
            phase: Some("profiling".to_owned()),
            barrier: Barrier::Tick,
            timestamp_ns: 1_730_000_000_000_000_000,
            latency_ns: 2_500_000,
            mono_ns: 77,
            page: Some(4),
            servers: 1,
            ..ScrapeMeta::default()
        },
        schema: schema(),
        series: vec![0, 1, 2, 3],
        values: vec![1.0, 2.0, f64::NAN, 0.1],
        keys: vec![0, 1],
        key_values: vec![1.57e11, 0.1],
    }
}

fn failed() -> ScrapeRecord {
    let error = ScrapeFailure {
        timestamp_ns: 5,
        code: 503,
        class: "http_503".to_owned(),
        message: "busy\nnow".to_owned(),
    };
    ScrapeRecord {
        meta: ScrapeMeta {
            timestamp_ns: 5,
            error: Some(error),
            ..ScrapeMeta::default()
        },
        ..ScrapeRecord::default()
    }
}

#[test]
fn conforms() {
    testing::exporter("jsonl");
}

#[test]
fn the_sample_is_the_defaults() {
    let sample: Config = toml::from_str(Jsonl::SAMPLE).unwrap();
    assert_eq!(sample, Config::default());
    assert_eq!(
        serde_json::from_str::<Config>("{}").unwrap(),
        Config::default()
    );
}

#[test]
fn a_line_is_the_documented_one() {
    let host = FakeHost::new();
    let mut exporter = begin(&host, &json!({}));
    exporter.scrape(&good()).unwrap();
    let expected = concat!(
        r#"{"timestamp_ns":1730000000000000000,"#,
        r#""server_url":"http://127.0.0.1:39827/server1/metrics","#,
        r#""collector_id":"collector_http___127_0_0_1_39827_server1_metrics","#,
        r#""server_id":"server-0","instance":"server-0:8080","server_type":"ai-server","#,
        r#""metrics_data":{"memory_usage_bytes":157000000000.0,"ttft_sum":0.1},"error":null,"#,
        r#""phase":"profiling","barrier":"tick","latency_ns":2500000,"#,
        r#""mono_ns":77,"endpoint":0,"page":4,"servers":1,"schema":{"families":["#,
        r#"{"name":"ttft","type":"histogram","help":"First token.","unit":""},"#,
        r#"{"name":"odd\"gauge","type":"gauge","help":"","unit":""}],"series":["#,
        r#"{"id":0,"name":"ttft_bucket","family":"ttft","#,
        r#""labels":{"le":"0.5","instance":"server-0:8080"}},"#,
        r#"{"id":1,"name":"ttft_bucket","family":"ttft","#,
        r#""labels":{"le":"+Inf","instance":"server-0:8080"}},"#,
        r#"{"id":2,"name":"odd\"gauge","family":"odd\"gauge","#,
        r#""labels":{"instance":"server-0:8080"}},"#,
        r#"{"id":3,"name":"ttft_sum","family":"ttft","labels":{"instance":"server-0:8080"}}]},"#,
        r#""series":[0,1,2,3],"values":[1.0,2.0,"NaN",0.1]}"#,
        "\n",
    );
    // Before `finish`: what was scraped is on disk whatever happens next.
    assert_eq!(host.file(SCRAPES).unwrap(), expected);
}

#[test]
fn facts_are_written_once_and_ids_when_they_change() {
    let host = FakeHost::new();
    let mut exporter = begin(&host, &json!({}));
    let later = |series: Vec<u32>| ScrapeRecord {
        schema: SchemaDelta::default(),
        values: series.iter().map(|id| f64::from(*id)).collect(),
        series,
        ..good()
    };
    exporter
        .scrape(&ScrapeRecord {
            schema: schema(),
            ..later(vec![2])
        })
        .unwrap();
    exporter.scrape(&failed()).unwrap();
    for series in [vec![2], vec![0, 2], vec![0, 2], vec![2]] {
        exporter.scrape(&later(series)).unwrap();
    }
    let text = host.file(SCRAPES).unwrap();
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let lines: Vec<Value> = lines.collect();
    let explained = |line: &Value| line["schema"]["series"].as_array().map_or(0, Vec::len);
    assert_eq!(
        lines.iter().map(explained).collect::<Vec<_>>(),
        [1, 0, 0, 1, 0, 0]
    );
    let ids: Vec<&Value> = lines.iter().map(|line| &line["series"]).collect();
    let none = Value::Null;
    assert_eq!(
        ids,
        [
            &json!([2]),
            &none,
            &none,
            &json!([0, 2]),
            &none,
            &json!([2])
        ]
    );
    assert_eq!(lines[4]["values"], json!([0.0, 2.0]));
}

#[test]
fn series_can_be_left_out() {
    let host = FakeHost::new();
    let mut exporter = begin(&host, &json!({ "series": "none" }));
    exporter.scrape(&good()).unwrap();
    let line: Value = serde_json::from_str(&host.file(SCRAPES).unwrap()).unwrap();
    assert_eq!(
        line.as_object().unwrap().keys().next_back().unwrap(),
        "servers"
    );
}

#[test]
fn a_failure_is_a_record_with_empty_metrics() {
    let host = FakeHost::new();
    let mut exporter = begin(&host, &json!({}));
    exporter.scrape(&good()).unwrap();
    exporter.scrape(&failed()).unwrap();
    exporter.finish(&Report::default()).unwrap();
    let text = host.file(SCRAPES).unwrap();
    let line: Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
    assert_eq!(line["metrics_data"], json!({}));
    let error = json!({ "code": 503, "type": "http_503", "message": "busy\nnow" });
    assert_eq!(line["error"], error);
    assert_eq!(line["phase"], Value::Null);
    assert!(line.get("values").is_none());
}

#[test]
fn no_file_remains_if_nothing_answered() {
    let host = FakeHost::new();
    let mut exporter = begin(&host, &json!({}));
    let never = ScrapeRecord {
        schema: schema(),
        ..failed()
    };
    exporter.scrape(&never).unwrap();
    assert_eq!(host.files(), [REQUESTS, SCRAPES]);
    exporter.finish(&Report::default()).unwrap();
    assert_eq!(host.files(), [""; 0]);
}

#[test]
fn an_aborted_run_keeps_what_it_has() {
    let host = FakeHost::new();
    let mut exporter = begin(&host, &json!({}));
    exporter.scrape(&good()).unwrap();
    exporter.abort("second Ctrl-C").unwrap();
    exporter.close().unwrap();
    assert_eq!(host.files(), [SCRAPES]);
}

#[test]
fn an_empty_path_writes_no_file() {
    let host = FakeHost::new();
    let mut exporter = begin(&host, &json!({ "requests_path": "" }));
    let mut block = RequestBlock::default();
    block.push(&RequestRow::default());
    exporter.requests(&block).unwrap();
    assert_eq!(host.files(), [SCRAPES]);
}

#[test]
fn paths_that_do_not_fit_together_are_named() {
    let check = |path: &str, requests_path: &str, option: &str| {
        let options = json!({ "path": path, "requests_path": requests_path });
        let errors = builtin_factories().remove(0).validate(&options);
        let named: Vec<_> = errors
            .iter()
            .filter_map(|error| error.path.as_deref())
            .collect();
        assert_eq!(named, [option]);
    };
    check("", "", "path");
    check("a", "a", "requests_path");
}

fn request_lines(rows: &[RequestRow<'_>]) -> Vec<Value> {
    let host = FakeHost::new();
    let mut exporter = begin(&host, &json!({}));
    let event = PhaseEvent {
        index: 1,
        name: "profiling".to_owned(),
        ..PhaseEvent::default()
    };
    exporter.phase(&event).unwrap();
    let mut block = RequestBlock::default();
    for row in rows {
        block.push(row);
    }
    exporter.requests(&block).unwrap();
    let text = host.file(REQUESTS).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_request_is_one_line_in_milliseconds() {
    let row = RequestRow {
        id: 7,
        phase: 1,
        worker: 2,
        status: 200,
        start_ns: 1_730_000_000_000_000_000,
        send_delay_ns: Some(12_000),
        end_ns: 151_000_000,
        read_lag_ns: 4_000,
        chunks: 3,
        ttft_ns: Some(50_000_000),
        latency_ns: Some(150_000_000),
        prompt_tokens: Some(145),
        completion_tokens: Some(3),
        cached_tokens: Some(16),
        requested_tokens: 32,
        gaps_ns: &[40_000_000, 60_000_000],
        ..RequestRow::default()
    };
    let expected = json!({
        "id": 7, "phase": "profiling", "outcome": "done", "status": 200, "worker": 2,
        "request_start_ns": 1_730_000_000_000_000_000_i64, "send_delay_ms": 0.012,
        "time_to_first_token_ms": 50.0, "request_latency_ms": 150.0,
        "request_duration_ms": 151.0,
        "inter_token_latency_ms": 50.0,
        "input_sequence_length": 145, "input_sequence_length_estimated": false,
        "output_sequence_length": 3, "output_sequence_length_estimated": false,
        "output_chunks": 3, "first_token_read_lag_ms": 0.004,
        "requested_output_tokens": 32, "cached_tokens": 16,
        "token_gaps_ms": [40.0, 60.0], "error": null,
    });
    assert_eq!(request_lines(&[row]), [expected]);
}

#[test]
fn what_the_server_did_not_count_is_marked_as_estimated() {
    let row = RequestRow {
        ttft_ns: Some(10_000_000),
        latency_ns: Some(30_000_000),
        prompt_estimate: 9,
        gaps_ns: &[20_000_000],
        ..RequestRow::default()
    };
    let line = request_lines(&[row]).remove(0);
    assert_eq!(line["input_sequence_length"], 9);
    assert_eq!(line["input_sequence_length_estimated"], true);
    assert_eq!(line["output_sequence_length"], 2);
    assert_eq!(line["output_sequence_length_estimated"], true);
    assert_eq!(line["inter_token_latency_ms"], 20.0);
}

#[test]
fn a_failed_request_says_why_and_invents_no_times() {
    let row = RequestRow {
        outcome: Outcome::Failed,
        status: 500,
        error_class: "http_500",
        error_message: "boom",
        ..RequestRow::default()
    };
    let line = request_lines(&[row]).remove(0);
    assert_eq!(
        line["error"],
        json!({ "type": "http_500", "message": "boom" })
    );
    for field in [
        "time_to_first_token_ms",
        "request_latency_ms",
        "inter_token_latency_ms",
        "cached_tokens",
    ] {
        assert_eq!(line[field], Value::Null, "{field}");
    }
    assert_eq!(line["output_sequence_length"], Value::Null);
}

fn check_schema<T: JsonSchema>(name: &str, committed: &str) {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let current = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(format!("{}/{name}", env!("CARGO_MANIFEST_DIR")), &current).unwrap();
        return;
    }
    assert_eq!(
        committed, current,
        "run the tests once with UPDATE_SCHEMAS=1"
    );
}

#[test]
fn the_schemas_are_current() {
    check_schema::<ScrapeLine<'static>>("schema.json", include_str!("../schema.json"));
    check_schema::<RequestLine<'static>>(
        "requests.schema.json",
        include_str!("../requests.schema.json"),
    );
}

fn check_line(line: &Value, schema: &str) {
    let schema: Value = serde_json::from_str(schema).unwrap();
    assert_eq!(testing::schema_problems(&schema, line), [""; 0], "{line}");
    let known = schema["properties"].as_object().unwrap();
    let mut fields = line.as_object().unwrap().keys();
    assert!(fields.all(|field| known.contains_key(field)), "{line}");
}

#[test]
fn lines_are_as_the_schemas_say() {
    let host = FakeHost::new();
    let mut exporter = begin(&host, &json!({}));
    exporter.scrape(&good()).unwrap();
    exporter.scrape(&failed()).unwrap();
    for line in host.file(SCRAPES).unwrap().lines() {
        check_line(
            &serde_json::from_str(line).unwrap(),
            include_str!("../schema.json"),
        );
    }
    let line = request_lines(&[RequestRow::default()]).remove(0);
    check_line(&line, include_str!("../requests.schema.json"));
}
