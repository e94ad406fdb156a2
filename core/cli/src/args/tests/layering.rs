//! Command line, environment and files together.

use std::time::Duration;

use aiperf_core::config::ExporterPlan;
use aiperf_plugin_sdk::PluginKind;
use serde_json::{Value, json};

use super::*;

#[track_caller]
fn check_errors(machine: &Machine, line: &[&str], expected: &str) {
    let rendered = machine.resolve(line).unwrap_err().render(false);
    assert_eq!(format!("\n{rendered}\n"), expected, "got:\n{rendered}");
}

fn concurrency(machine: &Machine, line: &[&str]) -> usize {
    machine
        .plan(line)
        .load
        .unwrap()
        .without_model()
        .max_in_flight()
        .unwrap()
}

fn options(plan: &RunPlan) -> &Value {
    &plan.collectors.first().unwrap().options
}

#[test]
fn defaults_are_complete() {
    let plan = Machine::default().plan(&["profile"]);
    let collectors: Vec<_> = plan.collectors.iter().map(|c| c.plugin.as_str()).collect();
    let exporters: Vec<_> = plan.exporters.iter().map(|e| e.plugin.as_str()).collect();
    assert_eq!(collectors, ["prometheus", "dcgm"]);
    assert_eq!(exporters, ["jsonl", "csv", "json", "console"]);
    assert!(plan.warnings.is_empty(), "{}", plan.warnings);
}

#[test]
fn each_layer_lies_over_the_ones_before() {
    let file = |n: u32| format!("[load]\nconcurrency = {n}\n");
    let mut machine = Machine::default().file("aiperf.toml", &file(2));
    assert_eq!(concurrency(&machine, &["profile"]), 2);
    machine = machine
        .file("env.toml", &file(3))
        .variable("AIPERF_CONFIG", "env.toml");
    assert_eq!(concurrency(&machine, &["profile"]), 3);
    machine = machine.file("a.toml", &file(4)).file("b.toml", &file(5));
    let line = ["profile", "--config", "a.toml", "-f", "b.toml"];
    assert_eq!(concurrency(&machine, &line), 5);
    assert_eq!(
        concurrency(&machine, &[&line[..], &["--concurrency", "6"]].concat()),
        6
    );
}

#[test]
fn variables_lie_between_files_and_flags() {
    let name = "AIPERF_SERVER_METRICS_COLLECTION_INTERVAL";
    let machine = Machine::default()
        .file("aiperf.toml", "[server_metrics]\ninterval = \"3s\"\n")
        .variable(name, "1.0");
    let interval = |line: &[&str]| {
        let plan = machine.plan(line);
        let place = plan.locate(PluginKind::Collector, "server_metrics", "urls");
        assert_eq!(place.to_string(), "built-in defaults");
        plan.collectors.first().unwrap().interval
    };
    assert_eq!(interval(&["profile"]), Duration::from_secs(1));
    let line = ["profile", "--server-metrics-interval", "250ms"];
    assert_eq!(interval(&line), Duration::from_millis(250));
}

#[test]
fn default_endpoints_come_from_the_variable() {
    let name = "AIPERF_SERVER_METRICS_DEFAULT_ENDPOINTS";
    let endpoints = |value| {
        let plan = Machine::default().variable(name, value).plan(&["profile"]);
        options(&plan)["default_endpoints"].clone()
    };
    assert_eq!(
        endpoints("localhost:1, localhost:2"),
        json!(["localhost:1", "localhost:2"])
    );
    assert_eq!(endpoints(""), json!([]));
}

#[test]
fn server_metrics_add_endpoints_and_tables() {
    let tables = |line: &[&str]| {
        let plan = Machine::default().plan(line);
        let console = plan
            .exporters
            .iter()
            .find(|exporter| exporter.name == "console")
            .unwrap();
        (
            options(&plan)["urls"].clone(),
            console.options.get("server_metrics").cloned(),
        )
    };
    assert_eq!(tables(&["profile"]), (json!([]), None));
    assert_eq!(
        tables(&["profile", "--server-metrics"]),
        (json!([]), Some(json!(true)))
    );
    let line = [
        "profile",
        "--server-metrics",
        "http://a/m?x=1",
        "b:1",
        "--url",
        "http://c",
    ];
    assert_eq!(
        tables(&line),
        (json!(["http://a/m?x=1", "b:1"]), Some(json!(true)))
    );
    let off = Machine::default().plan(&["profile", "--no-server-metrics"]);
    assert!(off.collectors.is_empty());
}

#[test]
fn collect_has_no_load() {
    let plan = Machine::default().plan(&["collect", "--duration", "1.5"]);
    assert!(plan.load.is_none());
    assert_eq!(plan.collect.duration, Some(Duration::from_millis(1500)));
    assert!(Machine::default().plan(&["collect", "--once"]).collect.once);
}

#[test]
fn extra_inputs_and_headers_are_taken_apart() {
    let line = [
        "profile",
        "--extra-inputs",
        "temperature:0.5",
        "--extra-inputs",
        "stop:a:b",
        "--extra-inputs",
        r#"{"n": 2, "deep": {"x": [true]}}"#,
        "-H",
        "X-A: b: c",
    ];
    let plan = Machine::default().plan(&line);
    let load = plan.load.as_ref().unwrap().without_model();
    let expected = json!({ "temperature": 0.5, "stop": "a:b", "n": 2, "deep": { "x": [true] } });
    assert_eq!(Value::from(load.extra_inputs.clone()), expected);
    assert_eq!(load.headers["x-a"], "b: c");
}

#[test]
fn foreign_variables_are_a_warning() {
    let plan = Machine::default()
        .variable("AIPERF_URLS", "x")
        .plan(&["profile"]);
    let warnings: Vec<_> = plan.warnings.messages().collect();
    assert_eq!(warnings, ["the variable `AIPERF_URLS` means nothing here"]);
}

#[test]
fn malformed_values_and_missing_files_are_told_together() {
    let line = [
        "profile",
        "-H",
        "Bearer sk-1",
        "--extra-inputs",
        "{",
        "--config",
        "no.toml",
        "--concurrency",
        "0",
    ];
    check_errors(
        &Machine::default(),
        &line,
        "
error: `no.toml` cannot be read: entity not found
 |
 | --config no.toml
 |          ^^^^^^^
 |
 = help: check the path and its permissions

error: `--concurrency` must be at least 1
 |
 | --concurrency 0
 |               ^

error: `--header` must be `Name: value`
 |
 | --header
 | ^^^^^^^^
 |
 = help: write it as in --header 'X-Tenant: a'

error: `--extra-inputs` must be `key:value`
 |
 | --extra-inputs
 | ^^^^^^^^^^^^^^
 |
 = help: write it as in --extra-inputs temperature:0.5, or as a JSON object
",
    );
}

#[test]
fn options_of_plugins_are_checked_with_the_rest() {
    let text = "[exporters.csv.options]\npat = \"x\"\n\
                [collectors.server_metrics.options]\nprefer = \"txt\"\n";
    check_errors(
        &Machine::default().file("aiperf.toml", text),
        &["collect"],
        r#"
error: unknown key `pat` in `[exporters.csv.options]`
 --> aiperf.toml:2:1
  |
2 | pat = "x"
  | ^^^
  |
  = help: did you mean `path`?

error: `collectors.server_metrics.options.prefer` must be `text` or `openmetrics`, not `txt`
 --> aiperf.toml:4:10
  |
4 | prefer = "txt"
  |          ^^^^^
  |
  = help: did you mean `text`?
"#,
    );
}

#[test]
fn what_the_plugin_itself_refuses_is_shown_where_it_stands() {
    let text = "[collectors.server_metrics.options]\nheaders = { \"no name\" = \"x\" }\n";
    check_errors(
        &Machine::default().file("aiperf.toml", text),
        &["profile"],
        r#"
error: `collectors.server_metrics.options.headers.no name`: is no name of a header
 --> aiperf.toml:2:25
  |
2 | headers = { "no name" = "*" }
  |                         ^^^
"#,
    );
}

#[test]
fn debug_output_holds_no_secrets() {
    let line = [
        "profile",
        "--api-key",
        "sk-1",
        "-H",
        "Cookie: sk-2",
        "--url",
        "http://u:sk-3@h",
    ];
    let machine = Machine::default().variable("KEY", "sk-4");
    let shown = format!(
        "{:?} {:?} {:?}",
        parse(&line),
        flags(&line),
        machine.plan(&line)
    );
    assert!(!shown.contains("sk-"), "{shown}");
}

#[test]
fn exporters_are_switched_and_directed_by_flags() {
    let plan = |line: &[&str]| {
        let machine = Machine::default().file("a.toml", "[exporters.sheet]\nuse = \"csv\"\n");
        let plan = machine.plan(&[&["profile", "-f", "a.toml"], line].concat());
        let shown = |exporter: &ExporterPlan| {
            let path = exporter.options.get("path").and_then(Value::as_str);
            format!("{} {}", exporter.name, path.unwrap_or_default())
        };
        plan.exporters.iter().map(shown).collect::<Vec<_>>()
    };
    assert_eq!(plan(&[]), ["jsonl ", "csv ", "json ", "console ", "sheet "]);
    let line = "--no-exporter jsonl --exporter sheet=a=b.csv --no-exporter console --exporter csv";
    let line: Vec<_> = line.split(' ').collect();
    assert_eq!(plan(&line), ["csv ", "json ", "sheet a=b.csv"]);
    // A plugin that is installed and was not asked for is simply off.
    assert_eq!(plan(&["--exporter", "json=-"])[2], "json -");
}

#[test]
fn mistyped_exporters_are_told_at_the_flag() {
    let line = [
        "profile",
        "--exporter",
        "jsno",
        "--no-exporter",
        "csvv",
        "--exporter",
        "console=x",
        "--exporter",
        "=x",
        "--no-exporter",
        "console",
    ];
    check_errors(
        &Machine::default(),
        &line,
        "
error: there is no exporter plugin `jsno`
 |
 | --exporter jsno
 |            ^^^^
 |
 = help: did you mean `json`? Installed: `console`, `csv`, `json`, `jsonl`

error: unknown key `path` in `[exporters.console.options]`
 |
 | --exporter console=x
 |            ^^^^^^^^^
 |
 = help: known here: `server_metrics`, `hide_zero` or `rows`

error: there is no exporter plugin `csvv`
 |
 | --no-exporter csvv
 |               ^^^^
 |
 = help: did you mean `csv`? Installed: `console`, `csv`, `json`, `jsonl`

error: `--exporter` must be `ID` or `ID=FILE`
 |
 | --exporter
 | ^^^^^^^^^^
 |
 = help: write it as in --exporter csv or --exporter csv=numbers.csv

error: `console` is wanted by `--exporter` and not by `--no-exporter`
 |
 | --no-exporter
 | ^^^^^^^^^^^^^
 |
 = help: leave one of them out
",
    );
}
