//! Whole files, and runs through the boundary's objects.

mod sample;

use aiperf_plugin_sdk::hosting::{ExporterHandle, builtin_factories};
use aiperf_plugin_sdk::prelude::*;
use aiperf_plugin_sdk::report::{EndpointReport, Warning};
use aiperf_plugin_sdk::testing::{self, FakeHost};
use serde_json::json;

use crate::{Config, Csv, render};

fn text(report: &Report) -> String {
    String::from_utf8(render(report).unwrap()).unwrap()
}

/// All lines but blank ones, cell by cell.
fn rows(report: &Report) -> Vec<Vec<String>> {
    let bytes = render(report).unwrap();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes.as_slice());
    let rows = reader.records().map(Result::unwrap);
    rows.map(|row| row.iter().map(str::to_owned).collect())
        .collect()
}

fn row(report: &Report, first: &str) -> Vec<String> {
    rows(report)
        .into_iter()
        .find(|row| row[0] == first)
        .unwrap()
}

fn begin(host: &FakeHost) -> ExporterHandle {
    let factory = builtin_factories().remove(0);
    let mut exporter = factory.open_exporter(&json!({}), host.services()).unwrap();
    exporter.begin(&RunInfo::default()).unwrap();
    exporter
}

#[test]
fn conforms() {
    testing::exporter("csv");
}

#[test]
fn the_sample_is_the_defaults() {
    let sample: Config = toml::from_str(Csv::SAMPLE).unwrap();
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
    begin(&host).abort("test").unwrap();
    assert_eq!(host.files(), [""; 0]);
    begin(&host).finish(&sample::report()).unwrap();
    assert_eq!(host.file("metrics.csv").unwrap(), text(&sample::report()));
}

#[test]
fn the_layout_is_the_documented_one() {
    let expected = "\
Metric,avg,min,max,p99,p90,p50,std,unit,type,n,total,rate,count,sum,rate_avg,rate_min,rate_max,\
rate_p99,rate_p90,rate_p50,rate_std,estimator,name,labels

# LLM Metrics

### Time to First Token (ms)
time_to_first_token,3.83,2.05,12.84,11.26,6.57,2.68,2.17,ms,client,100,,,,,,,,,,,,exact,,

# Server Metrics
## Server: 127.0.0.1:39827/server1
server_endpoint,127.0.0.1:39827/server1/metrics
server_id,server-0
server_type,ai-server
hostname,unknown
instance,server-0:8080

### HTTP Requests (count)
http_requests,157.0,148.0,166.0,165.0,,157.0,9.0,count,counter,3,18.0,9.0,,,9.0,8.0,10.0,\
,,,,exact,http_requests_total,\"method=\"\"GET\"\",path=\"\"/v1\"\"\"

### Memory Usage Bytes (bytes)
memory_usage_bytes,157000000000.0,,,,,,,bytes,gauge,1,,,,,,,,,,,,exact,memory_usage_bytes,

### Info
family,label,value
build_info,version,1.2

# Phases
";
    let actual = text(&sample::report());
    assert_eq!(actual.get(..expected.len()), Some(expected), "{actual}");
}

#[test]
fn every_metric_row_has_as_many_cells_as_the_header() {
    let report = sample::report();
    let header = row(&report, "Metric").len();
    for key in ["time_to_first_token", "http_requests", "memory_usage_bytes"] {
        assert_eq!(row(&report, key).len(), header, "{key}");
    }
}

#[test]
fn the_run_stands_at_the_end() {
    let report = sample::report();
    assert_eq!(row(&report, "phase").len(), row(&report, "profiling").len());
    assert_eq!(row(&report, "profiling")[7..11], ["100", "98", "2", "0"]);
    let all = rows(&report);
    let has = |cells: &[&str]| all.iter().any(|row| row == cells);
    assert!(has(&["profiling", "http_500", "2", "boom, \"twice\""]));
    let url = "http://127.0.0.1:39827/server1/metrics";
    assert!(has(&["profiling", url, "true", "equal", "12.5", "2"]));
    assert!(has(&[
        "endpoint_unreachable",
        "http://localhost:8081/metrics",
        "no answer",
        "'-"
    ]));
    let silent = row(&report, "http://localhost:8081/metrics");
    assert_eq!(silent[2..7], ["true", "false", "4", "0", "4"]);
    assert_eq!(silent[12], "connect_refused: connection refused");
}

#[test]
fn sections_without_rows_are_left_out() {
    let text = text(&Report::default());
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[test]
fn hostile_text_is_harmless_and_stays_in_its_cell() {
    let hostile = "=cmd|' /C calc'!A0";
    let mut report = sample::report();
    report.servers[0].metadata.instance = hostile.to_owned();
    report.servers[0].endpoint_display = "a\n=b,c".to_owned();
    report.servers[0].metrics[0].labels.clear();
    report.servers[0].metrics[0]
        .labels
        .insert("=x".to_owned(), "\n\"".to_owned());
    let subject = "-1\r\n@SUM(A1)".to_owned();
    report.warnings = vec![Warning {
        subject,
        ..Warning::default()
    }];
    report.endpoints = vec![EndpointReport {
        url: "+1".to_owned(),
        ..EndpointReport::default()
    }];

    assert_eq!(
        row(&report, "instance"),
        ["instance", "'=cmd|' /C calc'!A0"]
    );
    let starts = |start: &str| {
        rows(&report)
            .iter()
            .flatten()
            .any(|cell| cell.starts_with(start))
    };
    for formula in ["=", "+", "@", "-1"] {
        assert!(!starts(formula), "a cell starts with {formula}");
    }
    assert!(starts("'-1\r\n@SUM(A1)") && starts("## Server: a\n=b,c"));
}
