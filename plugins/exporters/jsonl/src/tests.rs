//! Whole runs through the boundary's objects, files in memory.

mod files;
mod requests;
mod schemas;

use std::collections::BTreeMap;

use aiperf_plugin_sdk::hosting::{ExporterHandle, builtin_factories};
use aiperf_plugin_sdk::report::{ScrapeFailure, ServerMetadata};
use aiperf_plugin_sdk::testing::{self, FakeHost};
use aiperf_plugin_sdk::view::{
    Barrier, FamilyEntry, KeyEntry, Outcome, RequestBlock, RequestRow, SchemaDelta, ScrapeMeta,
    ScrapeRecord, SeriesEntry, ServerEntry,
};
use aiperf_plugin_sdk::{Context, MetricKind, Plugin, prelude::*, schemars};
use serde_json::{Value, json};

use crate::{Config, Jsonl, RequestLine, ScrapeLine};

const SCRAPES: &str = "server_metrics_export.jsonl";
const REQUESTS: &str = "profile_export.jsonl";

fn begin(host: &FakeHost, options: &Value) -> ExporterHandle {
    let factory = builtin_factories().remove(0);
    let mut exporter = factory
        .open_exporter(options, &Context::new("jsonl"), host.services())
        .unwrap();
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
