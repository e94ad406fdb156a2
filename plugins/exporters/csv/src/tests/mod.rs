//! Whole files, and runs through the boundary's objects.

use aiperf_plugin_sdk::prelude::*;
use aiperf_plugin_sdk::report::{EndpointReport, Warning};
use aiperf_plugin_sdk::testing::{self, FakeHost, sample_report};
use serde_json::json;

use crate::{Csv, render, render_slices};

mod sections;

fn text(report: &Report) -> String {
    String::from_utf8(render(report).unwrap()).unwrap()
}

/// All lines but blank ones, cell by cell.
fn cells(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes);
    let rows = reader.records().map(Result::unwrap);
    rows.map(|row| row.iter().map(str::to_owned).collect())
        .collect()
}

fn rows(report: &Report) -> Vec<Vec<String>> {
    cells(&render(report).unwrap())
}

fn row(report: &Report, first: &str) -> Vec<String> {
    rows(report)
        .into_iter()
        .find(|row| row[0] == first)
        .unwrap()
}

/// The rows of section `title`, by the names of their columns.
fn section(report: &Report, title: &str) -> Vec<Vec<(String, String)>> {
    let rows = rows(report);
    let start = rows.iter().position(|row| row[0] == title).unwrap();
    let columns = &rows[start + 1];
    let rows = rows[start + 2..].iter();
    let rows = rows.take_while(|row| !row[0].starts_with('#'));
    rows.map(|row| columns.iter().cloned().zip(row.iter().cloned()).collect())
        .collect()
}

/// Cells of `row` in the columns `names`.
fn named<'a, const N: usize>(row: &'a [(String, String)], names: [&str; N]) -> [&'a str; N] {
    names.map(|name| {
        let cell = row.iter().find(|(column, _)| column == name);
        cell.unwrap_or_else(|| panic!("no column {name}"))
            .1
            .as_str()
    })
}

#[test]
fn conforms() {
    testing::exporter("csv");
    testing::sample_is_the_defaults::<Csv>();
}

#[test]
fn paths_that_cannot_work_are_errors_that_name_them() {
    let check = |options, expected: &str| {
        let problems = testing::exporter_option_problems("csv", &options);
        assert!(problems[0].starts_with(expected), "{problems:?}");
    };
    check(json!({ "path": "" }), "`path`: is empty");
    check(
        json!({ "path": "a", "slices_path": "a" }),
        "`slices_path`: `path` is `a` too",
    );
}

#[test]
fn files_appear_complete_or_not_at_all() {
    let (host, run) = (FakeHost::new(), RunInfo::default());
    let mut aborted = testing::begin_exporter("csv", &json!({}), &host, &run).unwrap();
    aborted.abort("test").unwrap();
    assert_eq!(host.files(), [""; 0]);

    let files = |options, report: &Report| testing::export("csv", &options, &run, report).unwrap();
    let report = sample_report();
    let host = files(json!({}), &report);
    assert_eq!(host.files(), ["metrics.csv", "metrics_slices.csv"]);
    assert_eq!(host.file("metrics.csv").unwrap(), text(&report));
    assert_eq!(
        files(json!({ "slices_path": "" }), &report).files(),
        ["metrics.csv"]
    );
    assert_eq!(
        files(json!({}), &Report::default()).files(),
        ["metrics.csv"]
    );
}

#[test]
fn the_layout_is_the_documented_one() {
    let mut report = sample_report();
    report.llm_metrics.truncate(1);
    report.servers.remove(0);
    report.servers[0].metrics.drain(..3);
    let expected = "\
Metric,avg,min,max,p99,p90,p50,std,unit,type,n,total,rate,count,sum,rate_avg,rate_min,rate_max,\
rate_p99,rate_p90,rate_p50,rate_std,estimator,name,labels,note,bound_scope,p99_lower,p99_upper,\
p90_lower,p90_upper,p50_lower,p50_upper,sampling_error,missing,longest_gap_seconds

# LLM Metrics

### Time to First Token (ms)
time_to_first_token,3.83,2.05,12.84,11.26,6.57,2.68,2.17,ms,client,98,,,,,,,,,,,,exact,,,,,,,,,,,,,

# LLM Percentiles
metric,percentile,value,ci_lower,ci_upper,unit,n
time_to_first_token,p1,2.07,,,ms,98
time_to_first_token,p5,2.19,,,ms,98
time_to_first_token,p10,2.28,,,ms,98
time_to_first_token,p25,2.43,,,ms,98
time_to_first_token,p50,2.68,2.57,3.02,ms,98
time_to_first_token,p75,4.41,,,ms,98
time_to_first_token,p90,6.57,5.18,9.21,ms,98
time_to_first_token,p95,8.96,,,ms,98
time_to_first_token,p99,11.26,9.87,,ms,98
time_to_first_token,p99_9,12.68,,,ms,98

# Server Metrics
## Server: 127.0.0.1:39827/server1
server_endpoint,127.0.0.1:39827/server1/metrics
server_id,server-1
server_type,ai-server
hostname,unknown
instance,server-0:8080

### HTTP Requests (count)
http_requests,157.0,148.0,166.0,165.0,,157.0,9.0,count,counter,3,18.0,9.0,,,9.0,8.0,10.0,\
,,,,exact,http_requests_total,\"method=\"\"GET\"\",path=\"\"/v1\"\"\",,,,,,,,,,0,

### Memory Usage Bytes (bytes)
memory_usage_bytes,157000000000.0,,158000000000.0,,,,,bytes,gauge,30,,,,,,,,,,,,exact,\
memory_usage_bytes,,,,,,,,,,,0,0.53

### Info
family,label,value
build_info,version,1.2

# Phases
";
    let actual = text(&report);
    assert_eq!(actual.get(..expected.len()), Some(expected), "{actual}");
}

#[test]
fn every_metric_row_has_as_many_cells_as_the_header() {
    let report = sample_report();
    let header = row(&report, "Metric").len();
    for key in [
        "time_to_first_token",
        "http_requests",
        "memory_usage_bytes",
        "vllm:time_to_first_token_seconds",
    ] {
        assert_eq!(row(&report, key).len(), header, "{key}");
    }
}

#[test]
fn a_row_says_how_sure_it_is() {
    let report = sample_report();
    let columns = row(&report, "Metric");
    let of = |key: &str| -> Vec<_> { columns.iter().cloned().zip(row(&report, key)).collect() };
    let ttft = of("vllm:time_to_first_token_seconds");
    let names = [
        "estimator",
        "bound_scope",
        "p99_lower",
        "p99_upper",
        "p90_lower",
    ];
    assert_eq!(
        named(&ttft, names),
        ["bounded", "interval", "0.025", "0.05", ""]
    );
    let running = of("vllm:num_requests_running");
    let names = ["sampling_error", "missing", "longest_gap_seconds"];
    assert_eq!(named(&running, names), ["0.21", "1", "0.53"]);
    let prefill = of("vllm:request_prefill_time_seconds");
    assert_eq!(
        named(&prefill, ["avg", "note"]),
        ["", "bucket_layout_changed"]
    );
}

#[test]
fn slices_are_one_value_per_line() {
    let mut report = sample_report();
    report.aggregates[0].metric.slices = report.servers[0].metrics[2].slices.clone();
    let servers = report.aggregates[0].servers.join(" ");
    let rows = cells(&render_slices(&report).unwrap());
    let has = |row: &[&str]| assert!(rows.iter().any(|other| other == row), "{row:?}");
    assert_eq!(
        rows[0].join(","),
        "slice,start_ns,end_ns,partial,metric,stat,value,unit,side,\
        server_id,server_endpoint"
    );
    let first = ["0", "1736240731234000000", "1736240736234000000", "false"];
    let last = ["2", "1736240741234000000", "1736240745678000000", "true"];
    let client = |rest: [&'static str; 4]| [rest.as_slice(), &["client", "", ""]].concat();
    has(&[&first[..], &client(["requests", "failed", "2.0", "count"])].concat());
    has(&[
        &last[..],
        &client(["time_to_first_token", "avg", "4.7", "ms"]),
    ]
    .concat());
    let server = ["server", "server-0", "http://127.0.0.1:8000/metrics"];
    let tokens = ["vllm:generation_tokens", "total", "1000.0", "tokens"];
    has(&[&last[..], &tokens, &server].concat());
    has(&[
        &last[..],
        &[
            "http_requests",
            "rate",
            "200.0",
            "count",
            "aggregate",
            &servers,
            "",
        ],
    ]
    .concat());
    let width = rows[0].len();
    assert!(
        rows.iter()
            .all(|row| row.len() == width && !row[6].is_empty())
    );
}

#[test]
fn hostile_text_is_harmless_and_stays_in_its_cell() {
    let hostile = "=cmd|' /C calc'!A0";
    let mut report = sample_report();
    let server = &mut report.servers[0];
    server.metadata.instance = hostile.to_owned();
    server.endpoint_display = "a\n=b,c".to_owned();
    server.metrics[0].labels = [("=x".to_owned(), "\n\"".to_owned())].into();
    server.metrics[0].note = hostile.to_owned();
    report.pairs[0].causes[0].message = hostile.to_owned();
    report.aggregates[0].servers = vec![hostile.to_owned()];
    report.aggregates[0].key = hostile.to_owned();
    let subject = "-1\r\n@SUM(A1)".to_owned();
    report.warnings = vec![Warning {
        subject,
        ..Warning::default()
    }];
    report.endpoints = vec![EndpointReport {
        url: "+1+1".to_owned(),
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
    assert!(starts("'-1\\r\\n@SUM(A1)") && starts("## Server: a\\n=b,c"));
}
